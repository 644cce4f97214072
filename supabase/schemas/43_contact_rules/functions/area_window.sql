-- Whether a message may arrive at this moment, by the clock of one zone, and when that may change next. country: whose
-- law applies; null: none does. `last` is the previous answer: it saves the lookup while the day is the same.
create function private.local_hours(zone text, moment timestamptz, country text, region text, quiet_from time,
  quiet_to time, last private.local_hours)
returns private.local_hours
language plpgsql stable set search_path = ''
as $$
declare
  wall constant timestamp := moment at time zone zone;
  wall_time constant time := wall::time;
  target timestamp;
  hours private.local_hours := last;
begin
  if country is not null and hours.day is distinct from wall::date then
    select wall::date, max(w.opens), min(w.closes), bool_or(w.opens is null)
    into hours.day, hours.opens, hours.closes, hours.closed
    from private.contact_windows w
    where w.country = local_hours.country and (w.region is null or w.region = local_hours.region)
      and w.effective_from <= wall::date and (w.effective_to is null or w.effective_to >= wall::date)
      and case when w.holidays then exists (
          select from private.holidays h
          where h.country = w.country and h.day = wall::date and h.region in ('', local_hours.region))
        else extract(isodow from wall)::integer = any (w.weekdays) end;
  end if;
  hours.open := hours.closed is not true
    and wall_time >= coalesce(hours.opens, '00:00') and wall_time < coalesce(hours.closes, '24:00')
    and (quiet_from is null or case when quiet_from < quiet_to then wall_time < quiet_from or wall_time >= quiet_to
      else wall_time < quiet_from and wall_time >= quiet_to end);
  target := case
    when hours.open then wall::date + least(hours.closes, case when quiet_from > wall_time then quiet_from end, '24:00')
    when hours.closed is true or wall_time >= coalesce(hours.closes, '24:00') then wall::date + 1
    when wall_time < hours.opens then wall::date + hours.opens
    when wall_time < quiet_to then wall::date + quiet_to
    else wall::date + 1 end;
  hours.changes_at := moment + (target - wall);
  -- The clocks change on the way: stop there and look again.
  if hours.changes_at at time zone zone <> target then
    hours.changes_at := private.next_offset(zone, moment, hours.changes_at);
  end if;
  return hours;
end
$$;

-- The next moment, not before `at`, when a message may arrive, and when that opening ends (null: never); no moment
-- within 14 days: null. At every one of the places the organization's quiet hours must hold and, by_law, the legal hours
-- of the country and the region.
create function private.area_window(organization public.organizations, by_law boolean, places private.contact_place[],
  at timestamptz, out sends_at timestamptz, out closes_at timestamptz)
language plpgsql stable set search_path = ''
as $$
declare
  horizon constant timestamptz := at + interval '14 days';
  clocks private.contact_place[];
  clock private.contact_place;
  last_clock private.contact_place;
  moment timestamptz := at;
  hours private.local_hours;
  turn integer := 0;
  agreed integer := 0;
begin
  if not by_law and organization.quiet_hours_start is null then
    sends_at := at;
    return;
  end if;
  -- Countries without rows of their own: the law of the United States applies to the caller.
  clocks := array(
    select row(case when by_law then coalesce((
        select w.country from private.contact_windows w where w.country = p.country limit 1), 'US') end,
      p.region, p.zone)::private.contact_place
    from unnest(places) with ordinality as p (country, region, zone, n) order by p.n);

  while agreed < cardinality(clocks) loop
    clock := clocks[turn % cardinality(clocks) + 1];
    -- Hours are looked up once for the places of one law.
    hours := private.local_hours(clock.zone, moment, clock.country, clock.region, organization.quiet_hours_start,
      organization.quiet_hours_end,
      case when row(clock.country, clock.region) is not distinct from row(last_clock.country, last_clock.region) then hours end);
    last_clock := clock;
    if hours.open then
      agreed := agreed + 1;
      turn := turn + 1;
      continue;
    end if;
    agreed := 0;
    moment := hours.changes_at;
    if moment > horizon then
      return;
    end if;
  end loop;
  sends_at := moment;

  foreach clock in array clocks loop
    moment := sends_at;
    hours := null;
    while moment <= horizon loop
      hours := private.local_hours(clock.zone, moment, clock.country, clock.region, organization.quiet_hours_start,
        organization.quiet_hours_end, hours);
      if not hours.open then
        closes_at := least(closes_at, moment);
        exit;
      end if;
      moment := hours.changes_at;
    end loop;
  end loop;
end
$$;
