-- One statement reads the import and its run, so that an import that ends meanwhile is shown before or after its end.
-- Security definer: see list_lead_imports.
create function private.get_lead_import(organization_id uuid, import_id uuid, kind text)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  perform private.require_permission(organization_id, private.import_permission(kind));
  select private.lead_import_json(i) into answer from public.lead_imports i
  where i.organization_id = get_lead_import.organization_id and i.id = get_lead_import.import_id
    and i.kind = get_lead_import.kind;
  if answer is null then
    perform private.problem(404, 'not_found', 'There is no such import.');
  end if;
  return answer;
end
$$;
grant execute on function private.get_lead_import(uuid, uuid, text) to authenticated;

create function public.get_lead_import(organization_id uuid, import_id uuid, kind text default 'leads')
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_lead_import(organization_id, import_id, kind)
$$;
comment on function public.get_lead_import is 'An import and its progress.';
grant execute on function public.get_lead_import(uuid, uuid, text) to authenticated;
