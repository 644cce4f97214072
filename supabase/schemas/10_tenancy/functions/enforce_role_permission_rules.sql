-- Security definer because it reads the role of any organization: the row always gets the role's own organization, and
-- the policy then checks that.
create function private.enforce_role_permission_rules()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    return old;
  end if;
  new.organization_id := (select r.organization_id from public.roles r where r.id = new.role_id);
  if auth.uid() is not null and not exists (
    select from public.memberships m
    join public.role_permissions held on held.role_id = m.role_id and held.permission = new.permission
    where m.user_id = auth.uid() and m.organization_id = new.organization_id and m.status = 'active'
      and array_position(array['own', 'team', 'organization'], held.scope)
        >= array_position(array['own', 'team', 'organization'], new.scope)
  ) then
    perform private.problem(403, 'role_exceeds_own', 'You cannot grant a permission that you do not have.');
  end if;
  return new;
end
$$;
