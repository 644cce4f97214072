-- Everybody in the caller's organizations.
-- Security definer because the policies on memberships depend on it.
create function private.my_colleagues()
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(distinct m.user_id), '{}')
  from public.memberships m
  where m.organization_id = any (private.my_organizations()) and not m.is_service
$$;
grant execute on function private.my_colleagues() to authenticated;
