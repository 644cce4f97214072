-- Organizations, people and what each may do. A person (auth.users, profiles) belongs to any number of organizations
-- through memberships; a membership has one role; a role is a set of permissions, each with a scope.
-- Every policy of the project asks private.organizations_with(permission): one array, computed once per statement.

create table public.organizations (
  id uuid primary key default private.uuid_v7(),
  name text not null constraint organizations_name_length check (char_length(btrim(name)) between 1 and 200),
  country text not null default 'GH' constraint organizations_country_iso check (country ~ '^[A-Z]{2}$'),
  time_zone text not null default 'Africa/Accra'
    constraint organizations_time_zone_known check (private.is_time_zone(time_zone)),
  currency text not null default 'GHS' constraint organizations_currency_iso check (currency ~ '^[A-Z]{3}$'),
  quiet_hours_start time default '21:00',
  quiet_hours_end time default '08:00',
  uncertain_service text not null default 'resend'
    constraint organizations_uncertain_service check (uncertain_service in ('resend', 'hold')),
  uncertain_marketing text not null default 'hold'
    constraint organizations_uncertain_marketing check (uncertain_marketing in ('resend', 'hold')),
  message_retention_months integer not null default 24
    constraint organizations_message_retention check (message_retention_months between 1 and 120),
  audit_retention_months integer not null default 84
    constraint organizations_audit_retention check (audit_retention_months between 12 and 120),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint organizations_quiet_hours_pair check ((quiet_hours_start is null) = (quiet_hours_end is null)),
  constraint organizations_quiet_hours_differ check (quiet_hours_start is distinct from quiet_hours_end
    or quiet_hours_start is null)
);
comment on table public.organizations is 'A tenant: its place, money, quiet hours and what to do with messages in doubt.';
comment on column public.organizations.quiet_hours_start is
  'Local time from which nothing is sent until quiet_hours_end; null for no quiet hours.';
comment on column public.organizations.uncertain_service is
  'What becomes of a service message of which nobody can say whether the provider took it.';

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  email text not null,
  full_name text not null default '' constraint profiles_full_name_length check (char_length(full_name) <= 200),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.profiles is 'A person, one row per auth.users. Belongs to no organization: memberships say to which.';

create table public.teams (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null constraint teams_name_length check (char_length(btrim(name)) between 1 and 100),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint teams_organization_key unique (organization_id, id),
  constraint teams_name_unique unique (organization_id, name)
);
comment on table public.teams is 'People who work together; the "team" scope of a permission means the members of one''s team.';

create table public.roles (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid references public.organizations (id) on delete cascade,
  key text not null constraint roles_key_form check (key ~ '^[a-z][a-z0-9_]{1,49}$'),
  name text not null constraint roles_name_length check (char_length(btrim(name)) between 1 and 100),
  description text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint roles_key_unique unique nulls not distinct (organization_id, key)
);
comment on table public.roles is 'A set of permissions. Without organization it is a system role, which nobody can change.';

create table private.permissions (
  name text primary key constraint permissions_name_form check (name ~ '^[a-z_]+:[a-z_]+$'),
  description text not null
);
comment on table private.permissions is 'Every permission there is; role_permissions can name no other.';

create table public.role_permissions (
  id uuid primary key default private.uuid_v7(),
  role_id uuid not null references public.roles (id) on delete cascade,
  organization_id uuid references public.organizations (id) on delete cascade,
  permission text not null references private.permissions (name) on update cascade,
  scope text not null default 'organization'
    constraint role_permissions_scope check (scope in ('own', 'team', 'organization')),
  constraint role_permissions_once unique (role_id, permission)
);
comment on table public.role_permissions is 'What a role may do, and how far: its own rows, its team''s or the organization''s.';

create table public.memberships (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  role_id uuid not null references public.roles (id),
  team_id uuid,
  status text not null default 'active' constraint memberships_status check (status in ('active', 'suspended')),
  is_default boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint memberships_once unique (organization_id, user_id),
  constraint memberships_team foreign key (organization_id, team_id)
    references public.teams (organization_id, id) on delete set null (team_id)
);
comment on table public.memberships is 'Who belongs to which organization, as what. Suspended or gone means: no access, at once.';

create table public.invitations (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  email text not null constraint invitations_email_form check (email = lower(email) and email ~ '^[^@\s]+@[^@\s]+$'),
  role_id uuid not null references public.roles (id),
  team_id uuid,
  token_hash text not null constraint invitations_token_unique unique,
  invited_by uuid references public.profiles (id) on delete set null,
  expires_at timestamptz not null default now() + interval '7 days',
  accepted_at timestamptz,
  accepted_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint invitations_team foreign key (organization_id, team_id)
    references public.teams (organization_id, id) on delete set null (team_id)
);
comment on table public.invitations is 'An offer of membership. Only the SHA-256 of its token is kept; the token is shown once.';

create index roles_organization on public.roles (organization_id);
create index role_permissions_organization on public.role_permissions (organization_id);
create index role_permissions_permission on public.role_permissions (permission);
create index memberships_user on public.memberships (user_id, organization_id);
create index memberships_role on public.memberships (role_id);
create index memberships_team on public.memberships (organization_id, team_id);
create unique index memberships_one_default on public.memberships (user_id) where is_default;
create index invitations_organization on public.invitations (organization_id, created_at desc);
create index invitations_role on public.invitations (role_id);
create index invitations_team on public.invitations (organization_id, team_id);
create index invitations_invited_by on public.invitations (invited_by);
create index invitations_accepted_by on public.invitations (accepted_by);
create unique index invitations_one_open on public.invitations (organization_id, email) where accepted_at is null;

-- Definer: it reads memberships and role_permissions, whose own policies ask this very function.
-- With an X-Organization-Id header the answer is that organization or nothing, and a caller who is not an active
-- member of it is refused outright: a function that still remembers a suspended person gets 403, not an empty list.
-- It runs in every statement, so it calls no helpers: each change of search_path costs more than the query.
create function private.organizations_with(permission text, scope text default 'organization')
returns uuid[]
language plpgsql stable security definer set search_path = ''
as $$
declare
  caller uuid := auth.uid();
  header text := nullif(nullif(current_setting('request.headers', true), '')::json ->> 'x-organization-id', '');
  wanted uuid;
  held uuid[];
  memberships integer := 0;
begin
  if header is null or header ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    wanted := header::uuid;
    select coalesce(array_agg(m.organization_id) filter (where p.id is not null), '{}'), count(*)
    into held, memberships
    from public.memberships m
    left join public.role_permissions p on p.role_id = m.role_id
      and p.permission = organizations_with.permission and p.scope = organizations_with.scope
    where m.user_id = caller and m.status = 'active' and (wanted is null or m.organization_id = wanted);
  end if;
  if memberships = 0 and header is not null and caller is not null then
    perform private.problem(403, 'not_a_member', 'You are not an active member of this organization.');
  end if;
  return coalesce(held, '{}');
end
$$;
comment on function private.organizations_with is
  'The organizations in which the caller holds the permission with just that scope.';

-- Definer: see organizations_with. All organizations the caller belongs to, whatever its role.
create function private.my_organizations()
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.organization_id), '{}')
  from public.memberships m
  where m.user_id = (select auth.uid()) and m.status = 'active'
$$;

-- Definer: see organizations_with. The people the caller shares an organization with.
create function private.my_colleagues()
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(distinct m.user_id), '{}')
  from public.memberships m
  where m.organization_id = any (private.my_organizations())
$$;

-- Definer: see organizations_with. Answers 403 with the permission's name where the caller lacks it.
create function private.require_permission(organization_id uuid, permission text)
returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if organization_id = any (private.organizations_with(permission)) then
    return;
  end if;
  if organization_id = any (private.my_organizations()) then
    perform private.problem(403, 'permission_denied', 'Your role lacks the permission ' || permission || '.');
  end if;
  perform private.problem(403, 'not_a_member', 'You are not an active member of this organization.');
end
$$;

-- The caller as functions know it: organization, role, permissions. Definer: it must find memberships by user alone.
create function private.actor(wanted uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  chosen record;
begin
  select m.organization_id, m.role_id, m.team_id, r.key as role, o.name, o.country, o.time_zone, o.currency,
    count(*) over () as memberships, m.is_default
  into chosen
  from public.memberships m
  join public.roles r on r.id = m.role_id
  join public.organizations o on o.id = m.organization_id
  where m.user_id = auth.uid() and m.status = 'active' and (wanted is null or m.organization_id = wanted)
  order by m.is_default desc, m.created_at
  limit 1;
  if chosen is null then
    perform private.problem(403, 'not_a_member', 'You are not an active member of this organization.');
  end if;
  if wanted is null and chosen.memberships > 1 and not chosen.is_default then
    perform private.problem(400, 'organization_required',
      'You belong to several organizations: name one in the X-Organization-Id header.');
  end if;
  return jsonb_build_object(
    'user_id', auth.uid(),
    'organization_id', chosen.organization_id,
    'role', chosen.role,
    'team_id', chosen.team_id,
    'organization', jsonb_build_object(
      'id', chosen.organization_id, 'name', chosen.name, 'country', chosen.country,
      'time_zone', chosen.time_zone, 'currency', chosen.currency),
    'permissions', (
      select coalesce(jsonb_object_agg(p.permission, p.scope), '{}')
      from public.role_permissions p where p.role_id = chosen.role_id
    )
  );
end
$$;

create function public.actor(organization_id uuid default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.actor(organization_id)
$$;
comment on function public.actor is 'The caller in one organization: user, role, permissions with their scopes.';

-- Everything GET /auth/me answers. Definer: see actor.
create function private.me(wanted uuid)
returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object(
    'profile', (
      select jsonb_build_object('id', p.id, 'email', p.email, 'full_name', p.full_name, 'created_at', p.created_at)
      from public.profiles p where p.id = auth.uid()
    ),
    'memberships', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'organization_id', m.organization_id, 'organization_name', o.name, 'role', r.key, 'status', m.status,
        'is_default', m.is_default) order by m.created_at), '[]')
      from public.memberships m
      join public.organizations o on o.id = m.organization_id
      join public.roles r on r.id = m.role_id
      where m.user_id = auth.uid()
    ),
    'actor', case
      when wanted is not null
        or (select count(*) = 1 or bool_or(m.is_default) from public.memberships m
            where m.user_id = auth.uid() and m.status = 'active')
      then private.actor(wanted)
    end
  )
$$;

create function public.me(organization_id uuid default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.me(organization_id)
$$;

-- Membership is where rights are won, so it is guarded below every path that leads to it: an organization always keeps
-- an active admin, a role is the system's or the organization's own, and nobody hands out more than they hold.
create function private.guard_membership()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  admin_role uuid := (select r.id from public.roles r where r.organization_id is null and r.key = 'admin');
begin
  if tg_op <> 'DELETE' then
    if not exists (
      select from public.roles r
      where r.id = new.role_id and (r.organization_id is null or r.organization_id = new.organization_id)
    ) then
      perform private.problem(422, 'unknown_role', 'There is no such role in this organization.');
    end if;
    if tg_op = 'UPDATE' and new.role_id <> old.role_id and auth.uid() is not null then
      perform private.require_grantable(new.organization_id, new.role_id);
    end if;
  end if;
  if tg_op <> 'INSERT' and auth.uid() is not null then
    perform private.require_grantable(old.organization_id, old.role_id);
  end if;
  if tg_op <> 'INSERT' and old.role_id = admin_role and old.status = 'active'
    and (tg_op = 'DELETE' or new.role_id <> admin_role or new.status <> 'active') then
    -- The lock makes two admins who remove each other at once come one after the other. No row: it is being deleted.
    perform from public.organizations o where o.id = old.organization_id for update;
    if found and not exists (
      select from public.memberships m
      where m.organization_id = old.organization_id and m.id <> old.id
        and m.role_id = admin_role and m.status = 'active'
    ) then
      perform private.problem(409, 'last_admin', 'An organization keeps at least one active admin.');
    end if;
  end if;
  return coalesce(new, old);
end
$$;

-- Definer: it compares two roles' permissions, which the caller may not all read.
create function private.may_grant(organization_id uuid, granted_role uuid)
returns boolean
language sql stable security definer set search_path = ''
as $$
  select not exists (
    select from public.role_permissions wanted
    where wanted.role_id = granted_role and not exists (
      select from public.memberships m
      join public.role_permissions held on held.role_id = m.role_id
      where m.user_id = auth.uid() and m.organization_id = may_grant.organization_id and m.status = 'active'
        and held.permission = wanted.permission
        and array_position(array['own', 'team', 'organization'], held.scope)
          >= array_position(array['own', 'team', 'organization'], wanted.scope)
    )
  )
$$;

create function private.require_grantable(organization_id uuid, granted_role uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not private.may_grant(organization_id, granted_role) then
    perform private.problem(403, 'role_exceeds_own', 'This role may do more than yours: you cannot give it or take it.');
  end if;
end
$$;

create function private.guard_role()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  if coalesce(old.organization_id, new.organization_id) is null and current_user in ('authenticated', 'service_role') then
    perform private.problem(403, 'system_role', 'System roles cannot be changed or deleted.');
  end if;
  if tg_op <> 'DELETE' and new.organization_id is not null
    and exists (select from public.roles r where r.organization_id is null and r.key = new.key) then
    perform private.problem(409, 'system_role', 'A system role has this key.');
  end if;
  return coalesce(new, old);
end
$$;

-- Definer: it reads the role whatever its organization, so that the row always carries the role's own organization
-- and the policy then judges that.
create function private.guard_role_permission()
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
    perform private.problem(403, 'role_exceeds_own', 'You cannot give a role a permission that you lack.');
  end if;
  return new;
end
$$;

create trigger guard before insert or update or delete on public.memberships
  for each row execute function private.guard_membership();
create trigger guard before insert or update or delete on public.roles
  for each row execute function private.guard_role();
create trigger guard before insert or update or delete on public.role_permissions
  for each row execute function private.guard_role_permission();

create trigger touch before update on public.organizations
  for each row execute function private.touch_updated_at();
create trigger touch before update on public.profiles
  for each row execute function private.touch_updated_at();
create trigger touch before update on public.teams
  for each row execute function private.touch_updated_at();
create trigger touch before update on public.roles
  for each row execute function private.touch_updated_at();
create trigger touch before update on public.memberships
  for each row execute function private.touch_updated_at();

alter table public.organizations enable row level security;
alter table public.profiles enable row level security;
alter table public.teams enable row level security;
alter table public.roles enable row level security;
alter table public.role_permissions enable row level security;
alter table public.memberships enable row level security;
alter table public.invitations enable row level security;

create policy "members read their organizations" on public.organizations for select to authenticated
  using (id = any ((select private.my_organizations())::uuid[]));
create policy "admins change their organization" on public.organizations for update to authenticated
  using (id = any ((select private.organizations_with('organization:update'))::uuid[]))
  with check (id = any ((select private.organizations_with('organization:update'))::uuid[]));

create policy "people read themselves and their colleagues" on public.profiles for select to authenticated
  using (id = (select auth.uid()) or id = any ((select private.my_colleagues())::uuid[]));
create policy "people change themselves" on public.profiles for update to authenticated
  using (id = (select auth.uid())) with check (id = (select auth.uid()));

create policy "members read their teams" on public.teams for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));
create policy "admins add teams" on public.teams for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));
create policy "admins change teams" on public.teams for update to authenticated
  using (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));
create policy "admins delete teams" on public.teams for delete to authenticated
  using (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));

create policy "everyone reads system roles, members their organization's" on public.roles for select to authenticated
  using (organization_id is null or organization_id = any ((select private.my_organizations())::uuid[]));
create policy "admins add roles" on public.roles for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]));
create policy "admins change roles" on public.roles for update to authenticated
  using (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]));
create policy "admins delete roles" on public.roles for delete to authenticated
  using (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]));

create policy "everyone reads system permissions, members their organization's" on public.role_permissions
  for select to authenticated
  using (organization_id is null or organization_id = any ((select private.my_organizations())::uuid[]));
create policy "admins add permissions to their roles" on public.role_permissions for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]));
create policy "admins change permissions of their roles" on public.role_permissions for update to authenticated
  using (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]));
create policy "admins take permissions from their roles" on public.role_permissions for delete to authenticated
  using (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]));

create policy "people read their memberships, others as permitted" on public.memberships
  for select to authenticated
  using (user_id = (select auth.uid())
    or organization_id = any ((select private.organizations_with('members:read'))::uuid[]));
create policy "admins change memberships" on public.memberships for update to authenticated
  using (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));
create policy "admins remove members" on public.memberships for delete to authenticated
  using (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));

create policy "admins read invitations" on public.invitations for select to authenticated
  using (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));
create policy "admins withdraw invitations" on public.invitations for delete to authenticated
  using (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));

revoke all on public.organizations, public.profiles, public.teams, public.roles, public.role_permissions,
  public.memberships, public.invitations from public, anon, authenticated, service_role;
grant select on public.organizations, public.profiles, public.teams, public.roles, public.role_permissions,
  public.memberships to authenticated;
grant update (name, country, time_zone, currency, quiet_hours_start, quiet_hours_end, uncertain_service,
  uncertain_marketing, message_retention_months, audit_retention_months) on public.organizations to authenticated;
grant update (full_name) on public.profiles to authenticated;
grant insert (organization_id, name), update (name), delete on public.teams to authenticated;
grant insert (organization_id, key, name, description), update (name, description), delete on public.roles to authenticated;
grant insert (role_id, permission, scope), update (scope), delete on public.role_permissions to authenticated;
grant update (role_id, team_id, status), delete on public.memberships to authenticated;
grant select (id, organization_id, email, role_id, team_id, invited_by, expires_at, accepted_at, accepted_by, created_at),
  delete on public.invitations to authenticated;
grant select on public.organizations, public.profiles, public.teams, public.roles, public.role_permissions,
  public.memberships to service_role;

grant execute on function
  private.organizations_with(text, text), private.my_organizations(),
  private.my_colleagues(), private.require_permission(uuid, text), private.actor(uuid), private.me(uuid)
to authenticated;
grant execute on function public.actor(uuid), public.me(uuid) to authenticated;
