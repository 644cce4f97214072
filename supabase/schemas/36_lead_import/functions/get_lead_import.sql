-- Security definer: see list_lead_imports.
create function private.get_lead_import(organization_id uuid, import_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  return private.lead_import_json(private.require_lead_import(organization_id, import_id));
end
$$;
grant execute on function private.get_lead_import(uuid, uuid) to authenticated;

create function public.get_lead_import(organization_id uuid, import_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.get_lead_import(organization_id, import_id)
$$;
comment on function public.get_lead_import is 'An import and its progress.';
grant execute on function public.get_lead_import(uuid, uuid) to authenticated;
