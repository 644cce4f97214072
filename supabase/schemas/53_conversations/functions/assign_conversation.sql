-- Assigns to a member who may read conversations, or to nobody (null). Repeating it changes nothing and notifies
-- nobody. Security definer because conversations are written by functions only.
create function private.assign_conversation(organization_id uuid, conversation_id uuid, assigned_to uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.conversations := private.require_conversation(organization_id, conversation_id,
    'conversations:write', true);
begin
  if assigned_to is not null and not exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'conversations:read'
      and p.scope = 'organization'
    where m.organization_id = assign_conversation.organization_id and m.user_id = assign_conversation.assigned_to
      and m.status = 'active' and not m.is_service)
  then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "assigned_to", "message": "is not an active member who may read conversations"}]');
  end if;
  if conversation.assigned_to is distinct from assign_conversation.assigned_to then
    update public.conversations c set assigned_to = assign_conversation.assigned_to where c.id = conversation.id;
    if assigned_to <> auth.uid() then
      perform private.notify(array[row(organization_id, assigned_to, 'conversation', 'conversation_assigned:'
        || private.uuid_v7(), 'A conversation was assigned to you', conversation.phone || ': '
        || conversation.last_preview, jsonb_build_object('conversation_id', conversation.id, 'phone', conversation.phone),
        null)::private.notification]);
    end if;
  end if;
  return private.conversation_rows(organization_id, array[conversation.id]) -> 0;
end
$$;
grant execute on function private.assign_conversation(uuid, uuid, uuid) to authenticated;

create function public.assign_conversation(organization_id uuid, conversation_id uuid, assigned_to uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.assign_conversation(organization_id, conversation_id, assigned_to)
$$;
comment on function public.assign_conversation is 'Assigns a conversation to a member, or to nobody.';
grant execute on function public.assign_conversation(uuid, uuid, uuid) to authenticated;
