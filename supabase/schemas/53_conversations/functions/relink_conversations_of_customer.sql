-- As relink_conversations_of_lead, for customers. Security definer, as sync_conversations_from_messages.
create function private.relink_conversations_of_customer()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.conversations c set customer_id = coalesce(private.newest_customer(c.organization_id, c.phone),
    c.customer_id)
  where c.organization_id = new.organization_id and c.phone in (old.phone, new.phone);
  return null;
end
$$;
