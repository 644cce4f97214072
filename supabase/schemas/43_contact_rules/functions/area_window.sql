-- The next moment, not before `at`, when a text may arrive, and when that opening ends (null: never); no moment within
-- 14 days: null. What is by law keeps the law of the country and the region and the organization's quiet hours, in every
-- one of the zones; all else the organization's quiet hours only.
create function private.area_window(organization public.organizations, by_law boolean, country text, region text, zones text[],
  at timestamptz, out sends_at timestamptz, out closes_at timestamptz)
language plpgsql stable set search_path = ''
as $$
declare
  horizon constant timestamptz := at + interval '14 days';
  quiet_from constant time := organization.quiet_hours_start;
  quiet_to constant time := organization.quiet_hours_end;
  -- Elsewhere in North America we know of no hours of their own: what binds the caller is the law of the United States.
  law_country constant text := case
    when by_law and country is distinct from 'US' and not exists (
      select from private.contact_windows w where w.country = area_window.country) then 'US' else country end;
  here text;
  moment timestamptz := at;
  next_moment timestamptz;
  wall timestamp;
  wall_time time;
  target timestamp;
  day date;
  opens time := time '00:00';
  closes time := time '24:00';
  never boolean := false;
  open boolean;
  settled integer := 0;
  closing boolean := false;
  turn integer := 0;
begin
  if not by_law and quiet_from is null then
    sends_at := at;
    return;
  end if;

  -- Opening: until each zone in turn agrees with the moment. Closing: zone by zone, the first to disagree.
  loop
    here := zones[turn % cardinality(zones) + 1];
    wall := moment at time zone here;
    if by_law and day is distinct from wall::date then
      day := wall::date;
      select max(w.opens), min(w.closes), bool_or(w.opens is null) into opens, closes, never
      from private.contact_windows w
      where w.country = law_country and (w.region is null or w.region = area_window.region)
        and w.effective_from <= day and (w.effective_to is null or w.effective_to >= day)
        and case when w.holidays then exists (
            select from private.holidays h
            where h.country = w.country and h.day = wall::date and h.region in ('', area_window.region))
          else extract(isodow from day)::integer = any (w.weekdays) end;
    end if;
    wall_time := wall::time;
    open := never is not true and wall_time >= coalesce(opens, '00:00') and wall_time < coalesce(closes, '24:00')
      and (quiet_from is null or case when quiet_from < quiet_to then wall_time < quiet_from or wall_time >= quiet_to
        else wall_time < quiet_from and wall_time >= quiet_to end);
    if open and not closing then
      settled := settled + 1;
      turn := turn + 1;
      if settled < cardinality(zones) then
        continue;
      end if;
      sends_at := moment;
      closing := true;
      turn := 0;
      continue;
    elsif closing and not open then
      closes_at := least(closes_at, moment);
      turn := turn + 1;
      exit when turn = cardinality(zones);
      moment := sends_at;
      continue;
    end if;

    -- On to where this day's clock next may make a difference.
    if open then
      target := wall::date + least(closes, case when quiet_from > wall_time then quiet_from end, '24:00');
    elsif never is true or wall_time >= coalesce(closes, '24:00') then
      target := wall::date + 1;
    elsif wall_time < opens then
      target := wall::date + opens;
    elsif wall_time < quiet_to then
      target := wall::date + quiet_to;
    else
      target := wall::date + 1;
    end if;
    next_moment := moment + (target - wall);
    if next_moment at time zone here <> target then
      next_moment := private.next_offset(here, moment, next_moment);
    end if;
    moment := next_moment;
    settled := 0;
    if moment > horizon then
      if not closing then
        return;
      end if;
      turn := turn + 1;
      exit when turn = cardinality(zones);
      moment := sends_at;
    end if;
  end loop;
end
$$;
