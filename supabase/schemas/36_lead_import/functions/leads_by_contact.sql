-- The oldest living lead of each phone number and each e-mail address. All of them at once and planned anew each time: for
-- an organization that the statistics do not know yet, every index that begins with it looks as good as the one with the
-- number, and looking each of two thousand up in the wrong one takes minutes. The caller is a definer function.
create function private.leads_by_contact(organization_id uuid, phones text[], emails text[])
returns table (contact text, lead_id uuid, status text)
language plpgsql stable rows 2000 set search_path = '' set plan_cache_mode = force_custom_plan
as $$
begin
  return query
    select distinct on (l.phone) l.phone, l.id, l.status from public.leads l
    where l.organization_id = leads_by_contact.organization_id and l.deleted_at is null and l.phone = any (phones)
    order by l.phone, l.created_at, l.id;
  return query
    select distinct on (l.email) l.email, l.id, l.status from public.leads l
    where l.organization_id = leads_by_contact.organization_id and l.deleted_at is null and l.email = any (emails)
    order by l.email, l.created_at, l.id;
end
$$;
