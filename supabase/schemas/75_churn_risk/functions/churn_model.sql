-- Mean and standard deviation of what customers owe are for those who may read customers: with them the points of a
-- client would tell the amount.
create function private.churn_model_json(model public.churn_models)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(model) - 'organization_id' || jsonb_build_object('penalty', 10, 'horizon_days', 90, 'features', (
    select jsonb_agg(case when private.is_from_customers(f.value)
        and not model.organization_id = any (private.organizations_with('customers:read'))
      then f.value || '{"mean": null, "sd": null}' else f.value end order by f.n)
    from jsonb_array_elements(model.features) with ordinality f (value, n)))
  where model.id is not null
$$;

-- The model in use with the figures by which it was tested, how far training and scoring are, and the records before.
-- Security definer because the state may not be read directly.
create function private.churn_model(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  state private.churn_model_state;
  active public.churn_models;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'churn:read');
  select * into state from private.churn_model_state s where s.organization_id = churn_model.organization_id;
  select * into active from public.churn_models m
  where m.organization_id = churn_model.organization_id and m.id = state.active_model_id;
  select jsonb_build_object('scored_on', r.day, 'scored_clients', r.clients, 'scored_at', r.finished_at) into answer
  from private.scoring_runs r
  where r.organization_id = churn_model.organization_id and r.finished_at is not null
  order by r.day desc, r.id desc limit 1;
  return coalesce(answer, '{"scored_on": null, "scored_clients": null, "scored_at": null}') || jsonb_build_object(
    'model', private.churn_model_json(active), 'training', case when state.phase is not null
      then jsonb_build_object('requested_at', state.requested_at, 'phase', state.phase, 'last_error', state.last_error)
      end,
    'bands', private.band_list(organization_id), 'watch', state.watch,
    'history', (
      select coalesce(jsonb_agg(jsonb_build_object('id', h.id, 'number', h.number, 'method', h.method, 'confidence',
        h.confidence, 'accepted', h.accepted, 'reason', h.reason, 'trained_on', h.trained_on, 'auc',
        h.metrics #> '{model,auc}', 'log_loss', h.metrics #> '{model,log_loss}', 'ratio',
        h.metrics #> '{model,ratio}', 'created_at', h.created_at) order by h.number desc), '[]')
      from (
        select * from public.churn_models m where m.organization_id = churn_model.organization_id
        order by m.number desc limit 24
      ) h));
end
$$;
grant execute on function private.churn_model(uuid) to authenticated;

create function private.band_list(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_agg(jsonb_build_object('band', b.band, 'from', b.low, 'to', b.high) order by b.low)
  from public.churn_settings s
  cross join lateral (values ('low', 0, s.band_limits[1]), ('moderate', s.band_limits[1], s.band_limits[2]),
    ('high', s.band_limits[2], s.band_limits[3]), ('critical', s.band_limits[3], 100)) b (band, low, high)
  where s.organization_id = band_list.organization_id
$$;

create function public.churn_model(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.churn_model(organization_id)
$$;
comment on function public.churn_model is 'How the risk of leaving is computed, and how good that is.';
grant execute on function public.churn_model(uuid) to authenticated;

-- Asks for a training, or with score_only for a scoring by the model in use. One that waits is not asked for twice.
-- Security definer because callers may not write the state directly.
create function private.request_churn_training(organization_id uuid, score_only boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  state private.churn_model_state;
  refusal jsonb;
begin
  perform private.require_permission(organization_id, 'churn:configure');
  refusal := private.over_rate_limit('churn_training');
  if refusal is not null then
    return refusal;
  end if;
  insert into private.churn_model_state as s (organization_id, phase, requested_by, requested_at)
  values (organization_id, 'requested', auth.uid(), clock_timestamp())
  on conflict on constraint churn_model_state_pkey do update
    set phase = case when request_churn_training.score_only then s.phase else coalesce(s.phase, 'requested') end,
      requested_by = case when request_churn_training.score_only then s.requested_by
        else coalesce(s.requested_by, excluded.requested_by) end,
      requested_at = case when request_churn_training.score_only then s.requested_at
        else coalesce(s.requested_at, excluded.requested_at) end,
      next_try_at = case when s.phase is null or s.failures > 0 then clock_timestamp() else s.next_try_at end,
      score_requested_at = case when request_churn_training.score_only then clock_timestamp()
        else s.score_requested_at end
  returning * into state;
  return jsonb_build_object('status', 'queued', 'phase', state.phase, 'requested_at', state.requested_at,
    'score_requested_at', state.score_requested_at);
end
$$;
grant execute on function private.request_churn_training(uuid, boolean) to authenticated;

create function public.request_churn_training(organization_id uuid, score_only boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.request_churn_training(organization_id, coalesce(score_only, false))
$$;
comment on function public.request_churn_training is 'Asks for a new model, or for new scores by the model in use.';
grant execute on function public.request_churn_training(uuid, boolean) to authenticated;
