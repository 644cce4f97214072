-- Security definer, as assign_conversation.
create function private.set_conversation_status(organization_id uuid, conversation_id uuid, status text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.conversations := private.require_conversation(organization_id, conversation_id,
    'conversations:write', true);
begin
  if status is null or status not in ('open', 'closed') then
    perform private.problem(422, 'invalid_field', 'The status must be open or closed.',
      '[{"path": "status", "message": "must be open or closed"}]');
  end if;
  if conversation.status <> set_conversation_status.status then
    update public.conversations c set status = set_conversation_status.status,
      closed_at = case set_conversation_status.status when 'closed' then now() end,
      closed_by = case set_conversation_status.status when 'closed' then auth.uid() end
    where c.id = conversation.id;
  end if;
  return private.conversation_rows(organization_id, array[conversation.id]) -> 0;
end
$$;
grant execute on function private.set_conversation_status(uuid, uuid, text) to authenticated;

create function public.set_conversation_status(organization_id uuid, conversation_id uuid, status text)
returns jsonb
language sql set search_path = ''
as $$
  select private.set_conversation_status(organization_id, conversation_id, status)
$$;
comment on function public.set_conversation_status is
  'Closes or reopens a conversation; the next message reopens it as well.';
grant execute on function public.set_conversation_status(uuid, uuid, text) to authenticated;
