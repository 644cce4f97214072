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

-- Why a number gets no message of any kind: suppressed, undeliverable or null.
create function private.blocked_reason(organization_id uuid, phone text)
returns text
language sql stable set search_path = ''
as $$
  select case when exists (
      select from public.suppressions s
      where s.organization_id = blocked_reason.organization_id and s.phone = blocked_reason.phone
        and s.lifted_at is null and s.scope = 'all') then 'suppressed'
    when private.is_undeliverable(organization_id, phone) then 'undeliverable' end
$$;
