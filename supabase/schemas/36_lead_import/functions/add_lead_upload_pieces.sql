-- pieces: [{ position, first_row, content }]. Security definer because callers may not write uploads directly.
create function private.add_lead_upload_pieces(organization_id uuid, upload_id uuid, pieces jsonb, kind text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  upload private.lead_uploads := private.require_lead_upload(organization_id, upload_id, false, kind);
begin
  perform private.require_valid(jsonb_typeof(pieces) = 'array' and jsonb_array_length(pieces) between 1 and 1000, 'pieces',
    'must have between 1 and 1,000 items');
  perform private.require_valid((
    select bool_and(char_length(p ->> 'content') <= 2000000) from jsonb_array_elements(pieces) p), 'pieces',
    'must have at most 2,000,000 characters each');
  insert into private.lead_upload_pieces (upload_id, "position", first_row, content)
  select upload.id, p."position", p.first_row, p.content
  from jsonb_to_recordset(pieces) as p ("position" integer, first_row integer, content text);
  update private.lead_uploads u
  set size = u.size + (select coalesce(sum(octet_length(p ->> 'content')), 0) from jsonb_array_elements(pieces) p)
  where u.id = upload.id
  returning * into upload;
  if upload.size > 160000000 then
    perform private.problem(413, 'too_large', 'The file is too large.');
  end if;
end
$$;
grant execute on function private.add_lead_upload_pieces(uuid, uuid, jsonb, text) to authenticated;

create function public.add_lead_upload_pieces(organization_id uuid, upload_id uuid, pieces jsonb,
  kind text default 'leads')
returns void
language sql set search_path = ''
as $$
  select private.add_lead_upload_pieces(organization_id, upload_id, pieces, kind)
$$;
comment on function public.add_lead_upload_pieces is 'Stores further pieces of an incomplete upload.';
grant execute on function public.add_lead_upload_pieces(uuid, uuid, jsonb, text) to authenticated;
