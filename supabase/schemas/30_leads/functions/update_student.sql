-- Security definer because students are written by functions only.
create function private.update_student(organization_id uuid, lead_id uuid, student_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  current public.students;
  updated public.students;
begin
  perform private.require_lead(organization_id, lead_id, 'leads:write');
  select * into current from public.students s
  where s.organization_id = update_student.organization_id and s.lead_id = update_student.lead_id and s.id = student_id
  for update;
  if current.id is null then
    perform private.problem(404, 'not_found', 'There is no such student.');
  end if;
  updated := jsonb_populate_record(current, change);
  update public.students s
  set first_name = updated.first_name, last_name = updated.last_name, birth_date = updated.birth_date,
    grade = updated.grade, school = updated.school, notes = updated.notes
  where s.id = current.id returning * into current;
  return to_jsonb(current) - 'organization_id';
end
$$;
grant execute on function private.update_student(uuid, uuid, uuid, jsonb) to authenticated;

create function public.update_student(organization_id uuid, lead_id uuid, student_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_student(organization_id, lead_id, student_id, change)
$$;
comment on function public.update_student is 'Changes a student of a lead.';
grant execute on function public.update_student(uuid, uuid, uuid, jsonb) to authenticated;
