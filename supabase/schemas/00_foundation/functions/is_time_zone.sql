-- Only names of places (IANA): PostgreSQL also takes POSIX rules with any offset, but counters use quarters of an hour.
create function private.is_time_zone(name text)
returns boolean
language plpgsql immutable set search_path = ''
as $$
begin
  perform timestamptz '2000-01-01 00:00+00' at time zone name;
  return name ~ '^(UTC|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+)$';
exception when others then
  return false;
end
$$;
grant execute on function private.is_time_zone(text) to authenticated, service_role;
