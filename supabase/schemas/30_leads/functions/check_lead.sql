-- Checks that no constraint can express with the name of the field.
create function private.check_lead(lead public.leads)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  error jsonb;
begin
  if lead.first_name = '' and lead.last_name = '' and lead.email is null and lead.phone is null then
    error := '{"path": "", "message": "A lead needs a name, an e-mail address or a phone number."}';
  elsif lead.status is not null and not exists (
      select from public.pipeline_stages s where s.organization_id = lead.organization_id and s.key = lead.status) then
    error := '{"path": "status", "message": "is not a stage of the organization''s pipeline"}';
  elsif lead.time_zone is not null and private.canonical_time_zone(lead.time_zone) is null then
    error := '{"path": "time_zone", "message": "is not the name of a time zone"}';
  end if;
  if error is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', jsonb_build_array(error));
  end if;
end
$$;
