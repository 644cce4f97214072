-- Walks through the working time from `start` on, until `minutes` of it have passed or `until` is reached: the moment at
-- which they had passed (null: not by then) and how much was counted. Each step is one local day, or the part of it before
-- or after a change of the zone's offset: within a step the local clock runs evenly, so there is no local time that
-- does not exist or that comes twice, and it does not matter when in the night a country turns its clocks.
create function private.walk_calendar(
  organization_id uuid, start timestamptz, minutes integer, until timestamptz, out reached timestamptz, out counted interval)
language plpgsql stable set search_path = ''
as $$
declare
  wanted interval := case when minutes is not null then make_interval(mins => greatest(minutes, 0)) end;
  zone text;
  weekdays smallint[];
  openings time[];
  closings time[];
  here timestamptz := start;
  ends timestamptz;
  local timestamp;
  local_end timestamp;
  shift interval;
  today date;
  opened timestamp;
  closed timestamp;
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
    reached := start + wanted;
    counted := least(wanted, greatest(until - start, '0'));
    return;
  end if;
  while here < until loop
    local := here at time zone zone;
    today := local::date;
    shift := local - (here at time zone 'UTC');
    ends := ((today + 1)::timestamp - shift) at time zone 'UTC';
    if ends at time zone zone <> (today + 1)::timestamp then
      ends := private.next_offset(zone, here, ends);
    end if;
    ends := least(ends, until);
    local_end := (ends at time zone 'UTC') + shift;
    if extract(isodow from today) = any (weekdays) and not exists (
      select from public.calendar_holidays h where h.organization_id = walk_calendar.organization_id and h.day = today
    ) then
      for i in 1..cardinality(weekdays) loop
        continue when weekdays[i] <> extract(isodow from today);
        opened := greatest(today + openings[i], local);
        closed := least(today + closings[i], local_end);
        continue when opened >= closed;
        if counted + (closed - opened) >= wanted then
          reached := (opened + (wanted - counted) - shift) at time zone 'UTC';
          counted := wanted;
          return;
        end if;
        counted := counted + (closed - opened);
      end loop;
    end if;
    here := ends;
  end loop;
end
$$;
