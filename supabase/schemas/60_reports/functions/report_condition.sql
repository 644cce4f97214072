-- A value of a filter as a literal with a cast to the type of the field. Nothing else of a caller's text is in SQL.
create function private.report_literal(type text, value jsonb, path text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  text_value text := value #>> '{}';
  json_type text := jsonb_typeof(value);
begin
  if type = 'date' then
    return format('%L::date', private.report_day(value, path));
  elsif type = 'boolean' then
    perform private.require_report(json_type = 'boolean', 'invalid_value', path, 'must be true or false');
  elsif type in ('integer', 'number', 'money') then
    perform private.require_report(json_type in ('number', 'string')
      and text_value ~ '^-?[0-9]{1,15}(\.[0-9]{1,10})?$', 'invalid_value', path, 'must be a number');
  elsif type = 'person' and text_value = 'me' then
    return format('%L::uuid', auth.uid());
  elsif type in ('id', 'person') then
    perform private.require_report(json_type = 'string'
      and text_value ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', 'invalid_value', path, 'must be a UUID');
  else
    perform private.require_report(json_type = 'string' and char_length(text_value) between 1 and 500,
      'invalid_value', path, 'must be a text of 1 to 500 characters');
  end if;
  return format('%L::%s', text_value, (select t.sql_type from private.report_types t where t.name = report_literal.type));
end
$$;

-- The values of a filter as an SQL array.
create function private.report_literals(type text, value jsonb, path text)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_report(jsonb_typeof(value) = 'array', 'invalid_value', path, 'must be a list');
  perform private.require_report(jsonb_array_length(value) between 1 and 500, 'invalid_value', path,
    'must have 1 to 500 values');
  return 'array[' || (
    select string_agg(private.report_literal(type, e.value, path || '.' || (e.ordinality - 1)), ', ')
    from jsonb_array_elements(value) with ordinality e) || ']';
end
$$;

-- The first moment of a value, and the first moment after it: a day, or a single moment.
create function private.report_moments(context private.report_context, value jsonb, path text,
  out starts timestamptz, out ends timestamptz, out is_day boolean)
language plpgsql stable set search_path = ''
as $$
declare
  text_value text := value #>> '{}';
begin
  is_day := char_length(text_value) = 10;
  if is_day then
    starts := private.report_day(value, path)::timestamp at time zone context.zone;
    ends := (private.report_day(value, path) + 1)::timestamp at time zone context.zone;
    return;
  end if;
  perform private.require_report(jsonb_typeof(value) = 'string' and text_value
    ~ '^[12][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?(Z|[+-][01][0-9]:[0-5][0-9])$',
    'invalid_value', path, 'must be a date such as 2026-11-30, or a timestamp with its offset');
  begin
    starts := text_value::timestamptz;
  exception when data_exception then
    perform private.report_problem(422, 'invalid_value', path, 'is no date');
  end;
  ends := starts;
end
$$;

-- A comparison of a timestamp. A day counts as a whole.
create function private.report_time_condition(context private.report_context, expression text, operator text,
  value jsonb, path text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  first record;
  last record;
begin
  if operator = 'between' then
    perform private.require_report(jsonb_typeof(value) = 'array' and jsonb_array_length(value) = 2, 'invalid_value',
      path, 'must be a list of two values');
    select * into first from private.report_moments(context, value -> 0, path || '.0');
    select * into last from private.report_moments(context, value -> 1, path || '.1');
    return format('%1$s >= %2$L and %1$s %3$s %4$L', expression, first.starts,
      case when last.is_day then '<' else '<=' end, last.ends);
  end if;
  select * into first from private.report_moments(context, value, path);
  return case operator
    when 'eq' then format('%1$s >= %2$L and %1$s %3$s %4$L', expression, first.starts,
      case when first.is_day then '<' else '<=' end, first.ends)
    when 'gt' then format('%s %s %L', expression, case when first.is_day then '>=' else '>' end, first.ends)
    when 'gte' then format('%s >= %L', expression, first.starts)
    when 'lt' then format('%s < %L', expression, first.starts)
    else format('%s %s %L', expression, case when first.is_day then '<' else '<=' end, first.ends) end;
end
$$;

-- A field within a named period.
create function private.report_period_condition(context private.report_context, field private.report_fields,
  value jsonb, path text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  days record;
begin
  perform private.require_report(value #>> '{}' = any (private.period_names()), 'invalid_value', path,
    'must be one of: ' || array_to_string(private.period_names(), ', '));
  select * into days from private.named_days(value #>> '{}', (context.at at time zone context.zone)::date,
    context.first_weekday);
  if field.type = 'date' then
    return format('%1$s >= %2$L and %1$s < %3$L', field.expression, days.starts, days.ends);
  end if;
  return format('%1$s >= %2$L and %1$s < %3$L', field.expression, days.starts::timestamp at time zone context.zone,
    days.ends::timestamp at time zone context.zone);
end
$$;

-- A condition that holds for the wildcards of LIKE as for any other character.
create function private.report_pattern(before text, value jsonb, path text)
returns text
language sql stable set search_path = ''
as $$
  select format('%L', before || replace(replace(replace(v.value, '\', '\\'), '%', '\%'), '_', '\_') || '%')
  from (
    select value #>> '{}' as value, private.report_literal('text', report_pattern.value, path) as checked offset 0
  ) v where v.checked is not null
$$;

-- Comparisons that all types share. What is empty is not equal to any value.
create function private.report_value_condition(field private.report_fields, operator text, value jsonb, path text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  x text := field.expression;
begin
  return case operator
    when 'eq' then format('%s = %s', x, private.report_literal(field.type, value, path))
    when 'neq' then format('%s is distinct from %s', x, private.report_literal(field.type, value, path))
    when 'in' then format('%s = any (%s)', x, private.report_literals(field.type, value, path))
    when 'not_in' then format('(%s = any (%s)) is not true', x, private.report_literals(field.type, value, path))
    when 'gt' then format('%s > %s', x, private.report_literal(field.type, value, path))
    when 'gte' then format('%s >= %s', x, private.report_literal(field.type, value, path))
    when 'lt' then format('%s < %s', x, private.report_literal(field.type, value, path))
    when 'lte' then format('%s <= %s', x, private.report_literal(field.type, value, path))
    when 'contains' then format('%s ilike %s', x, private.report_pattern('%', value, path))
    when 'not_contains' then format('(%s ilike %s) is not true', x, private.report_pattern('%', value, path))
    when 'starts_with' then format('%s ilike %s', x, private.report_pattern('', value, path))
    when 'has' then format('%s = any (%s)', private.report_literal(field.type, value, path), x)
    when 'has_any' then format('%s && %s', x, private.report_literals(field.type, value, path))
    when 'has_all' then format('%s @> %s', x, private.report_literals(field.type, value, path))
    when 'has_none' then format('(%s && %s) is not true', x, private.report_literals(field.type, value, path))
    else null end;
end
$$;

-- One condition of a filter: { field, operator, value? }.
create function private.report_condition(context private.report_context, source private.report_sources,
  condition jsonb, path text)
returns private.report_expression
language plpgsql stable set search_path = ''
as $$
declare
  field private.report_fields := private.report_field(context, source, condition ->> 'field', path || '.field');
  operator text := condition ->> 'operator';
  value jsonb := condition -> 'value';
  at text := path || '.value';
  sql text;
begin
  perform private.require_report(operator = any (field.operators), 'unknown_operator', path || '.operator',
    format('%s has the operators %s', condition ->> 'field', array_to_string(field.operators, ', ')));
  if operator in ('is_empty', 'is_not_empty') then
    sql := case field.type
      when 'text' then format('coalesce(%s, '''') = ''''', field.expression)
      when 'list' then format('coalesce(cardinality(%s), 0) = 0', field.expression)
      else format('(%s) is null', field.expression) end;
    sql := case operator when 'is_empty' then sql else format('not (%s)', sql) end;
  elsif operator = 'in_period' then
    sql := private.report_period_condition(context, field, value, at);
  elsif field.type = 'timestamp' then
    sql := private.report_time_condition(context, field.expression, operator, value, at);
  elsif operator = 'between' then
    perform private.require_report(jsonb_typeof(value) = 'array' and jsonb_array_length(value) = 2, 'invalid_value', at,
      'must be a list of two values');
    sql := format('%s between %s and %s', field.expression,
      private.report_literal(field.type, value -> 0, at || '.0'),
      private.report_literal(field.type, value -> 1, at || '.1'));
  else
    sql := private.report_value_condition(field, operator, value, at);
  end if;
  return row(format('(%s)', sql), array_remove(array[field.join_name], null))::private.report_expression;
end
$$;

-- The filters of a definition: { all | any: [condition | { all | any: [condition] }] }.
create function private.report_filter(context private.report_context, source private.report_sources, filter jsonb,
  path text default 'filters')
returns private.report_expression
language plpgsql stable set search_path = ''
as $$
declare
  kind text := case when filter ? 'any' then 'any' else 'all' end;
  items jsonb := coalesce(filter -> kind, '[]');
  parts text[] := array[]::text[];
  joins text[] := array[]::text[];
  part private.report_expression;
  at text;
begin
  for i in 0 .. jsonb_array_length(items) - 1 loop
    at := format('%s.%s.%s', path, kind, i);
    part := case when items -> i ?| array['all', 'any'] then private.report_filter(context, source, items -> i, at)
      else private.report_condition(context, source, items -> i, at) end;
    parts := parts || part.sql;
    joins := joins || part.joins;
  end loop;
  return row(case when cardinality(parts) = 0 then 'true'
    else '(' || array_to_string(parts, case kind when 'any' then ' or ' else ' and ' end) || ')' end,
    joins)::private.report_expression;
end
$$;
