-- Locks the people as holders of leads, and answers those of them who may be given leads. A person's row appears here.
create function private.lock_holders(organization_id uuid, user_ids uuid[])
returns uuid[]
language plpgsql set search_path = ''
as $$
declare
  able uuid[];
begin
  -- Somebody who is being suspended or changes teams at this moment is waited for, and judged by what comes of it.
  with members as materialized (
    select m.user_id, m.role_id from public.memberships m
    where m.organization_id = lock_holders.organization_id and m.user_id = any (user_ids) and m.status = 'active'
    order by m.user_id for share
  )
  select coalesce(array_agg(m.user_id order by m.user_id), '{}') into able
  from members m join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold';
  insert into public.lead_holders (organization_id, user_id)
  select lock_holders.organization_id, u from unnest(able) u order by u
  on conflict on constraint lead_holders_pkey do nothing;
  perform from public.lead_holders h
  where h.organization_id = lock_holders.organization_id and h.user_id = any (able) order by h.user_id for update;
  return able;
end
$$;
comment on function private.lock_holders is
  'Locks people who are about to be given leads, before any lead is locked, and answers those who may hold leads.';
