-- With scheduled_at in the future the campaign waits for it. Security definer because campaigns are written by
-- functions only.
create function private.start_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.lock_campaign(organization_id, campaign_id);
  answer jsonb := private.idempotent_response(organization_id);
begin
  if answer is not null then
    return answer;
  end if;
  if campaign.status <> 'draft' then
    perform private.reject_campaign_state(campaign, 'started');
  end if;
  perform private.reject_campaign_faults(campaign);
  if campaign.scheduled_at > now() then
    update public.campaigns c set status = 'scheduled', status_reason = null, started_by = auth.uid()
    where c.id = campaign.id;
  else
    perform private.start_audience_snapshot(campaign, auth.uid());
  end if;
  return private.store_idempotent_response(organization_id, private.campaign_json(campaign_id));
end
$$;
grant execute on function private.start_campaign(uuid, uuid) to authenticated;

create function public.start_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.start_campaign(organization_id, campaign_id)
$$;
comment on function public.start_campaign is 'Starts a draft, now or at its scheduled time.';
grant execute on function public.start_campaign(uuid, uuid) to authenticated;
