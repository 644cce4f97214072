-- Where a recipient is, by address, else by area code, and which time zones apply. Numbers outside North America follow
-- the organization's time zone.
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
    -- A country without regions has one row. Regions are written FL, US-FL or Florida.
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
  if not american then
    zones := array[organization_zone];
  elsif zones is null then
    zones := coalesce(code.time_zones, array['America/New_York', 'America/Chicago', 'America/Denver',
      'America/Los_Angeles']);
    -- A zone outside North America contradicts the number: then the hours must suit both.
    if private.is_time_zone(stated_zone) then
      zones := array[stated_zone] || case when not exists (
        select from private.area_codes a where stated_zone = any (a.time_zones)) then zones else '{}' end;
    end if;
  end if;
end
$$;
