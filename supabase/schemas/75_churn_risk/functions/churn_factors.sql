-- The last finished scoring run of an organization on days within [from_day, before).
create function private.latest_scoring_run(organization_id uuid, from_day date, before date)
returns uuid
language sql stable set search_path = ''
as $$
  select r.id from private.scoring_runs r
  where r.organization_id = latest_scoring_run.organization_id and r.finished_at is not null and r.day >= from_day
    and r.day < before
  order by r.day desc, r.id desc limit 1
$$;

-- Clients in the two highest bands when a period ended, what they pay, and what of all is expected to be lost within 90
-- days: as the last finished run of the period has it. Null where that has no probabilities, and as of a past moment.
-- Currencies are converted as in private.churn_cells.
create function private.risk_figures(
  organization_id uuid, period_start date, period_end date, range private.churn_range, currency text)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('at_risk_clients', f.clients, 'at_risk_mrr', round(f.mrr, 2)::text, 'expected_loss',
    round(f.expected::numeric, 2)::text)
  from (
    select coalesce(sum(d.clients) filter (where d.band in ('high', 'critical')), 0) as clients,
      coalesce(sum(d.mrr * coalesce(k.rate, 1)) filter (where d.band in ('high', 'critical')), 0) as mrr,
      coalesce(sum(d.expected_mrr * coalesce(k.rate, 1)), 0) as expected
    from (select private.latest_scoring_run(organization_id, period_start, period_end) as id) r
    left join private.band_days d on d.run_id = r.id and d.segment = coalesce(range.segment, d.segment)
    left join lateral (
      select private.rate_on(organization_id, d.currency, range.organization_currency, period_start) as rate
      where range.currency is null) k on true
    where range.as_of is null
      and (d.run_id is null or case when k.rate is null then d.currency else range.organization_currency end
        = risk_figures.currency)
    having exists (
      select from private.band_days b
      where b.run_id = private.latest_scoring_run(organization_id, period_start, period_end))
  ) f
  right join (select true) one on true
$$;

-- Clients by band in the last finished run, and the whole of it: { segment, bands }.
create function private.bands_now(organization_id uuid)
returns table (segment text, bands jsonb)
language sql stable set search_path = ''
as $$
  select b.segment, jsonb_object_agg(b.band, b.clients) from (
    select d.segment, d.band, sum(d.clients) as clients from private.band_days d
    where d.run_id = private.latest_scoring_run(bands_now.organization_id, '1900-01-01', '2200-01-01')
    group by 1, 2
  ) b
  group by 1
$$;

-- GET /reports/churn-factors: what raises the risk of the clients of today, by theme. options: { segment? }. Security
-- definer because the rollups may not be read directly.
create function private.churn_factors(organization_id uuid, options jsonb)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  run private.scoring_runs;
  model public.churn_models;
  rows jsonb;
begin
  perform private.require_permission(organization_id, 'churn:read');
  select * into run from private.scoring_runs r
  where r.id = private.latest_scoring_run(churn_factors.organization_id, '1900-01-01', '2200-01-01');
  select * into model from public.churn_models m where m.id = run.model_id;
  select coalesce(jsonb_agg(jsonb_build_object('theme', t.theme, 'name', private.theme_name(t.theme),
      'share', t.points / nullif(t.whole, 0), 'clients', t.clients, 'raised', t.raised, 'first', t.first,
      'odds_ratios', private.odds_ratios(model, t.theme), 'left_with', model.metrics #> array['themes', t.theme, 'with'],
      'left_without', model.metrics #> array['themes', t.theme, 'without']) order by t.points desc, t.theme), '[]')
  into rows from (
    select d.theme, sum(d.clients) as clients, sum(d.raised) as raised, sum(d.first) as first, sum(d.points) as points,
      sum(sum(d.points)) over () as whole
    from private.factor_days d
    where d.run_id = run.id and d.segment = coalesce(options ->> 'segment', d.segment)
    group by 1
  ) t;
  return jsonb_build_object('scored_on', run.day, 'model_id', model.id, 'method', model.method, 'confidence',
    model.confidence, 'segment', options ->> 'segment', 'data', rows);
end
$$;
grant execute on function private.churn_factors(uuid, jsonb) to authenticated;

-- How the odds of leaving change with one standard deviation more of each feature of a theme.
create function private.odds_ratios(model public.churn_models, theme text)
returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(coalesce(f ->> 'level', f ->> 'name'), round(exp(greatest(-30, least(30,
    (f ->> 'coefficient')::float8 * coalesce((model.calibration ->> 'slope')::float8, 1))))::numeric, 4)), '{}')
  from jsonb_array_elements(model.features) f where f ->> 'theme' = odds_ratios.theme
$$;

create function public.churn_factors(organization_id uuid, options jsonb default '{}')
returns jsonb
language sql stable set search_path = ''
as $$
  select private.churn_factors(organization_id, coalesce(options, '{}'))
$$;
comment on function public.churn_factors is 'What raises the risk of clients, by theme: { segment? }.';
grant execute on function public.churn_factors(uuid, jsonb) to authenticated;
