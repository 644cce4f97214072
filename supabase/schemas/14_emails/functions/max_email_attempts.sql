-- How often an e-mail is sent, at most, when the provider does not accept it.
create function private.max_email_attempts()
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select 3
$$;
