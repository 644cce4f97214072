-- The permission to import files of this kind.
create function private.import_permission(kind text)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_valid(coalesce(kind in ('leads', 'clients'), false), 'kind', 'is neither leads nor clients');
  return kind || ':import';
end
$$;

-- By what the cells of a file are interpreted: the organization's stages and fields of leads, or its segments of clients.
create function private.import_terms(organization_id uuid, kind text)
returns jsonb
language sql stable set search_path = ''
as $$
  select case kind when 'leads' then private.lead_import_terms(organization_id) else jsonb_build_object('segments', (
    select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'label', s.label) order by s.position), '[]')
    from public.client_segments s where s.organization_id = import_terms.organization_id)) end
$$;

create function private.lead_import_terms(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('fields', private.lead_field_definitions(organization_id), 'stages', (
    select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'label', s.label) order by s.position), '[]')
    from public.pipeline_stages s where s.organization_id = lead_import_terms.organization_id))
$$;
