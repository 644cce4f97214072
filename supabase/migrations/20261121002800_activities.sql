-- Tasks: what is to be done by whom until when, mostly about a lead. A task is reached by those whose it is (assigned to
-- or created by them), by who leads their team, and by those who see its lead. Tasks of deleted leads are nobody's.

alter table public.tasks
  add column remind_minutes_before integer default 30
    constraint tasks_remind_minutes check (remind_minutes_before between 0 and 43200),
  add column lead_deleted boolean not null default false,
  add constraint tasks_due_at_sane check (due_at between '2000-01-01 00:00+00' and '2200-01-01 00:00+00');
comment on column public.tasks.remind_minutes_before is 'How long before due_at the assignee is reminded; null: not at all.';
comment on column public.tasks.lead_deleted is 'Whether the lead is deleted. Kept here, so that lists and counts need not look at leads.';

create index tasks_listing on public.tasks (organization_id, created_at desc) include (lead_deleted);
create index tasks_by_status on public.tasks (organization_id, status, due_at) include (lead_deleted);

-- What follows from a task's own columns, whoever writes it: when it was completed, when to remind of it, its version.
-- The reminder is armed anew when the due time, the assignee or the state changes; being reminded is no change that people
-- make. Definer: reads leads, which writers of tasks need not see.
create function private.keep_task()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  open_now boolean := new.status in ('open', 'in_progress');
begin
  if tg_op = 'INSERT' or new.lead_id is distinct from old.lead_id then
    new.lead_deleted := exists (
      select from public.leads l
      where l.organization_id = new.organization_id and l.id = new.lead_id and l.deleted_at is not null);
  end if;
  new.completed_at := case when new.status = 'done' then coalesce(new.completed_at, now()) end;
  if tg_op = 'INSERT' or (new.due_at, new.remind_minutes_before, new.assigned_to, new.lead_deleted, open_now)
    is distinct from (old.due_at, old.remind_minutes_before, old.assigned_to, old.lead_deleted, old.status in ('open', 'in_progress')) then
    new.remind_at := case when open_now and not new.lead_deleted and new.assigned_to is not null
      then new.due_at - make_interval(mins => new.remind_minutes_before) end;
  end if;
  if tg_op = 'UPDATE' and (new.title, new.description, new.status, new.priority, new.due_at, new.remind_minutes_before,
      new.assigned_to, new.lead_id)
    is distinct from (old.title, old.description, old.status, old.priority, old.due_at, old.remind_minutes_before,
      old.assigned_to, old.lead_id) then
    new.version := old.version + 1;
    new.updated_at := now();
  end if;
  return new;
end
$$;
create trigger keep_task before insert or update on public.tasks
  for each row execute function private.keep_task();

-- Definer: writes tasks, which nobody may write directly.
create function private.hide_tasks_with_lead()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.tasks t set lead_deleted = new.deleted_at is not null
  where t.organization_id = new.organization_id and t.lead_id = new.id;
  return null;
end
$$;
create trigger hide_tasks after update of deleted_at on public.leads
  for each row when ((old.deleted_at is null) <> (new.deleted_at is null)) execute function private.hide_tasks_with_lead();

-- Definer: see organizations_with. Pairs in one text each: somebody may be of the caller's team here and not there.
create function private.team_mates(permission text)
returns text[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.organization_id || ' ' || m.user_id), '{}')
  from public.memberships m
  where m.team_id = any (private.teams_with(permission))
$$;
comment on function private.team_mates is
  'Who is in the teams whose rows the caller reaches by a permission of team scope: "organization_id user_id".';

alter policy "people read tasks as far as their permission reaches" on public.tasks
  using (not lead_deleted and organization_id = any ((select private.organizations_reached('tasks:read'))::uuid[]) and (
    organization_id = any ((select private.organizations_with('tasks:read'))::uuid[])
    or assigned_to = (select auth.uid()) or created_by = (select auth.uid())
    or organization_id || ' ' || assigned_to = any ((select private.team_mates('tasks:read'))::text[])
    or organization_id || ' ' || created_by = any ((select private.team_mates('tasks:read'))::text[])
    or exists (
      select from public.leads l
      where l.organization_id = tasks.organization_id and l.id = tasks.lead_id
        and (l.assigned_to = (select auth.uid()) or l.created_by = (select auth.uid())
          or l.team_id = any ((select private.teams_with('tasks:read'))::uuid[])))));

-- Whether one task is within the caller's permission. Definer: see organizations_with.
create function private.reaches_task(task public.tasks, permission text)
returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = reaches_task.permission
    where m.user_id = auth.uid() and m.organization_id = task.organization_id and m.status = 'active'
      and (p.scope = 'organization' or m.user_id in (task.assigned_to, task.created_by)
        or (p.scope = 'team' and exists (
          select from public.memberships mate
          where mate.organization_id = m.organization_id and mate.team_id = m.team_id
            and mate.user_id in (task.assigned_to, task.created_by)))
        or exists (
          select from public.leads l
          where l.organization_id = task.organization_id and l.id = task.lead_id and l.deleted_at is null
            and private.reaches(l, reaches_task.permission) and private.reaches(l, 'leads:read'))))
$$;

-- The task, locked for a change if asked: 403, 404 and 403 as require_lead. The caller is a definer function.
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
  if task.id is null or not private.reaches_task(task, 'tasks:read') then
    perform private.problem(404, 'not_found', 'There is no such task.');
  end if;
  if not private.reaches_task(task, permission) then
    perform private.problem(403, 'permission_denied', 'Your permission ' || permission || ' does not reach this task.');
  end if;
  return task;
end
$$;
comment on function private.require_task is 'A task that the caller may see and on which it holds the permission.';

-- How people call a lead.
create function private.lead_label(lead public.leads)
returns text
language sql immutable set search_path = ''
as $$
  select coalesce(nullif(lead.full_name, ''), lead.email, lead.phone)
$$;

-- A task as functions answer it. Definer functions call it, with the lead's name where the reader may know it.
create function private.task_json(task public.tasks, lead_name text)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(task) - array['organization_id', 'lead_deleted'] || jsonb_build_object(
    'lead_name', lead_name,
    'overdue', coalesce(task.status in ('open', 'in_progress') and task.due_at < now(), false),
    'assigned_to_name', (select p.full_name from public.profiles p where p.id = task.assigned_to),
    'created_by_name', (select p.full_name from public.profiles p where p.id = task.created_by))
$$;

create function private.task_json(task public.tasks)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.task_json(task, (
    select private.lead_label(l) from public.leads l
    where l.organization_id = task.organization_id and l.id = task.lead_id and private.reaches(l, 'leads:read')))
$$;

create function private.require_assignee(organization_id uuid, user_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not exists (
    select from public.memberships m
    where m.organization_id = require_assignee.organization_id and m.user_id = require_assignee.user_id and m.status = 'active'
  ) then
    perform private.problem(422, 'invalid_field', 'Tasks can only be given to active members.',
      '[{"path": "assigned_to", "message": "is not an active member"}]');
  end if;
end
$$;

-- Definer: tasks are written by functions only. The lead is locked, so that it cannot be deleted or merged meanwhile.
create function private.create_task(organization_id uuid, task jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  given record;
  created public.tasks;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'tasks:write');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  select * into given from jsonb_to_record(task) as r
    (lead_id uuid, title text, description text, priority text, due_at timestamptz, assigned_to uuid, remind_minutes_before integer);
  if given.lead_id is not null then
    perform private.require_lead(organization_id, given.lead_id, 'tasks:write', true);
  end if;
  given.assigned_to := coalesce(given.assigned_to, auth.uid());
  perform private.require_assignee(organization_id, given.assigned_to);
  insert into public.tasks
    (organization_id, lead_id, title, description, priority, due_at, assigned_to, remind_minutes_before, created_by)
  values (organization_id, given.lead_id, given.title, given.description, coalesce(given.priority, 'normal'), given.due_at,
    given.assigned_to, case when task ? 'remind_minutes_before' then given.remind_minutes_before else 30 end, auth.uid())
  returning * into created;
  return private.remember_response(organization_id, private.task_json(created));
end
$$;

create function private.get_task(organization_id uuid, task_id uuid)
returns jsonb
language sql volatile security definer set search_path = ''
as $$
  select private.task_json(private.require_task(organization_id, task_id, 'tasks:read'))
$$;

-- PATCH /tasks/{id}: { task }, or { stale } with the task as it is when the expected version has passed.
-- Definer: tasks are written by functions only.
create function private.update_task(organization_id uuid, task_id uuid, change jsonb, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  held public.tasks := private.require_task(organization_id, task_id, 'tasks:write', true);
  wanted public.tasks;
begin
  if held.version <> expected_version then
    return jsonb_build_object('stale', private.task_json(held));
  end if;
  wanted := jsonb_populate_record(held, (
    select jsonb_object_agg(c.key, c.value) from jsonb_each(change) c
    where c.key in ('title', 'description', 'status', 'priority', 'due_at', 'assigned_to', 'remind_minutes_before')));
  if wanted.assigned_to is distinct from held.assigned_to then
    perform private.require_assignee(organization_id, wanted.assigned_to);
  end if;
  update public.tasks t set title = wanted.title, description = wanted.description, status = wanted.status,
    priority = wanted.priority, due_at = wanted.due_at, assigned_to = wanted.assigned_to,
    remind_minutes_before = wanted.remind_minutes_before
  where t.id = held.id
  returning t.* into wanted;
  return jsonb_build_object('task', private.task_json(wanted));
end
$$;

-- Definer: tasks are written by functions only.
create function private.delete_task(organization_id uuid, task_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  held public.tasks := private.require_task(organization_id, task_id, 'tasks:write', true);
begin
  delete from public.tasks t where t.id = held.id;
  return;
end
$$;

create function public.create_task(organization_id uuid, task jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_task(organization_id, task)
$$;
comment on function public.create_task is 'Adds a task; repeats with the same Idempotency-Key answer alike.';

create function public.get_task(organization_id uuid, task_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.get_task(organization_id, task_id)
$$;
comment on function public.get_task is 'One task.';

create function public.update_task(organization_id uuid, task_id uuid, change jsonb, expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_task(organization_id, task_id, change, expected_version)
$$;
comment on function public.update_task is 'Changes a task if it still has the expected version: { task }, else { stale } with the task as it is.';

create function public.delete_task(organization_id uuid, task_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_task(organization_id, task_id)
$$;
comment on function public.delete_task is 'Deletes a task.';

grant execute on function private.team_mates(text), private.create_task(uuid, jsonb), private.get_task(uuid, uuid),
  private.update_task(uuid, uuid, jsonb, integer), private.delete_task(uuid, uuid) to authenticated;
grant execute on function public.create_task(uuid, jsonb), public.get_task(uuid, uuid),
  public.update_task(uuid, uuid, jsonb, integer), public.delete_task(uuid, uuid) to authenticated;
