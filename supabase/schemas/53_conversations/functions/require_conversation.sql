-- The conversation, locked if asked; 404 if it is missing. Called by security definer functions only.
create function private.require_conversation(organization_id uuid, conversation_id uuid, permission text,
  locked boolean default false)
returns public.conversations
language plpgsql volatile set search_path = ''
as $$
declare
  conversation public.conversations;
begin
  perform private.require_permission(organization_id, permission);
  if locked then
    select * into conversation from public.conversations c
    where c.organization_id = require_conversation.organization_id and c.id = conversation_id for update;
  else
    select * into conversation from public.conversations c
    where c.organization_id = require_conversation.organization_id and c.id = conversation_id;
  end if;
  if conversation.id is null then
    perform private.problem(404, 'not_found', 'There is no such conversation.');
  end if;
  return conversation;
end
$$;
