-- The values of an organization by part and field.
create function private.settings_values(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'organization', (select to_jsonb(o) from public.organizations o where o.id = settings_values.organization_id),
    'leads', private.settings_json(settings_values.organization_id),
    'calendar', jsonb_build_object('calendar', private.calendar_json(settings_values.organization_id)),
    'churn', private.churn_settings_json(settings_values.organization_id),
    'reports', private.report_settings_json(settings_values.organization_id))
$$;

-- The settings that the caller may change. Raises 403 if there are none.
create function private.settings_of(organization_id uuid)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  values_now jsonb := private.settings_values(organization_id);
  shown jsonb := (
    select jsonb_object_agg(s.name, jsonb_build_object('value', values_now -> s.part -> s.field,
      'default', s.default_value, 'unit', s.unit, 'description', s.description, 'permission', s.permission,
      'type', s.type, 'nullable', s.nullable, 'minimum', s.minimum, 'maximum', s.maximum, 'choices', to_jsonb(s.choices),
      'pattern', s.pattern))
    from private.settings s
    join (select distinct p.permission from private.settings p) held on held.permission = s.permission
      and settings_of.organization_id = any (private.organizations_with(held.permission)));
begin
  if shown is null then
    perform private.require_permission(organization_id, 'organization:update');
  end if;
  return shown;
end
$$;

-- Security definer because the catalogue of settings may not be read directly.
create function private.get_settings(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  return private.settings_of(organization_id);
end
$$;
grant execute on function private.get_settings(uuid) to authenticated;

create function public.get_settings(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_settings(organization_id)
$$;
comment on function public.get_settings is
  'The settings of the organization that the caller may change: { name: { value, default, unit, description, '
  'permission, type, nullable, minimum, maximum, choices, pattern } }.';
grant execute on function public.get_settings(uuid) to authenticated;
