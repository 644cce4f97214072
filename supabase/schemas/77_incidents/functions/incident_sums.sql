-- What the parameters need of some clients, to be added up. Of all types together (type is empty): the exposure by quarter
-- of the year, 1 to 4, then its products over clients, 11, 12, 13, 14, 22, 23, 24, 33, 34 and 44. Of a type: the incidents
-- by quarter of the year, the squares of a client's incidents, and their products with its exposure by quarter. No season
-- is in them, so that one pass over the clients is enough.
create function private.incident_sums(organization_id uuid, before date, client_ids uuid[])
returns table (type text, sums double precision[])
language sql stable rows 10 set search_path = '' set jit = off set enable_nestloop = off
as $$
  with exposure as materialized (
    select x.*, extract(quarter from x.starts_on)::integer as quarter
    from private.incident_exposure(incident_sums.organization_id, before, client_ids) x
  ), c as materialized (
    select x.client_id, coalesce(sum(x.exposure) filter (where x.quarter = 1), 0) as x1,
      coalesce(sum(x.exposure) filter (where x.quarter = 2), 0) as x2,
      coalesce(sum(x.exposure) filter (where x.quarter = 3), 0) as x3,
      coalesce(sum(x.exposure) filter (where x.quarter = 4), 0) as x4
    from exposure x group by 1
  ), i as (
    select b.client_id, b.type, coalesce(sum(b.y) filter (where x.quarter = 1), 0) as y1,
      coalesce(sum(b.y) filter (where x.quarter = 2), 0) as y2, coalesce(sum(b.y) filter (where x.quarter = 3), 0) as y3,
      coalesce(sum(b.y) filter (where x.quarter = 4), 0) as y4, sum(b.y)::float8 as y
    from private.incidents_by_quarter(incident_sums.organization_id, before, client_ids) b
    join exposure x on x.client_id = b.client_id and x.starts_on = b.starts_on
    group by 1, 2
  )
  select '', array[sum(x1), sum(x2), sum(x3), sum(x4), sum(x1 * x1), sum(x1 * x2), sum(x1 * x3), sum(x1 * x4),
    sum(x2 * x2), sum(x2 * x3), sum(x2 * x4), sum(x3 * x3), sum(x3 * x4), sum(x4 * x4)]
  from c having count(*) > 0
  union all
  select i.type, array[sum(i.y1)::float8, sum(i.y2), sum(i.y3), sum(i.y4), sum(i.y * i.y), sum(i.y * c.x1),
    sum(i.y * c.x2), sum(i.y * c.x3), sum(i.y * c.x4)]
  from i join c on c.client_id = i.client_id group by 1
$$;

create function private.add_incident_sums(organization_id uuid, at text, type text, sums double precision[])
returns void
language sql set search_path = ''
as $$
  insert into private.incident_sums as s (organization_id, at, type, sums) values (organization_id, at, type, sums)
  on conflict on constraint incident_sums_pkey do update set sums = array(
    select u.a + u.b from unnest(s.sums, excluded.sums) with ordinality u (a, b, n) order by u.n)
$$;

-- The parameters by type out of the sums of all clients: the seasons, the rate, and a and b of the gamma distribution by
-- moments. The season of each quarter of the year is pulled to 1 by 20 incidents and has a mean of 1; a type with fewer
-- than 30 incidents has none, one without incidents is left out. Without visible differences between clients b is large
-- and everybody gets the rate of the type.
create function private.incident_parameters(organization_id uuid, at text)
returns jsonb
language sql stable set search_path = ''
as $$
  with t as (
    select s.type, e.sums as x, s.sums as i, s.sums[1] + s.sums[2] + s.sums[3] + s.sums[4] as y,
      e.sums[1] + e.sums[2] + e.sums[3] + e.sums[4] as exposure
    from private.incident_sums s
    join private.incident_sums e on e.organization_id = s.organization_id and e.at = s.at and e.type = ''
    where s.organization_id = incident_parameters.organization_id and s.at = incident_parameters.at and s.type <> ''
  ), seasons as (
    select q.type, array_agg(q.season / q.mean order by q.quarter) as s
    from (
      select t.type, n.quarter, n.season, avg(n.season) over (partition by t.type) as mean
      from t cross join lateral (
        select q as quarter, case when t.y < 30 then 1
          else (t.i[q] + 20) / (t.y / t.exposure * t.x[q] + 20) end as season
        from generate_series(1, 4) q) n
    ) q
    group by 1
  ), moments as (
    select t.type, z.s, t.y, t.i[5] as yy, s[1] * t.x[1] + s[2] * t.x[2] + s[3] * t.x[3] + s[4] * t.x[4] as e,
      s[1] * t.i[6] + s[2] * t.i[7] + s[3] * t.i[8] + s[4] * t.i[9] as ye,
      s[1] ^ 2 * t.x[5] + s[2] ^ 2 * t.x[9] + s[3] ^ 2 * t.x[12] + s[4] ^ 2 * t.x[14]
        + 2 * (s[1] * s[2] * t.x[6] + s[1] * s[3] * t.x[7] + s[1] * s[4] * t.x[8] + s[2] * s[3] * t.x[10]
          + s[2] * s[4] * t.x[11] + s[3] * s[4] * t.x[13]) as ee
    from t join seasons z on z.type = t.type
  )
  select jsonb_object_agg(m.type, jsonb_build_object('rate', r.rate, 'a', r.rate ^ 2 / v.v, 'b', r.rate / v.v, 'season',
    to_jsonb(m.s)))
  from moments m
  cross join lateral (select m.y / m.e as rate) r
  cross join lateral (
    select greatest((m.yy - 2 * r.rate * m.ye + r.rate ^ 2 * m.ee - r.rate * m.e) / m.ee, 1e-9) as v) v
  where m.y > 0
$$;
