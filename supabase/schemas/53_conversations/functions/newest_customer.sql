create function private.newest_customer(organization_id uuid, phone text)
returns uuid
language sql stable set search_path = ''
as $$
  select c.id from public.customers c
  where c.organization_id = newest_customer.organization_id and c.phone = newest_customer.phone
  order by c.id desc limit 1
$$;
