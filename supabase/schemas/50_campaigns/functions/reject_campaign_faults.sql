-- Whoever could not start a campaign cannot let it go on before it has begun either, and none goes on without a number.
create function private.reject_campaign_faults(campaign public.campaigns)
returns void
language plpgsql set search_path = ''
as $$
declare
  faults constant jsonb := private.campaign_faults(campaign);
begin
  if campaign.started_at is null then
    -- Whom it texts is the whole organization's affair.
    perform private.require_permission(campaign.organization_id, 'leads:read');
  end if;
  if faults <> '[]' then
    perform private.problem(422, 'campaign_incomplete', 'The campaign cannot ' || case when campaign.started_at is null then 'start' else 'go on' end || ' yet.', faults);
  end if;
end
$$;
