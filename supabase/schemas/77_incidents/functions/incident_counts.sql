-- The spells of some clients. A generic plan: of an organization that came after the statistics another one would read what
-- all clients have.
create function private.spells_for_forecasts(organization_id uuid, client_ids uuid[])
returns setof public.client_spells
language plpgsql stable rows 10000 set search_path = '' set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    select s.* from public.client_spells s
    where s.organization_id = spells_for_forecasts.organization_id and s.client_id = any (client_ids);
end
$$;

-- The part of each of the whole quarters before a day that clients were in service and their incidents would be known,
-- where there is any. Here and below for some clients at a time: what is needed of all is added up (incident_sums).
create function private.incident_exposure(
  organization_id uuid, before date, client_ids uuid[], quarters integer default 12)
returns table (client_id uuid, starts_on date, exposure double precision)
language sql stable rows 10000 set search_path = '' set jit = off
as $$
  select s.client_id, q.starts_on, sum(least(coalesce(s.ends_on, q.ends_on), q.ends_on)
    - greatest(s.starts_on, q.starts_on, k.day))::float8 / min(q.ends_on - q.starts_on)
  from private.spells_for_forecasts(incident_exposure.organization_id, client_ids) s
  join (
    select (date_trunc('quarter', before) - make_interval(months => 3 * n))::date as starts_on,
      (date_trunc('quarter', before) - make_interval(months => 3 * (n - 1)))::date as ends_on
    from generate_series(1, quarters) n
  ) q on s.starts_on < q.ends_on and (s.ends_on is null or s.ends_on > q.starts_on)
  join private.incidents_known_from(incident_exposure.organization_id, client_ids) k
    on k.client_id = s.client_id and k.day < least(coalesce(s.ends_on, q.ends_on), q.ends_on)
  group by 1, 2
  having sum(least(coalesce(s.ends_on, q.ends_on), q.ends_on) - greatest(s.starts_on, q.starts_on, k.day)) > 0
$$;

-- Incidents of clients by type and quarter in the same time, where there were any. Incidents of a client and type on one day
-- are one: a storm is no habit.
create function private.incidents_by_quarter(
  organization_id uuid, before date, client_ids uuid[], quarters integer default 12)
returns table (client_id uuid, type text, starts_on date, y bigint)
language sql stable rows 10000 set search_path = '' set jit = off
as $$
  select d.client_id, d.type, date_trunc('quarter', d.day)::date, count(*)
  from (
    select distinct i.client_id, i.type, (i.opened_at at time zone o.time_zone)::date as day
    from public.organizations o
    join public.client_issues i on i.organization_id = o.id and i.client_id = any (client_ids)
      and i.opened_at >= (date_trunc('quarter', before) - make_interval(months => 3 * quarters))::date - interval '1 day'
      and i.opened_at < before + interval '1 day'
    where o.id = incidents_by_quarter.organization_id
  ) d
  group by 1, 2, 3
$$;

-- Incidents and exposure of clients by type and quarter: also where there were none.
create function private.incident_counts(organization_id uuid, before date, client_ids uuid[])
returns table (client_id uuid, type text, starts_on date, y bigint, exposure double precision)
language sql stable rows 10000 set search_path = '' set jit = off set enable_nestloop = off
as $$
  select x.client_id, t.key, x.starts_on, coalesce(i.y, 0), x.exposure
  from private.incident_exposure(incident_counts.organization_id, before, client_ids) x
  join public.incident_types t on t.organization_id = incident_counts.organization_id
  left join private.incidents_by_quarter(incident_counts.organization_id, before, client_ids) i
    on i.client_id = x.client_id and i.type = t.key and i.starts_on = x.starts_on
$$;

-- What is known of each client that was in service: its incidents of each type, and its exposure, each quarter times the
-- season of its quarter of the year. seasons: { type: [four numbers] }.
create function private.incident_history(
  organization_id uuid, before date, seasons jsonb, client_ids uuid[])
returns table (client_id uuid, type text, y double precision, e double precision)
language sql stable rows 10000 set search_path = '' set jit = off set enable_nestloop = off
as $$
  with exposure as materialized (
    select x.*, extract(quarter from x.starts_on)::integer as quarter
    from private.incident_exposure(incident_history.organization_id, before, client_ids) x
  ), c as (
    select x.client_id, coalesce(sum(x.exposure) filter (where x.quarter = 1), 0) as x1,
      coalesce(sum(x.exposure) filter (where x.quarter = 2), 0) as x2,
      coalesce(sum(x.exposure) filter (where x.quarter = 3), 0) as x3,
      coalesce(sum(x.exposure) filter (where x.quarter = 4), 0) as x4
    from exposure x group by 1
  ), season as (
    select t.key as type, (t.value ->> 0)::float8 as s1, (t.value ->> 1)::float8 as s2, (t.value ->> 2)::float8 as s3,
      (t.value ->> 3)::float8 as s4
    from jsonb_each(seasons) t
  ), incidents as (
    select b.client_id, b.type, sum(b.y)::float8 as y
    from private.incidents_by_quarter(incident_history.organization_id, before, client_ids) b
    join exposure x on x.client_id = b.client_id and x.starts_on = b.starts_on
    group by 1, 2
  )
  select c.client_id, s.type, coalesce(i.y, 0), c.x1 * s.s1 + c.x2 * s.s2 + c.x3 * s.s3 + c.x4 * s.s4
  from c cross join season s
  left join incidents i on i.client_id = c.client_id and i.type = s.type
$$;

-- The seasons out of parameters.
create function private.seasons_of(parameters jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(t.key, t.value -> 'season'), '{}') from jsonb_each(parameters) t
$$;

-- The rate of a client a quarter, given its incidents y within the exposure e: (a + y) / (b + e).
create function private.gamma_poisson_rate(a double precision, b double precision, y double precision, e double precision)
returns double precision
language sql immutable set search_path = ''
as $$
  select (a + y) / (b + e)
$$;

-- The probability of at least one incident within an exposure, given the same.
create function private.gamma_poisson_any(
  a double precision, b double precision, y double precision, e double precision, exposure double precision)
returns double precision
language sql immutable set search_path = ''
as $$
  select -(exp((a + y) * ln((b + e) / (b + e + exposure))) - 1)
$$;

create function private.poisson_deviance(y double precision, expected double precision)
returns double precision
language sql immutable set search_path = ''
as $$
  select 2 * (case when y > 0 then y * ln(y / expected) else 0 end - (y - expected))
$$;
