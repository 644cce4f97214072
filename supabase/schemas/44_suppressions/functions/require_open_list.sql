create function private.require_open_list(organization_id uuid, list_id uuid)
returns public.dnc_lists
language plpgsql set search_path = ''
as $$
declare
  list public.dnc_lists;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  select * into list from public.dnc_lists l
  where l.organization_id = require_open_list.organization_id and l.id = list_id and not l.upload_complete
    and l.created_by = auth.uid()
  for update;
  if list.id is null then
    perform private.problem(404, 'not_found', 'There is no such list.');
  end if;
  return list;
end
$$;
