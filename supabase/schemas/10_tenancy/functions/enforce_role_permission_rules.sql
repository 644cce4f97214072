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
    -- Who gives somebody the role at the same time waits, and then sees what it became.
    perform from public.roles r where auth.uid() is not null and r.id = new.role_id for update;
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

-- Nobody gives a role that is held in other teams what they may not give there: by the scope team it would reach the
-- rows of these teams. Memberships that are being changed are waited for.
-- Security definer because the caller may not read all memberships.
create function private.enforce_role_reach()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if auth.uid() is null then
    return null;
  end if;
  perform from public.memberships m where m.role_id in (select n.role_id from new_rows n)
  order by m.user_id for share of m;
  if exists (
    select from (
      select distinct m.organization_id, m.role_id, m.team_id from public.memberships m
      where m.role_id in (select n.role_id from new_rows n)) held
    where not private.may_grant(held.organization_id, auth.uid(), held.role_id, held.team_id)) then
    perform private.problem(403, 'role_exceeds_own',
      'Somebody has this role in a team in which you could not give it to them.');
  end if;
  return null;
end
$$;
