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
