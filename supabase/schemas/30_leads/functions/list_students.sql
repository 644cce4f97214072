-- Security definer: see create_student.
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
grant execute on function private.list_students(uuid, uuid, integer, integer) to authenticated;

create function public.list_students(organization_id uuid, lead_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_students(organization_id, lead_id, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_students is 'One page of a lead''s students, oldest first.';
grant execute on function public.list_students(uuid, uuid, integer, integer) to authenticated;
