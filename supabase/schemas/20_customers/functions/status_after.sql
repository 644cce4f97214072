create function private.status_after(action text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case action when 'connect' then 'connected' when 'disconnect' then 'disconnected' when 'warn' then 'warned' end
$$;
grant execute on function private.status_after(text) to authenticated, service_role;
