create function private.newest_lead(organization_id uuid, phone text)
returns uuid
language sql stable set search_path = ''
as $$
  select l.id from public.leads l
  where l.organization_id = newest_lead.organization_id and l.phone = newest_lead.phone and l.deleted_at is null
  order by l.created_at desc, l.id desc limit 1
$$;
