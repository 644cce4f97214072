-- Definer: see organizations_with. All organizations the caller belongs to, whatever its role.
create function private.my_organizations()
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.organization_id), '{}')
  from public.memberships m
  where m.user_id = (select auth.uid()) and m.status = 'active'
$$;
grant execute on function private.my_organizations() to authenticated;
