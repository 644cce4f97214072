-- How many marketing messages the law of a place lets one sender send to a person, within how many hours; null: no cap.
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
