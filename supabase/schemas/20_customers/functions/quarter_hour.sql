create function private.quarter_hour(at timestamptz)
returns timestamptz
language sql immutable parallel safe set search_path = ''
as $$
  select date_bin('15 minutes', at, timestamptz '2000-01-01 00:00+00')
$$;
grant execute on function private.quarter_hour(timestamptz) to authenticated, service_role;
