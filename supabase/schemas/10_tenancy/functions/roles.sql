create function private.role_json(role public.roles, organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', role.id, 'key', role.key, 'name', role.name, 'description', role.description,
    'is_system', role.organization_id is null, 'permissions', (
      select coalesce(jsonb_object_agg(p.permission, p.scope order by p.permission), '{}')
      from public.role_permissions p where p.role_id = role.id),
    'members', (
      select count(*) from public.memberships m
      where m.organization_id = role_json.organization_id and m.role_id = role.id and not m.is_service),
    'created_at', role.created_at, 'updated_at', role.updated_at)
$$;

-- Security definer because it counts members.
create function private.list_roles(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'members:read');
  return (
    select jsonb_agg(private.role_json(r, list_roles.organization_id)
      order by r.organization_id nulls first, case when r.organization_id is null then r.id::text end, lower(r.name))
    from public.roles r
    where r.organization_id is null or r.organization_id = list_roles.organization_id);
end
$$;
grant execute on function private.list_roles(uuid) to authenticated;

create function public.list_roles(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_roles(organization_id)
$$;
comment on function public.list_roles is 'The system roles and the organization''s own, with permissions and members.';
grant execute on function public.list_roles(uuid) to authenticated;

-- The role of the organization, locked until the transaction ends: a concurrent change, or somebody who is given the
-- role, waits.
create function private.require_own_role(organization_id uuid, role_id uuid)
returns public.roles
language plpgsql set search_path = ''
as $$
declare
  role public.roles;
begin
  select * into role from public.roles r
  where r.id = role_id and (r.organization_id is null or r.organization_id = require_own_role.organization_id);
  if role.id is null then
    perform private.problem(404, 'not_found', 'There is no such role.');
  elsif role.organization_id is null then
    perform private.problem(409, 'system_role', 'System roles cannot be changed or deleted.');
  end if;
  select * into role from public.roles r where r.id = role_id for update;
  if role.id is null then
    perform private.problem(404, 'not_found', 'There is no such role.');
  end if;
  return role;
end
$$;

-- A key that is free in the organization, made of the role's name.
create function private.free_role_key(organization_id uuid, name text)
returns text
language sql stable set search_path = ''
as $$
  with base as (
    select left(case when k ~ '^[a-z][a-z0-9_]' then k else 'role_' || k end, 45) as key
    from (select btrim(regexp_replace(lower(name), '[^a-z0-9]+', '_', 'g'), '_') as k) words
  )
  select c.key from base b
  cross join lateral (
    select n, case n when 1 then b.key else b.key || '_' || n end as key from generate_series(1, 200) n
  ) c
  where not exists (
    select from public.roles r
    where r.key = c.key and (r.organization_id is null or r.organization_id = free_role_key.organization_id))
  order by c.n limit 1
$$;

-- Makes the permissions of a role exactly these: { permission: scope }. The trigger on role_permissions refuses each
-- difference that the caller may not make.
create function private.replace_role_permissions(role_id uuid, permissions jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  wrong text;
begin
  perform private.require_valid(jsonb_typeof(permissions) = 'object', 'permissions', 'must be an object');
  select e.key into wrong from jsonb_each(permissions) e
  where not exists (select from private.permissions p where p.name = e.key)
    or e.value not in ('"own"', '"team"', '"organization"')
  limit 1;
  perform private.require_valid(wrong is null, 'permissions.' || wrong, 'is not a permission with a scope');
  delete from public.role_permissions p
  where p.role_id = replace_role_permissions.role_id and not permissions ? p.permission;
  update public.role_permissions p set scope = permissions ->> p.permission
  where p.role_id = replace_role_permissions.role_id and p.scope <> permissions ->> p.permission;
  insert into public.role_permissions (role_id, permission, scope)
  select replace_role_permissions.role_id, e.key, e.value from jsonb_each_text(permissions) e
  where not exists (
    select from public.role_permissions p
    where p.role_id = replace_role_permissions.role_id and p.permission = e.key);
end
$$;

create function private.insert_role(organization_id uuid, role jsonb)
returns uuid
language plpgsql set search_path = ''
as $$
declare
  created uuid;
begin
  perform private.require_valid(role ->> 'key' is null or role ->> 'key' ~ '^[a-z][a-z0-9_]{1,49}$', 'key',
    'must be lower-case letters, digits and _');
  insert into public.roles (organization_id, key, name, description)
  values (organization_id, coalesce(role ->> 'key', private.free_role_key(organization_id, role ->> 'name')),
    btrim(role ->> 'name'), coalesce(btrim(role ->> 'description'), ''))
  returning id into created;
  return created;
exception when unique_violation then
  perform private.problem(409, 'already_exists', 'There is already a role with this key.');
  return null;
end
$$;

-- role: { key?, name, description?, permissions? } for a new one; without role_id it is created. key never changes.
-- Security definer because the catalogue of permissions may not be read directly.
create function private.save_role(organization_id uuid, role jsonb, role_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  saved public.roles;
begin
  perform private.require_permission(organization_id, 'roles:manage');
  perform private.require_valid(jsonb_typeof(role) = 'object' and role <> '{}', '', 'must have a field');
  perform private.require_valid(case when role ? 'name' or role_id is null
    then char_length(btrim(role ->> 'name')) between 1 and 100 and private.is_plain(role ->> 'name') else true end,
    'name', 'must be one line of 1 to 100 characters');
  perform private.require_valid(coalesce(char_length(role ->> 'description') <= 500
    and private.is_plain(role ->> 'description'), true), 'description', 'must be one line of at most 500 characters');
  if role_id is null then
    role_id := private.insert_role(organization_id, role);
  else
    perform private.require_own_role(organization_id, role_id);
    update public.roles r set name = coalesce(btrim(role ->> 'name'), r.name),
      description = coalesce(btrim(role ->> 'description'), r.description)
    where r.id = role_id;
  end if;
  if role ? 'permissions' then
    perform private.replace_role_permissions(role_id, role -> 'permissions');
  end if;
  select * into saved from public.roles r where r.id = role_id;
  return private.role_json(saved, organization_id);
end
$$;
grant execute on function private.save_role(uuid, jsonb, uuid) to authenticated;

create function public.save_role(organization_id uuid, role jsonb, role_id uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.save_role(organization_id, role, role_id)
$$;
comment on function public.save_role is
  'Creates a role of the organization, or changes one: { key?, name, description?, permissions?: { name: scope } }.';
grant execute on function public.save_role(uuid, jsonb, uuid) to authenticated;

-- Keeps the role that replaces another from being deleted until the transaction ends.
create function private.keep_role(replacement uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform from public.roles r where r.id = replacement for key share;
  if not found then
    perform private.problem(422, 'unknown_role', 'There is no such role in this organization.');
  end if;
end
$$;

-- Locks a role that is to be deleted and its replacement in the order of their ids, so that two deletions that replace
-- each other's role wait instead of deadlocking. The replacement may still be given to people meanwhile.
create function private.lock_roles(organization_id uuid, role_id uuid, replacement uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  if replacement < role_id then
    perform private.keep_role(replacement);
  end if;
  perform private.require_own_role(organization_id, role_id);
  if replacement > role_id then
    perform private.keep_role(replacement);
  end if;
end
$$;

-- replace_with: the key of the role that its holders get; without it a role in use is kept. Invitations that were
-- accepted are only history and go with the role.
-- Security definer because memberships and invitations of others change.
create function private.delete_role(organization_id uuid, role_id uuid, replace_with text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  replacement uuid;
  people uuid[];
  in_use jsonb;
begin
  perform private.require_permission(organization_id, 'roles:manage');
  if replace_with is not null then
    replacement := private.role_id(organization_id, replace_with);
    perform private.require_valid(replacement <> role_id, 'replace_with', 'must be another role');
  end if;
  perform private.lock_roles(organization_id, role_id, replacement);
  people := array(
    select m.user_id from public.memberships m
    where m.organization_id = delete_role.organization_id and m.role_id = delete_role.role_id);
  in_use := private.membership_numbers(organization_id, people) || jsonb_build_object('invitations', (
    select count(*) from public.invitations i where i.role_id = delete_role.role_id and i.accepted_at is null));
  if replace_with is null and (cardinality(people) > 0 or in_use ->> 'invitations' <> '0') then
    perform private.problem(409, 'role_in_use', 'People or API keys have this role. Name their next role in replace_with.',
      in_use);
  end if;
  if replace_with is not null then
    perform private.require_grantable(organization_id, replacement, null);
    perform private.lock_memberships(organization_id, people);
    update public.memberships m set role_id = replacement
    where m.organization_id = delete_role.organization_id and m.role_id = delete_role.role_id;
    update public.invitations i set role_id = replacement
    where i.role_id = delete_role.role_id and i.accepted_at is null;
  end if;
  delete from public.invitations i where i.role_id = delete_role.role_id;
  delete from public.roles r where r.id = delete_role.role_id;
end
$$;
grant execute on function private.delete_role(uuid, uuid, text) to authenticated;

create function public.delete_role(organization_id uuid, role_id uuid, replace_with text default null)
returns void
language sql set search_path = ''
as $$
  select private.delete_role(organization_id, role_id, replace_with)
$$;
comment on function public.delete_role is
  'Deletes a role of the organization; replace_with is the key of the role that its holders get.';
grant execute on function public.delete_role(uuid, uuid, text) to authenticated;
