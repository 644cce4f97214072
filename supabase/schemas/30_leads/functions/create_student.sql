create function private.create_student(organization_id uuid, lead_id uuid, student jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  wanted public.students := jsonb_populate_record(null::public.students, student);
  created public.students;
begin
  perform private.require_lead(organization_id, lead_id, 'leads:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  insert into public.students (organization_id, lead_id, first_name, last_name, birth_date, grade, school, notes, created_by)
  values (organization_id, lead_id, wanted.first_name, coalesce(wanted.last_name, ''), wanted.birth_date, wanted.grade,
    wanted.school, wanted.notes, auth.uid())
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
comment on function public.create_student is 'Adds a student to a lead; repeats with the same Idempotency-Key answer alike.';
grant execute on function public.create_student(uuid, uuid, jsonb) to authenticated;
