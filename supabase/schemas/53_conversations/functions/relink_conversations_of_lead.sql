-- Conversations follow a merged lead; those of a deleted lead go to another lead with the number, if there is one.
-- Security definer, as sync_conversations_from_messages.
create function private.relink_conversations_of_lead()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if new.deleted_at is not null then
    update public.conversations c set lead_id = coalesce(private.newest_lead(c.organization_id, c.phone),
      new.merged_into)
    where c.organization_id = new.organization_id and c.lead_id = new.id;
  else
    update public.conversations c set lead_id = coalesce(private.newest_lead(c.organization_id, c.phone), c.lead_id)
    where c.organization_id = new.organization_id and c.phone in (old.phone, new.phone);
  end if;
  return null;
end
$$;
