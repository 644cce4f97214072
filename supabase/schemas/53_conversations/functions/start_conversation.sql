-- Without sender_id the latest conversation with the number continues; if there is none, the default sender starts one.
-- Security definer, as reply_to_conversation.
create function private.start_conversation(organization_id uuid, to_number text, message text, sender_id text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  answer jsonb;
  refusal jsonb;
begin
  perform private.require_permission(organization_id, 'messages:send');
  perform private.require_permission(organization_id, 'conversations:read');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  refusal := private.over_rate_limit('send');
  if refusal is not null then
    return refusal;
  end if;
  perform private.require_phone(organization_id, to_number, 'to');
  if sender_id is null then
    select a.* into account from public.conversations c
    join public.sms_accounts a on a.organization_id = c.organization_id and a.provider = c.provider
      and a.sender_id = c.sender
      and a.status not in ('disabled', 'pending')
    where c.organization_id = start_conversation.organization_id and c.phone = to_number
    order by c.last_message_at desc limit 1;
  end if;
  if account.id is null then
    select * into account from public.sms_accounts a
    where a.organization_id = start_conversation.organization_id and a.status not in ('disabled', 'pending')
      and case when start_conversation.sender_id is null then a.is_default
        else a.sender_id = start_conversation.sender_id end
    order by a.is_default desc limit 1;
  end if;
  if account.id is null and sender_id is null then
    perform private.problem(409, 'no_sender', 'The organization has no active sender. An admin sets one up first.');
  elsif account.id is null then
    perform private.problem(422, 'unknown_sender', 'The organization has no active sender of this name.',
      '[{"path": "sender_id", "message": "is not one of the organization''s senders"}]');
  end if;
  return private.store_idempotent_response(organization_id, private.send_conversation_message(account, to_number,
    message, private.newest_lead(organization_id, to_number), private.newest_customer(organization_id, to_number)));
end
$$;
grant execute on function private.start_conversation(uuid, text, text, text) to authenticated;

create function public.start_conversation(organization_id uuid, to_number text, message text,
  sender_id text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.start_conversation(organization_id, to_number, message, sender_id)
$$;
comment on function public.start_conversation is
  'Queues a person''s message to a number and starts, or continues, the conversation with it.';
grant execute on function public.start_conversation(uuid, text, text, text) to authenticated;
