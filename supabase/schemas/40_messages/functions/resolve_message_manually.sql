-- A person sets the outcome of a message whose outcome is unknown: delivered, failed, or, for a service message that
-- may not have been sent, resend. Marketing messages and automatic replies are never sent again. Security definer
-- because messages are written by functions only.
create function private.resolve_message_manually(organization_id uuid, message_id uuid, outcome text, reason text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  message public.messages;
begin
  perform private.require_permission(organization_id, 'messages:send');
  perform private.require_valid(coalesce(outcome in ('delivered', 'failed', 'resend'), false), 'outcome',
    'must be delivered, failed or resend');
  perform private.require_valid(coalesce(private.is_multiline(reason) and char_length(btrim(reason)) between 1 and 500, false),
    'reason', 'must have 1 to 500 characters, none of them control characters');
  select * into message from public.messages m
  where m.organization_id = resolve_message_manually.organization_id and m.id = message_id
    and m.direction = 'outbound' for update;
  if message.id is null then
    perform private.problem(404, 'not_found', 'There is no such message.');
  end if;
  if message.resolved_by is not null and message.status = outcome then
    return private.message_json(message);
  end if;
  if not (message.status = 'sent' and message.unknown_at is not null)
    and not (message.status = 'sending' and message.held_at is not null) then
    perform private.problem(409, 'not_unknown', 'The outcome of this message is known, or still being looked up.');
  end if;
  if outcome = 'resend' and (message.status <> 'sending' or message.category = 'marketing'
    or private.is_auto_reply(message.purpose)) then
    perform private.problem(409, 'not_repeatable', case message.status
      when 'sending' then 'A marketing message or an automatic reply is not sent again while its outcome is unknown.'
      else 'The provider accepted this message; it is not sent again.' end);
  end if;
  insert into public.message_events (organization_id, message_id, status, source, detail)
  values (message.organization_id, message.id, case outcome when 'resend' then 'queued' else outcome end, 'person',
    reason);
  update public.messages m set
    status = case outcome when 'resend' then 'queued' else outcome end,
    send_after = case outcome when 'resend' then now() else m.send_after end,
    error_code = case outcome when 'failed' then 'resolved_manually' end,
    error_message = case outcome when 'failed' then reason end,
    sent_at = case outcome when 'delivered' then coalesce(m.sent_at, m.sending_at, now()) else m.sent_at end,
    delivered_at = case outcome when 'delivered' then now() end,
    resolved_by = case when outcome <> 'resend' then auth.uid() end,
    lookups_made = 0, held_at = null, lookup_until = null, unknown_at = null, unknown_reason = null, updated_at = now()
  where m.id = message.id
  returning * into message;
  if outcome = 'resend' then
    perform private.invoke('jobs/dispatch-messages');
  end if;
  return private.message_json(message);
end
$$;
grant execute on function private.resolve_message_manually(uuid, uuid, text, text) to authenticated;

create function public.resolve_message_manually(organization_id uuid, message_id uuid, outcome text, reason text)
returns jsonb
language sql set search_path = ''
as $$
  select private.resolve_message_manually(organization_id, message_id, outcome, reason)
$$;
comment on function public.resolve_message_manually is
  'Sets the outcome of a message that is listed as unknown: delivered, failed, or resend (service messages only).';
grant execute on function public.resolve_message_manually(uuid, uuid, text, text) to authenticated;
