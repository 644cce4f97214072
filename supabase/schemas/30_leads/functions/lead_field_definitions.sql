create function private.lead_field_definitions(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('key', f.key, 'label', f.label, 'type', f.type, 'required', f.required,
    'choices', to_jsonb(f.choices)) order by f.position, f.key), '[]')
  from public.lead_fields f where f.organization_id = lead_field_definitions.organization_id
$$;
comment on function private.lead_field_definitions is
  'The organization''s lead fields in order: [{ key, label, type, required, choices }].';
