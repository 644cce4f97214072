-- How long a run may be silent before another takes over its import. A slice in progress holds a lock on the run's
-- row.
create function private.import_lease()
returns interval
language sql immutable set search_path = ''
as $$
  select interval '30 seconds'
$$;
