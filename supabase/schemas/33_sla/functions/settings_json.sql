create function private.settings_json(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(s) - array['id', 'organization_id'] from public.lead_settings s
    where s.organization_id = settings_json.organization_id
$$;
