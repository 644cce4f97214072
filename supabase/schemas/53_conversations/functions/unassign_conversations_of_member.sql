-- When a member leaves, their conversations become unassigned. Security definer, as sync_conversations_from_messages.
create function private.unassign_conversations_of_member()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.conversations c set assigned_to = null
  where c.organization_id = old.organization_id and c.assigned_to = old.user_id;
  return null;
end
$$;
