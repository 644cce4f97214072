-- The share locks make an ongoing change of a template commit first, or find that the template is in use: a variant
-- that is deleted while recipients are given it would leave them without a text.
create function private.start_audience_snapshot(campaign public.campaigns, starter uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform from public.templates t
  where t.organization_id = campaign.organization_id and t.id in (
    select c.template_id from public.campaign_templates c
    where c.organization_id = campaign.organization_id and c.campaign_id = campaign.id)
  order by t.id for share;
  update public.campaigns c set status = 'freezing', status_reason = null, started_at = now(), started_by = starter
  where c.id = campaign.id;
  insert into private.campaign_failure_checks (campaign_id) values (campaign.id)
  on conflict on constraint campaign_failure_checks_pkey do nothing;
  perform private.invoke('jobs/snapshot-audiences');
end
$$;
