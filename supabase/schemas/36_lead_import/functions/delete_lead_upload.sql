-- DELETE /leads/import/uploads/{id} and /clients/import/uploads/{id}: deletes a file that waits for its import.
-- Security definer because callers may not write uploads directly.
create function private.delete_lead_upload(organization_id uuid, upload_id uuid, kind text)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, private.import_permission(kind));
  delete from private.lead_uploads u
  where u.organization_id = delete_lead_upload.organization_id and u.id = delete_lead_upload.upload_id
    and u.kind = delete_lead_upload.kind
    and u.expires_at < 'infinity';
  if not found then
    perform private.problem(404, 'not_found', 'There is no such upload.');
  end if;
end
$$;
grant execute on function private.delete_lead_upload(uuid, uuid, text) to authenticated;

create function public.delete_lead_upload(organization_id uuid, upload_id uuid, kind text default 'leads')
returns void
language sql set search_path = ''
as $$
  select private.delete_lead_upload(organization_id, upload_id, kind)
$$;
comment on function public.delete_lead_upload is 'Deletes a file that waits for its import.';
grant execute on function public.delete_lead_upload(uuid, uuid, text) to authenticated;
