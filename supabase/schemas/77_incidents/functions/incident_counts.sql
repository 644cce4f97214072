-- Incidents and exposure of clients by type and quarter, for the twelve whole quarters before a day. Incidents of a client
-- and type on one day are one: a storm is no habit. Exposure is the part of the quarter in service.
create function private.incident_counts(organization_id uuid, before date, client_ids uuid[] default null)
returns table (client_id uuid, type text, starts_on date, y bigint, exposure double precision)
language sql stable rows 10000 set search_path = '' set jit = off set enable_nestloop = off
as $$
  with q as (
    select (date_trunc('quarter', before) - make_interval(months => 3 * n))::date as starts_on,
      (date_trunc('quarter', before) - make_interval(months => 3 * (n - 1)))::date as ends_on
    from generate_series(1, 12) n
  ), e as (
    select s.client_id, q.starts_on, sum(least(coalesce(s.ends_on, q.ends_on), q.ends_on)
      - greatest(s.starts_on, q.starts_on))::float8 / min(q.ends_on - q.starts_on) as exposure
    from public.client_spells s join q on s.starts_on < q.ends_on and (s.ends_on is null or s.ends_on > q.starts_on)
    where s.organization_id = incident_counts.organization_id
      and (client_ids is null or s.client_id = any (client_ids))
    group by 1, 2
  ), i as (
    select i.client_id, i.type, date_trunc('quarter', i.opened_at at time zone o.time_zone)::date as starts_on,
      count(distinct (i.opened_at at time zone o.time_zone)::date) as y
    from public.client_issues i join public.organizations o on o.id = i.organization_id
    where i.organization_id = incident_counts.organization_id
      and i.opened_at >= (select min(q.starts_on) from q) - interval '1 day' and i.opened_at < before + interval '1 day'
      and (client_ids is null or i.client_id = any (client_ids))
    group by 1, 2, 3
  )
  select e.client_id, t.key, e.starts_on, coalesce(i.y, 0), e.exposure
  from e
  join public.incident_types t on t.organization_id = incident_counts.organization_id
  left join i on i.client_id = e.client_id and i.type = t.key and i.starts_on = e.starts_on
  where e.exposure > 0
$$;

-- The parameters by type from such counts: a and b of the gamma distribution by moments, and the season of each quarter of
-- the year, pulled to 1 by 20 incidents and with a mean of 1. Without visible differences between clients b is large and
-- everybody gets the rate of the type. A type with fewer than 30 incidents has no season.
create function private.incident_parameters(organization_id uuid, before date)
returns jsonb
language sql stable set search_path = '' set jit = off set enable_nestloop = off
as $$
  with c as materialized (
    select x.*, extract(quarter from x.starts_on)::integer as quarter
    from private.incident_counts(incident_parameters.organization_id, before) x
  ), t as (
    select c.type, sum(c.y)::float8 as y, sum(c.exposure) as e from c group by 1
  ), s as (
    select t.type, n as quarter, case when t.y < 30 then 1
      else (coalesce(sum(c.y), 0) + 20) / (t.y / t.e * coalesce(sum(c.exposure), 0) + 20) end as season
    from t cross join generate_series(1, 4) n left join c on c.type = t.type and c.quarter = n
    group by t.type, n, t.y, t.e
  ), season as (
    select s.type, s.quarter, s.season / avg(s.season) over (partition by s.type) as season from s
  ), k as (
    select c.client_id, c.type, sum(c.y)::float8 as y, sum(c.exposure * n.season) as e
    from c join season n on n.type = c.type and n.quarter = c.quarter group by 1, 2
  ), m as (
    select k.type, sum(k.y) / sum(k.e) as m from k group by 1
  ), v as (
    select k.type, min(m.m) as m,
      greatest((sum((k.y - m.m * k.e) ^ 2) - min(m.m) * sum(k.e)) / sum(k.e ^ 2), 1e-9) as v
    from k join m on m.type = k.type group by 1
  )
  select jsonb_object_agg(v.type, jsonb_build_object('rate', v.m, 'a', v.m ^ 2 / v.v, 'b', v.m / v.v, 'season', (
    select jsonb_agg(n.season order by n.quarter) from season n where n.type = v.type)))
  from v where v.m > 0
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
-- the deviance of the four quarters since against the rate of the type with its season.
create function private.incident_skill(organization_id uuid, before date, out skill double precision, out forecasts integer)
language sql stable set search_path = '' set jit = off set enable_nestloop = off
as $$
  with cut as (
    select (date_trunc('quarter', before) - interval '12 months')::date as day
  ), p as materialized (
    select t.key as type, (t.value ->> 'a')::float8 as a, (t.value ->> 'b')::float8 as b,
      (t.value ->> 'rate')::float8 as rate, t.value -> 'season' as season
    from cut, jsonb_each(private.incident_parameters(incident_skill.organization_id, cut.day)) t
  ), past as (
    select c.client_id, c.type, sum(c.y) as y,
      sum(c.exposure * (p.season ->> (extract(quarter from c.starts_on)::integer - 1))::float8) as e
    from cut, private.incident_counts(incident_skill.organization_id, cut.day) c join p on p.type = c.type
    group by 1, 2
  ), f as (
    select c.y::float8 as y, n.e * p.rate as pooled,
      n.e * private.gamma_poisson_rate(p.a, p.b, coalesce(h.y, 0), coalesce(h.e, 0)) as own
    from cut, private.incident_counts(incident_skill.organization_id, before) c
    join p on p.type = c.type
    left join past h on h.client_id = c.client_id and h.type = c.type
    cross join lateral (
      select c.exposure * (p.season ->> (extract(quarter from c.starts_on)::integer - 1))::float8 as e) n
    where c.starts_on >= cut.day and n.e > 0
  )
  select 1 - sum(private.poisson_deviance(f.y, f.own)) / nullif(sum(private.poisson_deviance(f.y, f.pooled)), 0),
    count(*)::integer
  from f
$$;

create function private.poisson_deviance(y double precision, expected double precision)
returns double precision
language sql immutable set search_path = ''
as $$
  select 2 * (case when y > 0 then y * ln(y / expected) else 0 end - (y - expected))
$$;
