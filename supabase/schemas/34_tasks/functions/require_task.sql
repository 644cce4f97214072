-- Whether one task is within the scope of the caller's permission. Security definer: see organizations_with.
create function private.task_in_scope(task public.tasks, permission text)
returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = task_in_scope.permission
    where m.user_id = auth.uid() and m.organization_id = task.organization_id and m.status = 'active'
      and (p.scope = 'organization' or m.user_id in (task.assigned_to, task.created_by)
        or (p.scope = 'team' and exists (
          select from public.memberships mate
          where mate.organization_id = m.organization_id and mate.team_id = m.team_id
            and mate.user_id in (task.assigned_to, task.created_by)))
        or exists (
          select from public.leads l
          where l.organization_id = task.organization_id and l.id = task.lead_id and l.deleted_at is null
            and private.lead_in_scope(l, task_in_scope.permission) and private.lead_in_scope(l, 'leads:read'))))
$$;

-- The task, locked for a change if asked; 403 and 404 as in require_lead. For security definer functions.
create function private.require_task(organization_id uuid, task_id uuid, permission text, locked boolean default false)
returns public.tasks
language plpgsql volatile set search_path = ''
as $$
declare
  task public.tasks;
begin
  perform private.require_scope(organization_id, permission);
  if locked then
    select * into task from public.tasks t
    where t.organization_id = require_task.organization_id and t.id = task_id and not t.lead_deleted for update;
  else
    select * into task from public.tasks t
    where t.organization_id = require_task.organization_id and t.id = task_id and not t.lead_deleted;
  end if;
  if task.id is null or not private.task_in_scope(task, 'tasks:read') then
    perform private.problem(404, 'not_found', 'There is no such task.');
  end if;
  if not private.task_in_scope(task, permission) then
    perform private.problem(403, 'permission_denied', 'This task is outside the scope of your permission '
      || permission || '.');
  end if;
  return task;
end
$$;
comment on function private.require_task is
  'A task that is visible to the caller and within the scope of the permission.';
