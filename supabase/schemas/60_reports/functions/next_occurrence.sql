-- The instant of a local time. One that does not exist is as long after the gap as it would have been after its
-- beginning; of one that comes twice it is the first, where PostgreSQL alone gives the second.
create function private.first_instant(local timestamp, time_zone text)
returns timestamptz
language sql stable set search_path = ''
as $$
  select min(c.instant)
  from (
    select (local at time zone time_zone) - d.earlier as instant
    from unnest(array[interval '0', interval '30 minutes', interval '1 hour', interval '2 hours']) d (earlier)
    where d.earlier = interval '0' or ((local at time zone time_zone) - d.earlier) at time zone time_zone = local
  ) c
$$;

-- Whether a schedule runs on a local day.
create function private.is_schedule_day(schedule public.report_schedules, day date)
returns boolean
language sql immutable set search_path = ''
as $$
  select case schedule.frequency
    when 'daily' then true
    when 'weekdays' then extract(isodow from day) < 6
    when 'weekly' then extract(isodow from day)::smallint = any (schedule.weekdays)
    else extract(day from day) = least(schedule.month_day,
      extract(day from date_trunc('month', day::timestamp) + interval '1 month' - interval '1 day')) end
$$;

-- The first time of a schedule after a moment. Two days more than the longest distance are looked at, because zones
-- have skipped a day.
create function private.next_occurrence(schedule public.report_schedules, after timestamptz)
returns timestamptz
language sql stable set search_path = ''
as $$
  select min(o.instant)
  from generate_series(0, 34) n
  cross join lateral (select (after at time zone schedule.time_zone)::date - 1 + n as day) d
  cross join lateral (
    select private.first_instant(d.day + schedule.local_time, schedule.time_zone) as instant
  ) o
  where private.is_schedule_day(schedule, d.day) and o.instant > after
$$;
