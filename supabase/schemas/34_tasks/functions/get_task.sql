-- Security definer because names of people and leads come with it.
create function private.get_task(organization_id uuid, task_id uuid)
returns jsonb
language sql volatile security definer set search_path = ''
as $$
  select private.task_json(private.require_task(organization_id, task_id, 'tasks:read'))
$$;
grant execute on function private.get_task(uuid, uuid) to authenticated;

create function public.get_task(organization_id uuid, task_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.get_task(organization_id, task_id)
$$;
comment on function public.get_task is 'One task.';
grant execute on function public.get_task(uuid, uuid) to authenticated;
