-- What changes is broadcast from the database to private Realtime channels, as it happens:
--   user:{id}                   the person's notifications, and leads that it holds or made
--   team:{id}:leads             the team's leads, for those whose permission reaches the team
--   organization:{id}:leads     all leads, for those whose permission reaches the organization
-- A broadcast that fails is a warning in the log, never a write that fails.

create policy "people listen to their own channel and to leads within their reach" on realtime.messages for select to authenticated
  using (extension in ('broadcast', 'presence') and (select private.may_listen((select realtime.topic()))));
