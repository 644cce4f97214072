create function private.reject_campaign_state(campaign public.campaigns, wanted text)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.problem(409, 'campaign_state', 'A ' || campaign.status || ' campaign cannot be ' || wanted || '.',
    jsonb_build_object('campaign_status', campaign.status));
end
$$;
