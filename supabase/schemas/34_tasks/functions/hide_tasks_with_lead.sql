-- Security definer because callers may not write tasks directly.
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
