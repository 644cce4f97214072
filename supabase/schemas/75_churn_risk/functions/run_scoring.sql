-- Every minute, for about four seconds: scores the clients of organizations that have no scores of today, or a new
-- model, or asked for it, 5,000 at a time, organizations in turn. Scores and cursor are one transaction: killed at any
-- line, the next run goes on from there. A run keeps its model to the end; a newer model ends the run and begins
-- another, and reports read finished runs only.
create function private.run_scoring(slice_size integer default 5000)
returns integer
language plpgsql set search_path = ''
as $$
declare
  run private.scoring_runs;
  began timestamptz := clock_timestamp();
  scored integer := 0;
begin
  perform private.begin_scoring_runs();
  loop
    select r.* into run from private.scoring_runs r
    where r.finished_at is null and r.next_try_at <= clock_timestamp()
    order by r.next_try_at limit 1 for update skip locked;
    exit when run.id is null;
    begin
      scored := scored + private.score_slice(run, slice_size);
    exception when others then
      raise warning 'the scoring of % failed: %', run.organization_id, sqlerrm;
      update private.scoring_runs r set next_try_at = clock_timestamp() + private.failed_item_pause()
      where r.id = run.id;
    end;
    exit when clock_timestamp() > began + private.run_budget();
  end loop;
  return scored;
end
$$;

-- Organizations with clients that have no state yet get one, with a first training; the others are trained again every
-- four weeks, and when the first client has left. Then the runs that are due begin.
create function private.begin_scoring_runs()
returns void
language plpgsql set search_path = ''
as $$
begin
  insert into private.churn_model_state (organization_id, phase, requested_at)
  select o.id, 'requested', clock_timestamp() from public.organizations o
  where exists (
      select from public.clients c where c.organization_id = o.id and c.status = 'active' and c.deleted_at is null)
  on conflict on constraint churn_model_state_pkey do update
    set phase = 'requested', requested_at = excluded.requested_at, next_try_at = excluded.requested_at
    where churn_model_state.phase is null and (churn_model_state.finished_at < now() - interval '28 days'
      or (churn_model_state.finished_at < now() - interval '1 hour'
        and private.has_first_departure(churn_model_state.organization_id, churn_model_state.active_model_id)));
  delete from private.scoring_runs r
  using private.churn_model_state s
  where s.organization_id = r.organization_id and r.finished_at is null and r.model_id <> s.active_model_id;
  insert into private.scoring_runs (organization_id, day, model_id, baseline, compared_with)
  select s.organization_id, d.today, s.active_model_id, b.baseline, (
      select max(f.snapshot_day) from private.feature_runs f
      where f.organization_id = s.organization_id and f.finished_at is not null
        and f.snapshot_day between d.today - 45 and d.today - 28)
  from private.churn_model_state s
  join public.organizations o on o.id = s.organization_id
  cross join lateral (select (now() at time zone o.time_zone)::date as today) d
  left join lateral (
    select r.day, r.started_at, r.clients, case when r.model_id = s.active_model_id then private.baseline_of(r) end
      as baseline
    from private.scoring_runs r
    where r.organization_id = s.organization_id and r.finished_at is not null order by r.day desc, r.id desc limit 1
  ) b on true
  where s.active_model_id is not null
    and (b.day is null or b.day < d.today or s.score_requested_at > b.started_at)
  on conflict do nothing;
end
$$;

-- Whether the first client has left since a model without probabilities came into use.
create function private.has_first_departure(organization_id uuid, model_id uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (select from public.churn_models m where m.id = model_id and m.confidence = 'none')
    and exists (
      select from public.client_spells s
      where s.organization_id = has_first_departure.organization_id and s.ends_on is not null)
$$;

-- The mean of each standardized feature over the clients of a run.
create function private.baseline_of(run private.scoring_runs)
returns double precision[]
language sql immutable set search_path = ''
as $$
  select array_agg(u.s / run.clients order by u.n) from unnest(run.sums) with ordinality u (s, n) where run.clients > 0
$$;

-- Scores the next slice; returns the number of clients in it that have a score or points. Generic plans: see
-- take_feature_slice.
create function private.score_slice(run private.scoring_runs, slice_size integer)
returns integer
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  model public.churn_models;
  ids uuid[] := array(
    select c.id from public.clients c
    where c.organization_id = run.organization_id and (c.organization_id, c.id)
      > (run.organization_id, coalesce(run.last_client_id, '00000000-0000-0000-0000-000000000000'))
    order by c.id limit slice_size);
  scores private.scored_client[];
  totals record;
begin
  select * into model from public.churn_models m where m.id = run.model_id;
  scores := private.score_clients(model, ids, run.baseline, run.compared_with);
  perform private.write_scores(run, ids, scores);
  perform private.count_bands(run, scores);
  select count(*) as clients, array(
    select sum(z.value) from unnest(scores) s cross join unnest(s.z) with ordinality z (value, n)
    group by z.n order by z.n) as sums
  into totals from unnest(scores) s;
  update private.scoring_runs r
  set last_client_id = coalesce(ids[cardinality(ids)], r.last_client_id), clients = r.clients + totals.clients,
    next_try_at = clock_timestamp(),
    sums = case when r.sums is null or cardinality(r.sums) = 0 then totals.sums
      when cardinality(totals.sums) = 0 then r.sums
      else array(select a.v + b.v from unnest(r.sums) with ordinality a (v, n)
        join unnest(totals.sums) with ordinality b (v, n) using (n) order by n) end,
    finished_at = case when cardinality(ids) < slice_size then clock_timestamp() end
  where r.id = run.id;
  return totals.clients;
end
$$;

create type private.scored_client as (
  client_id uuid,
  segment text,
  mrr numeric,
  currency text,
  log_odds double precision,
  probability double precision,
  probability_then double precision,
  themes double precision[],
  z double precision[],
  raw real[]
);

-- The themes of a model in the order of scored_client.themes.
create function private.themes_of(model public.churn_models)
returns text[]
language sql immutable set search_path = ''
as $$
  select array(select distinct f ->> 'theme' from jsonb_array_elements(model.features) f order by 1)
$$;

-- What the model says of clients as they are known now; those that are not in service, pause or leave are left out.
-- probability_then: of the snapshot of compared_with, by the same model.
create function private.score_clients(
  model public.churn_models, client_ids uuid[], baseline double precision[], compared_with date)
returns private.scored_client[]
language plpgsql volatile set search_path = '' set jit = off
as $$
declare
  size integer := jsonb_array_length(model.features);
  intercept double precision := coalesce((model.calibration ->> 'intercept')::float8, 0);
  slope double precision := coalesce((model.calibration ->> 'slope')::float8, 1);
  has_probability boolean := model.calibration is not null;
  named text[] := array(select 'z.z' || i from generate_series(1, size) i);
  scores private.scored_client[];
begin
  execute format($q$
    with f as materialized (select * from private.client_features_as_of($1, clock_timestamp(), true)),
    z as (
      select f.client_id, f.labels[1] as segment, f.mrr, f.currency, f."values" as raw, %s,
        case when t.client_id is not null then %s end as log_odds_then
      from f
      left join private.client_features t
        on t.organization_id = f.organization_id and t.client_id = f.client_id and t.snapshot_day = $2
      offset 0
    ), e as (
      select z.*, %s as log_odds,
        array(select v.points from (values %s) v (theme, points) order by v.theme)::float8[] as themes
      from z offset 0
    )
    select array_agg(row(e.client_id, e.segment, e.mrr, e.currency, e.log_odds, case when $3 then %s end,
      case when $3 and e.log_odds_then is not null then %s end, e.themes, array[%s]::float8[],
      e.raw)::private.scored_client)
    from e $q$,
    (select string_agg(format('%s as z%s', t, i), ', ' order by i)
      from unnest(private.standard_terms(model.features, 'f')) with ordinality u (t, i)),
    format('%L::float8 + %L::float8 * (%s)', intercept, slope, private.linear_sum(model.features, 'coefficient',
      private.standard_terms(model.features, 't'), model.intercept)),
    format('%L::float8 + %L::float8 * (%s)', intercept, slope, private.linear_sum(model.features, 'coefficient', named,
      model.intercept)),
    private.theme_values(model, named, baseline),
    private.probability_of('e.log_odds'), private.probability_of('e.log_odds_then'),
    array_to_string(array(select 'e.z' || i from generate_series(1, size) i), ', '))
  into scores using client_ids, compared_with, has_probability;
  return coalesce(scores, '{}');
end
$$;

-- A band by the organization's three limits in percent.
create function private.risk_band(score double precision, limits numeric[])
returns text
language sql immutable set search_path = ''
as $$
  select case when score < limits[1] then 'low' when score < limits[2] then 'moderate'
    when score < limits[3] then 'high' else 'critical' end
  where score is not null
$$;

-- Writes what has changed: a score by a point or more, a band, a trend, or the model. Clients that are not scored any
-- more lose their score. Who enters the highest band is noted for the alert.
create function private.write_scores(run private.scoring_runs, client_ids uuid[], scores private.scored_client[])
returns void
language plpgsql set search_path = '' set jit = off set enable_nestloop = off
as $$
declare
  limits numeric[] := (
    select s.band_limits from public.churn_settings s where s.organization_id = run.organization_id);
  theme_names text[] := (select private.themes_of(m) from public.churn_models m where m.id = run.model_id);
begin
  perform set_config('signalbox.derived', 'on', true);
  -- As text, so that it is planned for the number of these clients. Each is looked up by its id alone, which is what
  -- "is true" and the array are for: see private.assign_leads.
  execute $q$
    with f as (
      select u.id as client_id, (100 * f.probability)::real as score,
        private.risk_band(100 * f.probability, $3) as band,
        case when 100 * (f.probability - f.probability_then) >= 5 then 'rising'
          when 100 * (f.probability - f.probability_then) <= -5 then 'falling'
          when f.probability_then is not null and f.probability is not null then 'stable' end as trend,
        (select $4[p.n] from unnest(f.themes) with ordinality p (points, n) where p.points > 0
          order by p.points desc limit 1) as theme
      from unnest($1) u (id) left join unnest($2) f on f.client_id = u.id
    ), s as materialized (
      select f.*, c.band as band_before, c.trend as trend_before, c.trend_days as trend_days_before,
        coalesce((c.score is null) <> (f.score is null) or abs(c.score - f.score) >= 1
          or c.band is distinct from f.band
          or (f.score is not null and c.score_model_id is distinct from $7), false) as is_changed
      from f cross join lateral (
        select k.score, k.band, k.trend, k.trend_days, k.score_model_id from public.clients k
        where k.id = f.client_id offset 0) c
    ), changed as (
      select s.* from s where s.is_changed
    ), updated as (
      update public.clients c
      set score = case when s.is_changed then s.score else c.score end,
        band = case when s.is_changed then s.band else c.band end,
        score_day = case when not s.is_changed then c.score_day when s.score is not null then $6 end,
        score_model_id = case when not s.is_changed then c.score_model_id when s.score is not null then $7 end,
        risk_theme = case when not s.is_changed then c.risk_theme when s.score is not null then s.theme end,
        trend = s.trend, trend_days = case when s.trend is not null then $6 - $8 end
      from s
      where c.id = any (array(
          select t.client_id from s t
          where t.is_changed or t.trend_before is distinct from t.trend
            or (t.trend is not null and t.trend_days_before <> $6 - $8)))
        and c.id = s.client_id and (c.organization_id = $5) is true
    ), alerted as (
      insert into private.churn_alerts (organization_id, client_id, day, score)
      select $5, n.client_id, $6, n.score from changed n
      where n.band = 'critical' and n.band_before is distinct from 'critical'
      on conflict do nothing
    )
    insert into private.client_scores as h (organization_id, client_id, day, score, band, model_id)
    select $5, n.client_id, $6, n.score, n.band, $7 from changed n
    on conflict on constraint client_scores_pkey do update
      set score = excluded.score, band = excluded.band, model_id = excluded.model_id
  $q$ using client_ids, scores, limits, theme_names, run.organization_id, run.day, run.model_id, run.compared_with;
  perform set_config('signalbox.derived', '', true);
end
$$;

-- Adds a slice to the figures of the run.
create function private.count_bands(run private.scoring_runs, scores private.scored_client[])
returns void
language plpgsql set search_path = '' set jit = off
as $$
declare
  limits numeric[] := (
    select s.band_limits from public.churn_settings s where s.organization_id = run.organization_id);
  theme_names text[] := (select private.themes_of(m) from public.churn_models m where m.id = run.model_id);
begin
  insert into private.band_days as d (run_id, segment, band, currency, clients, mrr, expected_clients, expected_mrr)
  select run.id, f.segment, private.risk_band(100 * f.probability, limits), f.currency, count(*), sum(f.mrr),
    sum(f.probability), sum(f.probability * f.mrr)
  from unnest(scores) f where f.probability is not null group by 2, 3, 4
  on conflict on constraint band_days_pkey do update set clients = d.clients + excluded.clients,
    mrr = d.mrr + excluded.mrr, expected_clients = d.expected_clients + excluded.expected_clients,
    expected_mrr = d.expected_mrr + excluded.expected_mrr;
  insert into private.factor_days as d (run_id, segment, theme, clients, raised, first, points)
  select run.id, f.segment, theme_names[p.n], count(*), count(*) filter (where p.points > 0),
    count(*) filter (where p.points > 0 and p.points = (select max(x) from unnest(f.themes) x)),
    sum(greatest(p.points, 0))
  from unnest(scores) f cross join unnest(f.themes) with ordinality p (points, n)
  group by 2, 3
  on conflict on constraint factor_days_pkey do update set clients = d.clients + excluded.clients,
    raised = d.raised + excluded.raised, first = d.first + excluded.first, points = d.points + excluded.points;
end
$$;
