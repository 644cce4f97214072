-- Nothing is recorded for an organization that is being deleted: its totals are deleted with it. Only after lock_days,
-- so that the time zone is the one of all other rows.
create function private.record_lead_days(changes private.lead_day_change[])
returns void
language plpgsql set search_path = ''
as $$
begin
  insert into private.lead_day_totals
  select c.organization_id, a.person_id, a.team_id, (c.quarter_hour at time zone o.time_zone)::date, c.source, c.status,
    c.outcome, c.furthest_status, c.currency, sum(c.leads), sum(c.value)
  from unnest(changes) c
  join public.organizations o on o.id = c.organization_id
  cross join lateral (
    select null::uuid as person_id, null::uuid as team_id
    union select null, c.team_id
    union select c.holder_id, c.team_id where c.holder_id is not null
    union select c.creator_id, c.team_id where c.creator_id is not null
  ) a
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9
  having sum(c.leads) <> 0 or sum(c.value) <> 0;

  insert into private.holder_day_totals
  select c.organization_id, c.holder_id, p.id, c.team_id, (c.quarter_hour at time zone o.time_zone)::date, c.source,
    c.status, c.outcome, c.currency, sum(c.leads), sum(c.value)
  from unnest(changes) c
  join public.organizations o on o.id = c.organization_id
  cross join lateral (select distinct u.id from unnest(array[null, nullif(c.creator_id, c.holder_id)]) u (id)) p
  where c.holder_id is not null
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9
  having sum(c.leads) <> 0 or sum(c.value) <> 0;
end
$$;
