-- Holds a message for a person to decide. Under the same lock as resolve_unknown_outcome and the alerts, so that an
-- alert counts all held messages.
create function private.hold_for_decision(message public.messages, reason text default null)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('resolve unknown outcomes', 0));
  update public.messages m set held_at = now(), unknown_reason = reason, updated_at = now() where m.id = message.id;
  insert into private.pending_admin_alerts as p (organization_id, since) values (message.organization_id, now())
  on conflict on constraint pending_admin_alerts_pkey do update set since = least(p.since, excluded.since)
  where p.since is null or p.since > excluded.since;
end
$$;
