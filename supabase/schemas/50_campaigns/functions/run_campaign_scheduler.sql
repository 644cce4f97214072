-- Every minute: schedules that are due, campaigns that are done or stuck.
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
    perform private.advance_campaign(campaign);
  end loop;
  if exists (select from private.campaigns_pending_cancellation()) then
    perform private.invoke('jobs/snapshot-audiences');
  end if;
end
$$;
