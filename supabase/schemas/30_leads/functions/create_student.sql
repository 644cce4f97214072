-- Security definer, as all functions on students: child rows of leads are written by functions only, and require_lead
-- checks the caller.
create function private.create_student(organization_id uuid, lead_id uuid, student jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  new_student public.students := jsonb_populate_record(null::public.students, student);
  created public.students;
begin
  perform private.require_lead(organization_id, lead_id, 'leads:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  insert into public.students (organization_id, lead_id, first_name, last_name, birth_date, grade, school, notes,
    created_by)
  values (organization_id, lead_id, new_student.first_name, coalesce(new_student.last_name, ''),
    new_student.birth_date, new_student.grade, new_student.school, new_student.notes, auth.uid())
  returning * into created;
  return private.store_idempotent_response(organization_id, to_jsonb(created) - 'organization_id');
end
$$;
grant execute on function private.create_student(uuid, uuid, jsonb) to authenticated;

create function public.create_student(organization_id uuid, lead_id uuid, student jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_student(organization_id, lead_id, student)
$$;
comment on function public.create_student is
  'Adds a student to a lead. A repeat with the same Idempotency-Key gets the same answer.';
grant execute on function public.create_student(uuid, uuid, jsonb) to authenticated;
