create function private.alert_json(alert public.campaign_alerts, campaign_name text)
returns jsonb
language sql immutable set search_path = ''
as $$
  select to_jsonb(alert) - 'organization_id' || jsonb_build_object('campaign_name', campaign_name)
$$;
