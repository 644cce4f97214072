-- An aggregation of a field.
create function private.report_field_aggregate(context private.report_context, source private.report_sources,
  item jsonb, path text)
returns private.report_aggregate
language plpgsql stable set search_path = ''
as $$
declare
  function text := item ->> 'function';
  field private.report_fields := private.report_field(context, source, item ->> 'field', path || '.field');
  aggregate private.report_aggregate;
begin
  perform private.require_report(function = any (field.aggregations), 'unknown_function', path || '.function',
    format('%s has the functions %s', item ->> 'field', coalesce(nullif(array_to_string(field.aggregations, ', '), ''),
      'none')));
  aggregate.id := format('%s(%s)', function, item ->> 'field');
  aggregate.label := format('%s (%s)', field.label, replace(function, '_', ' '));
  aggregate.function := function;
  aggregate.type := case when function = 'count_distinct' then 'integer'
    when function in ('avg', 'median', 'p90') and field.type <> 'money' then 'number' else field.type end;
  aggregate.scale := case when field.type = 'money' then field.scale else 6 end;
  aggregate.value := field.expression;
  aggregate.currency := field.currency;
  aggregate.additive := function in ('sum', 'count_distinct');
  aggregate.joins := array_remove(array[field.join_name], null);
  return aggregate;
end
$$;

-- The aggregations of a definition, in their order.
create function private.report_aggregates(context private.report_context, source private.report_sources,
  definition jsonb)
returns private.report_aggregate[]
language plpgsql stable set search_path = ''
as $$
declare
  aggregates private.report_aggregate[] := array[]::private.report_aggregate[];
  aggregate private.report_aggregate;
  measure private.report_measures;
  item jsonb;
  path text;
begin
  for i in 0 .. jsonb_array_length(definition -> 'aggregations') - 1 loop
    item := definition -> 'aggregations' -> i;
    path := 'aggregations.' || i;
    if item ? 'measure' then
      measure := private.report_measure(context, source, item ->> 'measure', path || '.measure');
      aggregate := row(item ->> 'measure', measure.label, 'measure', measure.type, 6, null, measure.numerator,
        measure.denominator, null, measure.denominator is null, null,
        array_remove(array[measure.join_name], null))::private.report_aggregate;
    elsif item ->> 'function' = 'count' then
      aggregate := row('count', source.label, 'count', 'integer', 0, null, null, null, null, true, null,
        '{}')::private.report_aggregate;
    else
      aggregate := private.report_field_aggregate(context, source, item, path);
    end if;
    aggregate.show := array(select jsonb_array_elements_text(item -> 'show'));
    perform private.require_report(aggregate.id <> all (coalesce(
      (select array_agg(a.id) from unnest(aggregates) a), '{}')), 'invalid_field', path,
      'must not repeat an aggregation');
    perform private.require_report(not aggregate.show && array['share_of_total', 'share_of_group']
      or aggregate.additive and aggregate.function <> 'count_distinct', 'invalid_field', path || '.show',
      'a share is for counts and sums');
    perform private.require_report(not aggregate.show && array['previous', 'change', 'change_rate']
      or aggregate.type in ('integer', 'number', 'money', 'ratio'), 'invalid_field', path || '.show',
      'only figures are compared');
    aggregates := aggregates || aggregate;
  end loop;
  return aggregates;
end
$$;

-- The SQL of an aggregation over rows t, whose columns are numbered: v (value), n and d (numerator and denominator),
-- c (currency). part: the rows that count, as a FILTER clause. An amount over several currencies is null.
create function private.report_aggregate_sql(aggregate private.report_aggregate, number integer, part text)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  value text := 't.v' || number;
  sql text := case aggregate.function
    when 'count' then 'count(*)' || part
    when 'count_distinct' then format('count(distinct %s)%s', value, part)
    when 'sum' then format('coalesce(sum(%s)%s, 0)', value, part)
    when 'median' then format('(percentile_cont(0.5) within group (order by %s::double precision)%s)::numeric', value,
      part)
    when 'p90' then format('(percentile_cont(0.9) within group (order by %s::double precision)%s)::numeric', value, part)
    when 'measure' then case
      when aggregate.denominator is null then format('coalesce(sum(t.n%s)%s, 0)', number, part)
      else format('coalesce(sum(t.n%1$s)%2$s, 0)::numeric / nullif(sum(t.d%1$s)%2$s, 0)', number, part) end
    else format('%s(%s)%s', aggregate.function, value, part) end;
begin
  if aggregate.currency is not null then
    return format('case when min(t.c%1$s) is not distinct from max(t.c%1$s) then %2$s end', number, sql);
  end if;
  return sql;
end
$$;
