-- A campaign that could not start cannot be resumed before its start either, and none continues without a number.
create function private.reject_campaign_faults(campaign public.campaigns)
returns void
language plpgsql set search_path = ''
as $$
declare
  faults constant jsonb := private.campaign_faults(campaign);
begin
  if campaign.started_at is null then
    -- The audience may be any leads of the organization.
    perform private.require_permission(campaign.organization_id, 'leads:read');
  end if;
  if faults <> '[]' then
    perform private.problem(422, 'campaign_incomplete', case when campaign.started_at is null
      then 'The campaign cannot start yet.' else 'The campaign cannot continue yet.' end, faults);
  end if;
end
$$;
