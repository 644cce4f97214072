-- Security definer, as start_campaign.
create function private.cancel_campaign(organization_id uuid, campaign_id uuid)
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
  if campaign.status in ('completed', 'canceled') then
    perform private.reject_campaign_state(campaign, 'canceled');
  end if;
  update public.campaigns c set status = 'canceled', status_reason = 'Canceled by a person.', finished_at = now()
  where c.id = campaign.id;
  if private.cancel_targets(campaign.id, 10000) = 10000 then
    perform private.invoke('jobs/snapshot-audiences');
  end if;
  update public.messages m set status = 'canceled', error_code = 'campaign_canceled',
    error_message = 'Its campaign was canceled.', updated_at = now()
  where m.organization_id = campaign.organization_id and m.campaign_id = campaign.id and m.status = 'queued';
  return private.store_idempotent_response(organization_id, private.campaign_json(campaign_id));
end
$$;
grant execute on function private.cancel_campaign(uuid, uuid) to authenticated;

create function public.cancel_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.cancel_campaign(organization_id, campaign_id)
$$;
comment on function public.cancel_campaign is 'Ends a campaign: recipients who were not texted yet will not be.';
grant execute on function public.cancel_campaign(uuid, uuid) to authenticated;
