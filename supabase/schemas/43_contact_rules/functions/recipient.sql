-- The zones that a phone number tells: of its area code, else of its country. An unknown area code may be anywhere in the
-- continental United States, a number of no known country where the organization is.
create function private.places_of_number(phone text, organization_zone text)
returns private.contact_place[]
language plpgsql stable set search_path = ''
as $$
declare
  place_country text := 'US';
  place_region text;
  zones text[];
begin
  if phone like '+1%' then
    select a.country, a.region, a.time_zones into place_country, place_region, zones
    from private.area_codes a where a.code = substr(phone, 3, 3);
    place_country := coalesce(place_country, 'US');
  else
    select c.country into place_country from private.calling_codes c
    where c.prefix in (substr(phone, 2, 1), substr(phone, 2, 2), substr(phone, 2, 3), substr(phone, 2, 4))
    order by char_length(c.prefix) desc limit 1;
  end if;
  if zones is null then
    select z.time_zones into zones from private.country_zones z where z.country = place_country;
  end if;
  return array(
    select row(place_country, place_region, z)::private.contact_place from unnest(coalesce(zones, array[organization_zone])) z);
end
$$;

-- Whether the clocks of a zone show what those of one of these places show, in winter and summer.
create function private.is_zone_of(zone text, places private.contact_place[])
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from unnest(places) p
    where not exists (
      select from unnest(array['-01-15', '-07-15']) d,
        lateral (select (extract(year from now()) || d || ' 12:00Z')::timestamptz as moment) m
      where m.moment at time zone p.zone <> m.moment at time zone is_zone_of.zone))
$$;

-- Where a recipient may be, the likeliest first. For numbers of North America an address in one of its regions decides, else
-- the stated zone, else the number. A country or a zone that contradicts the number counts beside it: the country may be
-- the default of an import.
create function private.recipient(phone text, country text, region text, stated_zone text, organization_zone text)
returns private.contact_place[]
language plpgsql stable set search_path = ''
as $$
declare
  american constant boolean := phone like '+1%';
  given text := upper(nullif(btrim(region), ''));
  own private.contact_place[] := private.places_of_number(phone, organization_zone);
  own_country constant text := own[1].country;
  address_country text := upper(nullif(btrim(country), ''));
  address_region text;
  address_zones text[];
  stated constant text := case when private.is_time_zone(stated_zone) then stated_zone end;
  decisive boolean;
  stated_fits boolean := false;
  elsewhere private.contact_place[] := '{}'::private.contact_place[];
begin
  if address_country in ('PR', 'VI', 'GU', 'MP', 'AS') then
    given := address_country;
    address_country := 'US';
  end if;
  if address_country is null and given is not null then
    address_country := own_country;
  end if;
  -- A country without regions has one row. Regions are written FL, US-FL or Florida.
  select z.region, z.time_zones into address_region, address_zones from private.region_zones z
  where z.country = address_country and z.region = coalesce(given, '');
  if address_zones is null and given is not null then
    select z.region, z.time_zones into address_region, address_zones from private.region_zones z
    where z.country = address_country
      and (z.region in ('', regexp_replace(given, '^(US|CA)-', ''))
        or z.name = lower(regexp_replace(normalize(given, nfd), '[\u0300-\u036f]', '', 'g')))
    order by z.region desc limit 1;
  end if;
  decisive := address_zones is not null and (address_region <> '' or address_country = own_country);
  if not decisive and stated is not null then
    stated_fits := case when american then exists (select from private.area_codes a where stated = any (a.time_zones))
      else private.is_zone_of(stated, own) end;
  end if;

  if decisive then
    elsewhere := array(
      select row(address_country, nullif(address_region, ''), z)::private.contact_place from unnest(address_zones) z);
  elsif address_country is not null and address_country is distinct from own_country then
    address_zones := coalesce(address_zones, (
      select c.time_zones from private.country_zones c where c.country = address_country));
    elsewhere := array(
      select row(address_country, null, z)::private.contact_place
      from unnest(coalesce(case when stated is not null then array[stated] end, address_zones, array[own[1].zone])) z);
  elsif stated is not null and not stated_fits then
    elsewhere := array[row(own_country, own[1].region, stated)::private.contact_place];
  end if;
  if stated_fits then
    own := array[row(own_country, own[1].region, stated)::private.contact_place];
  end if;
  return elsewhere || case when american and decisive then '{}'::private.contact_place[] else own end;
end
$$;

-- The zones of a recipient's places as messages keep them: 'America/New_York,America/Chicago'.
create function private.zones_of(places private.contact_place[])
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select string_agg(z.zone, ',' order by z.n) from (
    select p.zone, min(p.n) as n from unnest(places) with ordinality as p (country, region, zone, n) group by p.zone) z
$$;
