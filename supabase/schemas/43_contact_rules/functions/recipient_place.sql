create function private.recipient_place(phone text, inout country text, inout region text)
language plpgsql stable set search_path = ''
as $$
begin
  select r.place_country, r.place_region into country, region from private.recipient(phone, country, region, null, null) r;
end
$$;
comment on function private.recipient_place is 'Whose law binds: the country and region of the address, else of the area code.';
