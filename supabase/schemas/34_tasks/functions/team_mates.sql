-- Definer: see organizations_with. Pairs in one text each: somebody may be of the caller's team here and not there.
create function private.team_mates(permission text)
returns text[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.organization_id || ' ' || m.user_id), '{}')
  from public.memberships m
  where m.team_id = any (private.teams_with(permission))
$$;
comment on function private.team_mates is
  'Who is in the teams whose rows the caller reaches by a permission of team scope: "organization_id user_id".';
grant execute on function private.team_mates(text) to authenticated;
