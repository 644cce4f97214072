-- Continues where the campaign was: waiting for its schedule, taking the audience snapshot, or sending. Security
-- definer, as start_campaign.
create function private.resume_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.lock_campaign(organization_id, campaign_id);
  answer jsonb := private.idempotent_response(organization_id);
  failures record;
begin
  if answer is not null then
    return answer;
  end if;
  if campaign.status <> 'paused' then
    perform private.reject_campaign_state(campaign, 'resumed');
  end if;
  perform private.reject_campaign_faults(campaign);
  if campaign.started_at is null and campaign.scheduled_at > now() then
    update public.campaigns c set status = 'scheduled', status_reason = null where c.id = campaign.id;
  elsif campaign.started_at is null then
    perform private.start_audience_snapshot(campaign, auth.uid());
  elsif campaign.frozen_at is null then
    update public.campaigns c set status = 'freezing', status_reason = null where c.id = campaign.id;
    perform private.invoke('jobs/snapshot-audiences');
  else
    -- Failures from before the pause must not pause it again at once.
    select * into failures from private.campaign_failures(campaign.id);
    insert into private.campaign_failure_checks as w (campaign_id, known, failed, filtered)
    values (campaign.id, failures.known, failures.failed, failures.filtered)
    on conflict on constraint campaign_failure_checks_pkey do update
      set known = excluded.known, failed = excluded.failed, filtered = excluded.filtered, checked_until = now();
    update public.campaigns c set status = 'running', status_reason = null where c.id = campaign.id;
    perform private.invoke('jobs/dispatch-messages');
  end if;
  return private.store_idempotent_response(organization_id, private.campaign_json(campaign_id));
end
$$;
grant execute on function private.resume_campaign(uuid, uuid) to authenticated;

create function public.resume_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.resume_campaign(organization_id, campaign_id)
$$;
comment on function public.resume_campaign is 'Continues a paused campaign.';
grant execute on function public.resume_campaign(uuid, uuid) to authenticated;
