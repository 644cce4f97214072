-- Sets what follows from other columns, on every write of a task: completion time, reminder time, version. The
-- reminder is set again when due time, assignee or status change; sending a reminder does not count as an edit.
-- Security definer because writers of tasks need not be able to read leads.
create function private.set_task_derived_columns()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  is_open boolean := new.status in ('open', 'in_progress');
begin
  if tg_op = 'INSERT' or new.lead_id is distinct from old.lead_id then
    new.lead_deleted := exists (
      select from public.leads l
      where l.organization_id = new.organization_id and l.id = new.lead_id and l.deleted_at is not null);
  end if;
  new.completed_at := case when new.status = 'done' then coalesce(new.completed_at, now()) end;
  if tg_op = 'INSERT' or (new.due_at, new.remind_minutes_before, new.assigned_to, new.lead_deleted, is_open)
    is distinct from (old.due_at, old.remind_minutes_before, old.assigned_to, old.lead_deleted,
      old.status in ('open', 'in_progress')) then
    new.remind_at := case when is_open and not new.lead_deleted and new.assigned_to is not null
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
