-- A time as the API writes it: broadcasts come from here, and must look like what functions answer.
create function private.iso_time(moment timestamptz)
returns text
language sql stable set search_path = ''
as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
