-- Records the answer to one lookup: see record_lookups.
create function private.record_lookup(message_id uuid, attempt integer, kind text, candidates jsonb)
returns text
language plpgsql set search_path = ''
as $$
declare
  message public.messages;
  report jsonb;
begin
  select * into message from public.messages m where m.id = message_id for update;
  if message.id is null then
    return 'resolved';
  end if;
  if kind in ('failed', 'skipped') then
    -- The next run asks again, once lookups of the sender are no longer paused.
    update public.messages m set lookup_until = case m.status when 'sending' then now() end
    where m.id = message.id and m.status in ('sending', 'sent') and m.lookup_until is not null;
    return 'unanswered';
  end if;
  if kind = 'other_account' and message.status = 'sent' and message.unknown_at is null then
    update public.messages m set unknown_at = now(), unknown_reason = 'other_account', lookup_until = null,
      updated_at = now()
    where m.id = message.id;
    return 'listed';
  elsif kind = 'other_account' and message.status = 'sending' and message.attempts = attempt then
    if message.held_at is not null then
      return private.count_status_lookup(message, 'other_account');
    end if;
    perform private.hold_for_decision(message, 'other_account');
    return 'held';
  elsif kind = 'other_account' then
    return 'resolved';
  end if;
  if message.status = 'sending' then
    if kind = 'unclear' then
      return case when message.held_at is null then 'unanswered'
        else private.count_status_lookup(message, 'unclear') end;
    end if;
    return private.resolve_unknown_outcome(message.id, attempt, candidates);
  end if;
  select c into report from jsonb_array_elements(candidates) c
  where c ->> 'provider_message_id' = message.provider_message_id limit 1;
  if kind = 'answered' and report is not null then
    perform private.apply_report(message, report);
    select * into message from public.messages m where m.id = message_id;
  end if;
  if message.status <> 'sent' or message.unknown_at is not null then
    return 'resolved';
  end if;
  return private.count_status_lookup(message,
    case when kind = 'unclear' then 'unclear' when report is null then 'not_found' else 'not_final' end);
end
$$;
