-- Whether a member's own permissions cover all permissions of a role in a team: the scope organization covers every
-- scope, the scope team covers its own team, the scope own covers only itself. Without a team, a permission of scope
-- team reaches no rows. An API key covers no permission that is closed to keys, whatever its role.
-- Security definer because the caller may not read all permissions.
create function private.may_grant(organization_id uuid, granter uuid, granted_role uuid, team_id uuid)
returns boolean
language sql stable security definer set search_path = ''
as $$
  select not exists (
    select from public.role_permissions required
    where required.role_id = granted_role and not exists (
      select from public.memberships m
      join public.role_permissions held on held.role_id = m.role_id and held.permission = required.permission
      where m.user_id = granter and m.organization_id = may_grant.organization_id and m.status = 'active'
        and not (m.is_service and private.is_closed(required.permission, '{"token_use": "api_key"}'))
        and case held.scope
          when 'organization' then true
          when 'team' then required.scope = 'own'
            or required.scope = 'team' and (may_grant.team_id is null or m.team_id = may_grant.team_id)
          else required.scope = 'own' end
    )
  )
$$;

-- Raises 403 unless the caller may grant the role in the team with this token. Taking a role away needs the same
-- permissions.
create function private.require_grantable(organization_id uuid, granted_role uuid, team_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  if not private.may_grant(organization_id, auth.uid(), granted_role, team_id) or exists (
    select from public.role_permissions p
    where p.role_id = granted_role and private.is_closed(p.permission, claims)
  ) then
    perform private.problem(403, 'role_exceeds_own',
      'This role has permissions that you do not have, or not with this token: you cannot give it or take it.');
  end if;
end
$$;
