create function private.task_json(task public.tasks)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.task_rows(task.organization_id, array[task.id]) -> 0
$$;
