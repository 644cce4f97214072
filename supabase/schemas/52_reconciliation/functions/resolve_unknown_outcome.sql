-- Resolves a message whose outcome is unknown with what the provider has. Two such messages never take the same
-- candidate; automatic replies are never sent again, and held messages only by a person's decision. Returns found,
-- resend, held or resolved (in the meantime).
create function private.resolve_unknown_outcome(message_id uuid, attempt integer, candidates jsonb)
returns text
language plpgsql set search_path = ''
as $$
declare
  message public.messages;
  organization public.organizations;
  choice text;
  report jsonb;
begin
  perform pg_advisory_xact_lock(hashtextextended('resolve unknown outcomes', 0));
  select * into message from public.messages m where m.id = message_id for update;
  if message is null or message.status <> 'sending' or message.attempts <> attempt then
    return 'resolved';
  end if;
  select c into report from jsonb_array_elements(candidates) c
  where not exists (
    select from public.messages m where m.provider_message_id = c ->> 'provider_message_id' and m.id <> message_id)
  limit 1;
  if report is not null then
    perform private.apply_report(message, report);
    return 'found';
  end if;
  if message.held_at is not null then
    return private.count_status_lookup(message, 'not_found');
  end if;
  select * into organization from public.organizations o where o.id = message.organization_id;
  choice := case when private.is_auto_reply(message.purpose) then 'hold'
    when message.category = 'marketing' then organization.unknown_outcome_marketing
      else organization.unknown_outcome_service end;
  if choice = 'resend' and message.attempts < private.max_send_attempts() then
    update public.messages m set status = 'queued', send_after = now(), lookup_until = null, updated_at = now()
    where m.id = message_id;
    return 'resend';
  end if;
  perform private.hold_for_decision(message);
  return 'held';
end
$$;
