-- The students of a lead: seen by those who see the lead, written by those who may change it.

-- Definer functions all: what hangs under a lead is written by functions only, and require_lead judges the caller.
create function private.list_students(organization_id uuid, lead_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_lead(organization_id, lead_id, 'leads:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.students s
      where s.organization_id = list_students.organization_id and s.lead_id = list_students.lead_id),
    'rows', coalesce((
      select jsonb_agg(to_jsonb(p) - 'organization_id' order by p.id)
      from (
        select s.* from public.students s
        where s.organization_id = list_students.organization_id and s.lead_id = list_students.lead_id
        order by s.id limit page_limit offset page_offset
      ) p), '[]'));
end
$$;

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
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  insert into public.students (organization_id, lead_id, first_name, last_name, birth_date, grade, school, notes, created_by)
  values (organization_id, lead_id, wanted.first_name, coalesce(wanted.last_name, ''), wanted.birth_date, wanted.grade,
    wanted.school, wanted.notes, auth.uid())
  returning * into created;
  return private.remember_response(organization_id, to_jsonb(created) - 'organization_id');
end
$$;

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

create function public.list_students(organization_id uuid, lead_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_students(organization_id, lead_id, page_limit, page_offset)
$$;
comment on function public.list_students is 'One page of a lead''s students, in the order in which they were added.';

create function public.create_student(organization_id uuid, lead_id uuid, student jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_student(organization_id, lead_id, student)
$$;
comment on function public.create_student is 'Adds a student to a lead; repeats with the same Idempotency-Key answer alike.';

create function public.update_student(organization_id uuid, lead_id uuid, student_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_student(organization_id, lead_id, student_id, change)
$$;
comment on function public.update_student is 'Changes a student of a lead.';

create function public.delete_student(organization_id uuid, lead_id uuid, student_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_student(organization_id, lead_id, student_id)
$$;
comment on function public.delete_student is 'Deletes a student of a lead; the audit log keeps who it was.';

grant execute on function private.list_students(uuid, uuid, integer, integer), private.create_student(uuid, uuid, jsonb),
  private.update_student(uuid, uuid, uuid, jsonb), private.delete_student(uuid, uuid, uuid) to authenticated;
grant execute on function public.list_students(uuid, uuid, integer, integer), public.create_student(uuid, uuid, jsonb),
  public.update_student(uuid, uuid, uuid, jsonb), public.delete_student(uuid, uuid, uuid) to authenticated;
