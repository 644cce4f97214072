create function private.contact_cap(phone text, country text, region text, day date, out messages integer,
  out hours integer)
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
comment on function private.contact_cap is
  'How many marketing messages the law lets one sender send to this recipient, within how many hours; null: no cap.';
