create function private.report_schedule_json(schedule public.report_schedules)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', schedule.id, 'report_id', schedule.report_id, 'report_name', r.name,
    'owner_id', schedule.owner_id, 'owner_name', (select p.full_name from public.profiles p where p.id = schedule.owner_id),
    'frequency', schedule.frequency, 'weekdays', schedule.weekdays, 'month_day', schedule.month_day,
    'time', to_char(schedule.local_time, 'HH24:MI'), 'time_zone', schedule.time_zone, 'format', schedule.format,
    'spreadsheet', private.spreadsheet_url(schedule.spreadsheet_id),
    'on_empty', schedule.on_empty, 'status', schedule.status, 'pause_reason', schedule.pause_reason,
    'next_run', schedule.next_run_at, 'created_at', schedule.created_at, 'updated_at', schedule.updated_at,
    'recipients', (
      select coalesce(jsonb_agg(coalesce(p.email, c.address) order by coalesce(p.email, c.address)), '[]')
      from public.report_recipients c
      left join public.profiles p on p.id = c.user_id
      where c.organization_id = schedule.organization_id and c.schedule_id = schedule.id),
    'outside_recipients', (
      select count(*) from public.report_recipients c
      where c.organization_id = schedule.organization_id and c.schedule_id = schedule.id and c.address is not null),
    'last_run', (
      select jsonb_build_object('id', l.id, 'status', l.status, 'scheduled_for', l.scheduled_for, 'reason', l.reason)
      from public.report_runs l
      where l.organization_id = schedule.organization_id and l.schedule_id = schedule.id order by l.id desc limit 1))
  from public.reports r where r.id = schedule.report_id
$$;
