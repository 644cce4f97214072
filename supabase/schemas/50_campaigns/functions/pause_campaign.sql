-- Once it has returned, nothing more is claimed: the lock waits for claims under way. Security definer, as
-- start_campaign.
create function private.pause_campaign(organization_id uuid, campaign_id uuid)
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
  if campaign.status not in ('running', 'scheduled', 'freezing') then
    perform private.reject_campaign_state(campaign, 'paused');
  end if;
  update public.campaigns c set status = 'paused', status_reason = 'Paused by a person.' where c.id = campaign.id;
  return private.store_idempotent_response(organization_id, private.campaign_json(campaign_id));
end
$$;
grant execute on function private.pause_campaign(uuid, uuid) to authenticated;

create function public.pause_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.pause_campaign(organization_id, campaign_id)
$$;
comment on function public.pause_campaign is 'Pauses a campaign; resume_campaign continues where it was.';
grant execute on function public.pause_campaign(uuid, uuid) to authenticated;
