-- Throws a file away that could not be read to its end. Definer: uploads are nobody's to write.
create function private.discard_lead_upload(organization_id uuid, upload_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'leads:import');
  delete from private.lead_uploads u
  where u.organization_id = discard_lead_upload.organization_id and u.id = discard_lead_upload.upload_id
    and u.created_by = auth.uid() and not u.upload_complete;
end
$$;
grant execute on function private.discard_lead_upload(uuid, uuid) to authenticated;

create function public.discard_lead_upload(organization_id uuid, upload_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.discard_lead_upload(organization_id, upload_id)
$$;
comment on function public.discard_lead_upload is 'Throws away an open upload of one''s own.';
grant execute on function public.discard_lead_upload(uuid, uuid) to authenticated;
