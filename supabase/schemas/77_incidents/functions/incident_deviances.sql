-- The parameters as rows: s1 to s4 are the seasons of the quarters of the year.
create function private.incident_types_of(parameters jsonb)
returns table (type text, a double precision, b double precision, rate double precision, s1 double precision,
  s2 double precision, s3 double precision, s4 double precision)
language sql immutable rows 10 set search_path = ''
as $$
  select t.key, (t.value ->> 'a')::float8, (t.value ->> 'b')::float8, (t.value ->> 'rate')::float8,
    (t.value -> 'season' ->> 0)::float8, (t.value -> 'season' ->> 1)::float8, (t.value -> 'season' ->> 2)::float8,
    (t.value -> 'season' ->> 3)::float8
  from jsonb_each(parameters) t
$$;

-- How good forecasts of a year ago would have been for some clients, to be added up: by the deviance of the four quarters
-- since from the parameters and counts up to then (own), and from the rate of the type with its season (pooled); and the
-- number of forecasts. 1 - own / pooled is the skill. gamma_poisson_rate and poisson_deviance are written out: calling them
-- for each client and type would cost more than all else. What is expected is added up by client and type; only where there
-- were incidents a quarter is looked at.
create function private.incident_deviances(organization_id uuid, before date, parameters jsonb, client_ids uuid[])
returns double precision[]
language sql stable set search_path = '' set jit = off set enable_nestloop = off
as $$
  with cut as materialized (
    select (date_trunc('quarter', before) - interval '12 months')::date as day
  ), p as materialized (
    select * from private.incident_types_of(parameters)
  ), past as (
    select h.* from cut cross join lateral private.incident_history(incident_deviances.organization_id, cut.day,
      private.seasons_of(parameters), client_ids) h
  ), exposure as materialized (
    select x.*, extract(quarter from x.starts_on)::integer as quarter
    from private.incident_exposure(incident_deviances.organization_id, before, client_ids, 4) x
  ), c as (
    select x.client_id, count(*) as quarters, coalesce(sum(x.exposure) filter (where x.quarter = 1), 0) as x1,
      coalesce(sum(x.exposure) filter (where x.quarter = 2), 0) as x2,
      coalesce(sum(x.exposure) filter (where x.quarter = 3), 0) as x3,
      coalesce(sum(x.exposure) filter (where x.quarter = 4), 0) as x4
    from exposure x group by 1
  ), f as materialized (
    select c.client_id, p.type, p.rate, c.quarters, (p.a + coalesce(h.y, 0)) / (p.b + coalesce(h.e, 0)) as own,
      p.s1 * c.x1 + p.s2 * c.x2 + p.s3 * c.x3 + p.s4 * c.x4 as e
    from c cross join p
    left join past h on h.client_id = c.client_id and h.type = p.type
  ), incidents as (
    select b.client_id, b.type, b.y::float8 as y,
      x.exposure * (array[p.s1, p.s2, p.s3, p.s4])[x.quarter] as e
    from private.incidents_by_quarter(incident_deviances.organization_id, before, client_ids, 4) b
    join exposure x on x.client_id = b.client_id and x.starts_on = b.starts_on
    join p on p.type = b.type
  ), expected as (
    select coalesce(sum(f.e * f.own), 0) as own, coalesce(sum(f.e * f.rate), 0) as pooled,
      coalesce(sum(f.quarters), 0) as forecasts
    from f
  ), happened as (
    select coalesce(sum(i.y * ln(i.y / (i.e * f.own)) - i.y), 0) as own,
      coalesce(sum(i.y * ln(i.y / (i.e * f.rate)) - i.y), 0) as pooled
    from incidents i join f on f.client_id = i.client_id and f.type = i.type
  )
  select array[2 * (e.own + h.own), 2 * (e.pooled + h.pooled), e.forecasts::float8] from expected e cross join happened h
$$;
