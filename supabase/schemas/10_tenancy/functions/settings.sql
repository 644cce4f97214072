-- The settings as { name: { value, default, unit, description } }. The default is the column's, as for a new
-- organization.
create function private.settings_of(organization_id uuid)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  values_now jsonb := (select to_jsonb(o) from public.organizations o where o.id = organization_id);
  defaults jsonb;
begin
  execute (
    select 'select jsonb_build_object(' || string_agg(format('%L, %s', s.name,
      coalesce(pg_get_expr(d.adbin, d.adrelid), 'null')), ', ') || ')'
    from private.organization_settings s
    join pg_catalog.pg_attribute a on a.attrelid = 'public.organizations'::regclass and a.attname = s.name
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum)
  into defaults;
  return (
    select jsonb_object_agg(s.name, jsonb_build_object('value', values_now -> s.name, 'default', defaults -> s.name,
      'unit', s.unit, 'description', s.description) order by s.position)
    from private.organization_settings s);
end
$$;

-- Security definer because the catalogue of settings may not be read directly.
create function private.get_settings(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'organization:update');
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
  'All settings of the organization: { name: { value, default, unit, description } }.';
grant execute on function public.get_settings(uuid) to authenticated;

-- The 422 for a value that the table refuses: the field is the one that the constraint is about.
create function private.refuse_setting(constraint_name text, changes jsonb)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  field text := (
    select a.attname from pg_catalog.pg_constraint c
    join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
    where c.conrelid = 'public.organizations'::regclass and c.conname = constraint_name
    order by changes ? a.attname::text desc, a.attnum limit 1);
begin
  perform private.invalid_field(coalesce(field, ''), 'is not allowed');
end
$$;

-- Security definer because the catalogue of settings may not be read directly.
create function private.update_settings(organization_id uuid, changes jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  unknown text;
  violated text;
begin
  perform private.require_permission(organization_id, 'organization:update');
  perform private.require_valid(jsonb_typeof(changes) = 'object' and changes <> '{}', '', 'must have a setting');
  select k into unknown from jsonb_object_keys(changes) k
  where k not in (select s.name from private.organization_settings s) limit 1;
  perform private.require_valid(unknown is null, unknown, 'is not a setting');
  execute (
    select format('update public.organizations o set %s
        from jsonb_populate_record(null::public.organizations, $1) n where o.id = $2',
      string_agg(format('%1$I = n.%1$I', k), ', '))
    from jsonb_object_keys(changes) k)
  using changes, organization_id;
  return private.settings_of(organization_id);
exception
  when check_violation then
    get stacked diagnostics violated = constraint_name;
    perform private.refuse_setting(violated, changes);
    return null;
  when not_null_violation then
    get stacked diagnostics violated = column_name;
    perform private.invalid_field(violated, 'cannot be null');
    return null;
end
$$;
grant execute on function private.update_settings(uuid, jsonb) to authenticated;

create function public.update_settings(organization_id uuid, changes jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_settings(organization_id, changes)
$$;
comment on function public.update_settings is 'Changes settings of the organization and returns all of them.';
grant execute on function public.update_settings(uuid, jsonb) to authenticated;
