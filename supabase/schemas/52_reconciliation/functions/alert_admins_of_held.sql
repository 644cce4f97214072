-- Alerts the admins of an organization to messages that are held since then.
create function private.alert_admins_of_held_in(organization_id uuid, since timestamptz)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  message_count bigint;
begin
  select count(*) into message_count from public.messages m
  where m.organization_id = alert_admins_of_held_in.organization_id
    and (m.unknown_at is not null or m.held_at is not null) and m.held_at >= alert_admins_of_held_in.since;
  if message_count > 0 then
    perform private.notify_admins(organization_id, 'message_held',
      case message_count when 1 then 'A message needs a decision' else message_count
        || ' messages need a decision' end,
      'It is unknown whether ' || case message_count when 1 then 'it was' else 'they were' end
        || ' sent. Nothing is sent again until someone decides.',
      jsonb_build_object('messages', message_count));
  end if;
  update private.pending_admin_alerts p set since = null, alerted_at = case when message_count > 0 then now()
    else p.alerted_at end
  where p.organization_id = alert_admins_of_held_in.organization_id;
end
$$;

-- Alerts the admins to newly held messages. Waits while others of theirs are still being looked up, for five minutes at
-- most. An organization whose admins cannot be alerted stops no other, and is tried again.
create function private.alert_admins_of_held(unknown_after_seconds integer)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  pending private.pending_admin_alerts;
begin
  if not exists (select from private.pending_admin_alerts p where p.since is not null
    and p.alerted_at <= now() - interval '1 hour') then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('resolve unknown outcomes', 0));
  for pending in
    select * from private.pending_admin_alerts p
    where p.since is not null and p.alerted_at <= now() - interval '1 hour'
      and (p.since < now() - interval '5 minutes' or not exists (
      select from public.messages m
      where m.organization_id = p.organization_id and m.status = 'sending' and m.held_at is null
        and m.sending_at < now() - unknown_after_seconds * interval '1 second'))
    order by p.organization_id
  loop
    begin
      perform private.alert_admins_of_held_in(pending.organization_id, pending.since);
    exception
      when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
      when others then
        raise warning 'the admins of % were not alerted to held messages: %', pending.organization_id, sqlerrm;
    end;
  end loop;
end
$$;
