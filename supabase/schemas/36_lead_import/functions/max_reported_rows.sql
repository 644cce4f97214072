-- How many rows of a file the report of its import lists, at most.
create function private.max_reported_rows()
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select 50000
$$;
