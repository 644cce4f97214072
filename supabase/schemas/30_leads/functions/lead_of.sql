create function private.lead_of(organization_id uuid, lead_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_json(l) from public.leads l where l.organization_id = lead_of.organization_id
    and l.id = lead_of.lead_id
$$;
comment on function private.lead_of is 'The lead after all triggers, as functions that changed it return it.';
