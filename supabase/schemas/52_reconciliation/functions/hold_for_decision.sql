-- Keeps a message in doubt for a person to decide. One transaction after the other, as resolve_unknown_outcome: whoever tells of what
-- is held sees all of it.
create function private.hold_for_decision(message public.messages, reason text default null)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('settling messages in doubt', 0));
  update public.messages m set held_at = now(), unknown_reason = reason, updated_at = now() where m.id = message.id;
  insert into private.pending_admin_alerts as d (organization_id, since) values (message.organization_id, now())
  on conflict on constraint pending_admin_alerts_pkey do update set since = least(d.since, excluded.since)
  where d.since is null or d.since > excluded.since;
end
$$;
