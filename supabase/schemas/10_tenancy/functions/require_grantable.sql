-- Whether every permission of the role is within the caller's own.
-- Security definer because the caller may not read all permissions.
create function private.may_grant(organization_id uuid, granted_role uuid)
returns boolean
language sql stable security definer set search_path = ''
as $$
  select not exists (
    select from public.role_permissions required
    where required.role_id = granted_role and not exists (
      select from public.memberships m
      join public.role_permissions held on held.role_id = m.role_id
      where m.user_id = auth.uid() and m.organization_id = may_grant.organization_id and m.status = 'active'
        and held.permission = required.permission
        and array_position(array['own', 'team', 'organization'], held.scope)
          >= array_position(array['own', 'team', 'organization'], required.scope)
    )
  )
$$;

create function private.require_grantable(organization_id uuid, granted_role uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not private.may_grant(organization_id, granted_role) then
    perform private.problem(403, 'role_exceeds_own',
      'This role has permissions that you do not have: you cannot give it or take it.');
  end if;
end
$$;
