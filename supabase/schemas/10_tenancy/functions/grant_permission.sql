-- How later migrations hand a new permission to the system roles.
create function private.grant_permission(permission text, description text, role_keys text[], scope text default 'organization')
returns void
language sql set search_path = ''
as $$
  insert into private.permissions (name, description) values (permission, description) on conflict (name) do nothing;
  insert into public.role_permissions (role_id, permission, scope)
  select r.id, grant_permission.permission, grant_permission.scope
  from public.roles r where r.organization_id is null and r.key = any (role_keys)
  on conflict on constraint role_permissions_once do nothing
$$;
comment on function private.grant_permission is 'For migrations: defines a permission and gives it to system roles.';
