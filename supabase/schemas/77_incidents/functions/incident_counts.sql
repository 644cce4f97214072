-- The spells of an organization, or of some of its clients. Two statements, because one for both would read what all
-- clients have for each slice of them; generic plans, because of an organization that came after the statistics a plan for
-- it would do the same.
create function private.spells_for_forecasts(organization_id uuid, client_ids uuid[])
returns setof public.client_spells
language plpgsql stable rows 10000 set search_path = '' set plan_cache_mode = force_generic_plan
as $$
begin
  if client_ids is null then
    return query
      select s.* from public.client_spells s where s.organization_id = spells_for_forecasts.organization_id;
  else
    return query
      select s.* from public.client_spells s
      where s.organization_id = spells_for_forecasts.organization_id and s.client_id = any (client_ids);
  end if;
end
$$;

-- Likewise the issues that began within a time.
create function private.issues_for_forecasts(
  organization_id uuid, client_ids uuid[], from_time timestamptz, to_time timestamptz)
returns table (client_id uuid, type text, opened_at timestamptz)
language plpgsql stable rows 10000 set search_path = '' set plan_cache_mode = force_generic_plan
as $$
begin
  if client_ids is null then
    return query
      select i.client_id, i.type, i.opened_at from public.client_issues i
      where i.organization_id = issues_for_forecasts.organization_id and i.opened_at >= from_time and i.opened_at < to_time;
  else
    return query
      select i.client_id, i.type, i.opened_at from public.client_issues i
      where i.organization_id = issues_for_forecasts.organization_id and i.client_id = any (client_ids)
        and i.opened_at >= from_time and i.opened_at < to_time;
  end if;
end
$$;

-- The part of each of the twelve whole quarters before a day that clients were in service and their incidents would be
-- known, where there is any.
create function private.incident_exposure(organization_id uuid, before date, client_ids uuid[] default null)
returns table (client_id uuid, starts_on date, exposure double precision)
language sql stable rows 10000 set search_path = '' set jit = off
as $$
  select s.client_id, q.starts_on, sum(least(coalesce(s.ends_on, q.ends_on), q.ends_on)
    - greatest(s.starts_on, q.starts_on, k.day))::float8 / min(q.ends_on - q.starts_on)
  from private.spells_for_forecasts(incident_exposure.organization_id, client_ids) s
  join (
    select (date_trunc('quarter', before) - make_interval(months => 3 * n))::date as starts_on,
      (date_trunc('quarter', before) - make_interval(months => 3 * (n - 1)))::date as ends_on
    from generate_series(1, 12) n
  ) q on s.starts_on < q.ends_on and (s.ends_on is null or s.ends_on > q.starts_on)
  join private.incidents_known_from(incident_exposure.organization_id, client_ids) k
    on k.client_id = s.client_id and k.day < least(coalesce(s.ends_on, q.ends_on), q.ends_on)
  group by 1, 2
  having sum(least(coalesce(s.ends_on, q.ends_on), q.ends_on) - greatest(s.starts_on, q.starts_on, k.day)) > 0
$$;

-- Incidents of clients by type and quarter in the same time, where there were any. Incidents of a client and type on one day
-- are one: a storm is no habit.
create function private.incidents_by_quarter(organization_id uuid, before date, client_ids uuid[] default null)
returns table (client_id uuid, type text, starts_on date, y bigint)
language sql stable rows 10000 set search_path = '' set jit = off
as $$
  select i.client_id, i.type, date_trunc('quarter', i.opened_at at time zone o.time_zone)::date,
    count(distinct (i.opened_at at time zone o.time_zone)::date)
  from public.organizations o
  cross join lateral private.issues_for_forecasts(o.id, client_ids,
    (date_trunc('quarter', before) - interval '36 months')::date - interval '1 day', before + interval '1 day') i
  where o.id = incidents_by_quarter.organization_id
  group by 1, 2, 3
$$;

-- Incidents and exposure of clients by type and quarter: also where there were none.
create function private.incident_counts(organization_id uuid, before date, client_ids uuid[] default null)
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
  organization_id uuid, before date, seasons jsonb, client_ids uuid[] default null)
returns table (client_id uuid, type text, y double precision, e double precision)
language sql stable rows 10000 set search_path = '' set jit = off set enable_nestloop = off
as $$
  with exposure as materialized (
    select x.* from private.incident_exposure(incident_history.organization_id, before, client_ids) x
  ), quarters as (
    select x.client_id, extract(quarter from x.starts_on)::integer as quarter, sum(x.exposure) as exposure
    from exposure x group by 1, 2
  ), season as (
    select t.key as type, n.ordinality::integer as quarter, n.value::float8 as season
    from jsonb_each(seasons) t cross join lateral jsonb_array_elements_text(t.value) with ordinality n (value, ordinality)
  ), incidents as (
    select c.client_id, c.type, sum(c.y)::float8 as y
    from private.incidents_by_quarter(incident_history.organization_id, before, client_ids) c
    join exposure x on x.client_id = c.client_id and x.starts_on = c.starts_on
    group by 1, 2
  ), expected as (
    select q.client_id, s.type, sum(q.exposure * s.season) as e
    from quarters q join season s on s.quarter = q.quarter group by 1, 2
  )
  select e.client_id, e.type, coalesce(i.y, 0), e.e
  from expected e left join incidents i on i.client_id = e.client_id and i.type = e.type
$$;

-- The season of each quarter of the year by type, pulled to 1 by 20 incidents and with a mean of 1. A type with fewer than
-- 30 incidents has none, one without incidents is left out.
create function private.incident_seasons(organization_id uuid, before date)
returns jsonb
language sql stable set search_path = '' set jit = off set enable_nestloop = off
as $$
  with x as materialized (
    select e.client_id, e.starts_on, extract(quarter from e.starts_on)::integer as quarter, e.exposure
    from private.incident_exposure(incident_seasons.organization_id, before) e
  ), c as materialized (
    select c.type, x.quarter, sum(c.y)::float8 as y
    from private.incidents_by_quarter(incident_seasons.organization_id, before) c
    join x on x.client_id = c.client_id and x.starts_on = c.starts_on
    group by 1, 2
  ), t as (
    select c.type, sum(c.y) as y from c group by 1
  ), g as (
    select x.quarter, sum(x.exposure) as exposure, sum(sum(x.exposure)) over () as whole from x group by 1
  ), s as (
    select t.type, n as quarter, case when t.y < 30 then 1
      else (coalesce(c.y, 0) + 20) / (t.y / w.whole * coalesce(g.exposure, 0) + 20) end as season
    from t
    cross join (select max(g.whole) as whole from g) w
    cross join generate_series(1, 4) n
    left join g on g.quarter = n
    left join c on c.type = t.type and c.quarter = n
  )
  select jsonb_object_agg(m.type, m.seasons) from (
    select k.type, jsonb_agg(k.season order by k.quarter) as seasons from (
      select s.type, s.quarter, s.season / avg(s.season) over (partition by s.type) as season from s
    ) k
    group by 1
  ) m
$$;

-- The parameters by type: a and b of the gamma distribution by moments, the rate, and the seasons. Without visible
-- differences between clients b is large and everybody gets the rate of the type.
create function private.incident_parameters(organization_id uuid, before date)
returns jsonb
language sql stable set search_path = '' set jit = off
as $$
  with seasons as materialized (
    select private.incident_seasons(incident_parameters.organization_id, before) as by_type
  ), k as materialized (
    select h.type, h.y, h.e
    from seasons s
    cross join lateral private.incident_history(incident_parameters.organization_id, before, s.by_type) h
  ), m as (
    select k.type, sum(k.y) / sum(k.e) as m from k group by 1
  ), v as (
    select k.type, min(m.m) as m,
      greatest((sum((k.y - m.m * k.e) ^ 2) - min(m.m) * sum(k.e)) / sum(k.e ^ 2), 1e-9) as v
    from k join m on m.type = k.type group by 1
  )
  select jsonb_object_agg(v.type, jsonb_build_object('rate', v.m, 'a', v.m ^ 2 / v.v, 'b', v.m / v.v,
    'season', s.by_type -> v.type))
  from v cross join seasons s where v.m > 0
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

-- How much better forecasts are for what is known of each client: parameters and counts up to four quarters ago, judged by
-- the deviance of the four quarters since against the rate of the type with its season. gamma_poisson_rate and
-- poisson_deviance are written out: calling them for each client, type and quarter would cost more than all else.
create function private.incident_skill(organization_id uuid, before date, out skill double precision, out forecasts integer)
language sql stable set search_path = '' set jit = off set enable_nestloop = off
as $$
  with cut as materialized (
    select d.day, coalesce(private.incident_parameters(incident_skill.organization_id, d.day), '{}') as parameters
    from (select (date_trunc('quarter', before) - interval '12 months')::date as day) d
  ), p as materialized (
    select t.key as type, n.ordinality::integer as quarter, (t.value ->> 'a')::float8 as a, (t.value ->> 'b')::float8 as b,
      (t.value ->> 'rate')::float8 as rate, n.value::float8 as season
    from cut cross join lateral jsonb_each(cut.parameters) t
    cross join lateral jsonb_array_elements_text(t.value -> 'season') with ordinality n (value, ordinality)
  ), past as (
    select h.* from cut cross join lateral private.incident_history(incident_skill.organization_id, cut.day,
      private.seasons_of(cut.parameters)) h
  ), c as (
    select x.*, extract(quarter from x.starts_on)::integer as quarter
    from private.incident_counts(incident_skill.organization_id, before) x
    where x.starts_on >= (select cut.day from cut)
  ), f as (
    select c.y::float8 as y, n.e * p.rate as pooled,
      n.e * ((p.a + coalesce(h.y, 0)) / (p.b + coalesce(h.e, 0))) as own
    from c
    join p on p.type = c.type and p.quarter = c.quarter
    cross join lateral (select c.exposure * p.season as e) n
    left join past h on h.client_id = c.client_id and h.type = c.type
    where n.e > 0
  )
  select 1 - sum(2 * (case when f.y > 0 then f.y * ln(f.y / f.own) else 0 end - (f.y - f.own)))
      / nullif(sum(2 * (case when f.y > 0 then f.y * ln(f.y / f.pooled) else 0 end - (f.y - f.pooled))), 0),
    count(*)::integer
  from f
$$;

create function private.poisson_deviance(y double precision, expected double precision)
returns double precision
language sql immutable set search_path = ''
as $$
  select 2 * (case when y > 0 then y * ln(y / expected) else 0 end - (y - expected))
$$;
