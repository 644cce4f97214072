-- A complete upload: its columns, its first piece if asked, and private.import_terms. Security
-- definer because callers may not read uploads directly.
create function private.read_lead_upload(organization_id uuid, upload_id uuid, with_piece boolean, kind text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  executed uuid;
  upload private.lead_uploads;
begin
  perform private.require_permission(organization_id, private.import_permission(kind));
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return jsonb_build_object('replayed', answer);
  end if;
  -- To preview a file again costs what its upload did.
  answer := case when with_piece then private.over_rate_limit('upload') end;
  if answer is not null then
    return answer;
  end if;
  select i.id into executed from public.lead_imports i
  where i.organization_id = read_lead_upload.organization_id and i.upload_id = read_lead_upload.upload_id
    and i.kind = read_lead_upload.kind;
  if executed is not null then
    perform private.problem(409, 'upload_executed', 'This upload was imported already.',
      jsonb_build_object('import_id', executed));
  end if;
  upload := private.require_lead_upload(organization_id, upload_id, true, kind);
  return jsonb_build_object('file_name', upload.file_name, 'delimiter', upload.delimiter,
      'header_row', upload.header_row, 'width', upload.width, 'named', upload.named, 'is_unicode', upload.is_unicode,
      'hidden_rows', to_jsonb(upload.hidden_rows), 'columns', upload.columns, 'total_rows', upload.total_rows,
      'pieces', case when with_piece then (
        select jsonb_agg(jsonb_build_object('first_row', p.first_row, 'content', p.content))
        from private.lead_upload_pieces p where p.upload_id = upload.id and p."position" = 0) end)
    || private.import_terms(organization_id, kind);
end
$$;
grant execute on function private.read_lead_upload(uuid, uuid, boolean, text) to authenticated;

create function public.read_lead_upload(organization_id uuid, upload_id uuid, with_piece boolean default false,
  kind text default 'leads')
returns jsonb
language sql set search_path = ''
as $$
  select private.read_lead_upload(organization_id, upload_id, with_piece, kind)
$$;
comment on function public.read_lead_upload is 'The columns of an upload and, if asked, its first piece.';
grant execute on function public.read_lead_upload(uuid, uuid, boolean, text) to authenticated;
