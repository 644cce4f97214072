-- How many marketing messages the law of these places lets one sender send to a person, within how many hours; null: no
-- cap.
create function private.area_cap(places private.contact_place[], day date, out messages integer, out hours integer)
language plpgsql stable set search_path = ''
as $$
begin
  select c.messages, c.hours into messages, hours
  from unnest(places) p
  join private.contact_caps c on c.country = p.country and (c.region is null or c.region = p.region)
  where c.effective_from <= day and (c.effective_to is null or c.effective_to >= day)
  order by c.messages, c.hours desc limit 1;
end
$$;
