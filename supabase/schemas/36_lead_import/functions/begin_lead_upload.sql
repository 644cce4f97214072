-- Starts an upload: { upload_id, fields, stages }, or { replayed } when the request was answered before. The number
-- and size of waiting files are limited, so that uploads cannot fill the database. Security definer because callers
-- may not write uploads directly.
create function private.begin_lead_upload(organization_id uuid, file_name text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  upload uuid;
begin
  perform private.require_permission(organization_id, 'leads:import');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return jsonb_build_object('replayed', answer);
  end if;
  if (select count(*) >= 40 or coalesce(sum(u.size), 0) > 500000000 from private.lead_uploads u
      where u.organization_id = begin_lead_upload.organization_id and u.expires_at > now()) then
    perform private.problem(409, 'too_many_uploads',
      'Too many files wait to be imported. Import some of them, or wait until they expire.');
  end if;
  insert into private.lead_uploads (organization_id, file_name, created_by)
  values (organization_id, left(file_name, 255), auth.uid()) returning id into upload;
  return jsonb_build_object('upload_id', upload) || private.lead_import_terms(organization_id);
end
$$;
grant execute on function private.begin_lead_upload(uuid, text) to authenticated;

create function public.begin_lead_upload(organization_id uuid, file_name text)
returns jsonb
language sql set search_path = ''
as $$
  select private.begin_lead_upload(organization_id, file_name)
$$;
comment on function public.begin_lead_upload is
  'Starts an upload of leads and returns the stages and fields that its cells may name.';
grant execute on function public.begin_lead_upload(uuid, text) to authenticated;
