-- All organizations in which the caller is an active member, whatever their role.
-- Security definer because the policies on memberships depend on it.
create function private.my_organizations()
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.organization_id), '{}')
  from public.memberships m
  where m.user_id = (select auth.uid()) and m.status = 'active'
$$;
grant execute on function private.my_organizations() to authenticated;
