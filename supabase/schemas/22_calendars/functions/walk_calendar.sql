-- The end of the local day of an instant, or an earlier change of the zone's UTC offset.
create function private.local_step_end(zone text, step_start timestamptz, today date, utc_offset interval)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  day_end timestamptz := ((today + 1)::timestamp - utc_offset) at time zone 'UTC';
begin
  if day_end at time zone zone <> (today + 1)::timestamp then
    return private.next_offset(zone, step_start, day_end);
  end if;
  return day_end;
end
$$;

-- Walks through the working time from `start` on until `minutes` of it have passed or `until` is reached. deadline:
-- when the minutes had passed (null: not before `until`); counted: working time walked. Each step is one local day,
-- or the part of it before or after a change of the zone's UTC offset: within a step the local clock runs evenly, so
-- skipped and repeated local times need no special case.
create function private.walk_calendar(
  organization_id uuid, start timestamptz, minutes integer, until timestamptz,
  out deadline timestamptz, out counted interval)
language plpgsql stable set search_path = ''
as $$
declare
  to_count interval := case when minutes is not null then make_interval(mins => greatest(minutes, 0)) end;
  zone text;
  weekdays smallint[];
  openings time[];
  closings time[];
  step_start timestamptz := start;
  step_end timestamptz;
  local_start timestamp;
  local_end timestamp;
  utc_offset interval;
  today date;
  period_start timestamp;
  period_end timestamp;
begin
  counted := '0';
  select coalesce(c.time_zone, o.time_zone), array_agg(p.weekday order by p.weekday, p.opens),
    array_agg(p.opens order by p.weekday, p.opens), array_agg(p.closes order by p.weekday, p.opens)
  into zone, weekdays, openings, closings
  from public.calendars c
  join public.organizations o on o.id = c.organization_id
  join public.calendar_periods p on p.organization_id = c.organization_id
  where c.organization_id = walk_calendar.organization_id and c.enabled
  group by c.time_zone, o.time_zone;
  if zone is null then
    deadline := start + to_count;
    counted := least(to_count, greatest(until - start, '0'));
    return;
  end if;
  while step_start < until loop
    local_start := step_start at time zone zone;
    today := local_start::date;
    utc_offset := local_start - (step_start at time zone 'UTC');
    step_end := least(private.local_step_end(zone, step_start, today, utc_offset), until);
    local_end := (step_end at time zone 'UTC') + utc_offset;
    if extract(isodow from today) = any (weekdays) and not exists (
      select from public.calendar_holidays h where h.organization_id = walk_calendar.organization_id and h.day = today
    ) then
      for i in 1..cardinality(weekdays) loop
        continue when weekdays[i] <> extract(isodow from today);
        period_start := greatest(today + openings[i], local_start);
        period_end := least(today + closings[i], local_end);
        continue when period_start >= period_end;
        if counted + (period_end - period_start) >= to_count then
          deadline := (period_start + (to_count - counted) - utc_offset) at time zone 'UTC';
          counted := to_count;
          return;
        end if;
        counted := counted + (period_end - period_start);
      end loop;
    end if;
    step_start := step_end;
  end loop;
end
$$;
