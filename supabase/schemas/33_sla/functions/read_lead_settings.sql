-- GET /leads/settings. Security definer: see lead_calendar.
create function private.lead_settings(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'leads:read');
  return private.settings_json(organization_id);
end
$$;
grant execute on function private.lead_settings(uuid) to authenticated;

create function public.read_lead_settings(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_settings(organization_id)
$$;
comment on function public.read_lead_settings is 'The organization''s lead settings.';
grant execute on function public.read_lead_settings(uuid) to authenticated;
