-- POST /leads/import/execute and /clients/import/execute. settings: { mapping, on_duplicate }; for leads consent, source,
-- assigned_to; for clients observed_from. Security definer
-- because callers may not write imports directly.
create function private.execute_lead_import(organization_id uuid, upload_id uuid, settings jsonb, kind text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  upload private.lead_uploads;
  assignee uuid := (settings ->> 'assigned_to')::uuid;
  import uuid;
begin
  perform private.require_permission(organization_id, private.import_permission(kind));
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  -- The lock first: of two requests for one upload the second gets the import's id instead of 404.
  perform from private.lead_uploads u where u.id = execute_lead_import.upload_id for update;
  select jsonb_build_object('import_id', i.id) into answer from public.lead_imports i
  where i.organization_id = execute_lead_import.organization_id and i.upload_id = execute_lead_import.upload_id
    and i.kind = execute_lead_import.kind;
  if answer is not null then
    perform private.problem(409, 'upload_executed', 'This upload was imported already.', answer);
  end if;
  upload := private.require_lead_upload(organization_id, upload_id, true, kind);
  perform private.require_valid(kind = 'leads' or assignee is null, 'assigned_to', 'is for leads');
  perform private.require_valid(coalesce((settings ->> 'observed_from')::date between '1950-01-01'
    and private.local_day(organization_id), true), 'observed_from', 'is in the future or too long ago');
  if assignee is not null then
    perform private.require_holders(organization_id, array[assignee], array['assigned_to']);
  end if;
  insert into public.lead_imports
    (organization_id, kind, upload_id, file_name, mapping, columns, on_duplicate, consent, source, assigned_to,
      observed_from, total_rows, created_by)
  values (organization_id, kind, upload.id, upload.file_name, settings -> 'mapping', upload.columns,
    settings ->> 'on_duplicate', nullif(settings -> 'consent', 'null'), settings ->> 'source', assignee,
    (settings ->> 'observed_from')::date, upload.total_rows, auth.uid())
  returning id into import;
  insert into private.lead_import_runs (import_id, delimiter, header_row, width, named, is_unicode, pieces)
  values (import, upload.delimiter, upload.header_row, upload.width, upload.named, upload.is_unicode, (
    select count(*) from private.lead_upload_pieces p where p.upload_id = upload.id));
  update private.lead_uploads u set expires_at = 'infinity' where u.id = upload.id;
  perform private.invoke('jobs/import-leads');
  return private.store_idempotent_response(organization_id, jsonb_build_object('import_id', import));
end
$$;
grant execute on function private.execute_lead_import(uuid, uuid, jsonb, text) to authenticated;

create function public.execute_lead_import(organization_id uuid, upload_id uuid, settings jsonb,
  kind text default 'leads')
returns jsonb
language sql set search_path = ''
as $$
  select private.execute_lead_import(organization_id, upload_id, settings, kind)
$$;
comment on function public.execute_lead_import is 'Starts the import of an upload.';
grant execute on function public.execute_lead_import(uuid, uuid, jsonb, text) to authenticated;
