-- The current number of open leads of each person. For people locked by lock_holders it stays valid until the end of
-- the transaction.
create function private.holder_loads(organization_id uuid, user_ids uuid[])
returns table (user_id uuid, on_duty boolean, own_capacity integer, capacity integer, last_turn bigint, open bigint)
language sql stable set search_path = ''
as $$
  select u, coalesce(h.on_duty, true), h.capacity, coalesce(h.capacity, s.capacity), coalesce(h.last_turn, 0), (
    select count(*) from public.leads l
    where l.organization_id = holder_loads.organization_id and l.assigned_to = u and l.deleted_at is null
      and l.outcome is null)
  from unnest(user_ids) u
  left join public.lead_holders h on h.organization_id = holder_loads.organization_id and h.user_id = u
  left join public.lead_settings s on s.organization_id = holder_loads.organization_id
$$;
