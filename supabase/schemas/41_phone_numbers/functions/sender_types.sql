-- The types a sender can have, by its form. Toll-free codes: 47 CFR 52.111 and the codes assigned since.
create function private.sender_types(provider text, sender text)
returns text[]
language sql immutable set search_path = ''
as $$
  select case when provider = 'arkesel' then array['alphanumeric']
    when sender ~ '^[0-9]{5,6}$' then array['short_code']
    when sender ~ '^\+18(00|33|44|55|66|77|88)' then array['toll_free']
    else array['long_code', 'toll_free'] end
$$;
grant execute on function private.sender_types(text, text) to authenticated, service_role;

-- Whether it can be a sender: for Arkesel a name of at most 11 characters, else a number in international form or a short
-- code.
create function private.is_sender(provider text, sender text)
returns boolean
language sql immutable set search_path = ''
as $$
  select case provider when 'arkesel' then sender ~ '^[A-Za-z0-9 ._-]{1,11}$'
    else sender ~ '^\+[1-9][0-9]{6,14}$' or sender ~ '^[0-9]{5,6}$' end
$$;
grant execute on function private.is_sender(text, text) to authenticated, service_role;
