-- Keeps a message in doubt for a person to decide. One transaction after the other, as settle_message: whoever tells of what
-- is held sees all of it.
create function private.hold_message(message public.messages, reason text default null)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('settling messages in doubt', 0));
  update public.messages m set held_at = now(), unknown_reason = reason, updated_at = now() where m.id = message.id;
  insert into private.untold_doubts as d (organization_id, since) values (message.organization_id, now())
  on conflict on constraint untold_doubts_pkey do update set since = least(d.since, excluded.since)
  where d.since is null or d.since > excluded.since;
end
$$;
