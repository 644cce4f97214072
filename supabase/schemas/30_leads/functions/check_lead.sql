-- What no constraint can say with the field's name.
create function private.check_lead(wanted public.leads)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  fault jsonb;
begin
  if wanted.first_name = '' and wanted.last_name = '' and wanted.email is null and wanted.phone is null then
    fault := '{"path": "", "message": "A lead needs a name, an e-mail address or a phone number."}';
  elsif wanted.status is not null and not exists (
      select from public.pipeline_stages s where s.organization_id = wanted.organization_id and s.key = wanted.status) then
    fault := '{"path": "status", "message": "is not a stage of the organization''s pipeline"}';
  elsif not private.is_time_zone(wanted.time_zone) then
    fault := '{"path": "time_zone", "message": "is not the name of a time zone"}';
  end if;
  if fault is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', jsonb_build_array(fault));
  end if;
end
$$;
