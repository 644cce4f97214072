-- What the tasks function calls: each is one round trip.

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

-- Tasks as functions answer them, in the order of their ids, with the names of the leads that the caller may see.
-- One call for a page: a call for each row costs more than reading it. Definer functions call it.
create function private.task_rows(organization_id uuid, ids uuid[])
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  me uuid := auth.uid();
  team uuid;
  held text;
begin
  select p.scope, m.team_id into held, team
  from public.memberships m
  join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:read'
  where m.organization_id = task_rows.organization_id and m.user_id = me and m.status = 'active';
  return (
    select coalesce(jsonb_agg(to_jsonb(t) - array['organization_id', 'lead_deleted'] || jsonb_build_object(
        'lead_name', coalesce(nullif(x.full_name, ''), x.email, x.phone),
        'overdue', coalesce(t.status in ('open', 'in_progress') and t.due_at < now(), false),
        'assigned_to_name', a.full_name, 'created_by_name', c.full_name) order by p.n), '[]')
    from unnest(ids) with ordinality p (id, n)
    join public.tasks t on t.id = p.id
    left join public.profiles a on a.id = t.assigned_to
    left join public.profiles c on c.id = t.created_by
    left join public.leads x on x.id = t.lead_id and (held = 'organization'
      or (held = 'team' and x.team_id = team) or (held is not null and me in (x.assigned_to, x.created_by))));
end
$$;

create function private.task_json(task public.tasks)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.task_rows(task.organization_id, array[task.id]) -> 0
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

-- The caller's reach as conditions on tasks `x`, one for each way to reach a task; no task meets two of them. One condition
-- with "or" would have no index to use. Definer functions call it, with a permission that they have required.
create function private.task_reach(organization_id uuid, permission text)
returns text[]
language plpgsql stable set search_path = ''
as $$
declare
  scope text := private.require_scope(organization_id, permission);
  base text := format('x.organization_id = %L and not x.lead_deleted', organization_id);
  people uuid[] := array[auth.uid()];
  seen text;
  leads text;
begin
  if scope = 'organization' then
    return array[base];
  end if;
  -- Branch by branch, and without a condition that says the same again, the indexes alone tell the leads.
  seen := private.reach_if_any(organization_id, 'leads:read');
  if seen = private.reach(organization_id, permission) then
    seen := 'true';
  end if;
  select string_agg(format('select x.id from public.leads x where x.organization_id = %L and x.deleted_at is null and %s and %s',
    task_reach.organization_id, b, seen), ' union all ')
  into leads
  from unnest(private.reach_branches(organization_id, permission)) b;
  if scope = 'team' then
    people := people || array(
      select mate.user_id from public.memberships mate
      join public.memberships m on m.organization_id = mate.organization_id and m.team_id = mate.team_id
      where m.organization_id = task_reach.organization_id and m.user_id = auth.uid() and mate.user_id <> auth.uid());
  end if;
  return array[
    format('%s and x.assigned_to = any (%L)', base, people),
    format('%1$s and x.created_by = any (%2$L) and (x.assigned_to = any (%2$L)) is not true', base, people),
    format('%1$s and (x.assigned_to = any (%2$L)) is not true and (x.created_by = any (%2$L)) is not true and x.lead_id in (%3$s)',
      base, people, leads)];
end
$$;

-- As private.reach; nothing is within reach without the permission, which is no error here.
create function private.reach_if_any(organization_id uuid, permission text)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  if organization_id = any (private.organizations_reached(permission)) then
    return private.reach(organization_id, permission);
  end if;
  return 'false';
end
$$;

create function private.task_filters(filters jsonb)
returns text
language sql stable set search_path = ''
as $$
  select private.conditions(filters, '{
      "lead_id": ["lead_id", "=", "uuid"], "status": ["status", "=", "text"], "priority": ["priority", "=", "text"],
      "due_before": ["due_at", "<", "timestamptz"], "due_after": ["due_at", ">=", "timestamptz"]}')
    || case filters ->> 'assigned_to'
      when 'none' then ' and x.assigned_to is null'
      when 'me' then format(' and x.assigned_to = %L', auth.uid())
      else coalesce(' and x.assigned_to = ' || quote_literal((filters ->> 'assigned_to')::uuid), '') end
    || case filters ->> 'overdue'
      when 'true' then ' and x.status in (''open'', ''in_progress'') and x.due_at < now()'
      when 'false' then ' and (x.status in (''open'', ''in_progress'') and x.due_at < now()) is not true'
      else '' end
$$;

-- sort: a column, with "-" for descending; tasks without due time come last, or first descending. Whoever reaches the
-- whole organization gets the page from an index; others' tasks are few enough to be found once, for number and page.
-- Definer: under row level security none of this could use the indexes. The conditions are the policy's own.
create function private.list_tasks(organization_id uuid, filters jsonb, sort text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  branches text[] := private.task_reach(organization_id, 'tasks:read');
  key text := case ltrim(sort, '-')
    when 'priority' then 'array_position(array[''low'', ''normal'', ''high''], r.priority)' else format('r.%I', ltrim(sort, '-')) end;
  direction text := case when sort like '-%' then 'desc' else 'asc' end;
  filtered text := private.task_filters(filters);
  reached text;
  total bigint;
  ids uuid[];
begin
  if ltrim(sort, '-') not in ('due_at', 'created_at', 'updated_at', 'priority') then
    perform private.problem(422, 'invalid_field', 'Tasks cannot be sorted by this.',
      '[{"path": "sort", "message": "is not a sortable field"}]');
  end if;
  if filters ->> 'assigned_to' in ('me', auth.uid()::text) then
    branches := branches[1:1];
  end if;
  select string_agg(format('select x.id, x.due_at, x.created_at, x.updated_at, x.priority from public.tasks x where %s%s', b, filtered),
    ' union all ') into reached
  from unnest(branches) b;
  execute format(
    'with reached as %1$s materialized (%2$s)
    select (select count(*) from reached), array(
      select r.id from reached r order by %3$s %4$s, r.id %4$s limit $3 offset $4)',
    case when cardinality(branches) = 1 then 'not' else '' end, reached, key, direction)
  into total, ids using list_tasks.organization_id, filters, page_limit, page_offset;
  return jsonb_build_object('total', total, 'rows', private.task_rows(organization_id, ids));
end
$$;

create function public.list_tasks(organization_id uuid, filters jsonb, sort text, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_tasks(organization_id, filters, sort, page_limit, page_offset)
$$;
comment on function public.list_tasks is
  'One page of tasks and how many there are in all. filters: { lead_id?, assigned_to?, status?, priority?, due_before?, due_after?, overdue? }.';

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

grant execute on function private.create_task(uuid, jsonb), private.get_task(uuid, uuid),
  private.update_task(uuid, uuid, jsonb, integer), private.delete_task(uuid, uuid) to authenticated;
grant execute on function public.create_task(uuid, jsonb), public.get_task(uuid, uuid),
  public.update_task(uuid, uuid, jsonb, integer), public.delete_task(uuid, uuid) to authenticated;
grant execute on function private.list_tasks(uuid, jsonb, text, integer, integer) to authenticated;
grant execute on function public.list_tasks(uuid, jsonb, text, integer, integer) to authenticated;
