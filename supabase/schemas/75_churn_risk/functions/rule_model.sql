-- The built-in rule as a record: its log-odds recalibrated to the share of clients that left, the slope held near one. With
-- snapshots whose 90 days have passed, by these; else by how many left in the last year. Where nobody has left there is
-- no probability. An empty record where there is nobody to score.
create function private.rule_model(organization_id uuid, events integer, metrics jsonb)
returns public.churn_models
language plpgsql set search_path = ''
as $$
declare
  model public.churn_models;
  features jsonb;
  share double precision;
begin
  if coalesce(events, 0) = 0 then
    share := private.yearly_share(organization_id);
    perform private.sample_present(organization_id, coalesce(share, 0));
  end if;
  if not exists (
    select from private.churn_training_rows r where r.organization_id = rule_model.organization_id) then
    return null;
  end if;
  features := private.training_features(organization_id, '{all,train,gap,test}');
  model := private.new_model(organization_id, '{all,train,gap,test}');
  model.method := 'rule';
  model.intercept := 0;
  model.features := (
    select jsonb_agg(f.value || jsonb_build_object('coefficient', f.value -> 'prior') order by f.ordinality)
    from jsonb_array_elements(features) with ordinality f);
  model.calibration := case when events > 0 or share > 0 then private.recalibration(organization_id, model.features, 0,
    'prior', '{all,train,gap,test}') end;
  model.confidence := case when model.calibration is null then 'none' else 'low' end;
  model.metrics := metrics || case when events > 0
    then jsonb_build_object('themes', private.theme_outcomes(model, '{train,gap,test}')) else '{}' end;
  model.accepted := true;
  model.reason := case
    when model.calibration is null then 'No client has left yet: the rule gives an order, not a probability.'
    when coalesce(events, 0) = 0 then format(
      'No snapshot is old enough to learn from: the rule, with the %s %% of 90 days that left in the last year.',
      round(100 * share::numeric, 1))
    when events < 20 then format('%s clients left: too few to learn from. The rule, with the share that left.', events)
    else 'No learned model has proved better on later clients: the rule, with the share that left.' end;
  return model;
end
$$;

-- Everybody in service today as sample, each with the same outcome.
create function private.sample_present(organization_id uuid, share double precision)
returns void
language sql set search_path = ''
as $$
  delete from private.churn_training_rows r where r.organization_id = sample_present.organization_id;
  insert into private.churn_training_rows (organization_id, snapshot_day, client_id, y, w, "values", labels)
  select f.organization_id, private.local_day(f.organization_id), f.client_id, share, 1, f."values", f.labels
  from private.client_features_as_of(array(
    select c.id from public.clients c
    where c.organization_id = sample_present.organization_id and c.status = 'active' and c.deleted_at is null
    order by c.id desc limit 10000), clock_timestamp(), true) f
$$;

-- The share of clients that leave within 90 days, by the ends and the days of service of the last year, from when on they
-- were observed: before that nobody could have been seen to leave. Null where nobody left.
create function private.yearly_share(organization_id uuid)
returns double precision
language sql stable set search_path = ''
as $$
  -- Materialized: else the day would be asked for again for each spell.
  with t as materialized (select private.local_day(yearly_share.organization_id) as today)
  select 1 - exp(-90.0 * count(s.ends_on) / nullif(sum(least(s.ends_on, t.today) - x.seen_from), 0))
  from t join public.client_spells s on s.organization_id = yearly_share.organization_id and s.starts_on < t.today
  cross join lateral (select greatest(s.starts_on, s.observed_from, t.today - 365) as seen_from) x
  where x.seen_from < t.today and (s.ends_on is null or s.ends_on > x.seen_from)
  group by t.today
  having count(s.ends_on) > 0
$$;
