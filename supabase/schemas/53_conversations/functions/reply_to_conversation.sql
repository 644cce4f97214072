-- Security definer because messages are written by functions only.
create function private.reply_to_conversation(organization_id uuid, conversation_id uuid, message text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.conversations;
  account public.sms_accounts;
  answer jsonb;
  refusal jsonb;
begin
  perform private.require_permission(organization_id, 'messages:send');
  conversation := private.require_conversation(organization_id, conversation_id, 'conversations:read');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  refusal := private.over_rate_limit('send');
  if refusal is not null then
    return refusal;
  end if;
  select * into account from public.sms_accounts a
  where a.organization_id = conversation.organization_id and a.provider = conversation.provider
    and a.sender_id = conversation.sender
    and a.status not in ('disabled', 'pending');
  if account.id is null then
    perform private.problem(409, 'no_sender', 'The number that this conversation was held with is no longer in use.');
  elsif conversation.phone !~ '^\+[1-9][0-9]{6,14}$' then
    perform private.problem(409, 'no_reply', 'This sender cannot receive messages.');
  end if;
  perform private.require_phone(organization_id, conversation.phone, 'id');
  return private.store_idempotent_response(organization_id,
    private.send_conversation_message(account, conversation.phone, message, conversation.lead_id,
      conversation.customer_id));
end
$$;
grant execute on function private.reply_to_conversation(uuid, uuid, text) to authenticated;

create function public.reply_to_conversation(organization_id uuid, conversation_id uuid, message text)
returns jsonb
language sql set search_path = ''
as $$
  select private.reply_to_conversation(organization_id, conversation_id, message)
$$;
comment on function public.reply_to_conversation is
  'Queues a person''s message in a conversation, with the checks that apply to every message.';
grant execute on function public.reply_to_conversation(uuid, uuid, text) to authenticated;
