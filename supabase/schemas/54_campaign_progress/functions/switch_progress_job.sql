-- Switches the job of every second on while it may have work and off otherwise, because each of its runs costs a
-- connection. A campaign that ended an hour ago still gets most of its receipts within the second. One at a time: the
-- task must not switch it off for a campaign that starts at that moment, which it cannot see yet.
create function private.switch_progress_job()
returns void
language plpgsql set search_path = ''
as $$
declare
  wanted boolean;
  job bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('switch_progress_job', 0));
  wanted := exists (select from private.campaign_progress_dirty)
    or exists (select from public.campaigns c where c.status in ('freezing', 'running'))
    or exists (select from public.campaigns c where c.finished_at > now() - interval '1 hour');
  select j.jobid into job from cron.job j where j.jobname = 'broadcast-campaign-progress' and j.active <> wanted;
  if job is not null then
    perform cron.alter_job(job, active => wanted);
  end if;
end
$$;
