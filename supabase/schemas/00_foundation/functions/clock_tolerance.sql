-- How far ahead of the database a caller's clock may be: a time of something that has happened may be this much later
-- than now.
create function private.clock_tolerance()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '5 minutes'
$$;
