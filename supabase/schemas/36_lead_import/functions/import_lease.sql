-- How long a run may be silent before another takes its import over. A slice in hand holds the run's row.
create function private.import_lease()
returns interval
language sql immutable set search_path = ''
as $$
  select interval '30 seconds'
$$;
