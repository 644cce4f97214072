-- PATCH /campaigns/{id}: { campaign }, or { stale } with the campaign as it is when the expected version has passed. Before
-- it has begun everything can change; later only its name, its numbers, its rate and when it pauses itself. Definer: see create_campaign.
create function private.update_campaign(organization_id uuid, campaign_id uuid, change jsonb, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  held public.campaigns := private.lock_campaign(organization_id, campaign_id);
  wanted public.campaigns;
begin
  if held.version <> expected_version then
    return jsonb_build_object('stale', private.campaign_json(campaign_id));
  end if;
  if held.started_at is not null and change ?| array['audience', 'templates', 'scheduled_at', 'late_after_minutes']
    or held.status in ('completed', 'canceled') then
    perform private.reject_campaign_state(held, 'changed so');
  end if;
  if change ? 'audience' then
    change := change || jsonb_build_object('audience', private.checked_audience(organization_id, change -> 'audience'));
  end if;
  wanted := jsonb_populate_record(held, change);
  if held.status = 'scheduled' and wanted.scheduled_at is null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "scheduled_at", "message": "is needed while the campaign waits for it: pause or cancel it instead"}]');
  end if;
  perform private.set_campaign_parts(held, change);
  update public.campaigns c
  set name = wanted.name, audience = wanted.audience, scheduled_at = wanted.scheduled_at,
    late_after_minutes = wanted.late_after_minutes, messages_per_minute = wanted.messages_per_minute,
    pause_error_rate = wanted.pause_error_rate, pause_filtered_rate = wanted.pause_filtered_rate, pause_after = wanted.pause_after
  where c.id = held.id returning * into wanted;
  if held.status in ('scheduled', 'freezing', 'running') and change ?| array['audience', 'templates', 'numbers', 'scheduled_at'] then
    perform private.reject_campaign_faults(wanted);
  end if;
  return jsonb_build_object('campaign', private.campaign_json(campaign_id));
end
$$;
grant execute on function private.update_campaign(uuid, uuid, jsonb, integer) to authenticated;

create function public.update_campaign(organization_id uuid, campaign_id uuid, change jsonb, expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_campaign(organization_id, campaign_id, change, expected_version)
$$;
comment on function public.update_campaign is 'Changes a campaign if it still has the expected version: { campaign }, else { stale } with the campaign as it is.';
grant execute on function public.update_campaign(uuid, uuid, jsonb, integer) to authenticated;
