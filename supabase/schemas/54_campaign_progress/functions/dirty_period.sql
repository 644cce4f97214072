-- How long a campaign stays marked as dirty after a change.
create function private.dirty_period()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '90 seconds'
$$;
