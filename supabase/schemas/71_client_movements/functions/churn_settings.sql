create function private.churn_settings_json(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('churn_recognition', s.churn_recognition, 'pause_days', s.pause_days,
    'unpaid_days', s.unpaid_days, 'band_limits', to_jsonb(s.band_limits), 'holdout_share', s.holdout_share,
    'incident_threshold', s.incident_threshold, 'exchange_rates', (
      select coalesce(jsonb_agg(jsonb_build_object('currency', r.currency, 'starts_on', r.starts_on,
        'rate', r.rate::text) order by r.currency, r.starts_on), '[]')
      from public.exchange_rates r where r.organization_id = s.organization_id))
  from public.churn_settings s where s.organization_id = churn_settings_json.organization_id
$$;

-- Replaces all exchange rates: [{ currency, starts_on, rate }].
create function private.replace_exchange_rates(organization_id uuid, rates jsonb)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.require_valid(jsonb_typeof(rates) = 'array' and jsonb_array_length(rates) <= 1000, 'exchange_rates',
    'is a list of at most 1,000 rates');
  perform private.require_valid(not exists (
    select from jsonb_array_elements(rates) r join public.organizations o on o.currency = r ->> 'currency'
    where o.id = replace_exchange_rates.organization_id), 'exchange_rates',
      'has a rate of the organization''s currency');
  delete from public.exchange_rates x
  where x.organization_id = replace_exchange_rates.organization_id
    and not exists (
      select from jsonb_to_recordset(rates) as r (currency text, starts_on date, rate numeric)
      where (r.currency, r.starts_on, r.rate) = (x.currency, x.starts_on, x.rate));
  insert into public.exchange_rates (organization_id, currency, starts_on, rate)
  select replace_exchange_rates.organization_id, r.currency, r.starts_on, r.rate
  from jsonb_to_recordset(rates) as r (currency text, starts_on date, rate numeric)
  where not exists (
    select from public.exchange_rates x
    where x.organization_id = replace_exchange_rates.organization_id
      and (x.currency, x.starts_on, x.rate) = (r.currency, r.starts_on, r.rate));
end
$$;

-- change: { churn_recognition?, pause_days?, unpaid_days?, band_limits?, holdout_share?, incident_threshold?,
-- exchange_rates? }, or null to read. Security definer because
-- callers may not write settings directly.
create function private.churn_settings(organization_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  if change is null then
    perform private.require_scope(organization_id, 'clients:read');
    return private.churn_settings_json(organization_id);
  end if;
  perform private.require_permission(organization_id, 'churn:configure');
  update public.churn_settings s
  set churn_recognition = case when change ? 'churn_recognition' then change ->> 'churn_recognition'
      else s.churn_recognition end,
    pause_days = case when change ? 'pause_days' then (change ->> 'pause_days')::integer else s.pause_days end,
    unpaid_days = case when change ? 'unpaid_days' then (change ->> 'unpaid_days')::integer else s.unpaid_days end,
    band_limits = case when change ? 'band_limits'
      then array(select l::numeric from jsonb_array_elements_text(change -> 'band_limits') l) else s.band_limits end,
    holdout_share = coalesce((change ->> 'holdout_share')::numeric, s.holdout_share),
    incident_threshold = coalesce((change ->> 'incident_threshold')::numeric, s.incident_threshold)
  where s.organization_id = churn_settings.organization_id;
  if change ? 'band_limits' then
    update private.churn_model_state s set score_requested_at = clock_timestamp()
    where s.organization_id = churn_settings.organization_id;
  end if;
  if change ? 'exchange_rates' then
    perform private.replace_exchange_rates(organization_id, change -> 'exchange_rates');
  end if;
  return private.churn_settings_json(organization_id);
end
$$;
grant execute on function private.churn_settings(uuid, jsonb) to authenticated;

create function public.churn_settings(organization_id uuid, change jsonb default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.churn_settings(organization_id, change)
$$;
comment on function public.churn_settings is
  'How churn is recognized, after a change: { churn_recognition?, pause_days?, unpaid_days?, band_limits?, '
  'holdout_share?, incident_threshold?, exchange_rates? }.';
grant execute on function public.churn_settings(uuid, jsonb) to authenticated;
