-- The groups at all levels, their aggregations and what they are sorted by.
create function private.report_rolled_up(context private.report_context, source private.report_sources,
  definition jsonb, period private.report_period, groupings private.report_grouping[],
  aggregates private.report_aggregate[])
returns text
language plpgsql stable set search_path = ''
as $$
declare
  compares boolean := private.report_compares(aggregates);
  parts record := private.report_parts(context, source, period);
  joins text[] := array(select j from unnest(aggregates) a cross join lateral unnest(a.joins) j)
    || array(select j from unnest(groupings) g cross join lateral unnest(g.joins) j);
  keys text := (select string_agg('t.g' || g.ordinality, ', ') from unnest(groupings) with ordinality g);
begin
  return format('select %1$s%2$s as level, count(*)%3$s as records%4$s%5$s, %6$s as mixed, %7$s as currencies
    from (select 1%8$s%9$s%10$s %11$s) t group by %12$s',
    coalesce(keys || ', ', ''),
    coalesce((select string_agg(format('1 - grouping(t.g%s)', g.ordinality), ' + ')
      from unnest(groupings) with ordinality g), '0'),
    case when compares then ' filter (where t.current)' else '' end,
    private.report_aggregate_values(aggregates, compares),
    coalesce((select string_agg(format(', min(t.s%1$s) as s%1$s', g.ordinality), '' order by g.ordinality)
      from unnest(groupings) with ordinality g where g.sort_value is not null), ''),
    private.report_mixed(aggregates), private.report_currencies(aggregates),
    coalesce((select string_agg(format(', %s as g%s', g.value, g.ordinality)
      || case when g.sort_value is not null then format(', %s as s%s', g.sort_value, g.ordinality) else '' end,
      '' order by g.ordinality)
      from unnest(groupings) with ordinality g), ''),
    private.report_inputs(aggregates),
    case when compares then format(', %s as current, %s as previous', parts.current, parts.previous) else '' end,
    private.report_rows_of(context, source, definition, period, compares, joins),
    case when keys is null then '()' else format('rollup (%s)', keys) end);
end
$$;

create function private.report_compares(aggregates private.report_aggregate[])
returns boolean
language sql immutable set search_path = ''
as $$
  select coalesce(bool_or(a.show && array['previous', 'change', 'change_rate']), false) from unnest(aggregates) a
$$;

-- Rows for the time groups that no record falls into, at one level: every combination of the other groups with every
-- time group, without those that are there.
create function private.report_fill(context private.report_context, period private.report_period,
  groupings private.report_grouping[], aggregates private.report_aggregate[], filled integer, level integer)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  bucket text := (groupings[filled]).bucket;
  in_period boolean := period.field = (groupings[filled]).field;
  first date := case when in_period then (period.starts_at at time zone context.zone)::date end;
  last date := case when in_period
    then (least(period.ends_at, greatest(context.at, period.starts_at) + interval '1 microsecond')
      at time zone context.zone - interval '1 microsecond')::date end;
  others text := (select string_agg(format('g%s%s', g.ordinality,
      case when g.sort_value is not null then ', s' || g.ordinality else '' end), ', ')
    from unnest(groupings) with ordinality g where g.ordinality <= level and g.ordinality <> filled);
  missing text := (select string_agg(case when g.ordinality <= level then 'm.g' || g.ordinality
      else 'null' end, ', ' order by g.ordinality) from unnest(groupings) with ordinality g);
  known text := format('select g%s%s from rolled where level = %s', filled, coalesce(', ' || others, ''), level);
begin
  return format('select %1$s, %2$s, 0%3$s%4$s, false, ''{}''::jsonb from (
      select d.day as g%5$s%6$s from (%7$s) o
      cross join lateral private.report_buckets(
        (select least(%8$L::date, min(r.g%5$s)) from rolled r), (select greatest(%9$L::date, max(r.g%5$s)) from rolled r),
        %10$L, (select count(*) from (%7$s) c)) d (day)
      except %11$s) m',
    missing, level,
    coalesce((select string_agg(case when a.additive then ', 0' else ', null' end
        || case when private.report_compares(aggregates) then case when a.additive then ', 0' else ', null' end
          else '' end, '' order by a.ordinality) from unnest(aggregates) with ordinality a), ''),
    coalesce((select string_agg(', ' || case when g.ordinality <= level then 'm.s' || g.ordinality else 'null' end, ''
      order by g.ordinality) from unnest(groupings) with ordinality g where g.sort_value is not null), ''),
    filled, coalesce(', ' || others, ''),
    case when others is null then 'select 1 as one'
      else format('select distinct %s from rolled where level = %s', others, level) end,
    private.report_bucket_start(context, bucket, first), private.report_bucket_start(context, bucket, last),
    bucket, known);
end
$$;

-- The day on which the time group of a day begins.
create function private.report_bucket_start(context private.report_context, bucket text, day date)
returns date
language sql stable set search_path = ''
as $$
  select case bucket when 'day' then day
    when 'week' then day - (extract(isodow from day)::integer - context.first_weekday + 7) % 7
    else date_trunc(bucket, day::timestamp)::date end
$$;

-- The order of groups: within each group by the aggregations and groups that the definition names, then by the groups
-- themselves; subtotals follow their rows. windows: the columns that keys need, with leading commas.
create function private.report_group_order(definition jsonb, groupings private.report_grouping[],
  aggregates private.report_aggregate[], out windows text, out keys text)
language plpgsql immutable set search_path = ''
as $$
declare
  item text;
  direction text;
  found integer;
begin
  windows := '';
  keys := '(level = 0)';
  for k in 1 .. cardinality(groupings) loop
    for i in 0 .. jsonb_array_length(definition -> 'sorting') - 1 loop
      item := definition -> 'sorting' ->> i;
      direction := case when item like '-%' then 'desc' else 'asc' end;
      found := (select a.ordinality from unnest(aggregates) with ordinality a where a.id = ltrim(item, '-'));
      if found is not null then
        windows := windows || format(', max(case when level = %1$s then a%2$s end) over (partition by %3$s) as o%1$s_%4$s',
          k, found, (select string_agg('g' || j, ', ') from generate_series(1, k) j), i);
        keys := keys || format(', o%s_%s %s nulls last', k, i, direction);
      elsif (groupings[k]).id = ltrim(item, '-') then
        keys := keys || ', ' || private.report_group_key(groupings[k], k, direction);
      else
        perform private.require_report(ltrim(item, '-') in (select g.id from unnest(groupings) g), 'not_sortable',
          'sorting.' || i, 'must be one of the groupings or aggregations');
      end if;
    end loop;
    keys := keys || ', ' || private.report_group_key(groupings[k], k, 'asc') || format(', (level = %s)', k);
  end loop;
end
$$;

create function private.report_group_key(grouped private.report_grouping, number integer, direction text)
returns text
language sql immutable set search_path = ''
as $$
  select case when grouped.named then private.report_sort('text', 's' || number, direction) || ', '
      when grouped.sort_value is not null then format('s%s %s nulls last, ', number, direction) else '' end
    || private.report_sort(case when grouped.named then 'id' else grouped.type end, 'g' || number, direction)
$$;

-- The statement of a grouped report: rows, subtotals after their rows, and the total.
create function private.report_group_statement(context private.report_context, source private.report_sources,
  definition jsonb, period private.report_period, groupings private.report_grouping[],
  aggregates private.report_aggregate[], row_limit integer)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  depth integer := cardinality(groupings);
  filled integer := (select g.ordinality from unnest(groupings) with ordinality g where g.fill);
  sort record := private.report_group_order(definition, groupings, aggregates);
  fills text := (select string_agg(' union all ' || private.report_fill(context, period, groupings, aggregates, filled, k),
    '') from generate_series(filled, depth) k);
  windows text := (select string_agg(format('w%1$s as (partition by level, s%1$s)', g.ordinality), ', ')
    from unnest(groupings) with ordinality g where g.named);
  cells text := concat_ws(', ', private.report_group_cells(groupings),
    nullif(array_to_string(private.report_aggregate_cells(aggregates), ', '), ''));
begin
  return format('with rolled as (%1$s), filled as (select * from rolled%2$s),
    keyed as (select f.*%3$s from filled f%9$s),
    placed as (select k.*, row_number() over (order by %4$s)::integer as position from keyed k),
    ranked as (select p.*, count(*) filter (where p.level = %5$s) over (order by p.position) as rank from placed p)
    select position, nullif(level, %5$s)::smallint as level, jsonb_build_array(%6$s) as cells, null::bigint as row_count,
      null::bigint as records, null::boolean as mixed, null::jsonb as currencies
    from ranked where (level = %5$s or %7$s and level between 1 and %5$s) and rank <= %8$s
    union all
    select 1000000000, 0::smallint, jsonb_build_array(%6$s),
      (select count(*) from ranked where level = %5$s), records,
      (select bool_or(mixed) from ranked where level = %5$s), currencies
    from ranked where level = 0',
    private.report_rolled_up(context, source, definition, period, groupings, aggregates),
    coalesce(fills, ''),
    private.report_share_bases(aggregates, depth) || private.report_namesakes(groupings) || sort.windows, sort.keys,
    depth, cells, definition -> 'subtotals', row_limit, coalesce(' window ' || windows, ''));
end
$$;

-- For aggregations that show shares: the value of the total (t1, t2, …) and of the group above (u1, u2, …).
create function private.report_share_bases(aggregates private.report_aggregate[], depth integer)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  columns text := '';
  branches text;
  above text;
begin
  for i in 1 .. coalesce(cardinality(aggregates), 0) loop
    if 'share_of_total' = any (aggregates[i].show) then
      columns := columns || format(', max(case when level = 0 then a%1$s end) over () as t%1$s', i);
    end if;
    continue when 'share_of_group' <> all (aggregates[i].show);
    branches := format('when 0 then a%s', i);
    above := '';
    for k in 1 .. depth loop
      branches := branches || format(' when %s then max(case when level = %s then a%s end) over (%s)', k, k - 1, i, above);
      above := case when k = 1 then 'partition by g1' else above || ', g' || k end;
    end loop;
    columns := columns || format(', case level %s end as u%s', branches, i);
  end loop;
  return columns;
end
$$;
