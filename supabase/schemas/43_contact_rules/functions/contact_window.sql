-- Marketing to North America keeps the legal window in every zone the recipient may be in; everything else keeps the
-- organization's quiet hours.
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
  'When a message to this recipient may next arrive, until when, and in which zones (the likeliest first).';
