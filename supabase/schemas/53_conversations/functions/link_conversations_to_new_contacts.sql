-- Links conversations to new leads and customers with their number. Security definer, as
-- sync_conversations_from_messages.
create function private.link_conversations_to_new_contacts()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_table_name = 'leads' then
    update public.conversations c set lead_id = n.id
    from (
      select distinct on (r.organization_id, r.phone) r.organization_id, r.phone, r.id from new_rows r
      where r.phone is not null order by r.organization_id, r.phone, r.created_at desc, r.id desc
    ) n
    where c.organization_id = n.organization_id and c.phone = n.phone;
  else
    update public.conversations c set customer_id = n.id
    from (
      select distinct on (r.organization_id, r.phone) r.organization_id, r.phone, r.id from new_rows r
      order by r.organization_id, r.phone, r.id desc
    ) n
    where c.organization_id = n.organization_id and c.phone = n.phone;
  end if;
  return null;
end
$$;
