-- Starts the sender when the transaction commits, once per statement.
-- Security definer because private.invoke is granted to the service role only.
create function private.start_emails()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from new_rows where status = 'queued' and next_attempt_at <= now()) then
    perform private.invoke('jobs/send-emails');
  end if;
  return null;
end
$$;
