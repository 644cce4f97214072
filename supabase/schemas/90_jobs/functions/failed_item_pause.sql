-- After how long a task tries an organization again whose turn has failed.
create function private.failed_item_pause()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '10 minutes'
$$;
