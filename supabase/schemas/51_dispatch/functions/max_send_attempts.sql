-- How often a message is sent, at most, when the provider asks for another try or has not received it.
create function private.max_send_attempts()
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select 8
$$;
