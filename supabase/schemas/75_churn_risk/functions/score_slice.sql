-- Scores the next slice; returns the number of clients in it that have a score or points. Generic plans: see
-- take_feature_slice.
create function private.score_slice(run private.scoring_runs, slice_size integer)
returns integer
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  ids uuid[] := array(
    select c.id from public.clients c
    where c.organization_id = run.organization_id and (c.organization_id, c.id)
      > (run.organization_id, coalesce(run.last_client_id, '00000000-0000-0000-0000-000000000000'))
    order by c.id limit slice_size);
  totals record;
begin
  select * into totals from private.write_scores(run, ids);
  update private.scoring_runs r
  set last_client_id = coalesce(ids[cardinality(ids)], r.last_client_id), clients = r.clients + totals.clients,
    next_try_at = clock_timestamp(),
    sums = case when totals.clients = 0 then r.sums
      when r.sums is null then totals.sums
      else array(select a.v + b.v from unnest(r.sums) with ordinality a (v, n)
        join unnest(totals.sums) with ordinality b (v, n) using (n) order by n) end,
    finished_at = case when cardinality(ids) < slice_size then clock_timestamp() end
  where r.id = run.id;
  return totals.clients;
end
$$;

-- Scores clients and writes what has changed: a score by a point or more, a band, a trend, or the model. Clients that are
-- not scored any more lose their score. Who enters the highest band is noted for the alert, and all are added to the
-- figures of the run. One statement does it, as text, so that it is planned for the number of these clients; arrays,
-- because each is looked up by its id alone. Gives the number of those that were scored and the sums of their features.
create function private.write_scores(
  run private.scoring_runs, client_ids uuid[], out clients integer, out sums double precision[])
language plpgsql set search_path = '' set jit = off set enable_nestloop = off
as $$
declare
  model public.churn_models;
  limits double precision[] := (
    select s.band_limits from public.churn_settings s where s.organization_id = run.organization_id);
begin
  select * into model from public.churn_models m where m.id = run.model_id;
  execute private.scores_statement(model, run.baseline) into clients, sums
  using client_ids, run.compared_with, limits, private.themes_of(model), run.organization_id, run.day, run.model_id, run.id;
end
$$;

-- The statement of write_scores. risk_band is written out: calling it for each client costs as much as the rest.
create function private.scores_statement(model public.churn_models, baseline double precision[])
returns text
language sql stable set search_path = ''
as $$
  select format($q$
    with e as materialized (
      select q.*, greatest(%2$s) as most,
        ('{low,moderate,high,critical}'::text[])[1 + width_bucket(100 * q.probability, $3)] as band
      from (%1$s) q
    ), s as materialized (
      select k.client_id, k.organization_id, k.band as band_before, n.*,
        coalesce((k.score is null) <> (n.score is null) or abs(k.score - n.score) >= 1 or k.band is distinct from n.band
          or (n.score is not null and k.score_model_id is distinct from $7), false) as is_changed,
        k.trend is distinct from n.trend or (n.trend is not null and k.trend_days <> $6 - $2) as is_turned
      from public.client_risks k
      left join e on e.client_id = k.client_id
      cross join lateral (
        select (100 * e.probability)::real as score, e.band,
          case when 100 * (e.probability - e.probability_then) >= 5 then 'rising'
            when 100 * (e.probability - e.probability_then) <= -5 then 'falling'
            when e.probability_then is not null and e.probability is not null then 'stable' end as trend,
          case when e.most > 0 then ($4)[array_position(e.themes, e.most)] end as theme
      ) n
      where k.client_id = any ($1)
    ), updated as (
      update public.client_risks k
      set score = case when s.is_changed then s.score else k.score end,
        band = case when s.is_changed then s.band else k.band end,
        score_day = case when not s.is_changed then k.score_day when s.score is not null then $6 end,
        score_model_id = case when not s.is_changed then k.score_model_id when s.score is not null then $7 end,
        risk_theme = case when not s.is_changed then k.risk_theme when s.score is not null then s.theme end,
        trend = s.trend, trend_days = case when s.trend is not null then $6 - $2 end
      from s
      where k.client_id = any (array(select t.client_id from s t where t.is_changed or t.is_turned))
        and s.client_id = k.client_id and s.organization_id = k.organization_id
    ), alerted as (
      insert into private.churn_alerts (organization_id, client_id, day, score)
      select $5, s.client_id, $6, s.score from s
      where s.is_changed and s.band = 'critical' and s.band_before is distinct from 'critical'
      on conflict do nothing
    ), history as (
      insert into private.client_scores (organization_id, client_id, day, score, band, model_id)
      select $5, s.client_id, $6, s.score, s.band, $7 from s where s.is_changed
      on conflict on constraint client_scores_pkey do update
        set score = excluded.score, band = excluded.band, model_id = excluded.model_id
    ), bands as (
      insert into private.band_days as d (run_id, segment, band, currency, clients, mrr, expected_clients, expected_mrr)
      select $8, e.segment, e.band, e.currency, count(*), sum(e.mrr), sum(e.probability), sum(e.probability * e.mrr)
      from e where e.probability is not null group by 2, 3, 4
      on conflict on constraint band_days_pkey do update set clients = d.clients + excluded.clients,
        mrr = d.mrr + excluded.mrr, expected_clients = d.expected_clients + excluded.expected_clients,
        expected_mrr = d.expected_mrr + excluded.expected_mrr
    ), factors as (
      insert into private.factor_days as d (run_id, segment, theme, clients, raised, first, points)
      select $8, g.segment, t.theme, g.clients, t.raised, t.first, t.points
      from (
        select e.segment, count(*) as clients, array[%3$s] as raised, array[%4$s] as first, array[%5$s] as points
        from e group by 1
      ) g
      cross join lateral unnest($4, g.raised, g.first, g.points) t (theme, raised, first, points)
      on conflict on constraint factor_days_pkey do update set clients = d.clients + excluded.clients,
        raised = d.raised + excluded.raised, first = d.first + excluded.first, points = d.points + excluded.points
    )
    select count(*)::integer, array[%6$s] from e $q$,
    private.scoring_query(model, baseline), t.most, t.raised, t.first, t.points, (
      select string_agg(format('sum(e.z[%s])', i), ', ' order by i)
      from generate_series(1, jsonb_array_length(model.features)) i))
  from (
    select string_agg(format('q.themes[%s]', i), ', ' order by i) as most,
      string_agg(format('count(*) filter (where e.themes[%s] > 0)', i), ', ' order by i) as raised,
      string_agg(format('count(*) filter (where e.themes[%1$s] > 0 and e.themes[%1$s] = e.most)', i), ', ' order by i)
        as first,
      string_agg(format('sum(greatest(e.themes[%s], 0))', i), ', ' order by i) as points
    from generate_series(1, cardinality(private.themes_of(model))) i
  ) t
$$;
