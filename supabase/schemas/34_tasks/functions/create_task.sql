-- Security definer because callers may not write tasks directly. The lead is locked, so that it cannot be deleted or
-- merged concurrently.
create function private.create_task(organization_id uuid, task jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  input record;
  created public.tasks;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'tasks:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  select * into input from jsonb_to_record(task) as r
    (lead_id uuid, title text, description text, priority text, due_at timestamptz, assigned_to uuid,
      remind_minutes_before integer);
  if input.lead_id is not null then
    perform private.require_lead(organization_id, input.lead_id, 'tasks:write', true);
  end if;
  input.assigned_to := coalesce(input.assigned_to, auth.uid());
  perform private.require_assignee(organization_id, input.assigned_to);
  insert into public.tasks
    (organization_id, lead_id, title, description, priority, due_at, assigned_to, remind_minutes_before, created_by)
  values (organization_id, input.lead_id, input.title, input.description, coalesce(input.priority, 'normal'),
    input.due_at, input.assigned_to, case when task ? 'remind_minutes_before' then input.remind_minutes_before
      else 30 end,
      auth.uid())
  returning * into created;
  return private.store_idempotent_response(organization_id, private.task_json(created));
end
$$;
grant execute on function private.create_task(uuid, jsonb) to authenticated;

create function public.create_task(organization_id uuid, task jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_task(organization_id, task)
$$;
comment on function public.create_task is 'Adds a task. A repeat with the same Idempotency-Key gets the same answer.';
grant execute on function public.create_task(uuid, jsonb) to authenticated;
