-- After this a run is late rather than useful: it is listed as missed.
create function private.report_late_after()
returns interval
language sql immutable set search_path = ''
as $$
  select interval '12 hours'
$$;

-- Times that have passed without a run. At most a month of them is listed, and the owner is notified once of all.
create function private.record_missed_runs(schedule public.report_schedules, report public.reports, times timestamptz[])
returns void
language plpgsql set search_path = ''
as $$
declare
  newest public.report_runs;
begin
  with missed as (
    insert into public.report_runs (organization_id, report_id, owner_id, name, definition, format, spreadsheet_id,
      schedule_id, scheduled_for, as_of, time_zone, status, reason, detail, finished_at, rows_deleted_at)
    select report.organization_id, report.id, schedule.owner_id, report.name, report.definition, schedule.format,
      schedule.spreadsheet_id, schedule.id, t.due, t.due, schedule.time_zone, 'missed', 'missed',
      'Nothing ran at this time.', now(), now()
    from (select u.due from unnest(times) u (due) order by 1 desc limit 31) t
    on conflict on constraint report_runs_once_due do nothing
    returning *
  )
  select * into newest from missed m order by m.scheduled_for desc limit 1;
  if newest.id is not null then
    perform private.tell_of_schedule(newest, 'A scheduled report was missed: ' || newest.name, format(
      'Nothing ran at %s of its times, the last of them %s (%s). Nothing was sent for them.', cardinality(times),
      to_char(newest.scheduled_for at time zone newest.time_zone, 'YYYY-MM-DD HH24:MI'), newest.time_zone), false);
  end if;
end
$$;

-- Queues the newest due time of a schedule, unless it is too long ago, and lists those before it as missed.
create function private.run_report_schedule(schedule public.report_schedules)
returns void
language plpgsql set search_path = ''
as $$
declare
  report public.reports;
  due timestamptz := schedule.next_run_at;
  times timestamptz[] := '{}'::timestamptz[];
begin
  select * into report from public.reports r where r.id = schedule.report_id;
  while due <= now() loop
    times := times || due;
    due := private.next_occurrence(schedule, due);
  end loop;
  update public.report_schedules s set next_run_at = due where s.id = schedule.id;
  if times[cardinality(times)] > now() - private.report_late_after() then
    perform private.queue_report_run(report, schedule.owner_id, schedule.format, schedule,
      times[cardinality(times)]);
    times := trim_array(times, 1);
  end if;
  perform private.record_missed_runs(schedule, report, times);
end
$$;

-- Every minute: queues what is due and starts the job once. Two clocks at once do it once, because the schedule is
-- locked and a run is unique for its time. A schedule that fails is reported and does not stop the others. Those of a
-- suspended organization wait: when it is approved again, its newest time runs unless it is too long ago.
create function private.run_report_schedules()
returns void
language plpgsql set search_path = '' set jit = off
as $$
declare
  schedule public.report_schedules;
begin
  for schedule in
    select s.* from public.report_schedules s
    join public.organizations o on o.id = s.organization_id and o.standing <> 'suspended'
    where s.status = 'active' and s.next_run_at <= now()
    order by s.next_run_at limit 1000 for update of s skip locked
  loop
    begin
      perform private.run_report_schedule(schedule);
    exception when others then
      raise warning 'the schedule % was not run: %', schedule.id, sqlerrm;
    end;
  end loop;
  if found then
    perform private.invoke('report-jobs/run-reports');
  end if;
end
$$;
