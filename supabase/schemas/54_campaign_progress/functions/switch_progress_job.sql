-- Switches the job of every second on while it may have work and off otherwise, because each of its runs costs a
-- connection. A campaign that ended an hour ago still gets most of its receipts within the second.
create function private.switch_progress_job()
returns void
language plpgsql set search_path = ''
as $$
declare
  wanted constant boolean := exists (select from private.campaign_progress_dirty)
    or exists (select from public.campaigns c where c.status in ('freezing', 'running'))
    or exists (select from public.campaigns c where c.finished_at > now() - interval '1 hour');
  job bigint := (
    select j.jobid from cron.job j where j.jobname = 'broadcast-campaign-progress' and j.active <> wanted);
begin
  if job is not null then
    perform cron.alter_job(job, active => wanted);
  end if;
end
$$;
