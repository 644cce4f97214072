-- After how long a message that waits for a reply review is checked again; the decision makes it due at once.
create function private.review_recheck_interval()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '10 minutes'
$$;
