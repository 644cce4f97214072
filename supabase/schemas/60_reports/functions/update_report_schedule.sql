-- PATCH /reports/scheduled/{id}. changes: those of changed_schedule, recipients, status. Activating one's schedule
-- needs what making it needs. Security definer: see schedule_report.
create function private.update_report_schedule(organization_id uuid, schedule_id uuid, changes jsonb)
returns jsonb
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  schedule public.report_schedules := private.require_schedule(organization_id, schedule_id,
    changes = '{"status": "paused"}');
  wanted text := coalesce(changes ->> 'status', schedule.status);
begin
  perform private.require_valid(wanted in ('active', 'paused'), 'status', 'must be active or paused');
  if wanted = 'active' and not exists (
    select from public.reports r where r.id = schedule.report_id and r.deleted_at is null) then
    perform private.problem(409, 'report_deleted', 'The report was deleted. Restore it first.');
  end if;
  if wanted = 'active' and schedule.status = 'paused' and schedule.owner_id = auth.uid() then
    perform private.require_scope(organization_id, 'reports:export');
    perform private.require_exportable_report(organization_id, schedule.report_id);
  end if;
  schedule := private.changed_schedule(schedule, changes);
  update public.report_schedules s
  set frequency = schedule.frequency, weekdays = schedule.weekdays, month_day = schedule.month_day,
    local_time = schedule.local_time, time_zone = schedule.time_zone, format = schedule.format,
    spreadsheet_id = schedule.spreadsheet_id, on_empty = schedule.on_empty, status = wanted,
    next_run_at = case
      when wanted = 'paused' then null
      -- A time that has come stays: the clock has not run it yet.
      when s.next_run_at <= now() or s.next_run_at is not null
        and (s.frequency, s.weekdays, s.local_time, s.time_zone) = (schedule.frequency, schedule.weekdays,
          schedule.local_time, schedule.time_zone) and s.month_day is not distinct from schedule.month_day
      then s.next_run_at
      else private.next_occurrence(schedule, now()) end,
    pause_reason = case when wanted = 'paused' then coalesce(s.pause_reason, 'by_person') end
  where s.id = schedule.id
  returning * into schedule;
  if changes ? 'recipients' then
    perform private.set_recipients(schedule, changes -> 'recipients');
  end if;
  return private.report_schedule_json(schedule);
end
$$;
grant execute on function private.update_report_schedule(uuid, uuid, jsonb) to authenticated;

create function public.update_report_schedule(organization_id uuid, schedule_id uuid, changes jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_report_schedule(organization_id, schedule_id, changes)
$$;
comment on function public.update_report_schedule is 'Changes, pauses or activates a schedule.';
grant execute on function public.update_report_schedule(uuid, uuid, jsonb) to authenticated;
