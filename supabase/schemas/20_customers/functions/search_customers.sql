-- Ids of the customers that a search term finds. Security definer because LIKE is not leakproof, so under row level
-- security the trigram index would not be used; the permission is checked here.
create function private.search_customers(organization_id uuid, term text)
returns setof uuid
language plpgsql stable security definer set search_path = ''
as $$
begin
  if organization_id = any (private.organizations_with('customers:read')) then
    return query execute format('select x.id from public.customers x where x.organization_id = %L and %s',
      organization_id, private.search_condition(term));
  end if;
end
$$;
grant execute on function private.search_customers(uuid, text) to authenticated;
