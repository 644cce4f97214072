create function private.require_lead_upload(
  organization_id uuid, upload_id uuid, upload_complete boolean, kind text)
returns private.lead_uploads
language plpgsql set search_path = ''
as $$
declare
  upload private.lead_uploads;
begin
  perform private.require_permission(organization_id, private.import_permission(kind));
  select * into upload from private.lead_uploads u
  where u.organization_id = require_lead_upload.organization_id and u.id = require_lead_upload.upload_id
    and u.kind = require_lead_upload.kind and u.upload_complete = require_lead_upload.upload_complete and u.expires_at > now()
  for update;
  if upload.id is null then
    perform private.problem(404, 'not_found', 'There is no such upload.');
  end if;
  return upload;
end
$$;
