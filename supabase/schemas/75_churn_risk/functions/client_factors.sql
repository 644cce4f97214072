-- What raises and what lowers the risk of a client, as it is known now, measured from the mean of the organization's
-- clients: for a linear model the exact Shapley values. Themes and not single features have percentages, because features
-- that go together share their weight arbitrarily. Features of customers have no figures for those who may not read
-- customers; the points of their theme, and the sums that it is part of, are rounded to a tenth for them.
create function private.explain_client(client public.clients)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  model public.churn_models;
  baseline double precision[];
  scored private.scored_client;
  features jsonb;
  slope double precision;
  with_figures boolean := client.organization_id = any (private.organizations_with('customers:read'));
begin
  select m.* into model from private.churn_model_state s
  join public.churn_models m on m.organization_id = s.organization_id and m.id = s.active_model_id
  where s.organization_id = client.organization_id;
  if model.id is null then
    return jsonb_build_object('method', null, 'reason', 'There is no model yet: it is made within minutes.');
  end if;
  select private.baseline_of(r) into baseline from private.scoring_runs r
  where r.organization_id = client.organization_id and r.model_id = model.id and r.finished_at is not null
  order by r.day desc, r.id desc limit 1;
  baseline := coalesce(baseline, array_fill(0::double precision, array[jsonb_array_length(model.features)]));
  select s.* into scored from private.score_client(model, client.id, baseline) s;
  if scored.client_id is null then
    return jsonb_build_object('method', model.method, 'reason', 'The client is not in service, pauses, or has given '
      || 'notice: it has no score.');
  end if;
  slope := coalesce((model.calibration ->> 'slope')::float8, 1);
  select jsonb_agg(f.value || jsonb_build_object('value', scored.raw[(f.value ->> 'place')::integer],
    'points', slope * (f.value ->> 'coefficient')::float8 * (scored.z[f.n] - baseline[f.n]))) into features
  from jsonb_array_elements(model.features) with ordinality f (value, n);
  return jsonb_build_object('method', model.method, 'confidence', model.confidence, 'model_id', model.id, 'reason',
    model.reason, 'score', round((100 * scored.probability)::numeric, 1), 'log_odds',
    private.told_points(scored.log_odds, with_figures), 'mean_log_odds', private.told_points(scored.log_odds - (
      select sum((f ->> 'points')::float8) from jsonb_array_elements(features) f), with_figures))
    || private.factor_lists(features, scored.segment, with_figures);
end
$$;

create function private.told_points(points double precision, with_figures boolean)
returns double precision
language sql immutable set search_path = ''
as $$
  select case when with_figures then points else round(points::numeric, 1)::float8 end
$$;

-- Whether a feature of a model is computed from customers.
create function private.is_from_customers(feature jsonb)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from private.feature_definitions d
    where d.feature_set = 1 and d.name = feature ->> 'name' and d.from_customers)
$$;

-- Features with points as lists of themes: raising ones with whole percentages that add up to 100, lowering ones.
-- with_figures false: neither the points of a feature of customers, nor its place or absence, tell its value.
create function private.factor_lists(features jsonb, segment text, with_figures boolean)
returns jsonb
language sql stable set search_path = ''
as $$
  with f as (
    select v.value ->> 'theme' as theme, (v.value ->> 'points')::float8 as points, v.value, v.n,
      with_figures or not private.is_from_customers(v.value) as is_shown
    from jsonb_array_elements(features) with ordinality v (value, n)
  ), t as (
    select f.theme, sum(f.points) as points, private.told_points(sum(f.points), bool_and(f.is_shown)) as told, jsonb_agg(private.factor_detail(f.value, segment, f.is_shown)
      order by case when f.is_shown then abs(f.points) end desc nulls last, f.n)
      filter (where (abs(f.points) >= 0.005 or not f.is_shown)
        and (f.value ->> 'level' is null or f.value ->> 'level' = segment)) as details
    from f group by 1
  ), shares as (
    select t.*, 100 * t.points / sum(t.points) over () as share from t where t.points > 1e-9
  ), whole as (
    select s.*, floor(s.share)::integer + (row_number() over (order by s.share - floor(s.share) desc, s.theme)
      <= 100 - sum(floor(s.share)) over ())::integer as percentage
    from shares s
  )
  select jsonb_build_object(
    'raising', (
      select coalesce(jsonb_agg(jsonb_build_object('theme', w.theme, 'name', private.theme_name(w.theme), 'percentage',
        w.percentage, 'points', w.told, 'details', coalesce(w.details, '[]'), 'source', 'model')
        order by w.points desc), '[]') from whole w),
    'lowering', (
      select coalesce(jsonb_agg(jsonb_build_object('theme', t.theme, 'name', private.theme_name(t.theme), 'points',
        t.told, 'details', coalesce(t.details, '[]'), 'source', 'model') order by t.points), '[]')
      from t where t.points < -1e-9))
$$;

create function private.theme_name(theme text)
returns text
language sql immutable set search_path = ''
as $$
  select case theme when 'contact' then 'Contact' when 'issues' then 'Issues' when 'payment' then 'Payment'
    when 'contract' then 'Contract and revenue' when 'estimate' then 'What a person thinks' when 'segment' then 'Segment'
    else theme end
$$;

-- One feature in words, with what is usual: { feature, text, value, usual, points }.
create function private.factor_detail(feature jsonb, segment text, is_shown boolean)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('feature', feature ->> 'name', 'points', case when is_shown then (feature ->> 'points')::float8 end,
    'value', case when is_shown then feature -> 'value' end, 'usual', case when is_shown then to_jsonb(v.usual) end,
    'text', case
      when feature ? 'level' then 'Segment ' || segment
      when d.name = 'arrears' and not is_shown then 'What linked accounts owe'
      when d.name = 'days_in_arrears' and v.months > 0 then format('In arrears for %s months', v.months)
      when not is_shown then d.description
      when feature ->> 'value' is null then d.description || ': not known'
      else format('%s: %s (usual: %s)', d.description, round((feature ->> 'value')::numeric, 2), v.usual) end)
  from (
    select f.description, f.name from (select 1) one
    left join private.feature_definitions f on f.feature_set = 1 and f.name = feature ->> 'name'
  ) d
  cross join lateral (
    select round((case feature ->> 'transform' when 'log'
      then sign((feature ->> 'mean')::float8) * (exp(least(abs((feature ->> 'mean')::float8), 30)) - 1)
      else (feature ->> 'mean')::float8 end)::numeric, 2) as usual,
      floor(coalesce((feature ->> 'value')::numeric, 0) / 30)::integer as months
  ) v
$$;

create function private.factors_of(client public.clients)
returns jsonb
language sql volatile set search_path = ''
as $$
  select '{"score": null, "confidence": null, "model_id": null, "log_odds": null, "mean_log_odds": null, "raising": [],
    "lowering": []}'::jsonb || private.explain_client(client)
    || jsonb_build_object('manual', private.manual_factors(client))
$$;

-- GET /clients/{id}/factors. Security definer: see list_clients.
create function private.client_factors(organization_id uuid, client_id uuid)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  client public.clients := private.require_client(organization_id, client_id, 'clients:read');
begin
  return private.factors_of(client);
end
$$;
grant execute on function private.client_factors(uuid, uuid) to authenticated;

create function private.manual_factors(client public.clients)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(private.manual_factor_json(f) order by f.id desc), '[]')
  from (
    select * from public.client_factors f
    where f.organization_id = client.organization_id and f.client_id = client.id order by f.id desc limit 100
  ) f
$$;

create function private.manual_factor_json(factor public.client_factors)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', factor.id, 'client_id', factor.client_id, 'name', factor.name, 'percentage',
    factor.percentage, 'source', 'manual', 'created_by', factor.created_by, 'created_by_name', (
      select p.full_name from public.profiles p where p.id = factor.created_by), 'created_at', factor.created_at)
$$;

create function public.client_factors(organization_id uuid, client_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.client_factors(organization_id, client_id)
$$;
comment on function public.client_factors is
  'What raises and lowers the risk of a client by the model, and what people have entered.';
grant execute on function public.client_factors(uuid, uuid) to authenticated;

-- Security definer because callers may not write factors directly.
create function private.create_client_factor(organization_id uuid, client_id uuid, factor jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  client public.clients;
  created public.client_factors;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'clients:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  client := private.require_client(organization_id, client_id, 'clients:write', true);
  created := jsonb_populate_record(null::public.client_factors, factor);
  insert into public.client_factors (organization_id, client_id, name, percentage, created_by)
  values (client.organization_id, client.id, created.name, created.percentage, auth.uid())
  returning * into created;
  return private.store_idempotent_response(organization_id, private.manual_factor_json(created));
end
$$;
grant execute on function private.create_client_factor(uuid, uuid, jsonb) to authenticated;

create function public.create_client_factor(organization_id uuid, client_id uuid, factor jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_client_factor(organization_id, client_id, factor)
$$;
comment on function public.create_client_factor is 'Adds what a person says raises the risk: { name, percentage }.';
grant execute on function public.create_client_factor(uuid, uuid, jsonb) to authenticated;
