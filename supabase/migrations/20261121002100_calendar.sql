-- When an organization works. A deadline is counted in business hours where it has a calendar, else in wall-clock time.
-- Opening hours are local: a moment is working time if the clock on the wall then shows a time inside one of the day's
-- periods and the day is no holiday. What is counted are real minutes, so a period that daylight saving shortens or
-- lengthens counts for what it lasts.

create table public.calendars (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null constraint calendars_one unique references public.organizations (id) on delete cascade,
  enabled boolean not null default true,
  time_zone text constraint calendars_time_zone_known check (private.is_time_zone(time_zone)),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.calendars is 'That an organization counts its deadlines in business hours. Without a row, or disabled: wall-clock time.';
comment on column public.calendars.time_zone is 'The place whose clock the hours are; null: the organization''s.';

create table public.calendar_periods (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.calendars (organization_id) on delete cascade,
  weekday smallint not null constraint calendar_periods_weekday check (weekday between 1 and 7),
  opens time not null,
  closes time not null,
  constraint calendar_periods_once unique (organization_id, weekday, opens),
  constraint calendar_periods_order check (opens < closes),
  constraint calendar_periods_minutes check (extract(second from opens) = 0 and extract(second from closes) = 0)
);
comment on table public.calendar_periods is 'The weekly opening hours, several periods a day. The periods of a day do not overlap (private.set_calendar).';
comment on column public.calendar_periods.weekday is 'ISO 8601: 1 is Monday.';
comment on column public.calendar_periods.closes is 'The first moment that is closed again; 24:00 is the end of the day.';

create table public.calendar_holidays (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.calendars (organization_id) on delete cascade,
  day date not null constraint calendar_holidays_finite check (isfinite(day)),
  name text not null default '' constraint calendar_holidays_name_length check (char_length(name) <= 200),
  constraint calendar_holidays_once unique (organization_id, day)
);
comment on table public.calendar_holidays is 'Days on which the organization does not work at all.';

-- The moment after `moment` at which the zone's offset changes. The caller knows that it does so once by `before` at the latest.
create function private.next_offset(zone text, moment timestamptz, before timestamptz)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  shift interval := (moment at time zone zone) - (moment at time zone 'UTC');
  low bigint := floor(extract(epoch from moment));
  high bigint := ceil(extract(epoch from before));
  middle bigint;
begin
  while high - low > 1 loop
    middle := (low + high) / 2;
    if (to_timestamp(middle) at time zone zone) - (to_timestamp(middle) at time zone 'UTC') = shift then
      low := middle;
    else
      high := middle;
    end if;
  end loop;
  return to_timestamp(high);
end
$$;

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

-- The moment that lies `minutes` of the organization's working time after `start`. With 0 minutes it is `start`, if the
-- organization is open then, else its next opening. Null if there is no such moment within ten years: holidays can leave
-- nothing to count, and the search has an end.
create function private.deadline_after(organization_id uuid, start timestamptz, minutes integer)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
begin
  return (private.walk_calendar(organization_id, start, minutes, start + interval '10 years')).reached;
end
$$;

-- The organization's working time between two moments, in minutes; 0 if the second is not after the first.
create function private.working_minutes_between(organization_id uuid, start timestamptz, ending timestamptz)
returns numeric
language plpgsql stable set search_path = ''
as $$
begin
  return round(extract(epoch from (private.walk_calendar(organization_id, start, null, ending)).counted) / 60, 2);
end
$$;

create trigger touch before update on public.calendars
  for each row execute function private.touch_updated_at();

select private.audit_table('public.calendars');
select private.audit_table('public.calendar_periods');
select private.audit_table('public.calendar_holidays');

alter table public.calendars enable row level security;
alter table public.calendar_periods enable row level security;
alter table public.calendar_holidays enable row level security;

create policy "members read their organization's calendar" on public.calendars for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));
create policy "members read their organization's opening hours" on public.calendar_periods for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));
create policy "members read their organization's holidays" on public.calendar_holidays for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.calendars, public.calendar_periods, public.calendar_holidays from public, anon, authenticated, service_role;
grant select on public.calendars, public.calendar_periods, public.calendar_holidays to authenticated, service_role;
