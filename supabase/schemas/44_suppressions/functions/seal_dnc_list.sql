-- All of the file is here: its import begins. Definer: see begin_dnc_list.
create function private.seal_dnc_list(organization_id uuid, list_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  if list.pieces = 0 then
    perform private.problem(422, 'invalid_field', 'The file is empty.', '[{"path": "file", "message": "is empty"}]');
  end if;
  update public.dnc_lists l set sealed = true where l.id = list.id returning * into list;
  perform private.invoke('jobs/import-dnc');
  return private.remember_response(organization_id, private.dnc_list_json(list));
end
$$;
grant execute on function private.seal_dnc_list(uuid, uuid) to authenticated;

create function public.seal_dnc_list(organization_id uuid, list_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.seal_dnc_list(organization_id, list_id)
$$;
comment on function public.seal_dnc_list is 'Ends the upload of a list and starts its import.';
grant execute on function public.seal_dnc_list(uuid, uuid) to authenticated;
