-- Security definer, as list_campaigns.
create function private.get_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.find_campaign(organization_id, campaign_id);
begin
  return private.campaign_json(campaign.id);
end
$$;
grant execute on function private.get_campaign(uuid, uuid) to authenticated;

create function public.get_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_campaign(organization_id, campaign_id)
$$;
comment on function public.get_campaign is 'A campaign with its figures.';
grant execute on function public.get_campaign(uuid, uuid) to authenticated;
