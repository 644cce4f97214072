-- A database webhook: new messages that are due start the dispatcher at commit, once per statement. Security definer
-- because writers may not call private.invoke.
create function private.start_dispatch()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from new_rows where status = 'queued' and send_after <= now()) then
    perform private.invoke('jobs/dispatch-messages');
  end if;
  return null;
end
$$;
