-- The period whose figures show how well a number works.
create function private.number_health_period()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '24 hours'
$$;
