-- Every minute: starts campaigns that are due, completes those that are done, pauses those that cannot continue.
create function private.run_campaign_scheduler()
returns void
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
begin
  for campaign in
    select * from public.campaigns c
    where c.status in ('scheduled', 'freezing', 'running') and (c.status <> 'scheduled' or c.scheduled_at <= now())
    order by c.id for no key update skip locked
  loop
    -- One that fails is tried again by the next run and does not block others.
    begin
      perform private.advance_campaign(campaign);
    exception when others then
      raise warning 'campaign % was not advanced: %', campaign.id, sqlerrm;
    end;
  end loop;
  if exists (select from private.campaigns_pending_cancellation()) then
    perform private.invoke('jobs/snapshot-audiences');
  end if;
end
$$;
