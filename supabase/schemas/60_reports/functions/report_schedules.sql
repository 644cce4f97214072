create function private.report_schedule_json(schedule public.report_schedules)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', schedule.id, 'report_id', schedule.report_id, 'report_name', r.name,
    'owner_id', schedule.owner_id, 'owner_name', (select p.full_name from public.profiles p where p.id = schedule.owner_id),
    'frequency', schedule.frequency, 'weekdays', schedule.weekdays, 'month_day', schedule.month_day,
    'time', to_char(schedule.local_time, 'HH24:MI'), 'time_zone', schedule.time_zone, 'format', schedule.format,
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

-- A schedule that the caller may change: their own, or any with reports:write in the whole organization. Locked.
create function private.require_schedule(organization_id uuid, schedule_id uuid)
returns public.report_schedules
language plpgsql set search_path = ''
as $$
declare
  schedule public.report_schedules;
begin
  perform private.require_scope(organization_id, 'reports:read');
  select * into schedule from public.report_schedules s
  where s.organization_id = require_schedule.organization_id and s.id = schedule_id
    and (s.owner_id = auth.uid() or s.organization_id = any (private.organizations_with('reports:write')))
  for update;
  if schedule.id is null then
    perform private.problem(404, 'not_found', 'There is no such schedule.');
  end if;
  return schedule;
end
$$;

-- The schedule with these values: { frequency, weekdays, month_day, time, time_zone, format, on_empty }; what is missing
-- stays.
create function private.changed_schedule(schedule public.report_schedules, changes jsonb)
returns public.report_schedules
language plpgsql stable set search_path = ''
as $$
begin
  schedule.frequency := coalesce(changes ->> 'frequency', schedule.frequency);
  perform private.require_valid(schedule.frequency in ('daily', 'weekdays', 'weekly', 'monthly'), 'frequency',
    'must be daily, weekdays, weekly or monthly');
  perform private.require_valid(coalesce(changes ->> 'time', '00:00') ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'
    and (schedule.local_time is not null or changes ? 'time'), 'time', 'must be a time of the day as 07:30');
  schedule.local_time := coalesce((changes ->> 'time')::time, schedule.local_time);
  schedule.time_zone := coalesce(changes ->> 'time_zone', schedule.time_zone);
  perform private.require_valid(private.is_time_zone(schedule.time_zone), 'time_zone', 'is no IANA time zone');
  schedule.format := coalesce(changes ->> 'format', schedule.format);
  perform private.require_valid(schedule.format in (select f.name from private.report_formats f), 'format',
    'must be one of: ' || (select string_agg(f.name, ', ' order by f.position) from private.report_formats f));
  schedule.on_empty := coalesce(changes ->> 'on_empty', schedule.on_empty, 'send');
  perform private.require_valid(schedule.on_empty in ('send', 'skip'), 'on_empty', 'must be send or skip');
  if changes ? 'weekdays' then
    perform private.require_valid(jsonb_typeof(changes -> 'weekdays') = 'array'
      and changes -> 'weekdays' <@ '[1, 2, 3, 4, 5, 6, 7]', 'weekdays', 'must be numbers from 1 (Monday) to 7');
    schedule.weekdays := array(select distinct w::smallint from jsonb_array_elements_text(changes -> 'weekdays') w
      order by 1);
  end if;
  if changes ? 'month_day' then
    perform private.require_valid(changes -> 'month_day' = 'null'
      or jsonb_typeof(changes -> 'month_day') = 'number' and (changes ->> 'month_day') ~ '^[0-9]{1,2}$'
        and (changes ->> 'month_day')::integer between 1 and 31, 'month_day', 'must be a day from 1 to 31');
    schedule.month_day := (changes ->> 'month_day')::smallint;
  end if;
  schedule.weekdays := case when schedule.frequency = 'weekly' then coalesce(schedule.weekdays, '{}') else '{}' end;
  schedule.month_day := case when schedule.frequency = 'monthly' then schedule.month_day end;
  perform private.require_valid(schedule.frequency <> 'weekly' or cardinality(schedule.weekdays) > 0, 'weekdays',
    'must have at least one day');
  perform private.require_valid(schedule.frequency <> 'monthly' or schedule.month_day is not null, 'month_day',
    'must be a day from 1 to 31');
  return schedule;
end
$$;

-- Replaces the recipients: e-mail addresses, of which those of active members are members. Members other than the owner
-- need reports:share: with the scope team those of one's team; addresses outside the scope organization, and an
-- organization that allows links.
create function private.set_recipients(schedule public.report_schedules, recipients jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  access record := private.totals_scope(schedule.organization_id, 'reports:read');
  outside boolean;
  elsewhere boolean;
begin
  perform private.require_valid(jsonb_typeof(recipients) = 'array' and jsonb_array_length(recipients) between 1 and 50
    and not exists (
      select from jsonb_array_elements(recipients) r where jsonb_typeof(r) <> 'string' or char_length(r #>> '{}') > 254
        or (r #>> '{}') !~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'), 'recipients', 'must be 1 to 50 e-mail addresses');
  delete from public.report_recipients c
  where c.organization_id = schedule.organization_id and c.schedule_id = schedule.id;
  insert into public.report_recipients (organization_id, schedule_id, user_id, address)
  select distinct schedule.organization_id, schedule.id, p.user_id, case when p.user_id is null then r.address end
  from (select lower(btrim(e)) as address from jsonb_array_elements_text(recipients) e) r
  left join lateral (
    select m.user_id from public.memberships m
    join public.profiles f on f.id = m.user_id
    where m.organization_id = schedule.organization_id and m.status = 'active' and lower(f.email) = r.address
  ) p on true;
  select coalesce(bool_or(c.address is not null), false),
    coalesce(bool_or(c.user_id <> auth.uid() and m.team_id is distinct from access.team or c.user_id <> auth.uid()
      and access.team is null), false)
  into outside, elsewhere
  from public.report_recipients c
  left join public.memberships m on m.organization_id = c.organization_id and m.user_id = c.user_id
  where c.organization_id = schedule.organization_id and c.schedule_id = schedule.id;
  if outside then
    perform private.require_permission(schedule.organization_id, 'reports:share');
    if not private.allows_outside_links(schedule.organization_id) then
      perform private.problem(403, 'outside_links_not_allowed',
        'The organization does not allow files for people without an account.');
    end if;
  elsif elsewhere then
    perform private.require_permission(schedule.organization_id, 'reports:share');
  elsif exists (
    select from public.report_recipients c
    where c.organization_id = schedule.organization_id and c.schedule_id = schedule.id
      and c.user_id is distinct from auth.uid()) then
    perform private.require_scope(schedule.organization_id, 'reports:share');
  end if;
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
  report := private.require_visible_report(organization_id, report_id);
  perform private.require_export(private.saved_context(organization_id), report.definition);
  perform private.report_query(private.saved_context(organization_id), report.definition, 0);
  if (select count(*) from public.report_schedules s where s.organization_id = schedule_report.organization_id) >= 500
  then
    perform private.problem(409, 'too_many_schedules', 'The organization has 500 schedules already.');
  end if;
  made.time_zone := (select o.time_zone from public.organizations o where o.id = schedule_report.organization_id);
  made := private.changed_schedule(made, schedule);
  insert into public.report_schedules (organization_id, report_id, owner_id, created_by, frequency, weekdays, month_day,
    local_time, time_zone, format, on_empty, next_run_at)
  values (report.organization_id, report.id, auth.uid(), auth.uid(), made.frequency, made.weekdays, made.month_day,
    made.local_time, made.time_zone, made.format, made.on_empty, private.next_occurrence(made, now()))
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
  'Runs a report by itself, with the caller''s rights, and mails it to its recipients.';
grant execute on function public.schedule_report(uuid, uuid, jsonb) to authenticated;

-- PATCH /reports/scheduled/{id}. changes: those of changed_schedule, recipients, status. Activating one's schedule
-- needs what making it needs. Security definer: see schedule_report.
create function private.update_report_schedule(organization_id uuid, schedule_id uuid, changes jsonb)
returns jsonb
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  schedule public.report_schedules := private.require_schedule(organization_id, schedule_id);
  status text := coalesce(changes ->> 'status', schedule.status);
begin
  perform private.require_valid(status in ('active', 'paused'), 'status', 'must be active or paused');
  if status = 'active' and not exists (
    select from public.reports r where r.id = schedule.report_id and r.deleted_at is null) then
    perform private.problem(409, 'report_deleted', 'The report was deleted. Restore it first.');
  end if;
  schedule := private.changed_schedule(schedule, changes);
  update public.report_schedules s
  set frequency = schedule.frequency, weekdays = schedule.weekdays, month_day = schedule.month_day,
    local_time = schedule.local_time, time_zone = schedule.time_zone, format = schedule.format,
    on_empty = schedule.on_empty, status = update_report_schedule.status,
    next_run_at = case when status = 'active' then private.next_occurrence(schedule, now()) end,
    pause_reason = case when status = 'paused' then coalesce(s.pause_reason, 'by_person') end
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

-- DELETE /reports/scheduled/{id}. Its runs stay. Security definer: see schedule_report.
create function private.delete_report_schedule(organization_id uuid, schedule_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  schedule public.report_schedules := private.require_schedule(organization_id, schedule_id);
begin
  delete from public.report_schedules s where s.id = schedule.id;
end
$$;
grant execute on function private.delete_report_schedule(uuid, uuid) to authenticated;

create function public.delete_report_schedule(organization_id uuid, schedule_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_report_schedule(organization_id, schedule_id)
$$;
comment on function public.delete_report_schedule is 'Deletes a schedule; its past runs stay.';
grant execute on function public.delete_report_schedule(uuid, uuid) to authenticated;

-- GET /reports/scheduled: one's own, or all with reports:write in the whole organization. Security definer because
-- addresses of members are not readable directly.
create function private.list_report_schedules(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  everybody boolean;
begin
  perform private.require_scope(organization_id, 'reports:read');
  everybody := private.has_permission(organization_id, 'reports:write', 'organization');
  return (
    with found as materialized (
      select s.id from public.report_schedules s
      where s.organization_id = list_report_schedules.organization_id and (everybody or s.owner_id = auth.uid())
    ), page as (
      select f.id from found f order by f.id desc limit page_limit offset page_offset
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.report_schedule_json(s) order by s.id desc)
      from page p join public.report_schedules s on s.id = p.id), '[]')));
end
$$;
grant execute on function private.list_report_schedules(uuid, integer, integer) to authenticated;

create function public.list_report_schedules(organization_id uuid, page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_report_schedules(organization_id, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_report_schedules is
  'The caller''s schedules, or all for those who change all reports, newest first.';
grant execute on function public.list_report_schedules(uuid, integer, integer) to authenticated;

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

-- POST /reports/scheduled/{id}/hand-over: another member becomes the owner, with whose rights it runs. A
-- report whose owner is no active member goes with it. Security definer: see schedule_report.
create function private.hand_over_report_schedule(organization_id uuid, schedule_id uuid, user_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  schedule public.report_schedules;
begin
  perform private.require_permission(organization_id, 'reports:write');
  schedule := private.require_schedule(organization_id, schedule_id);
  perform private.require_valid(private.still_may(organization_id, user_id, 'reports:export')
    and private.still_may(organization_id, user_id, 'reports:read'), 'user_id',
    'must be an active member who may export reports');
  update public.report_schedules s set owner_id = user_id where s.id = schedule.id returning * into schedule;
  update public.reports r set owner_id = user_id
  where r.organization_id = schedule.organization_id and r.id = schedule.report_id
    and not private.still_may(r.organization_id, r.owner_id, 'reports:read');
  return private.report_schedule_json(schedule);
end
$$;
grant execute on function private.hand_over_report_schedule(uuid, uuid, uuid) to authenticated;

create function public.hand_over_report_schedule(organization_id uuid, schedule_id uuid, user_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.hand_over_report_schedule(organization_id, schedule_id, user_id)
$$;
comment on function public.hand_over_report_schedule is
  'Gives a schedule to another member, with whose rights it runs from then on.';
grant execute on function public.hand_over_report_schedule(uuid, uuid, uuid) to authenticated;
