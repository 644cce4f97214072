-- rows: [{ row, name, account_number, phone, arrears, status }]; summary: the answer of POST /upload/excel without
-- the id. Security definer because callers may not write uploads directly.
create function private.create_upload(organization_id uuid, file_name text, rows jsonb, summary jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  upload uuid;
begin
  perform private.require_permission(organization_id, 'uploads:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  insert into public.uploads (organization_id, file_name, rows, summary, created_by)
  values (organization_id, file_name, rows, summary, auth.uid()) returning id into upload;
  return private.store_idempotent_response(organization_id, summary || jsonb_build_object('upload_id', upload));
end
$$;
grant execute on function private.create_upload(uuid, text, jsonb, jsonb) to authenticated;

create function public.create_upload(organization_id uuid, file_name text, rows jsonb, summary jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_upload(organization_id, file_name, rows, summary)
$$;
comment on function public.create_upload is
  'Keeps the valid rows of a file for 24 hours; returns the summary with upload_id.';
grant execute on function public.create_upload(uuid, text, jsonb, jsonb) to authenticated;
