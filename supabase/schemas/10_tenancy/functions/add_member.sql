create function private.add_member(organization_id uuid, member uuid, role uuid, team uuid default null,
  status text default 'active')
returns void
language sql set search_path = ''
as $$
  insert into public.memberships (organization_id, user_id, role_id, team_id, status, is_default)
  values (organization_id, member, role, team, status,
    not exists (select from public.memberships m where m.user_id = member and m.is_default))
$$;
