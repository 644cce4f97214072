-- When a text may arrive. Called for each recipient at the moment of sending, so: few queries, and clocks are computed,
-- not searched minute by minute. Correct through every change of the clocks: between two changes the clock on the wall
-- runs evenly, and a step that crosses one stops there and looks again.

-- Where a recipient is, by address, else by area code, and which clocks may hang there. Numbers outside North America
-- follow the organization's clock.
create function private.recipient(phone text, country text, region text, stated_zone text, organization_zone text,
  out place_country text, out place_region text, out zones text[])
language plpgsql stable set search_path = ''
as $$
declare
  american boolean := phone like '+1%';
  given text := upper(nullif(btrim(region), ''));
  code private.area_codes;
begin
  place_country := upper(nullif(btrim(country), ''));
  if place_country in ('PR', 'VI', 'GU', 'MP', 'AS') then
    given := place_country;
    place_country := 'US';
  end if;
  if place_country is not null then
    -- A country without regions has one row. People write FL, but also US-FL or Florida.
    select z.region, z.time_zones into place_region, zones from private.region_zones z
    where z.country = place_country and z.region = coalesce(given, '');
    if zones is null and given is not null then
      select z.region, z.time_zones into place_region, zones from private.region_zones z
      where z.country = place_country
        and (z.region in ('', regexp_replace(given, '^(US|CA)-', ''))
          or z.name = lower(regexp_replace(normalize(given, nfd), '[\u0300-\u036f]', '', 'g')))
      order by z.region desc limit 1;
    end if;
    place_region := nullif(place_region, '');
  end if;
  if zones is null and american then
    select * into code from private.area_codes a where a.code = substr(phone, 3, 3);
    if place_country is null and given is not null and code.country is not null then
      select r.place_country, r.place_region, r.zones into place_country, place_region, zones
      from private.recipient(phone, code.country, region, null, null) r;
    end if;
    place_country := coalesce(place_country, code.country);
    place_region := coalesce(place_region, case when code.country = place_country then code.region end);
  end if;
  zones := case
    when not american then array[organization_zone]
    when zones is not null then zones
    when stated_zone is not null and private.is_time_zone(stated_zone) then array[stated_zone]
    else coalesce(code.time_zones, array['America/New_York', 'America/Chicago', 'America/Denver', 'America/Los_Angeles']) end;
end
$$;

create function private.recipient_zones(phone text, country text, region text, stated_zone text, organization_zone text)
returns text[]
language plpgsql stable set search_path = ''
as $$
begin
  return (private.recipient(phone, country, region, stated_zone, organization_zone)).zones;
end
$$;
comment on function private.recipient_zones is
  'The time zones a recipient may be in: by address, else as stated, else by area code, else all of the continental US.';

create function private.recipient_place(phone text, inout country text, inout region text)
language plpgsql stable set search_path = ''
as $$
begin
  select r.place_country, r.place_region into country, region from private.recipient(phone, country, region, null, null) r;
end
$$;
comment on function private.recipient_place is 'Whose law binds: the country and region of the address, else of the area code.';

-- How many marketing texts the law of a place lets one sender send to a person, within how many hours; null: no such law.
create function private.area_cap(country text, region text, day date, out messages integer, out hours integer)
language plpgsql stable set search_path = ''
as $$
begin
  select c.messages, c.hours into messages, hours from private.contact_caps c
  where c.country = area_cap.country and (c.region is null or c.region = area_cap.region)
    and c.effective_from <= day and (c.effective_to is null or c.effective_to >= day)
  order by c.messages, c.hours desc limit 1;
end
$$;

create function private.contact_cap(phone text, country text, region text, day date, out messages integer, out hours integer)
language plpgsql stable set search_path = ''
as $$
begin
  if phone like '+1%' then
    select c.messages, c.hours into messages, hours
    from private.recipient(phone, contact_cap.country, contact_cap.region, null, null) r
    cross join lateral private.area_cap(r.place_country, r.place_region, day) c;
  end if;
end
$$;
comment on function private.contact_cap is 'How many marketing texts the law lets one sender send to this recipient, within how many hours; null: no such law.';

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
-- Marketing to North America keeps the law, in every zone the recipient may be in; all else keeps the organization's clock.
create function private.contact_window(organization public.organizations, category text, phone text, country text,
  region text, stated_zone text, at timestamptz,
  out sends_at timestamptz, out closes_at timestamptz, out zone text)
language plpgsql stable set search_path = ''
as $$
declare
  by_law constant boolean := coalesce(category = 'marketing' and phone like '+1%', false);
  place record;
begin
  if by_law then
    select * into place from private.recipient(phone, country, region, stated_zone, organization.time_zone);
  else
    select null as place_country, null as place_region, array[organization.time_zone] as zones into place;
  end if;
  zone := array_to_string(place.zones, ',');
  select w.sends_at, w.closes_at into sends_at, closes_at
  from private.area_window(organization, by_law, place.place_country, place.place_region, place.zones, at) w;
end
$$;
comment on function private.contact_window is
  'When a text to this recipient may next arrive, until when, and by which zones that was judged (the first is the likeliest).';
