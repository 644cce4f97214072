-- DELETE /upload/uploads/{id}: deletes an upload that was not processed. Security definer because callers may not write
-- uploads directly.
create function private.delete_upload(organization_id uuid, upload_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'uploads:write');
  delete from public.uploads u
  where u.organization_id = delete_upload.organization_id and u.id = delete_upload.upload_id
    and u.processed_at is null;
  if not found then
    perform private.problem(404, 'not_found', 'There is no such upload.');
  end if;
end
$$;
grant execute on function private.delete_upload(uuid, uuid) to authenticated;

create function public.delete_upload(organization_id uuid, upload_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_upload(organization_id, upload_id)
$$;
comment on function public.delete_upload is 'Deletes an upload that was not processed.';
grant execute on function public.delete_upload(uuid, uuid) to authenticated;
