-- PATCH /tasks/{id}: { task }, or { stale } with the current task when its version is not the expected one. Security
-- definer because callers may not write tasks directly.
create function private.update_task(organization_id uuid, task_id uuid, change jsonb, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  current public.tasks := private.require_task(organization_id, task_id, 'tasks:write', true);
  updated public.tasks;
begin
  if current.version <> expected_version then
    return jsonb_build_object('stale', private.task_json(current));
  end if;
  updated := jsonb_populate_record(current, (
    select jsonb_object_agg(c.key, c.value) from jsonb_each(change) c
    where c.key in ('title', 'description', 'status', 'priority', 'due_at', 'assigned_to', 'remind_minutes_before')));
  if updated.assigned_to is distinct from current.assigned_to then
    perform private.require_assignee(organization_id, updated.assigned_to);
  end if;
  update public.tasks t set title = updated.title, description = updated.description, status = updated.status,
    priority = updated.priority, due_at = updated.due_at, assigned_to = updated.assigned_to,
      remind_minutes_before = updated.remind_minutes_before
  where t.id = current.id
  returning t.* into updated;
  return jsonb_build_object('task', private.task_json(updated));
end
$$;
grant execute on function private.update_task(uuid, uuid, jsonb, integer) to authenticated;

create function public.update_task(organization_id uuid, task_id uuid, change jsonb,
  expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_task(organization_id, task_id, change, expected_version)
$$;
comment on function public.update_task is
  'Changes a task if it has the expected version: { task }, else { stale } with the current task.';
grant execute on function public.update_task(uuid, uuid, jsonb, integer) to authenticated;
