-- From the sample to a record: cuts it into what is learned from and the later rows on which it is judged, fits, judges,
-- and puts the model into use if it passes. A learned model in use is replaced by another one that passes only: where
-- none can be judged it stays, and those who configure churn are notified why.
create function private.finish_training(organization_id uuid, active_model_id uuid)
returns uuid
language plpgsql set search_path = ''
as $$
declare
  evidence record;
  model public.churn_models;
  active public.churn_models;
begin
  select * into active from public.churn_models m where m.id = active_model_id;
  select * into evidence from private.cut_sample(organization_id);
  if evidence.events >= 20 and evidence.train_events > 0 and evidence.test_events > 0 then
    model := private.learned_model(organization_id, active, evidence.events);
    if model.accepted then
      return private.keep_model(model);
    end if;
    perform private.keep_model(model);
  elsif active.method = 'model' then
    perform private.notify_of_model(organization_id, 'churn_training:' || private.local_day(organization_id),
      'No new churn model', case
        when evidence.events < 20 then format('%s clients left: too few to learn from.', evidence.events)
        when evidence.test_events = 0 then 'Nobody has left in the latest quarter on which a new model would be judged.'
        else 'Nobody had left before the latest half year, so there is nothing to learn from.' end
        || ' The one before stays in use.', '{}');
  end if;
  if active.method = 'model' then
    return active.id;
  end if;
  model := private.rule_model(organization_id, evidence.events, coalesce(model.metrics, '{}'));
  return case when model.organization_id is not null then private.keep_model(model) end;
end
$$;

-- A gap of 90 days lies between the two parts: what is learned from has no outcome within the time that is judged.
create function private.cut_sample(
  organization_id uuid, out events integer, out train_events integer, out test_events integer)
language plpgsql set search_path = ''
as $$
declare
  latest date := (
    select max(r.snapshot_day) from private.churn_training_rows r
    where r.organization_id = cut_sample.organization_id);
begin
  update private.churn_training_rows r
  set part = case when r.snapshot_day > latest - 90 then 'test' when r.snapshot_day <= latest - 180 then 'train'
    else 'gap' end
  where r.organization_id = cut_sample.organization_id;
  select count(distinct r.client_id), count(distinct r.client_id) filter (where r.part = 'train'),
    count(distinct r.client_id) filter (where r.part = 'test')
  into events, train_events, test_events
  from private.churn_training_rows r
  where r.organization_id = cut_sample.organization_id and r.y > 0;
end
$$;

-- The rows of these parts as a query with y, w and the standardized features x1 …
create function private.training_source(organization_id uuid, parts text[], features integer)
returns text
language sql immutable set search_path = ''
as $$
  select format('select r.y, r.w%s from private.churn_training_rows r where r.organization_id = %L and r.part = any (%L)',
    (select string_agg(format(', r.z[%s] as x%s', i, i), '' order by i) from generate_series(1, features) i),
    organization_id, parts)
$$;

create function private.standardize_sample(organization_id uuid, features jsonb)
returns void
language plpgsql set search_path = ''
as $$
begin
  execute format('update private.churn_training_rows r set z = array[%s]::float8[] where r.organization_id = %L',
    array_to_string(private.standard_terms(features, 'r'), ', '), organization_id);
end
$$;

-- Learns from the earlier part, judges on the later one. The intercept and slope of the log-odds are refitted on the
-- later part, the slope held near one; after that the numbers are final.
create function private.learned_model(organization_id uuid, active public.churn_models, events integer)
returns public.churn_models
language plpgsql set search_path = ''
as $$
declare
  model public.churn_models;
  features jsonb := private.training_features(organization_id, '{train}');
  size integer := jsonb_array_length(features);
  prior double precision[] := '{0}'::double precision[] || array(
    select (f.value ->> 'prior')::float8 from jsonb_array_elements(features) with ordinality f order by f.ordinality);
  beta double precision[];
  verdict text;
begin
  perform private.standardize_sample(organization_id, features);
  beta := (private.fit_logit(private.training_source(organization_id, '{train}', size), prior, 10)).beta;
  model := private.new_model(organization_id, '{train,gap,test}');
  model.method := 'model';
  model.intercept := beta[1];
  model.features := (
    select jsonb_agg(f.value || jsonb_build_object('coefficient', beta[f.ordinality + 1]) order by f.ordinality)
    from jsonb_array_elements(features) with ordinality f);
  model.metrics := jsonb_build_object(
    'model', private.metrics_of(model, '{"intercept": 0, "slope": 1}', 'coefficient'),
    'rule', private.metrics_of(model, private.recalibration(organization_id, model.features, 0, 'prior', '{train}'),
      'prior'),
    'active', case when active.calibration is not null then private.metrics_of(active, active.calibration, 'coefficient')
      end);
  verdict := private.gate_verdict(model.metrics);
  model.calibration := private.recalibration(organization_id, model.features, beta[1], 'coefficient', '{test}');
  model.metrics := model.metrics || jsonb_build_object('themes', private.theme_outcomes(model, '{train,gap,test}'));
  model.accepted := verdict is null;
  model.confidence := case when events >= 100 then 'normal' else 'low' end;
  model.reason := coalesce(verdict, format('Learned from %s clients that left, and better than the rule on later ones.',
    events));
  return model;
end
$$;

-- Why a model is not used, or null. A model whose probabilities cannot tell who leaves better than chance is not used
-- even if it is better than the rule.
create function private.gate_verdict(metrics jsonb)
returns text
language sql immutable set search_path = ''
as $$
  select case
    when m.auc_low is null or m.auc_low <= 0.5 then 'On later clients it does not tell who leaves better than chance.'
    when m.log_loss > m.rule then 'On later clients it is no better than the built-in rule.'
    when m.log_loss > m.active then 'On later clients it is no better than the model in use.'
    when not (m.ratio between 0.8 and 1.25 or (m.ratio_low <= 1 and m.ratio_high >= 1)) or m.ratio is null
      then format('It expected %s times as many clients to leave as did.', round(m.ratio::numeric, 2))
    end
  from (
    select (metrics #>> '{model,auc_low}')::float8 as auc_low, (metrics #>> '{model,log_loss}')::float8 as log_loss,
      (metrics #>> '{rule,log_loss}')::float8 as rule, (metrics #>> '{active,log_loss}')::float8 as active,
      (metrics #>> '{model,ratio}')::float8 as ratio, (metrics #>> '{model,ratio_low}')::float8 as ratio_low,
      (metrics #>> '{model,ratio_high}')::float8 as ratio_high
  ) m
$$;

-- { intercept, slope } by which log-odds become those of these rows; the slope is held near one.
create function private.recalibration(
  organization_id uuid, features jsonb, intercept double precision, key text, parts text[])
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  beta double precision[] := (private.fit_logit(format(
    'select r.y, r.w, %s as x1 from private.churn_training_rows r where r.organization_id = %L and r.part = any (%L)',
    private.linear_sum(features, key, private.standard_terms(features, 'r'), intercept), organization_id, parts),
    '{0,1}', 10)).beta;
begin
  return jsonb_build_object('intercept', beta[1], 'slope', beta[2]);
end
$$;

-- How good a model is on the rows to judge by.
create function private.metrics_of(model public.churn_models, calibration jsonb, key text)
returns jsonb
language sql set search_path = ''
as $$
  select private.churn_metrics(format(
    'select r.client_id, r.labels[1] as segment, r.y, r.w, %s as p from private.churn_training_rows r
      where r.organization_id = %L and r.part = ''test''',
    private.probability_of(format('%L::float8 + %L::float8 * (%s)', (calibration ->> 'intercept')::float8,
      (calibration ->> 'slope')::float8, private.linear_sum(model.features, key,
        private.standard_terms(model.features, 'r'), case key when 'prior' then 0 else model.intercept end))),
    model.organization_id))
$$;

-- Of each theme: the share that left of the rows whose risk it raises, and of the others, with intervals of so many
-- clients. What was seen together, not a cause.
create function private.theme_outcomes(model public.churn_models, parts text[])
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  answer jsonb;
begin
  execute format($q$
    select jsonb_object_agg(t.theme, jsonb_build_object('with', t.with_it, 'without', t.without_it)) from (
      select v.theme,
        private.wilson_interval((sum(r.w * r.y) filter (where v.points > 0)
          * count(distinct r.client_id) filter (where v.points > 0)
          / nullif(sum(r.w) filter (where v.points > 0), 0))::numeric,
          count(distinct r.client_id) filter (where v.points > 0)) as with_it,
        private.wilson_interval((sum(r.w * r.y) filter (where v.points <= 0)
          * count(distinct r.client_id) filter (where v.points <= 0)
          / nullif(sum(r.w) filter (where v.points <= 0), 0))::numeric,
          count(distinct r.client_id) filter (where v.points <= 0)) as without_it
      from private.churn_training_rows r
      cross join lateral (values %s) v (theme, points)
      where r.organization_id = %L and r.part = any (%L)
      group by 1
    ) t $q$, (
      select string_agg(format('(%L, %s)', p.theme, p.points), ', ' order by p.theme)
      from private.theme_points(model, private.standard_terms(model.features, 'r'), null) p), model.organization_id, parts)
  into answer;
  return answer;
end
$$;

-- The contributions of each theme to the log-odds as SQL, measured from the means in baseline, or from the mean of the
-- training rows.
create function private.theme_points(model public.churn_models, terms text[], baseline double precision[])
returns table (theme text, points text)
language sql stable rows 10 set search_path = ''
as $$
  select f.value ->> 'theme', string_agg(format('%L::float8 * (%s - %L::float8)',
    (f.value ->> 'coefficient')::float8 * coalesce((model.calibration ->> 'slope')::float8, 1), terms[f.ordinality],
    coalesce(baseline[f.ordinality], 0)), ' + ' order by f.ordinality)
  from jsonb_array_elements(model.features) with ordinality f
  group by 1
$$;

-- A record to be filled in, with the next number and the time that the rows of these parts cover.
create function private.new_model(organization_id uuid, parts text[])
returns public.churn_models
language plpgsql set search_path = ''
as $$
declare
  model public.churn_models;
begin
  model.id := private.uuid_v7();
  model.organization_id := organization_id;
  model.number := 1 + (
    select coalesce(max(m.number), 0) from public.churn_models m
    where m.organization_id = new_model.organization_id);
  model.trained_on := private.local_day(organization_id);
  select min(r.snapshot_day), max(r.snapshot_day) into model.window_from, model.window_to
  from private.churn_training_rows r where r.organization_id = new_model.organization_id and r.part = any (parts);
  model.created_at := clock_timestamp();
  return model;
end
$$;

-- Stores the record; one that was accepted is in use from now on, and all clients are scored again. Of one that was not,
-- and of one that takes the place of another kind, those who configure churn are notified.
create function private.keep_model(model public.churn_models)
returns uuid
language plpgsql set search_path = ''
as $$
declare
  used text := (
    select m.method from private.churn_model_state s join public.churn_models m on m.id = s.active_model_id
    where s.organization_id = model.organization_id);
begin
  insert into public.churn_models values (model.*);
  if model.accepted then
    update private.churn_model_state s
    set active_model_id = model.id, score_requested_at = clock_timestamp()
    where s.organization_id = model.organization_id;
  end if;
  if not model.accepted or used <> model.method then
    perform private.notify_of_model(model.organization_id, 'churn_model:' || model.id, case
        when not model.accepted then 'A new churn model is not used'
        when model.method = 'model' then 'Churn scores come from a learned model now'
        else 'Churn scores come from the built-in rule now' end,
      model.reason || case when model.accepted then '' when used = 'model' then ' The one before stays in use.'
        else ' The built-in rule is used.' end, jsonb_build_object('model_id', model.id));
  end if;
  return model.id;
end
$$;

create function private.notify_of_model(organization_id uuid, event_key text, title text, body text, data jsonb)
returns void
language sql set search_path = ''
as $$
  select private.notify(array_agg(row(notify_of_model.organization_id, m.user_id, 'system', notify_of_model.event_key,
    notify_of_model.title, notify_of_model.body, notify_of_model.data, null)::private.notification))
  from public.memberships m
  join public.role_permissions p on p.role_id = m.role_id and p.permission = 'churn:configure'
  where m.organization_id = notify_of_model.organization_id and m.status = 'active'
  having count(*) > 0
$$;
