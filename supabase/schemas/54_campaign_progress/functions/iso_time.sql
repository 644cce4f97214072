-- A time as the API writes it: broadcasts must look like the answers of functions.
create function private.iso_time(moment timestamptz)
returns text
language sql stable set search_path = ''
as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
