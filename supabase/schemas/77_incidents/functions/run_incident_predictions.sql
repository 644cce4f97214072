-- Every minute, for about four seconds: forecasts of organizations that have none of today, 2,000 clients at a time,
-- organizations in turn. Forecasts and cursor are one transaction: killed at any line, the next run goes on from there.
create function private.run_incident_predictions(slice_size integer default 2000)
returns integer
language plpgsql set search_path = ''
as $$
declare
  model private.incident_models;
  began timestamptz := clock_timestamp();
  predicted integer := 0;
begin
  insert into private.incident_models as m (organization_id, day, parameters)
  select o.id, d.today, 'null' from public.organizations o
  cross join lateral (select (now() at time zone o.time_zone)::date as today) d
  where exists (select from public.client_issues i where i.organization_id = o.id)
  on conflict on constraint incident_models_pkey do update
    set day = excluded.day, parameters = 'null', last_client_id = null, finished_at = null, next_try_at = clock_timestamp()
    where m.finished_at is not null and m.day < excluded.day;
  loop
    select m.* into model from private.incident_models m
    where m.finished_at is null and m.next_try_at <= clock_timestamp()
    order by m.next_try_at limit 1 for update skip locked;
    exit when model.organization_id is null;
    begin
      predicted := predicted + private.predict_slice(model, slice_size);
    exception when others then
      raise warning 'the incident forecasts of % failed: %', model.organization_id, sqlerrm;
      update private.incident_models m set next_try_at = clock_timestamp() + private.failed_item_pause()
      where m.organization_id = model.organization_id;
    end;
    exit when clock_timestamp() > began + private.run_budget();
  end loop;
  return predicted;
end
$$;

-- Generic plans: see take_feature_slice.
create function private.predict_slice(model private.incident_models, slice_size integer)
returns integer
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  ids uuid[];
  judged record;
begin
  if jsonb_typeof(model.parameters) = 'null' then
    select * into judged from private.incident_skill(model.organization_id, model.day);
    model.skill := judged.skill;
    model.parameters := coalesce(private.incident_parameters(model.organization_id, model.day), '{}');
    update private.incident_models m
    set parameters = model.parameters, skill = judged.skill, forecasts = coalesce(judged.forecasts, 0),
      next_try_at = clock_timestamp()
    where m.organization_id = model.organization_id;
    return 0;
  end if;
  ids := array(
    select c.id from public.clients c
    where c.organization_id = model.organization_id and (c.organization_id, c.id)
      > (model.organization_id, coalesce(model.last_client_id, '00000000-0000-0000-0000-000000000000'))
    order by c.id limit slice_size);
  delete from public.client_incident_predictions p
  where p.organization_id = model.organization_id and p.client_id = any (ids);
  insert into public.client_incident_predictions (organization_id, client_id, quarters, probabilities, by_type,
    most_likely_incident, recommendation, basis, predicted_on)
  select model.organization_id, f.* from private.incident_forecasts(model, ids) f;
  update private.incident_models m
  set last_client_id = coalesce(ids[cardinality(ids)], m.last_client_id), next_try_at = clock_timestamp(),
    finished_at = case when cardinality(ids) < slice_size then clock_timestamp() end
  where m.organization_id = model.organization_id;
  return cardinality(ids);
end
$$;

-- The forecasts of clients in service for the four quarters after the present one. by_type: { type: { expected,
-- probabilities } }. What is known of a client counts only where that has made forecasts better. gamma_poisson_rate and
-- gamma_poisson_any are written out: see incident_skill.
create function private.incident_forecasts(model private.incident_models, client_ids uuid[])
returns table (client_id uuid, quarters text[], probabilities double precision[], by_type jsonb,
  most_likely_incident text, recommendation text, basis text, predicted_on date)
language sql stable rows 1000 set search_path = '' set jit = off set enable_nestloop = off
as $$
  with q as (
    select n, (date_trunc('quarter', model.day) + make_interval(months => 3 * n))::date as starts_on
    from generate_series(1, 4) n
  ), p as materialized (
    select t.key as type, (t.value ->> 'a')::float8 as a, (t.value ->> 'b')::float8 as b,
      (t.value ->> 'rate')::float8 as rate, t.value -> 'season' as season
    from jsonb_each(model.parameters) t
  ), past as (
    select h.* from private.incident_history(model.organization_id, model.day, private.seasons_of(model.parameters),
      client_ids) h
  ), f as (
    select c.id as client_id, p.type, q.n, s.season * case when k.own
        then (p.a + coalesce(h.y, 0)) / (p.b + coalesce(h.e, 0)) else p.rate end as expected,
      case when k.own then -(exp((p.a + coalesce(h.y, 0))
          * ln((p.b + coalesce(h.e, 0)) / (p.b + coalesce(h.e, 0) + s.season))) - 1)
        else 1 - exp(-p.rate * s.season) end as probability
    from public.clients c
    cross join p cross join q
    cross join lateral (
      select (p.season ->> (extract(quarter from q.starts_on)::integer - 1))::float8 as season) s
    cross join (select coalesce(model.skill, 0) > 0 as own) k
    left join past h on h.client_id = c.id and h.type = p.type
    where c.id = any (client_ids) and c.deleted_at is null and c.status in ('active', 'paused', 'leaving')
  ), any_type as (
    select y.client_id, array_agg(y.probability order by y.n) as probabilities
    from (
      select f.client_id, f.n, -(exp(sum(ln(1 - f.probability + 1e-12))) - 1) as probability from f group by 1, 2
    ) y
    group by 1
  ), types as (
    select f.client_id, f.type, sum(f.expected) as expected, array_agg(f.probability order by f.n) as probabilities,
      -(exp(sum(ln(1 - f.probability + 1e-12))) - 1) as within_year,
      row_number() over (partition by f.client_id order by sum(f.expected) desc, f.type) as place
    from f group by 1, 2
  )
  select t.client_id, (select array_agg(to_char(q.starts_on, 'YYYY"-Q"Q') order by q.n) from q),
    a.probabilities,
    jsonb_object_agg(t.type, jsonb_build_object('expected', t.expected, 'probabilities', to_jsonb(t.probabilities))),
    max(t.type) filter (where t.place = 1),
    max(case when t.place = 1 and t.within_year >= s.incident_threshold then i.action end),
    case when coalesce(model.skill, 0) > 0 then 'client' else 'all clients' end, model.day
  from types t
  join any_type a on a.client_id = t.client_id
  join public.churn_settings s on s.organization_id = model.organization_id
  join public.incident_types i on i.organization_id = model.organization_id and i.key = t.type
  group by t.client_id, a.probabilities
$$;
