-- A list of a definition within its bounds; missing counts as empty.
create function private.report_list(definition jsonb, name text, max_items integer)
returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  list jsonb := coalesce(definition -> name, '[]');
begin
  perform private.require_valid(jsonb_typeof(list) = 'array', name, 'must be a list');
  perform private.require_valid(jsonb_array_length(list) <= max_items, name,
    format('must have at most %s items', max_items));
  return list;
end
$$;

create function private.require_keys(value jsonb, keys text[], path text)
returns void
language plpgsql immutable set search_path = ''
as $$
begin
  perform private.require_valid(jsonb_typeof(value) = 'object', path, 'must be an object');
  perform private.require_valid(value - keys = '{}', path, 'knows only ' || array_to_string(keys, ', '));
end
$$;

-- The number of conditions of a filter, which has at most two levels.
create function private.count_conditions(filter jsonb, path text, level integer default 1)
returns integer
language plpgsql immutable set search_path = ''
as $$
declare
  kind text := case when filter ? 'any' then 'any' else 'all' end;
  items jsonb := filter -> kind;
  at text := path || '.' || kind;
  conditions integer := 0;
begin
  perform private.require_keys(filter, array[kind], path);
  perform private.require_valid(jsonb_typeof(items) = 'array', at, 'must be a list');
  perform private.require_valid(jsonb_array_length(items) <= 20, at, 'must have at most 20 items');
  for i in 0 .. jsonb_array_length(items) - 1 loop
    if items -> i ?| array['all', 'any'] then
      perform private.require_valid(level = 1, at || '.' || i, 'filters have at most two levels');
      conditions := conditions + private.count_conditions(items -> i, at || '.' || i, 2);
    else
      perform private.require_keys(items -> i, array['field', 'operator', 'value'], at || '.' || i);
      conditions := conditions + 1;
    end if;
  end loop;
  return conditions;
end
$$;

create function private.check_report_period(period jsonb)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_keys(period, array['field', 'name', 'from', 'to'], 'period');
  perform private.require_valid(coalesce(jsonb_typeof(period -> 'field'), 'string') = 'string', 'period.field',
    'must be a field');
  if period ? 'name' then
    perform private.require_valid(period ->> 'name' = any (private.period_names()), 'period.name',
      'must be one of: ' || array_to_string(private.period_names(), ', '));
    perform private.require_valid(not period ?| array['from', 'to'], 'period', 'has either a name or from and to');
  else
    perform private.require_valid(period ?& array['from', 'to'], 'period', 'has either a name or from and to');
  end if;
end
$$;

create function private.check_report_groups(grouped jsonb, aggregations jsonb)
returns void
language plpgsql immutable set search_path = ''
as $$
declare
  item jsonb;
begin
  for i in 0 .. jsonb_array_length(grouped) - 1 loop
    item := grouped -> i;
    perform private.require_keys(item, array['field', 'bucket', 'fill'], 'grouping.' || i);
    perform private.require_valid(jsonb_typeof(item -> 'field') = 'string', format('grouping.%s.field', i),
      'must be a field');
    perform private.require_valid(not item ? 'bucket'
      or item ->> 'bucket' in ('day', 'week', 'month', 'quarter', 'year'), format('grouping.%s.bucket', i),
      'must be day, week, month, quarter or year');
    perform private.require_valid(not item ? 'fill' or jsonb_typeof(item -> 'fill') = 'boolean',
      format('grouping.%s.fill', i), 'must be true or false');
  end loop;
  for i in 0 .. jsonb_array_length(aggregations) - 1 loop
    item := aggregations -> i;
    perform private.require_keys(item, array['function', 'field', 'measure', 'show'], 'aggregations.' || i);
    perform private.require_valid(case when item ? 'measure' then not item ?| array['function', 'field']
      else coalesce(item ->> 'function', '') <> '' and (item ->> 'function' = 'count') <> (item ? 'field') end,
      'aggregations.' || i, 'has a measure, or the function count, or another function and its field');
    perform private.require_valid(coalesce(jsonb_typeof(item -> 'show'), 'array') = 'array'
      and coalesce(item -> 'show', '[]') <@ '["share_of_total", "share_of_group", "previous", "change", "change_rate"]'
      and (select count(*) = count(distinct e) from jsonb_array_elements(item -> 'show') e),
      format('aggregations.%s.show', i),
      'must be a list of share_of_total, share_of_group, previous, change and change_rate, each once');
  end loop;
end
$$;

-- A period without a field is about the first field of the source that a period may filter by.
create function private.with_period_field(period jsonb, source text)
returns jsonb
language sql stable set search_path = ''
as $$
  select case when jsonb_typeof(period) = 'object' then jsonb_build_object('field', (
    select f.source || '.' || f.name from private.report_fields f
    where f.source = with_period_field.source and f.period order by f.position limit 1)) || period end
$$;

-- Checks the form of a definition, without the catalogue, and answers it as it is stored: { source, fields, filters,
-- grouping, aggregations, sorting, period, subtotals }. Bounds: 30 fields, 4 groupings, 10 aggregations, 20 conditions,
-- 256 kB.
create function private.checked_report(definition jsonb)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  fields jsonb;
  grouped jsonb;
  aggregations jsonb;
  sorting jsonb;
  filters jsonb;
begin
  perform private.require_valid(octet_length(definition::text) <= 262144, '', 'must have at most 256 kB');
  perform private.require_keys(definition, array['source', 'fields', 'filters', 'grouping', 'aggregations', 'sorting',
    'period', 'subtotals'], '');
  perform private.require_valid(jsonb_typeof(definition -> 'source') = 'string', 'source', 'must be a source');
  fields := private.report_list(definition, 'fields', 30);
  grouped := private.report_list(definition, 'grouping', 4);
  aggregations := private.report_list(definition, 'aggregations', 10);
  sorting := private.report_list(definition, 'sorting', 5);
  filters := coalesce(definition -> 'filters', '{"all": []}');
  perform private.require_valid(fields || sorting = coalesce(
    (select jsonb_agg(e #>> '{}') from jsonb_array_elements(fields || sorting) e where jsonb_typeof(e) = 'string'), '[]'),
    'fields', 'and sorting are lists of texts');
  perform private.require_valid((select count(*) = count(distinct e) from jsonb_array_elements(fields) e), 'fields',
    'must not repeat a field');
  perform private.check_report_groups(grouped, aggregations);
  perform private.require_valid(fields = '[]' or grouped = '[]', 'fields',
    'a grouped report shows its groups and aggregations; leave fields empty');
  perform private.require_valid(fields <> '[]' or grouped <> '[]' or aggregations <> '[]', 'fields',
    'give fields, a grouping or aggregations');
  perform private.require_valid(private.count_conditions(filters, 'filters') <= 20, 'filters',
    'must have at most 20 conditions');
  if jsonb_typeof(definition -> 'period') = 'object' then
    perform private.check_report_period(definition -> 'period');
  end if;
  perform private.require_valid(coalesce(jsonb_typeof(definition -> 'period'), 'null') in ('object', 'null'), 'period',
    'must be an object');
  perform private.require_valid(coalesce(jsonb_typeof(definition -> 'subtotals'), 'boolean') = 'boolean', 'subtotals',
    'must be true or false');
  return jsonb_strip_nulls(jsonb_build_object('source', definition -> 'source',
      'period', private.with_period_field(definition -> 'period', definition ->> 'source')))
    || jsonb_build_object('fields', fields, 'filters', filters, 'grouping', grouped,
      'aggregations', case when grouped <> '[]' and aggregations = '[]' then '[{"function": "count"}]'
        else aggregations end,
      'sorting', sorting, 'subtotals', coalesce(definition -> 'subtotals', 'true'));
end
$$;
