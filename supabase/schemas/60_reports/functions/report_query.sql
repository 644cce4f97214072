-- The one statement of a definition, with at most row_limit rows. All names are looked up for the caller, so whatever
-- they may not use is refused by name. For security definer functions, which execute it.
create function private.report_query(context private.report_context, definition jsonb, row_limit integer)
returns private.report_query
language plpgsql stable set search_path = ''
as $$
declare
  source private.report_sources := private.report_source(context, definition ->> 'source', 'source');
  period private.report_period := private.report_period(context, source, definition);
  aggregates private.report_aggregate[] := private.report_aggregates(context, source, definition);
  groupings private.report_grouping[];
  list record;
  built private.report_query;
begin
  built.period := period;
  if definition -> 'fields' <> '[]' then
    perform private.require_report(not private.report_compares(aggregates), 'invalid_field', 'aggregations',
      'a list of single rows has no period before');
    perform private.require_report(not exists (select from unnest(aggregates) a where cardinality(a.show) > 0),
      'invalid_field', 'aggregations', 'a list of single rows has no shares');
    list := private.report_list_statement(context, source, definition, period, aggregates, row_limit);
    built.statement := list.statement;
    built.columns := list.columns || (
      select coalesce(jsonb_agg(c || '{"role": "total"}'), '[]')
      from jsonb_array_elements(private.report_columns('{}', aggregates)) c);
  else
    groupings := private.report_groupings(context, source, definition);
    if private.report_compares(aggregates) then
      perform private.require_report(period.starts_at is not null, 'invalid_field', 'period',
        'is needed to compare with the period before');
      perform private.require_report(not exists (
        select from unnest(groupings) g where g.bucket is not null and g.field = period.field), 'invalid_field',
        'aggregations', 'a report by the time of its period has no period before');
    end if;
    built.statement := private.report_group_statement(context, source, definition, period, groupings, aggregates,
      row_limit);
    built.columns := private.report_columns(groupings, aggregates);
  end if;
  perform private.require_report(jsonb_array_length(built.columns) <= 30, 'invalid_field', 'fields',
    'and aggregations make more than 30 columns');
  return built;
end
$$;
