-- Adds (sign 1) or subtracts (sign -1) the events that count.
create function private.record_sla_events(events public.sla_events[], sign integer)
returns void
language sql set search_path = ''
as $$
  insert into private.sla_totals
  select e.organization_id, p.id, e.team_id, k.outcome, k.minutes, sign * count(*)
  from unnest(events) e
  cross join lateral (
    select case when e.event = 'breach' then 'breached' when e.met then 'met' else 'late' end as outcome,
      floor(e.response_minutes)::integer as minutes) k
  cross join lateral (select distinct u.id from unnest(array[null, e.assigned_to]) u (id)) p
  where e.event in ('breach', 'response') and exists (select from public.organizations o where o.id = e.organization_id)
  group by 1, 2, 3, 4, 5
$$;
