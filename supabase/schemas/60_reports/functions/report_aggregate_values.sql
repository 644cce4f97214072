-- The columns that aggregations read from the rows of the source, numbered, with a leading comma.
create function private.report_inputs(aggregates private.report_aggregate[])
returns text
language sql immutable set search_path = ''
as $$
  select coalesce(string_agg(
    case when a.value is not null then format(', %s as v%s', a.value, a.ordinality) else '' end
    || case when a.numerator is not null then format(', %s as n%s', a.numerator, a.ordinality) else '' end
    || case when a.denominator is not null then format(', %s as d%s', a.denominator, a.ordinality) else '' end
    || case when a.currency is not null then format(', %s as c%s', a.currency, a.ordinality) else '' end,
    '' order by a.ordinality), '')
  from unnest(aggregates) with ordinality a
$$;

-- The aggregations as columns a1, a2, …, with a leading comma; with those of the period before as p1, p2, …
create function private.report_aggregate_values(aggregates private.report_aggregate[], compares boolean)
returns text
language sql immutable set search_path = ''
as $$
  select coalesce(string_agg(
    format(', %s as a%s', private.report_aggregate_sql(aggregates[i], i,
      case when compares then ' filter (where t.current)' else '' end), i)
    || case when compares
      then format(', %s as p%s', private.report_aggregate_sql(aggregates[i], i, ' filter (where t.previous)'), i)
      else '' end,
    '' order by i), '')
  from generate_subscripts(aggregates, 1) i
$$;

-- Whether an amount would be summed over several currencies.
create function private.report_mixed(aggregates private.report_aggregate[])
returns text
language sql immutable set search_path = ''
as $$
  select coalesce(string_agg(format('coalesce(min(t.c%1$s) <> max(t.c%1$s), false)', a.ordinality), ' or '), 'false')
  from unnest(aggregates) with ordinality a where a.currency is not null
$$;

-- The currency of each amount, by the id of the column.
create function private.report_currencies(aggregates private.report_aggregate[])
returns text
language sql immutable set search_path = ''
as $$
  select 'jsonb_build_object(' || coalesce(string_agg(
    format('%L, case when min(t.c%2$s) = max(t.c%2$s) then min(t.c%2$s) end', a.id, a.ordinality), ', '), '') || ')'
  from unnest(aggregates) with ordinality a where a.currency is not null
$$;
