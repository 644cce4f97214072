-- Soft delete: what was sent stays on record. Security definer, as create_campaign.
create function private.delete_campaign(organization_id uuid, campaign_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.lock_campaign(organization_id, campaign_id);
begin
  if campaign.status not in ('draft', 'completed', 'canceled') then
    perform private.reject_campaign_state(campaign, 'deleted');
  end if;
  update public.campaigns c set deleted_at = now() where c.id = campaign.id;
end
$$;
grant execute on function private.delete_campaign(uuid, uuid) to authenticated;

create function public.delete_campaign(organization_id uuid, campaign_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_campaign(organization_id, campaign_id)
$$;
comment on function public.delete_campaign is 'Deletes a campaign that is not under way; what it sent stays on record.';
grant execute on function public.delete_campaign(uuid, uuid) to authenticated;
