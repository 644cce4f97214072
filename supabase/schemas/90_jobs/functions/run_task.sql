-- The tasks of a cron job in their order.
create function private.tasks_of(cron_job text)
returns setof text
language sql stable set search_path = ''
as $$
  select j.name from private.jobs j where j.task_of = cron_job order by j.position
$$;

-- Runs a task and records how it ended. A task that fails raises a warning, so that those after it run.
create function private.run_task(task text)
returns void
language plpgsql set search_path = ''
as $$
declare
  error text;
begin
  begin
    execute (select j.command from private.jobs j where j.name = task);
  exception when others then
    error := sqlerrm;
  end;
  insert into private.job_runs as r (job, succeeded_at, failed_at, failures, last_error)
  values (task, case when error is null then clock_timestamp() end,
    case when error is not null then clock_timestamp() end,
    case when error is null then 0 else 1 end, error)
  on conflict (job) do update set
    succeeded_at = coalesce(excluded.succeeded_at, r.succeeded_at),
    failed_at = coalesce(excluded.failed_at, r.failed_at),
    failures = case when excluded.last_error is null then 0 else r.failures + 1 end,
    last_error = excluded.last_error;
  if error is not null then
    raise warning 'the task % failed: %', task, error;
  end if;
end
$$;
