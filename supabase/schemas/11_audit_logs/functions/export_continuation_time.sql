-- How long an export may be continued without a new token and a new audit entry.
create function private.export_continuation_time()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '1 hour'
$$;
