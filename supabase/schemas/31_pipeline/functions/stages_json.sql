create function private.stages_json(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'label', s.label, 'position', s.position, 'outcome',
    s.outcome,
    'sla_minutes', s.sla_minutes, 'next_stages', s.next_stages) order by s.position), '[]')
  from public.pipeline_stages s where s.organization_id = stages_json.organization_id
$$;
