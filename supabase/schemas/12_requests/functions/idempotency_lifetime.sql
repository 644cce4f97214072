-- How long the answer to an Idempotency-Key is kept.
create function private.idempotency_lifetime()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '24 hours'
$$;
