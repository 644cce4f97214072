-- Whether the caller, with this token, has the permission in the organization with this scope or a wider one.
create function private.has_permission(organization_id uuid, permission text, scope text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions held on held.role_id = m.role_id and held.permission = has_permission.permission
    where m.user_id = auth.uid() and m.organization_id = has_permission.organization_id and m.status = 'active'
      and array_position(array['own', 'team', 'organization'], held.scope)
        >= array_position(array['own', 'team', 'organization'], has_permission.scope))
    and not private.is_closed(has_permission.permission, nullif(current_setting('request.jwt.claims', true), '')::jsonb)
$$;

-- Nobody grants, widens, narrows or revokes a permission that they do not have in the same scope.
-- Security definer because it reads the role of any organization: the row always gets the role's own organization, and
-- the policy then checks that.
create function private.enforce_role_permission_rules()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op <> 'DELETE' then
    new.organization_id := (select r.organization_id from public.roles r where r.id = new.role_id);
  end if;
  if auth.uid() is not null and (
    (tg_op <> 'INSERT' and not private.has_permission(old.organization_id, old.permission, old.scope))
    or (tg_op <> 'DELETE' and not private.has_permission(new.organization_id, new.permission, new.scope))
  ) then
    perform private.problem(403, 'role_exceeds_own', 'You cannot give or take a permission that you do not have.');
  end if;
  return coalesce(new, old);
end
$$;
