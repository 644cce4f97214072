-- DELETE /campaigns/{id}: out of the lists; what was sent stays on record. Definer: see create_campaign.
create function private.delete_campaign(organization_id uuid, campaign_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  held public.campaigns := private.lock_campaign(organization_id, campaign_id);
begin
  if held.status not in ('draft', 'completed', 'canceled') then
    perform private.reject_campaign_state(held, 'deleted');
  end if;
  update public.campaigns c set deleted_at = now() where c.id = held.id;
end
$$;
grant execute on function private.delete_campaign(uuid, uuid) to authenticated;

create function public.delete_campaign(organization_id uuid, campaign_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_campaign(organization_id, campaign_id)
$$;
comment on function public.delete_campaign is 'Takes a campaign that is not under way out of every list.';
grant execute on function public.delete_campaign(uuid, uuid) to authenticated;
