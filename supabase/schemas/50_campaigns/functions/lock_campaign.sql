-- The campaign, locked for a change. Called by security definer functions only.
create function private.lock_campaign(organization_id uuid, campaign_id uuid)
returns public.campaigns
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
begin
  perform private.require_permission(organization_id, 'campaigns:write');
  select * into campaign from public.campaigns c
  where c.organization_id = lock_campaign.organization_id and c.id = campaign_id and c.deleted_at is null for update;
  if campaign.id is null then
    perform private.problem(404, 'not_found', 'There is no such campaign.');
  end if;
  return campaign;
end
$$;
