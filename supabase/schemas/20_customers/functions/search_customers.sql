-- Ids of the customers whose name, account number or phone contains the term. Security definer because LIKE is not
-- leakproof, so under row level security the trigram index would not be used; the permission is checked here.
create function private.search_customers(organization_id uuid, term text)
returns setof uuid
language sql stable security definer set search_path = ''
as $$
  select c.id from public.customers c
  where c.organization_id = search_customers.organization_id
    and c.organization_id = any (private.organizations_with('customers:read'))
    and c.search_text like '%' || replace(replace(replace(lower(term), '\', '\\'), '%', '\%'), '_', '\_') || '%'
$$;
grant execute on function private.search_customers(uuid, text) to authenticated;
