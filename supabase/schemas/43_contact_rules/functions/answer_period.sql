-- How long after a number has written a person may answer it outside the law's hours.
create function private.answer_period()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '1 hour'
$$;
