-- Ends the upload of a list and starts its import. Security definer, as begin_dnc_list.
create function private.complete_dnc_upload(organization_id uuid, list_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  if list.pieces = 0 then
    perform private.problem(422, 'invalid_field', 'The file is empty.', '[{"path": "file", "message": "is empty"}]');
  end if;
  update public.dnc_lists l set upload_complete = true where l.id = list.id returning * into list;
  perform private.invoke('jobs/import-dnc');
  return private.store_idempotent_response(organization_id, private.dnc_list_json(list));
end
$$;
grant execute on function private.complete_dnc_upload(uuid, uuid) to authenticated;

create function public.complete_dnc_upload(organization_id uuid, list_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.complete_dnc_upload(organization_id, list_id)
$$;
comment on function public.complete_dnc_upload is 'Ends the upload of a list and starts its import.';
grant execute on function public.complete_dnc_upload(uuid, uuid) to authenticated;
