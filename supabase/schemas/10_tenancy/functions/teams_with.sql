-- Security definer because the policies on memberships depend on it.
create function private.teams_with(permission text)
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.team_id), '{}')
  from public.memberships m
  where m.user_id = (select auth.uid()) and m.status = 'active' and m.team_id is not null
    and m.organization_id = any ((select private.organizations_with(permission, 'team'))::uuid[])
$$;
comment on function private.teams_with is 'The caller''s teams in which they have the permission with the scope team.';
grant execute on function private.teams_with(text) to authenticated;
