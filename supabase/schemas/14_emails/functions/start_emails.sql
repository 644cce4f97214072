-- New e-mails start the sender at commit, once per statement. Definer: see invoke.
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
