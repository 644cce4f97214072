-- A custom lead field as a field of a source, or null.
create function private.custom_report_field(context private.report_context, source private.report_sources, name text)
returns private.report_fields
language plpgsql stable set search_path = ''
as $$
declare
  prefix text := case when source.scope = 'leads' then 'custom.' else 'lead.custom.' end;
  definition public.lead_fields;
begin
  if source.scope <> 'leads' and source.lead_join is null or not starts_with(name, prefix) then
    return null;
  end if;
  select * into definition from public.lead_fields f
  where f.organization_id = context.organization_id and f.key = substr(name, char_length(prefix) + 1);
  return private.custom_report_field_of(source, definition);
end
$$;

-- The same from its definition. Values that do not fit the type, which only an earlier definition can have let in, count
-- as empty.
create function private.custom_report_field_of(source private.report_sources, definition public.lead_fields)
returns private.report_fields
language plpgsql stable set search_path = ''
as $$
declare
  is_lead boolean := source.scope = 'leads';
  value text := format('%s.custom_fields -> %L', case when is_lead then 'b' else 'l' end, definition.key);
  field private.report_fields;
begin
  if definition.key is null then
    return null;
  end if;
  field.source := source.name;
  field.name := case when is_lead then 'custom.' else 'lead.custom.' end || definition.key;
  field.label := case when is_lead then definition.label else 'Lead: ' || definition.label end;
  field.position := 5000 + least(definition.position, 1000);
  field.type := case definition.type when 'choices' then 'list' else definition.type end;
  field.expression := case definition.type
    when 'number' then format($e$case when jsonb_typeof(%1$s) = 'number' then (%1$s)::numeric end$e$, value)
    when 'boolean' then format($e$case when jsonb_typeof(%1$s) = 'boolean' then (%1$s)::boolean end$e$, value)
    when 'date' then format(
      $e$case when private.custom_value_error('date', '[]', %1$s) is null then (%1$s #>> '{}')::date end$e$, value)
    when 'choices' then format($e$case when jsonb_typeof(%1$s) = 'array'
      then array(select jsonb_array_elements_text(%1$s)) end$e$, value)
    else format($e$%1$s #>> '{}'$e$, value) end;
  field.join_name := case when not is_lead then 'lead' end;
  field.permission := case when not is_lead and source.scope <> 'lead' then 'leads:read' end;
  field.aggregations := case when not is_lead or definition.type = 'choices' then '{}'::text[] end;
  field.groupable := definition.type not in ('choices', 'number');
  field.sortable := definition.type <> 'choices';
  field.personal := definition.type = 'text';
  field.period := false;
  field.scale := 2;
  field.choices := case when definition.type in ('choice', 'choices') then definition.choices end;
  return field;
end
$$;

-- A field of the source by its id (source.name), a custom one too; null for an unknown one.
create function private.named_report_field(context private.report_context, source private.report_sources, id text)
returns private.report_fields
language plpgsql stable set search_path = ''
as $$
declare
  field_name text := substr(id, char_length(source.name) + 2);
  field private.report_fields;
begin
  if starts_with(id, source.name || '.') then
    select * into field from private.report_fields f where f.source = source.name and f.name = field_name;
    if field.name is null then
      field := private.custom_report_field(context, source, field_name);
    end if;
  end if;
  return field;
end
$$;

-- A field of the source by its id (source.name) that the caller may use, with the operators and aggregations of its
-- type where it has none of its own. What the caller may not use is refused by name.
create function private.report_field(context private.report_context, source private.report_sources, id text, path text)
returns private.report_fields
language plpgsql stable set search_path = ''
as $$
declare
  field private.report_fields := private.named_report_field(context, source, id);
begin
  if field.name is null then
    perform private.report_problem(422, case when context.saved then 'field_removed' else 'unknown_field' end, path,
      format('The source %s has no field %s%s.', source.name, left(id, 100),
        case when context.saved then ' any more' else '' end));
  end if;
  perform private.require_field_permission(context, field.permission, id, path);
  field.operators := coalesce(field.operators, (select t.operators from private.report_types t where t.name = field.type));
  field.aggregations := coalesce(field.aggregations,
    (select t.aggregations from private.report_types t where t.name = field.type));
  field.expression := format('(%s)', replace(field.expression, '{now}', format('%L::timestamptz', context.at)));
  return field;
end
$$;

create function private.require_field_permission(context private.report_context, permission text, id text, path text)
returns void
language plpgsql set search_path = ''
as $$
begin
  if not private.has_field_permission(context, permission) then
    perform private.report_problem(403, 'field_not_permitted', path,
      format('The field %s needs the permission %s.', left(id, 100), permission));
  end if;
end
$$;

-- Whether the caller may use what needs this permission. The scope of a permission on leads bounds a join; any other is
-- needed for the whole organization.
create function private.has_field_permission(context private.report_context, permission text)
returns boolean
language sql immutable set search_path = ''
as $$
  select permission is null
    or case when permission = 'leads:read' then context.permissions ? permission
      else context.permissions ->> permission = 'organization' end
$$;

-- A measure of the source by its id that the caller may use.
create function private.report_measure(context private.report_context, source private.report_sources, id text,
  path text)
returns private.report_measures
language plpgsql stable set search_path = ''
as $$
declare
  measure private.report_measures;
  now text := format('%L::timestamptz', context.at);
begin
  select * into measure from private.report_measures m
  where m.source = source.name and m.source || '.' || m.name = id;
  perform private.require_report(measure.name is not null,
    case when context.saved then 'field_removed' else 'unknown_field' end, path,
    format('The source %s has no measure %s.', source.name, left(id, 100)));
  perform private.require_field_permission(context, measure.permission, id, path);
  measure.numerator := replace(measure.numerator, '{now}', now);
  measure.denominator := replace(measure.denominator, '{now}', now);
  return measure;
end
$$;
