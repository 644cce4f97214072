create function private.is_undeliverable(organization_id uuid, phone text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.undeliverable_numbers u
    where u.organization_id = is_undeliverable.organization_id and u.phone = is_undeliverable.phone
      and u.lifted_at is null and u.is_final)
$$;
comment on function private.is_undeliverable is 'Whether nothing may be sent to a number because it cannot be reached.';

create function private.final_undeliverable_codes()
returns text[]
language sql stable set search_path = ''
as $$
  select array_agg(c.code) from private.undeliverable_codes c where c.is_final
$$;

-- Those of these numbers that get no message of any kind, and why: suppressed or undeliverable. For many at once, because
-- a call for each costs more than the look-up.
create function private.blocked_numbers(organization_id uuid, phones text[])
returns table (phone text, reason text)
language sql stable set search_path = ''
as $$
  select coalesce(s.phone, u.phone), case when s.phone is not null then 'suppressed' else 'undeliverable' end
  from (
    select s.phone from public.suppressions s
    where s.organization_id = blocked_numbers.organization_id and s.phone = any (phones) and s.lifted_at is null
      and s.scope = 'all'
  ) s
  full join (
    select u.phone from public.undeliverable_numbers u
    where u.organization_id = blocked_numbers.organization_id and u.phone = any (phones) and u.lifted_at is null
      and u.is_final
  ) u on u.phone = s.phone
$$;

-- Why a number gets no message of any kind: suppressed, undeliverable or null.
create function private.blocked_reason(organization_id uuid, phone text)
returns text
language sql stable set search_path = ''
as $$
  select b.reason from private.blocked_numbers(organization_id, array[phone]) b
$$;
