-- Security definer because callers may not write tasks directly.
create function private.delete_task(organization_id uuid, task_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  task public.tasks := private.require_task(organization_id, task_id, 'tasks:write', true);
begin
  delete from public.tasks t where t.id = task.id;
  return;
end
$$;
grant execute on function private.delete_task(uuid, uuid) to authenticated;

create function public.delete_task(organization_id uuid, task_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_task(organization_id, task_id)
$$;
comment on function public.delete_task is 'Deletes a task.';
grant execute on function public.delete_task(uuid, uuid) to authenticated;
