-- Locks people as holders of leads and returns those who may hold leads. Creates their lead_holders rows.
create function private.lock_holders(organization_id uuid, user_ids uuid[])
returns uuid[]
language plpgsql set search_path = ''
as $$
declare
  eligible uuid[];
begin
  -- Waits for concurrent suspensions and team changes, so that they are taken into account.
  with members as materialized (
    select m.user_id, m.role_id from public.memberships m
    where m.organization_id = lock_holders.organization_id and m.user_id = any (user_ids) and m.status = 'active'
      and not m.is_service
    order by m.user_id for share
  )
  select coalesce(array_agg(m.user_id order by m.user_id), '{}') into eligible
  from members m join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold';
  insert into public.lead_holders (organization_id, user_id)
  select lock_holders.organization_id, u from unnest(eligible) u order by u
  on conflict on constraint lead_holders_pkey do nothing;
  perform from public.lead_holders h
  where h.organization_id = lock_holders.organization_id and h.user_id = any (eligible) order by h.user_id for update;
  return eligible;
end
$$;
comment on function private.lock_holders is
  'Locks people before leads are assigned to them and before any lead is locked; returns those who may hold leads.';
