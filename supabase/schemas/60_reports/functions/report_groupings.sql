-- The local day on which a time group begins.
create function private.report_bucket(context private.report_context, field private.report_fields, bucket text)
returns text
language sql stable set search_path = ''
as $$
  select case bucket
    when 'day' then l.day || '::date'
    when 'week' then format('((%1$s)::date - (extract(isodow from %1$s)::integer - %2$s + 7) %% 7)', l.day,
      context.first_weekday)
    else format('date_trunc(%L, %s)::date', bucket, l.day) end
  from (
    select case field.type when 'timestamp' then format('(%s at time zone %L)', field.expression, context.zone)
      else format('(%s)::timestamp', field.expression) end as day
  ) l
$$;

-- How a time group is written, from the day on which it begins. ISO 8601 names weeks that begin on Monday.
create function private.report_bucket_cell(context private.report_context, bucket text)
returns text
language sql stable set search_path = ''
as $$
  select case bucket
    when 'month' then $f$to_char({g}, 'YYYY-MM')$f$
    when 'quarter' then $f$to_char({g}, 'YYYY-"Q"Q')$f$
    when 'year' then $f$to_char({g}, 'YYYY')$f$
    when 'week' then case when context.first_weekday = 1 then $f$to_char({g}, 'IYYY-"W"IW')$f$ else '{g}' end
    else '{g}' end
$$;

-- The groupings of a definition, in their order. The first time grouping is filled unless it says otherwise, and no
-- other can be.
create function private.report_groupings(context private.report_context, source private.report_sources,
  definition jsonb)
returns private.report_grouping[]
language plpgsql stable set search_path = ''
as $$
declare
  groupings private.report_grouping[] := array[]::private.report_grouping[];
  grouped private.report_grouping;
  field private.report_fields;
  item jsonb;
  path text;
  buckets integer := 0;
begin
  for i in 0 .. jsonb_array_length(definition -> 'grouping') - 1 loop
    item := definition -> 'grouping' -> i;
    path := 'grouping.' || i;
    field := private.report_field(context, source, item ->> 'field', path || '.field');
    grouped := row(item ->> 'field' || coalesce('.' || (item ->> 'bucket'), ''), field.label, item ->> 'field',
      field.type, item ->> 'bucket', false, field.expression, private.report_cell(field.type, field.scale, '{g}'),
      field.sort_expression, array_remove(array[field.join_name], null), field.identity is not null)
      ::private.report_grouping;
    perform private.require_report(field.groupable, 'not_groupable', path, 'cannot be grouped by');
    perform private.require_report((grouped.bucket is not null) = (field.type in ('date', 'timestamp')),
      'invalid_field', path || '.bucket', 'is for fields that are dates or timestamps, and needed for them');
    perform private.require_report(grouped.id <> all (coalesce(
      (select array_agg(g.id) from unnest(groupings) g), '{}')), 'invalid_field', path, 'must not repeat a grouping');
    if grouped.named then
      grouped.value := format('case when %s is not null then %s end', field.expression, field.identity);
      grouped.sort_value := field.expression;
    end if;
    if grouped.bucket is not null then
      buckets := buckets + 1;
      grouped.fill := coalesce((item ->> 'fill')::boolean, buckets = 1);
      perform private.require_report(not grouped.fill or buckets = 1, 'invalid_field', path || '.fill',
        'only the first time grouping can be filled');
      grouped.value := private.report_bucket(context, field, grouped.bucket);
      grouped.cell := private.report_bucket_cell(context, grouped.bucket);
      grouped.type := case when grouped.cell = '{g}' then 'date' else 'period' end;
    end if;
    groupings := groupings || grouped;
  end loop;
  return groupings;
end
$$;

-- The days on which the groups of a time grouping begin, from the first to the last. groups: how many other groups each
-- is combined with; more rows than a report may have are refused before they are made.
create function private.report_buckets(first date, last date, bucket text, groups bigint)
returns setof date
language plpgsql immutable rows 100 set search_path = ''
as $$
declare
  step interval := case bucket when 'quarter' then interval '3 months' else ('1 ' || bucket)::interval end;
  days integer := case bucket when 'day' then 1 when 'week' then 7 when 'month' then 28 when 'quarter' then 90
    else 365 end;
begin
  if ((last - first) / days + 1) * greatest(groups, 1) > 200000 then
    perform private.report_problem(422, 'too_many_groups', 'grouping',
      'There are too many time groups to fill. Choose a shorter period, a longer bucket, or "fill": false.');
  end if;
  return query select b::date from generate_series(first::timestamp, last::timestamp, step) b;
end
$$;
