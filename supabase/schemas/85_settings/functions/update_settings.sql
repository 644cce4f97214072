-- What is wrong with a value, or null. What a row cannot say is left to the constraints of the part.
create function private.setting_error(setting private.settings, value jsonb)
returns text
language sql immutable set search_path = ''
as $$
  select case
    when jsonb_typeof(value) = 'null' then case when not setting.nullable then 'cannot be null' end
    when jsonb_typeof(value) <> case setting.type when 'integer' then 'number' else setting.type end
      or setting.type = 'integer' and m.measure % 1 <> 0
    then format('must be %s %s', case when setting.type ~ '^[aio]' then 'an' else 'a' end, setting.type)
    when setting.choices is not null and value #>> '{}' <> all (setting.choices)
    then 'must be one of ' || array_to_string(setting.choices, ', ')
    when setting.pattern is not null and value #>> '{}' !~ setting.pattern then 'is not allowed'
    when m.measure < setting.minimum then format('must be at least %s%s', setting.minimum, m.of)
    when m.measure > setting.maximum then format('must be at most %s%s', setting.maximum, m.of) end
  from (
    select case jsonb_typeof(value) when 'number' then (value #>> '{}')::numeric
        when 'string' then char_length(btrim(value #>> '{}')) when 'array' then jsonb_array_length(value) end as measure,
      case jsonb_typeof(value) when 'string' then ' characters' when 'array' then ' entries' else '' end as of) m
$$;

-- The tables of the parts whose constraints refuse values.
create function private.settings_table(part text)
returns regclass
language sql stable set search_path = ''
as $$
  select case part when 'organization' then 'public.organizations' when 'leads' then 'public.lead_settings'
    when 'churn' then 'public.churn_settings' when 'reports' then 'public.report_settings' end::regclass
$$;

-- The 422 for a value that the table of a part refuses: the setting is the one that the constraint is about.
create function private.refuse_setting(part text, constraint_name text, changes jsonb)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  setting text := (
    select s.name from pg_catalog.pg_constraint c
    join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
    join private.settings s on s.part = refuse_setting.part and s.field = a.attname
    where c.conrelid = private.settings_table(refuse_setting.part) and c.conname = constraint_name
    order by changes ? s.field desc, s.position limit 1);
begin
  perform private.invalid_field(coalesce(setting, ''), 'is not allowed');
end
$$;

create function private.update_organization(organization_id uuid, changes jsonb)
returns void
language plpgsql set search_path = ''
as $$
begin
  execute (
    select format('update public.organizations o set %s
        from jsonb_populate_record(null::public.organizations, $1) n where o.id = $2',
      string_agg(format('%1$I = n.%1$I', k), ', '))
    from jsonb_object_keys(changes) k)
  using changes, organization_id;
end
$$;

-- Changes the fields of a part by the function of its domain, which does what else follows.
create function private.update_settings_part(organization_id uuid, part text, changes jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  violated text;
  errors text;
begin
  case part
    when 'organization' then perform private.update_organization(organization_id, changes);
    when 'leads' then perform private.update_lead_settings(organization_id, changes);
    when 'churn' then perform private.churn_settings(organization_id, changes);
    when 'reports' then perform private.update_report_settings(organization_id, changes);
    when 'calendar' then
      begin
        perform private.set_calendar(organization_id, changes -> 'calendar');
      exception when sqlstate 'PT422' then
        get stacked diagnostics errors = pg_exception_detail;
        perform private.problem(422, 'invalid_field', 'Some fields are invalid.', (
          select jsonb_agg(e || jsonb_build_object('path', 'business_hours.' || (e ->> 'path')))
          from jsonb_array_elements(errors::jsonb) e));
      end;
  end case;
exception when check_violation then
  get stacked diagnostics violated = constraint_name;
  perform private.refuse_setting(part, violated, changes);
end
$$;

-- All changes or none. Security definer because the catalogue of settings may not be read directly.
create function private.update_settings(organization_id uuid, changes jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  given record;
begin
  perform private.settings_of(organization_id);
  perform private.require_valid(jsonb_typeof(changes) = 'object' and changes <> '{}', '', 'must have a setting');
  for given in
    select k as name, s.permission, private.setting_error(s, changes -> k) as error
    from jsonb_object_keys(changes) k left join private.settings s on s.name = k order by s.position nulls first
  loop
    perform private.require_valid(given.permission is not null, given.name, 'is not a setting');
    perform private.require_permission(organization_id, given.permission);
    perform private.require_valid(given.error is null, given.name, given.error);
  end loop;
  for given in
    select s.part, jsonb_object_agg(s.field, changes -> s.name) as fields
    from private.settings s where changes ? s.name group by s.part order by min(s.position)
  loop
    perform private.update_settings_part(organization_id, given.part, given.fields);
  end loop;
  return private.settings_of(organization_id);
end
$$;
grant execute on function private.update_settings(uuid, jsonb) to authenticated;

create function public.update_settings(organization_id uuid, changes jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_settings(organization_id, changes)
$$;
comment on function public.update_settings is
  'Changes settings of the organization, each with its permission, and returns all that the caller may change.';
grant execute on function public.update_settings(uuid, jsonb) to authenticated;
