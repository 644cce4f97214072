-- Every minute: schedules that are due, campaigns that are done or stuck.
create function private.tend_campaigns()
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
    perform private.tend_campaign(campaign);
  end loop;
  if exists (select from private.half_canceled()) then
    perform private.invoke('jobs/freeze-campaigns');
  end if;
end
$$;
