-- How many matches a list counts, and orders without an index; more are counted as this many.
create function private.max_counted_rows()
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select 10000
$$;
