-- A report that the caller sees and may have as a file, as it is defined now.
create function private.require_exportable_report(organization_id uuid, report_id uuid)
returns public.reports
language plpgsql set search_path = ''
as $$
declare
  report public.reports := private.require_visible_report(organization_id, report_id);
  context private.report_context := private.saved_context(organization_id);
begin
  perform private.require_export(context, report.definition);
  perform private.report_query(context, report.definition, 0);
  return report;
end
$$;

-- POST /reports/schedule: the new schedule. It runs with its maker's rights. Security definer because callers may not
-- write schedules directly.
create function private.schedule_report(organization_id uuid, report_id uuid, schedule jsonb)
returns jsonb
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  answer jsonb;
  report public.reports;
  made public.report_schedules;
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
  report := private.require_exportable_report(organization_id, report_id);
  if (select count(*) from public.report_schedules s where s.organization_id = schedule_report.organization_id) >= 500
  then
    perform private.problem(409, 'too_many_schedules', 'The organization has 500 schedules already.');
  end if;
  made.time_zone := (select o.time_zone from public.organizations o where o.id = schedule_report.organization_id);
  made.organization_id := organization_id;
  made := private.changed_schedule(made, schedule);
  insert into public.report_schedules (organization_id, report_id, owner_id, created_by, frequency, weekdays, month_day,
    local_time, time_zone, format, spreadsheet_id, on_empty, next_run_at)
  values (report.organization_id, report.id, auth.uid(), auth.uid(), made.frequency, made.weekdays, made.month_day,
    made.local_time, made.time_zone, made.format, made.spreadsheet_id, made.on_empty, private.next_occurrence(made, now()))
  returning * into made;
  perform private.set_recipients(made, schedule -> 'recipients');
  return private.store_idempotent_response(organization_id, private.report_schedule_json(made));
end
$$;
grant execute on function private.schedule_report(uuid, uuid, jsonb) to authenticated;

create function public.schedule_report(organization_id uuid, report_id uuid, schedule jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.schedule_report(organization_id, report_id, schedule)
$$;
comment on function public.schedule_report is
  'Runs a report on a schedule with the caller''s rights, and mails it to its recipients.';
grant execute on function public.schedule_report(uuid, uuid, jsonb) to authenticated;
