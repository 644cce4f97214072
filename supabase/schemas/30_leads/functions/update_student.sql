create function private.update_student(organization_id uuid, lead_id uuid, student_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  held public.students;
  wanted public.students;
begin
  perform private.require_lead(organization_id, lead_id, 'leads:write');
  select * into held from public.students s
  where s.organization_id = update_student.organization_id and s.lead_id = update_student.lead_id and s.id = student_id
  for update;
  if held.id is null then
    perform private.problem(404, 'not_found', 'There is no such student.');
  end if;
  wanted := jsonb_populate_record(held, change);
  update public.students s
  set first_name = wanted.first_name, last_name = wanted.last_name, birth_date = wanted.birth_date, grade = wanted.grade,
    school = wanted.school, notes = wanted.notes
  where s.id = held.id returning * into held;
  return to_jsonb(held) - 'organization_id';
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
