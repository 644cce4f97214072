-- Nothing is recorded for an organization that is being deleted: its totals are deleted with it.
create function private.record_lead_changes(changes private.lead_change[])
returns void
language plpgsql set search_path = ''
as $$
begin
  changes := array(select c from unnest(changes) c where exists (select from public.organizations o
    where o.id = c.organization_id));
  insert into private.lead_totals
  select c.organization_id, p.id, c.team_id, c.status, c.outcome, c.source, c.sla_status, c.holder_id is not null,
    sum(c.leads), sum(c.value)
  from unnest(changes) c
  cross join lateral (select distinct u.id from unnest(array[null, c.holder_id, c.creator_id]) u (id)) p
  group by 1, 2, 3, 4, 5, 6, 7, 8
  having sum(c.leads) <> 0 or sum(c.value) <> 0;

  insert into private.holder_totals
  select c.organization_id, c.holder_id, p.id, c.team_id, c.outcome, c.sla_status, sum(c.leads)
  from unnest(changes) c
  cross join lateral (select distinct u.id from unnest(array[null, nullif(c.creator_id, c.holder_id)]) u (id)) p
  where c.holder_id is not null
  group by 1, 2, 3, 4, 5, 6
  having sum(c.leads) <> 0;

  insert into private.lead_arrivals
  select c.organization_id, p.id, c.team_id, c.quarter_hour, sum(c.leads)
  from unnest(changes) c
  cross join lateral (select distinct u.id from unnest(array[null, c.holder_id, c.creator_id]) u (id)) p
  where c.quarter_hour is not null
  group by 1, 2, 3, 4
  having sum(c.leads) <> 0;
end
$$;
