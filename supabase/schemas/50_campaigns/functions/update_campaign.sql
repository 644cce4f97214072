-- { campaign }, or { stale } with the current campaign when expected_version has passed. Once the campaign has started,
-- only its name, numbers, rate and pause thresholds can change. Security definer, as create_campaign.
create function private.update_campaign(organization_id uuid, campaign_id uuid, change jsonb, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.lock_campaign(organization_id, campaign_id);
  changed public.campaigns;
begin
  if campaign.version <> expected_version then
    return jsonb_build_object('stale', private.campaign_json(campaign_id));
  end if;
  if campaign.started_at is not null and change ?| array['audience', 'templates', 'scheduled_at', 'late_after_minutes']
    or campaign.status in ('completed', 'canceled') then
    perform private.reject_campaign_state(campaign, 'changed in this way');
  end if;
  if change ? 'audience' then
    change := change || jsonb_build_object('audience', private.checked_audience(organization_id, change -> 'audience'));
  end if;
  changed := jsonb_populate_record(campaign, change);
  if campaign.status = 'scheduled' and changed.scheduled_at is null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "scheduled_at", "message": "is required while the campaign is scheduled"}]');
  end if;
  perform private.set_campaign_parts(campaign, change);
  update public.campaigns c
  set name = changed.name, audience = changed.audience, scheduled_at = changed.scheduled_at,
    late_after_minutes = changed.late_after_minutes, messages_per_minute = changed.messages_per_minute,
    pause_error_rate = changed.pause_error_rate, pause_filtered_rate = changed.pause_filtered_rate,
    pause_after = changed.pause_after
  where c.id = campaign.id returning * into changed;
  if campaign.status in ('scheduled', 'freezing', 'running')
    and change ?| array['audience', 'templates', 'numbers', 'scheduled_at'] then
    perform private.reject_campaign_faults(changed);
  end if;
  return jsonb_build_object('campaign', private.campaign_json(campaign_id));
end
$$;
grant execute on function private.update_campaign(uuid, uuid, jsonb, integer) to authenticated;

create function public.update_campaign(organization_id uuid, campaign_id uuid, change jsonb,
  expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_campaign(organization_id, campaign_id, change, expected_version)
$$;
comment on function public.update_campaign is
  'Changes a campaign if it still has the expected version: { campaign }, else { stale } with the current campaign.';
grant execute on function public.update_campaign(uuid, uuid, jsonb, integer) to authenticated;
