-- Pauses a campaign when too many of its messages fail or are filtered, measured on those whose outcome became known
-- since a person last resumed it (see campaign_failure_checks), once there are `pause_after`. Skips a campaign that is
-- locked: its holder is changing it.
create function private.check_campaign_failures(campaign_id uuid)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
  figures record;
  reason text;
begin
  select * into campaign from public.campaigns c
  where c.id = check_campaign_failures.campaign_id and c.status = 'running' for no key update skip locked;
  if campaign.id is null then
    return false;
  end if;
  select f.known - coalesce(w.known, 0) as known, f.failed - coalesce(w.failed, 0) as failed,
    f.filtered - coalesce(w.filtered, 0) as filtered
  into figures
  from private.campaign_failures(campaign.id) f
  left join private.campaign_failure_checks w on w.campaign_id = campaign.id;
  reason := case when figures.known < campaign.pause_after then null
    when figures.filtered > campaign.pause_filtered_rate * figures.known then
      'Carriers filter ' || round(100.0 * figures.filtered / figures.known, 1) || ' % of the messages.'
    when figures.failed > campaign.pause_error_rate * figures.known then
      round(100.0 * figures.failed / figures.known, 1) || ' % of the messages fail.' end;
  if reason is null then
    return false;
  end if;
  update public.campaigns c set status = 'paused', status_reason = reason where c.id = campaign.id;
  perform private.notify_about_campaign(campaign, 'paused:' || extract(epoch from now()), campaign.name
    || ' was paused', reason);
  return true;
end
$$;
