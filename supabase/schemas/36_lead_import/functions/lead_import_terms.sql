-- The organization's stages and fields, by which the cells of a file are interpreted.
create function private.lead_import_terms(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('fields', private.lead_field_definitions(organization_id), 'stages', (
    select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'label', s.label) order by s.position), '[]')
    from public.pipeline_stages s where s.organization_id = lead_import_terms.organization_id))
$$;
