-- How long after a reply its automatic answer may go out: the confirmation of an opt-out must follow within five minutes
-- (47 CFR 64.1200(a)(12)).
create function private.auto_reply_lifetime()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '5 minutes'
$$;
