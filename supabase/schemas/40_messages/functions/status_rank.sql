create function private.status_rank(status text)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select case status when 'queued' then 0 when 'sending' then 1 when 'sent' then 2 else 3 end
$$;
