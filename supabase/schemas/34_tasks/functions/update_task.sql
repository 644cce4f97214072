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
grant execute on function private.update_task(uuid, uuid, jsonb, integer) to authenticated;

create function public.update_task(organization_id uuid, task_id uuid, change jsonb, expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_task(organization_id, task_id, change, expected_version)
$$;
comment on function public.update_task is 'Changes a task if it still has the expected version: { task }, else { stale } with the task as it is.';
grant execute on function public.update_task(uuid, uuid, jsonb, integer) to authenticated;
