-- until: the newest message that was on the screen; later ones stay unread. Security definer, as assign_conversation.
create function private.read_conversation(organization_id uuid, conversation_id uuid, until uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.conversations := private.require_conversation(organization_id, conversation_id,
    'conversations:write', true);
  unread_after bigint := 0;
begin
  if until is not null then
    select count(*) into unread_after from public.messages m
    where m.organization_id = conversation.organization_id and m.from_number = conversation.phone and m.id > until
      and m.direction = 'inbound' and m.to_number = conversation.sender and m.provider = conversation.provider;
  end if;
  if unread_after < conversation.unread then
    update public.conversations c set unread = unread_after where c.id = conversation.id;
  end if;
  return private.conversation_rows(organization_id, array[conversation.id]) -> 0;
end
$$;
grant execute on function private.read_conversation(uuid, uuid, uuid) to authenticated;

create function public.read_conversation(organization_id uuid, conversation_id uuid, until uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.read_conversation(organization_id, conversation_id, until)
$$;
comment on function public.read_conversation is 'Marks a conversation as read, up to a given message of it.';
grant execute on function public.read_conversation(uuid, uuid, uuid) to authenticated;
