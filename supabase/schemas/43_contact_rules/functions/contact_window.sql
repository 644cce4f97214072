-- Marketing keeps the organization's quiet hours wherever the recipient may be, and to North America the law's hours too;
-- everything else keeps the quiet hours of the organization's own clock.
create function private.contact_window(organization public.organizations, category text, phone text, country text,
  region text, stated_zone text, at timestamptz,
  out sends_at timestamptz, out closes_at timestamptz, out zone text)
language plpgsql stable set search_path = ''
as $$
declare
  places constant private.contact_place[] := case when category = 'marketing'
    then private.recipient(phone, country, region, stated_zone, organization.time_zone)
    else array[row(null, null, organization.time_zone)::private.contact_place] end;
begin
  zone := private.zones_of(places);
  select w.sends_at, w.closes_at into sends_at, closes_at
  from private.area_window(organization, coalesce(category = 'marketing' and phone like '+1%', false), places, at) w;
end
$$;
comment on function private.contact_window is
  'When a message to this recipient may next arrive, until when, and in which zones (the likeliest first).';
