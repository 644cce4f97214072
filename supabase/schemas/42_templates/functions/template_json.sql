create function private.template_json(template public.templates)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', template.id, 'kind', template.kind, 'category', template.category, 'name',
    template.name, 'body', template.body, 'weight', template.weight, 'created_at', template.created_at, 'updated_at',
    template.updated_at, 'variants', coalesce((
      select jsonb_agg(jsonb_build_object('id', v.id, 'label', v.label, 'body', v.body, 'weight', v.weight)
        order by v.label)
      from public.template_variants v where v.organization_id = template.organization_id
        and v.template_id = template.id), '[]'))
$$;
