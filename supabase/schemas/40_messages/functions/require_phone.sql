-- Why an organization cannot text a number; null: it can.
create function private.phone_fault(organization public.organizations, phone text)
returns text
language sql stable set search_path = ''
as $$
  select case
    when phone is null or phone !~ '^\+[1-9][0-9]{6,14}$' then 'is not a phone number in E.164 form'
    when phone !~ private.phone_pattern_of(organization) then 'belongs to a country that the organization does not text' end
$$;

-- 422 where an organization cannot text a number. path: the field it was given in.
create function private.require_phone(organization_id uuid, phone text, path text)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  fault text := (select private.phone_fault(o, phone) from public.organizations o where o.id = require_phone.organization_id);
begin
  if fault is not null then
    perform private.problem(422, case when fault like 'belongs%' then 'country_not_allowed' else 'invalid_phone' end,
      'The number ' || fault || '.', jsonb_build_array(jsonb_build_object('path', path, 'message', fault)));
  end if;
end
$$;
