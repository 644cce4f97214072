-- Runs the tasks of a cron job one after another, each in its own transaction: one that fails does not stop the others,
-- and none keeps its locks while the next one runs. A procedure that commits cannot set its search_path, so every name
-- is qualified.
create procedure private.run_tasks(cron_job text)
language plpgsql
as $$
declare
  task record;
  error text;
begin
  for task in
    select j.name, j.command from private.jobs j where j.task_of = cron_job order by j.position
  loop
    begin
      execute task.command;
      error := null;
    exception when others then
      error := sqlerrm;
    end;
    insert into private.job_runs as r (job, succeeded_at, failed_at, failures, last_error)
    values (task.name, case when error is null then pg_catalog.clock_timestamp() end,
      case when error is not null then pg_catalog.clock_timestamp() end,
      case when error is null then 0 else 1 end, error)
    on conflict (job) do update set
      succeeded_at = coalesce(excluded.succeeded_at, r.succeeded_at),
      failed_at = coalesce(excluded.failed_at, r.failed_at),
      failures = case when excluded.last_error is null then 0 else r.failures + 1 end,
      last_error = excluded.last_error;
    commit;
    if error is not null then
      raise warning 'the task % failed: %', task.name, error;
    end if;
  end loop;
end
$$;
