-- Whoever is changing a template of the campaign comes first, or finds that it is in use: a wording that went while
-- recipients were given it would leave them without a text.
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
