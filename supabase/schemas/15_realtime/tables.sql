-- Changes are broadcast from triggers to private Realtime channels:
--   user:{id}                   the person's notifications, and the leads that they hold or created
--   team:{id}:leads             the team's leads, for members with leads:read of scope team or more
--   organization:{id}:leads     all leads, for members with leads:read of scope organization
--   campaign:{id}               the campaign's counters, for members with campaigns:read
--   organization:{id}:clients   all clients, for members with clients:read of scope organization
--   role:{organization}:{role key}:notes   notes for the role, for members who hold it
-- A broadcast that fails is a warning in the log; it never makes the write fail.

create policy "people listen to their own channel and to what they may read" on realtime.messages
  for select to authenticated
  using (extension in ('broadcast', 'presence') and (select private.may_listen((select realtime.topic()))));
