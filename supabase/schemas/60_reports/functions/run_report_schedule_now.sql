-- POST /reports/scheduled/{id}/run-now: a run for the recipients at this moment; due times stay. Security definer: see
-- schedule_report.
create function private.run_report_schedule_now(organization_id uuid, schedule_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  schedule public.report_schedules;
  report public.reports;
  run public.report_runs;
begin
  perform private.require_scope(organization_id, 'reports:export');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  answer := private.over_rate_limit('report_schedule');
  if answer is not null then
    return answer;
  end if;
  schedule := private.require_schedule(organization_id, schedule_id);
  select * into report from public.reports r where r.id = schedule.report_id and r.deleted_at is null;
  if report.id is null then
    perform private.problem(409, 'report_deleted', 'The report was deleted. Restore it first.');
  end if;
  perform private.require_run_capacity(organization_id);
  run := private.queue_report_run(report, schedule.owner_id, schedule.format, schedule);
  perform private.invoke('report-jobs/run-reports');
  return private.store_idempotent_response(organization_id, jsonb_build_object('run_id', run.id, 'status', run.status));
end
$$;
grant execute on function private.run_report_schedule_now(uuid, uuid) to authenticated;

create function public.run_report_schedule_now(organization_id uuid, schedule_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.run_report_schedule_now(organization_id, schedule_id)
$$;
comment on function public.run_report_schedule_now is 'Runs a schedule now, beside its due times.';
grant execute on function public.run_report_schedule_now(uuid, uuid) to authenticated;
