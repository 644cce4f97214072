-- The campaign, for reading; 404 if it is missing or another organization's. Called by security definer functions only.
create function private.find_campaign(organization_id uuid, campaign_id uuid)
returns public.campaigns
language plpgsql stable set search_path = ''
as $$
declare
  campaign public.campaigns;
begin
  perform private.require_permission(organization_id, 'campaigns:read');
  select * into campaign from public.campaigns c
  where c.organization_id = find_campaign.organization_id and c.id = campaign_id and c.deleted_at is null;
  if campaign.id is null then
    perform private.problem(404, 'not_found', 'There is no such campaign.');
  end if;
  return campaign;
end
$$;
