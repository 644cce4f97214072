-- PUT /leads/calendar: replaces the calendar, or removes it (week null). Unchanged rows are not written, so that the
-- audit log shows real changes only. Security definer because callers may not write calendars directly.
create function private.set_calendar(organization_id uuid, calendar jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  errors jsonb;
begin
  perform private.require_permission(organization_id, 'leads:configure');
  if jsonb_typeof(calendar -> 'week') is distinct from 'object' then
    delete from public.calendars c where c.organization_id = set_calendar.organization_id;
    perform private.request_sla_recomputation(organization_id);
    return private.calendar_json(organization_id);
  end if;
  calendar := '{"holidays": []}' || jsonb_strip_nulls(calendar);
  errors := private.calendar_errors(calendar);
  if errors is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', errors);
  end if;
  insert into public.calendars as c (organization_id, enabled, time_zone)
  values (organization_id, coalesce((calendar ->> 'enabled')::boolean, true), calendar ->> 'time_zone')
  on conflict on constraint calendars_one do update set enabled = excluded.enabled, time_zone = excluded.time_zone;
  delete from public.calendar_periods p
  where p.organization_id = set_calendar.organization_id and not exists (
    select from private.week_periods(calendar -> 'week') w
    where w.weekday = p.weekday and w.opens = p.opens and w.closes = p.closes);
  insert into public.calendar_periods (organization_id, weekday, opens, closes)
  select set_calendar.organization_id, w.weekday, w.opens, w.closes from private.week_periods(calendar -> 'week') w
  on conflict on constraint calendar_periods_once do nothing;
  delete from public.calendar_holidays h
  where h.organization_id = set_calendar.organization_id and not exists (
    select from jsonb_to_recordset(calendar -> 'holidays') as w (date date) where w.date = h.day);
  insert into public.calendar_holidays as h (organization_id, day, name)
  select set_calendar.organization_id, w.date, coalesce(w.name, '')
  from jsonb_to_recordset(calendar -> 'holidays') as w (date date, name text)
  on conflict on constraint calendar_holidays_once do update set name = excluded.name where h.name <> excluded.name;
  if private.deadline_after(organization_id, now(), 0) is null
    or private.deadline_after(organization_id, now(), 0) > now() + interval '1 year' then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "holidays", "message": "must leave open time within the next year"}]');
  end if;
  perform private.request_sla_recomputation(organization_id);
  return private.calendar_json(organization_id);
end
$$;
grant execute on function private.set_calendar(uuid, jsonb) to authenticated;

create function public.set_calendar(organization_id uuid, calendar jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.set_calendar(organization_id, calendar)
$$;
comment on function public.set_calendar is
  'Replaces the organization''s business hours and recomputes running response clocks. week null: wall-clock time.';
grant execute on function public.set_calendar(uuid, jsonb) to authenticated;
