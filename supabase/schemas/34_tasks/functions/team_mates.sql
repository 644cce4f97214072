-- Security definer: see organizations_with. Pairs in one text each, because somebody may be in the caller's team in
-- one organization only.
create function private.team_mates(permission text)
returns text[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.organization_id || ' ' || m.user_id), '{}')
  from public.memberships m
  where m.team_id = any (private.teams_with(permission))
$$;
comment on function private.team_mates is
  'Members of the teams in which the caller has the permission with team scope: "organization_id user_id".';
grant execute on function private.team_mates(text) to authenticated;
