-- The numbers in E.164 that may be the same mobile telephone. Argentina writes a 9 and Mexico wrote a 1 after the
-- country code, Brazil put a ninth digit before mobile numbers and Benin 01 before all; carriers and people use both
-- forms. Sources: ITU-T E.164 numbering plans of these countries; Anatel's resolution 553; ARCEP Bénin, 30 November
-- 2024.
create function private.phone_spellings(phone text)
returns text[]
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when phone !~ '^\+(5[245]|229)' then array[phone]
    when phone ~ '^\+549[1-9][0-9]{9}$' then array[phone, '+54' || substr(phone, 5)]
    when phone ~ '^\+54[1-8][0-9]{9}$' then array[phone, '+549' || substr(phone, 4)]
    when phone ~ '^\+521[2-9][0-9]{9}$' then array[phone, '+52' || substr(phone, 5)]
    when phone ~ '^\+52[2-9][0-9]{9}$' then array[phone, '+521' || substr(phone, 4)]
    when phone ~ '^\+55[1-9][1-9]9[6-9][0-9]{7}$' then array[phone, left(phone, 5) || substr(phone, 7)]
    when phone ~ '^\+55[1-9][1-9][6-9][0-9]{7}$' then array[phone, left(phone, 5) || '9' || substr(phone, 6)]
    when phone ~ '^\+22901[0-9]{8}$' then array[phone, '+229' || substr(phone, 7)]
    when phone ~ '^\+229[2-9][0-9]{7}$' then array[phone, '+22901' || substr(phone, 5)]
    else array[phone] end
$$;

-- Those of these numbers that have another spelling, with it. The pattern is that of phone_spellings: few numbers of an
-- audience have one, and a function call for each would be felt.
create function private.other_spellings(phones text[])
returns table (phone text, spelling text)
language sql immutable parallel safe rows 100 set search_path = ''
as $$
  select distinct p, s from unnest(phones) p cross join lateral unnest(private.phone_spellings(p)) s
  where p ~ '^\+(5[245]|229)' and s <> p
$$;

-- One of a number's spellings, the same for all of them: the shortest.
create function private.one_spelling(phone text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case when phone !~ '^\+(5[245]|229)' then phone
    else (select s from unnest(private.phone_spellings(phone)) s order by char_length(s) limit 1) end
$$;

-- The spelling of an inbound number under which the organization texted it last, else knows it as a lead or customer.
create function private.known_spelling(organization_id uuid, phone text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  spellings constant text[] := private.phone_spellings(phone);
begin
  if cardinality(spellings) = 1 then
    return phone;
  end if;
  return coalesce((
      select m.to_number from public.messages m
      where m.organization_id = known_spelling.organization_id and m.to_number = any (spellings)
        and m.direction = 'outbound'
      order by m.id desc limit 1),
    (
      select s from unnest(spellings) s
      where exists (
          select from public.leads l where l.organization_id = known_spelling.organization_id and l.phone = s)
        or exists (
          select from public.customers c where c.organization_id = known_spelling.organization_id and c.phone = s)
      limit 1),
    phone);
end
$$;
grant execute on function private.phone_spellings(text) to authenticated, service_role;
