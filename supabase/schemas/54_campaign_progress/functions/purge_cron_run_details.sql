-- A job of every second leaves 86,400 run records a day.
create function private.purge_cron_run_details()
returns void
language sql set search_path = ''
as $$
  delete from cron.job_run_details d using cron.job j
  where j.jobid = d.jobid and j.jobname = 'broadcast-campaign-progress' and d.status = 'succeeded'
    and d.end_time < now() - interval '5 minutes'
$$;
