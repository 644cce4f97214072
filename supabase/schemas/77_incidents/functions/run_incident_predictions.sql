-- Every minute, for about four seconds: forecasts of organizations that have none of today, 2,000 clients at a time,
-- organizations in turn. All clients are gone through three times: for the counts that the parameters follow from, for how
-- good such forecasts were in the last year, and for the forecasts. What a slice gives and the cursor are one transaction:
-- killed at any line, the next run goes on from there.
create function private.run_incident_predictions(slice_size integer default 2000)
returns integer
language plpgsql set search_path = ''
as $$
declare
  model private.incident_models;
  began timestamptz := clock_timestamp();
  predicted integer := 0;
begin
  insert into private.incident_models as m (organization_id, day)
  select o.id, d.today from public.organizations o
  cross join lateral (select (now() at time zone o.time_zone)::date as today) d
  where exists (select from public.client_issues i where i.organization_id = o.id)
  on conflict on constraint incident_models_pkey do update
    set day = excluded.day, phase = 'count', last_client_id = null, finished_at = null, next_try_at = clock_timestamp()
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

-- Does the next slice; returns the number of clients that were given forecasts. Generic plans: see take_feature_slice.
create function private.predict_slice(model private.incident_models, slice_size integer)
returns integer
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  ids uuid[] := array(
    select c.id from public.clients c
    where c.organization_id = model.organization_id and (c.organization_id, c.id)
      > (model.organization_id, coalesce(model.last_client_id, '00000000-0000-0000-0000-000000000000'))
    order by c.id limit slice_size);
  is_last constant boolean := cardinality(ids) < slice_size;
begin
  if model.phase = 'forecast' then
    perform private.write_forecasts(model, ids);
  else
    perform private.sum_slice(model, ids);
  end if;
  update private.incident_models m
  set last_client_id = case when is_last and m.phase <> 'forecast' then null
      else coalesce(ids[cardinality(ids)], m.last_client_id) end,
    next_try_at = clock_timestamp(), finished_at = case when is_last and m.phase = 'forecast' then clock_timestamp() end
  where m.organization_id = model.organization_id;
  if is_last and model.phase <> 'forecast' then
    perform private.end_phase(model);
  end if;
  return case when model.phase = 'forecast' then cardinality(ids) else 0 end;
end
$$;

-- Adds some clients to the sums of a phase.
create function private.sum_slice(model private.incident_models, client_ids uuid[])
returns void
language plpgsql set search_path = ''
as $$
declare
  year_ago constant date := date_trunc('quarter', model.day) - interval '12 months';
begin
  if model.phase = 'count' then
    if model.last_client_id is null then
      delete from private.incident_sums s where s.organization_id = model.organization_id;
    end if;
    perform private.add_incident_sums(model.organization_id, d.at, s.type, s.sums)
    from (values ('now', model.day), ('before', year_ago)) d (at, day)
    cross join lateral private.incident_sums(model.organization_id, d.day, client_ids) s;
  else
    perform private.add_incident_sums(model.organization_id, 'judged', '', private.incident_deviances(
      model.organization_id, model.day, coalesce(private.incident_parameters(model.organization_id, 'before'), '{}'),
      client_ids));
  end if;
end
$$;

-- What follows from the sums of a phase: the parameters, or how much better forecasts are for what is known of each client.
create function private.end_phase(model private.incident_models)
returns void
language plpgsql set search_path = ''
as $$
begin
  if model.phase = 'count' then
    update private.incident_models m
    set phase = 'judge', parameters = coalesce(private.incident_parameters(m.organization_id, 'now'), '{}')
    where m.organization_id = model.organization_id;
  else
    update private.incident_models m
    set phase = 'forecast', skill = 1 - s.sums[1] / nullif(s.sums[2], 0), forecasts = s.sums[3]
    from private.incident_sums s
    where m.organization_id = model.organization_id and s.organization_id = m.organization_id and s.at = 'judged';
  end if;
end
$$;

create function private.write_forecasts(model private.incident_models, client_ids uuid[])
returns void
language sql set search_path = ''
as $$
  delete from public.client_incident_predictions p
  where p.organization_id = model.organization_id and p.client_id = any (client_ids);
  insert into public.client_incident_predictions (organization_id, client_id, quarters, probabilities, by_type,
    most_likely_incident, recommendation, basis, predicted_on)
  select model.organization_id, f.* from private.incident_forecasts(model, client_ids) f
$$;

-- The forecasts of clients in service for the four quarters after the present one. by_type: { type: { expected,
-- probabilities } }. What is known of a client counts only where that has made forecasts better. gamma_poisson_rate and
-- gamma_poisson_any are written out: see incident_deviances.
create function private.incident_forecasts(model private.incident_models, client_ids uuid[])
returns table (client_id uuid, quarters text[], probabilities double precision[], by_type jsonb,
  most_likely_incident text, recommendation text, basis text, predicted_on date)
language sql stable rows 1000 set search_path = '' set jit = off set enable_nestloop = off
as $$
  with q as materialized (
    select array_agg(to_char(d.day, 'YYYY"-Q"Q') order by n) as quarters,
      array_agg(extract(quarter from d.day)::integer order by n) as places
    from generate_series(1, 4) n
    cross join lateral (select date_trunc('quarter', model.day) + make_interval(months => 3 * n) as day) d
  ), p as materialized (
    select t.type, t.a, t.b, t.rate, y.s[q.places[1]] as s1, y.s[q.places[2]] as s2, y.s[q.places[3]] as s3,
      y.s[q.places[4]] as s4
    from private.incident_types_of(model.parameters) t cross join q
    cross join lateral (select array[t.s1, t.s2, t.s3, t.s4] as s) y
  ), past as (
    select h.* from private.incident_history(model.organization_id, model.day, private.seasons_of(model.parameters),
      client_ids) h
    where model.skill > 0
  ), r as (
    select c.id as client_id, p.*, p.a + coalesce(h.y, 0) as shape, p.b + coalesce(h.e, 0) as scale
    from public.clients c
    cross join p
    left join past h on h.client_id = c.id and h.type = p.type
    where c.id = any (client_ids) and c.deleted_at is null and c.status in ('active', 'paused', 'leaving')
    offset 0
  ), f as (
    select r.client_id, r.type, (r.s1 + r.s2 + r.s3 + r.s4) * case when model.skill > 0 then r.shape / r.scale else r.rate end
        as expected, y.p1, y.p2, y.p3, y.p4, ln(1 - y.p1 + 1e-12) as n1, ln(1 - y.p2 + 1e-12) as n2,
      ln(1 - y.p3 + 1e-12) as n3, ln(1 - y.p4 + 1e-12) as n4
    from r
    cross join lateral (
      select -(exp(r.shape * ln(r.scale / (r.scale + r.s1))) - 1) as p1,
        -(exp(r.shape * ln(r.scale / (r.scale + r.s2))) - 1) as p2,
        -(exp(r.shape * ln(r.scale / (r.scale + r.s3))) - 1) as p3,
        -(exp(r.shape * ln(r.scale / (r.scale + r.s4))) - 1) as p4
      where model.skill > 0
      union all
      select 1 - exp(-r.rate * r.s1), 1 - exp(-r.rate * r.s2), 1 - exp(-r.rate * r.s3), 1 - exp(-r.rate * r.s4)
      where (model.skill > 0) is not true
    ) y
    offset 0
  ), c as (
    select f.client_id, array[1 - exp(sum(f.n1)), 1 - exp(sum(f.n2)), 1 - exp(sum(f.n3)), 1 - exp(sum(f.n4))]
        as probabilities,
      jsonb_object_agg(f.type, jsonb_build_object('expected', f.expected, 'probabilities',
        to_jsonb(array[f.p1, f.p2, f.p3, f.p4]))) as by_type,
      (array_agg(f.type order by f.expected desc, f.type))[1] as most_likely,
      1 - exp((array_agg(f.n1 + f.n2 + f.n3 + f.n4 order by f.expected desc, f.type))[1]) as within_year
    from f group by 1
  )
  select c.client_id, q.quarters, c.probabilities, c.by_type, c.most_likely,
    case when c.within_year >= s.incident_threshold then i.action end,
    case when model.skill > 0 then 'client' else 'all clients' end, model.day
  from c cross join q
  join public.churn_settings s on s.organization_id = model.organization_id
  join public.incident_types i on i.organization_id = model.organization_id and i.key = c.most_likely
$$;
