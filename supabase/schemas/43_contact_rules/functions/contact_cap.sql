create function private.contact_cap(phone text, country text, region text, day date, out messages integer,
  out hours integer)
language plpgsql stable set search_path = ''
as $$
begin
  if phone like '+1%' then
    select c.messages, c.hours into messages, hours
    from private.area_cap(private.recipient(phone, contact_cap.country, contact_cap.region, null, null), day) c;
  end if;
end
$$;
comment on function private.contact_cap is
  'How many marketing messages the law lets one sender send to this recipient, within how many hours; null: no cap.';
