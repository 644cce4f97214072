-- The order of single rows: by the fields that the definition names, at last by what makes the order complete. Newest
-- first without any.
create function private.report_list_order(context private.report_context, source private.report_sources,
  sorting jsonb, out keys text, out joins text[])
language plpgsql stable set search_path = ''
as $$
declare
  item text;
  field private.report_fields;
begin
  joins := '{}';
  keys := '';
  for i in 0 .. jsonb_array_length(sorting) - 1 loop
    item := sorting ->> i;
    field := private.report_field(context, source, ltrim(item, '-'), 'sorting.' || i);
    perform private.require_report(field.sortable, 'not_sortable', 'sorting.' || i, 'cannot be sorted by');
    keys := keys || private.report_sort(case when field.sort_expression is null then field.type else 'integer' end,
      coalesce(field.sort_expression, field.expression),
      case when item like '-%' then 'desc' else 'asc' end) || ', ';
    joins := joins || array_remove(array[field.join_name], null);
  end loop;
  keys := keys || case when sorting = '[]' then regexp_replace(source.identity, '(,|$)', ' desc\1', 'g')
    else source.identity end;
end
$$;

-- The statement of a report of single rows: the first rows in their order, and the total of all.
create function private.report_list_statement(context private.report_context, source private.report_sources,
  definition jsonb, period private.report_period, aggregates private.report_aggregate[], row_limit integer,
  out statement text, out columns jsonb)
language plpgsql stable set search_path = ''
as $$
declare
  fields private.report_fields[] := array(
    select private.report_field(context, source, f.id, 'fields.' || (f.ordinality - 1))
    from jsonb_array_elements_text(definition -> 'fields') with ordinality f (id));
  sort record := private.report_list_order(context, source, definition -> 'sorting');
  cells text := (select string_agg(private.report_cell(f.type, f.scale, f.expression), ', ' order by f.ordinality)
    from unnest(fields) with ordinality f);
  joins text[] := sort.joins || array(select f.join_name from unnest(fields) f where f.join_name is not null);
  empty text := (select string_agg('null::text', ', ') from unnest(fields));
begin
  columns := (
    select jsonb_agg(private.report_column(definition -> 'fields' ->> (f.ordinality - 1)::integer, f.label, f.type)
      || jsonb_build_object('role', 'field')
      || case when f.type = 'money' then jsonb_build_object('scale', f.scale) else '{}' end order by f.ordinality)
    from unnest(fields) with ordinality f);
  statement := format(
    'select (row_number() over ())::integer as position, null::smallint as level, r.cells, null::bigint as row_count,
      null::bigint as records, null::boolean as mixed, null::jsonb as currencies
    from (select jsonb_build_array(%1$s) as cells %2$s order by %3$s limit %4$s) r
    union all
    (%5$s)',
    cells, private.report_rows_of(context, source, definition, period, false, joins), sort.keys, row_limit,
    private.report_total_statement(context, source, definition, period, aggregates, empty));
end
$$;

-- The total of a report of single rows.
create function private.report_total_statement(context private.report_context, source private.report_sources,
  definition jsonb, period private.report_period, aggregates private.report_aggregate[], empty text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  joins text[] := array(select j from unnest(aggregates) a cross join lateral unnest(a.joins) j);
  rows text := private.report_rows_of(context, source, definition, period, false, joins);
begin
  return format(
    'select 1000000000, 0::smallint, jsonb_build_array(%1$s), r.n, r.n, r.mixed, r.currencies
    from (select count(*) as n %2$s, %3$s as mixed, %4$s as currencies from (select 1 %5$s %6$s) t) r',
    concat_ws(', ', empty, nullif(array_to_string(private.report_aggregate_cells(aggregates), ', '), '')),
    private.report_aggregate_values(aggregates, false), private.report_mixed(aggregates),
    private.report_currencies(aggregates), private.report_inputs(aggregates), rows);
end
$$;
