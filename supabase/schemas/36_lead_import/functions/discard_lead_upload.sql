-- Deletes a file that could not be read completely. Security definer because callers may not write uploads directly.
create function private.discard_lead_upload(organization_id uuid, upload_id uuid, kind text)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, private.import_permission(kind));
  delete from private.lead_uploads u
  where u.organization_id = discard_lead_upload.organization_id and u.id = discard_lead_upload.upload_id
    and u.kind = discard_lead_upload.kind
    and u.created_by = auth.uid() and not u.upload_complete;
end
$$;
grant execute on function private.discard_lead_upload(uuid, uuid, text) to authenticated;

create function public.discard_lead_upload(organization_id uuid, upload_id uuid, kind text default 'leads')
returns void
language sql set search_path = ''
as $$
  select private.discard_lead_upload(organization_id, upload_id, kind)
$$;
comment on function public.discard_lead_upload is 'Deletes an incomplete upload of the caller.';
grant execute on function public.discard_lead_upload(uuid, uuid, text) to authenticated;
