-- Permissions with a reach. `organizations_with` answers for the whole organization; here are the narrower scopes: the
-- rows of the caller's team, and the caller's own. A team's permission reaches its holder's own rows too.

-- The permissions of leads and of what hangs under them. LMT's "SDR" and "assignee" are counselors.
select private.grant_permission('leads:read', 'See leads, their people and history', array['admin', 'campaign_manager', 'viewer']);
select private.grant_permission('leads:read', '', array['manager'], 'team');
select private.grant_permission('leads:read', '', array['counselor'], 'own');
select private.grant_permission('leads:write', 'Add and change leads, move them through the pipeline', array['admin', 'campaign_manager']);
select private.grant_permission('leads:write', '', array['manager'], 'team');
select private.grant_permission('leads:write', '', array['counselor'], 'own');
select private.grant_permission('leads:delete', 'Delete, restore and merge leads', array['admin', 'campaign_manager']);
select private.grant_permission('leads:delete', '', array['manager'], 'team');
select private.grant_permission('leads:assign', 'Assign leads to people', array['admin', 'campaign_manager']);
select private.grant_permission('leads:assign', '', array['manager'], 'team');
select private.grant_permission('leads:duplicate', 'Add a lead although there is one with its phone number or e-mail address',
  array['admin', 'manager', 'campaign_manager']);
select private.grant_permission('leads:import', 'Import leads from files', array['admin', 'manager', 'campaign_manager']);
select private.grant_permission('leads:export', 'Export leads to files', array['admin', 'campaign_manager']);
select private.grant_permission('leads:export', '', array['manager'], 'team');
select private.grant_permission('leads:hold', 'Be given leads', array['admin', 'manager', 'counselor', 'campaign_manager']);
select private.grant_permission('leads:configure', 'Change the lead fields, the stages, the calendar and the lead settings', array['admin']);
select private.grant_permission('interactions:read', 'See what was said with leads', array['admin', 'campaign_manager', 'viewer']);
select private.grant_permission('interactions:read', '', array['manager'], 'team');
select private.grant_permission('interactions:read', '', array['counselor'], 'own');
select private.grant_permission('interactions:write', 'Log interactions with leads', array['admin', 'campaign_manager']);
select private.grant_permission('interactions:write', '', array['manager'], 'team');
select private.grant_permission('interactions:write', '', array['counselor'], 'own');
select private.grant_permission('tasks:read', 'See tasks', array['admin', 'campaign_manager', 'viewer']);
select private.grant_permission('tasks:read', '', array['manager'], 'team');
select private.grant_permission('tasks:read', '', array['counselor'], 'own');
select private.grant_permission('tasks:write', 'Add, change and delete tasks', array['admin', 'campaign_manager']);
select private.grant_permission('tasks:write', '', array['manager'], 'team');
select private.grant_permission('tasks:write', '', array['counselor'], 'own');
select private.grant_permission('dashboard:read', 'See the figures of leads', array['admin', 'campaign_manager', 'viewer']);
select private.grant_permission('dashboard:read', '', array['manager'], 'team');
select private.grant_permission('dashboard:read', '', array['counselor'], 'own');
select private.grant_permission('emails:manage', 'See the e-mails that were sent and send failed ones again', array['admin']);

-- Definer: see organizations_with.
create function private.organizations_reached(permission text)
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select private.organizations_with(permission) || private.organizations_with(permission, 'team')
    || private.organizations_with(permission, 'own')
$$;
comment on function private.organizations_reached is
  'The organizations in which the caller holds the permission with whatever scope: at least its own rows are within reach.';

-- Definer: see organizations_with.
create function private.teams_with(permission text)
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.team_id), '{}')
  from public.memberships m
  where m.user_id = (select auth.uid()) and m.status = 'active' and m.team_id is not null
    and m.organization_id = any ((select private.organizations_with(permission, 'team'))::uuid[])
$$;
comment on function private.teams_with is 'The teams whose rows the caller reaches by a permission of team scope.';

-- How far the caller's permission reaches in an organization: own, team or organization. Answers 403 where it lacks it.
-- Definer: see organizations_with.
create function private.require_scope(organization_id uuid, permission text)
returns text
language plpgsql stable security definer set search_path = ''
as $$
declare
  held text;
begin
  select p.scope into held
  from public.memberships m
  join public.role_permissions p on p.role_id = m.role_id and p.permission = require_scope.permission
  where m.user_id = auth.uid() and m.organization_id = require_scope.organization_id and m.status = 'active';
  if held is null or coalesce(private.request_header('x-organization-id'), organization_id::text) <> organization_id::text then
    -- Which of the two it is, the other function says.
    perform private.require_permission(organization_id, permission);
  end if;
  return held;
end
$$;
comment on function private.require_scope is 'The scope of the caller''s permission in this organization; 403 without it.';

grant execute on function private.organizations_reached(text), private.teams_with(text), private.require_scope(uuid, text)
  to authenticated;
