-- The rows of a definition as SQL from "from" on: the source within the caller's scope, the filters, and the period
-- with, if the report compares, the period before. joins: of what the report shows.
create function private.report_rows_of(context private.report_context, source private.report_sources, definition jsonb,
  period private.report_period, compares boolean, joins text[])
returns text
language plpgsql stable set search_path = ''
as $$
declare
  filter private.report_expression := private.report_filter(context, source, definition -> 'filters');
  field private.report_fields;
  starts timestamptz := case when compares then period.previous_starts_at else period.starts_at end;
  parts record := private.report_parts(context, source, period);
  conditions text := ' and ' || filter.sql;
begin
  joins := joins || filter.joins;
  if period.field is not null then
    field := private.report_field(context, source, period.field, 'period.field');
    joins := joins || array_remove(array[field.join_name], null);
    conditions := case when compares then format(' and ((%s) or (%s))', parts.current, parts.previous)
      else format(' and %s', parts.current) end || conditions;
    -- Ids and created_at are the same moment, but for the length of a transaction.
    if source.ids_are_times and field.name = 'created_at' then
      conditions := format(' and b.id >= %L and b.id < %L', private.uuid_v7_floor(starts - interval '1 day'),
        private.uuid_v7_floor(period.ends_at + interval '1 day')) || conditions;
    end if;
  end if;
  return private.report_from(context, source, joins) || conditions;
end
$$;

-- Which rows belong to the period, and which to the one before: conditions on the rows of the source. Null without one.
create function private.report_parts(context private.report_context, source private.report_sources,
  period private.report_period, out current text, out previous text)
language plpgsql stable set search_path = ''
as $$
declare
  field private.report_fields;
begin
  if period.field is null then
    return;
  end if;
  field := private.report_field(context, source, period.field, 'period.field');
  current := format('%1$s >= %2$L and %1$s < %3$L', field.expression, period.starts_at, period.ends_at);
  previous := format('%1$s >= %2$L and %1$s < %3$L', field.expression, period.previous_starts_at,
    period.previous_ends_at);
end
$$;
