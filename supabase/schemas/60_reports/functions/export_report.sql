-- Queues a run; null if the schedule has run for this time already. The run has the rights of its owner at the time when
-- it runs; callers have checked that it may be asked for, and start the job. For security definer functions.
create function private.queue_report_run(report public.reports, owner_id uuid, format text,
  schedule public.report_schedules default null, scheduled_for timestamptz default null,
  spreadsheet_id text default null)
returns public.report_runs
language plpgsql set search_path = ''
as $$
declare
  run public.report_runs;
begin
  insert into public.report_runs (organization_id, report_id, owner_id, requested_by, name, definition, format,
    spreadsheet_id, schedule_id, scheduled_for, as_of, time_zone)
  select report.organization_id, report.id, queue_report_run.owner_id, auth.uid(), report.name, report.definition,
    queue_report_run.format, coalesce(queue_report_run.spreadsheet_id, schedule.spreadsheet_id), schedule.id,
    queue_report_run.scheduled_for,
    coalesce(queue_report_run.scheduled_for, now()), o.time_zone
  from public.organizations o where o.id = report.organization_id
  on conflict on constraint report_runs_once_due do nothing
  returning * into run;
  if run.id is null then
    return null;
  end if;
  insert into private.report_run_work (run_id, organization_id, spreadsheet_id)
  values (run.id, run.organization_id, run.spreadsheet_id);
  perform private.audit_event(run.organization_id, 'exported', 'reports', run.report_id,
    jsonb_build_object('run_id', run.id, 'format', run.format, 'source', report.source)
      || case when run.spreadsheet_id is null then '{}' else jsonb_build_object('spreadsheet_id', run.spreadsheet_id) end,
    run.owner_id);
  return run;
end
$$;

-- POST /reports/export. What can be refused at once is refused here; the rest is in the run. Security definer because
-- callers may not write runs directly.
create function private.export_report(organization_id uuid, report_id uuid, format text, spreadsheet text)
returns jsonb
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  answer jsonb;
  report public.reports;
  run public.report_runs;
begin
  perform private.require_scope(organization_id, 'reports:export');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  answer := private.over_rate_limit('report_export');
  if answer is not null then
    return answer;
  end if;
  perform private.require_valid(format in (select f.name from private.report_formats f), 'format',
    'must be one of: ' || (select string_agg(f.name, ', ' order by f.position) from private.report_formats f));
  report := private.require_exportable_report(organization_id, report_id);
  perform private.require_valid(format = 'sheets' or spreadsheet is null, 'spreadsheet', 'is for the format sheets only');
  if format = 'sheets' then
    spreadsheet := private.require_spreadsheet(organization_id, spreadsheet,
      private.last_spreadsheet(organization_id, report.id));
  end if;
  perform private.require_run_capacity(organization_id);
  run := private.queue_report_run(report, auth.uid(), format, spreadsheet_id => spreadsheet);
  perform private.invoke('report-jobs/run-reports');
  return private.store_idempotent_response(organization_id, jsonb_build_object('run_id', run.id, 'status', run.status,
    'expires_at', private.report_file_expiry(run)));
end
$$;
grant execute on function private.export_report(uuid, uuid, text, text) to authenticated;

-- A person has 10 unfinished runs at most, an organization 50.
create function private.require_run_capacity(organization_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  own bigint;
  whole bigint;
begin
  select count(*) filter (where r.requested_by = auth.uid()), count(*) into own, whole
  from private.report_run_work w
  join public.report_runs r on r.id = w.run_id
  where w.organization_id = require_run_capacity.organization_id;
  if own >= 10 or whole >= 50 then
    perform private.problem(409, 'too_many_runs', 'Too many runs wait already. Try again when some have finished.');
  end if;
end
$$;

create function public.export_report(organization_id uuid, report_id uuid, format text, spreadsheet text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.export_report(organization_id, report_id, format, spreadsheet)
$$;
comment on function public.export_report is 'Queues a run of a report into a file or a Google spreadsheet.';
grant execute on function public.export_report(uuid, uuid, text, text) to authenticated;
