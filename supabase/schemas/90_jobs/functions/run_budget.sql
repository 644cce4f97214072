-- After how long a task that works in slices begins no further one, so that the last fits into a statement's 8 seconds.
create function private.run_budget()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '4 seconds'
$$;
