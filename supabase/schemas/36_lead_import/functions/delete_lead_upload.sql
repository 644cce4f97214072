-- DELETE /leads/import/uploads/{id}: deletes a file that waits for its import. Security definer because callers may not
-- write uploads directly.
create function private.delete_lead_upload(organization_id uuid, upload_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'leads:import');
  delete from private.lead_uploads u
  where u.organization_id = delete_lead_upload.organization_id and u.id = delete_lead_upload.upload_id
    and u.expires_at < 'infinity';
  if not found then
    perform private.problem(404, 'not_found', 'There is no such upload.');
  end if;
end
$$;
grant execute on function private.delete_lead_upload(uuid, uuid) to authenticated;

create function public.delete_lead_upload(organization_id uuid, upload_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_lead_upload(organization_id, upload_id)
$$;
comment on function public.delete_lead_upload is 'Deletes a file that waits for its import.';
grant execute on function public.delete_lead_upload(uuid, uuid) to authenticated;
