-- Security definer because students are written by functions only.
create function private.delete_student(organization_id uuid, lead_id uuid, student_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_lead(organization_id, lead_id, 'leads:write');
  delete from public.students s
  where s.organization_id = delete_student.organization_id and s.lead_id = delete_student.lead_id and s.id = student_id;
  if not found then
    perform private.problem(404, 'not_found', 'There is no such student.');
  end if;
end
$$;
grant execute on function private.delete_student(uuid, uuid, uuid) to authenticated;

create function public.delete_student(organization_id uuid, lead_id uuid, student_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_student(organization_id, lead_id, student_id)
$$;
comment on function public.delete_student is 'Deletes a student of a lead; the audit log keeps the row.';
grant execute on function public.delete_student(uuid, uuid, uuid) to authenticated;
