-- The rows of one page and the total of a definition, as the caller may see them at this moment: { columns, rows:
-- [{ level, cells }], row_count, records, totals, truncated, time_zone, period, partial }. The first rows, the
-- total and the order are those of a run.
create function private.report_answer(context private.report_context, definition jsonb, page_rows integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  query private.report_query := private.report_query(context, definition, page_rows);
  session_zone text := current_setting('TimeZone');
  answer jsonb;
begin
  perform set_config('TimeZone', context.zone, true);
  begin
    execute format(
      'with r as materialized (%s)
      select jsonb_build_object(''rows'', coalesce((
          select jsonb_agg(jsonb_build_object(''level'', r.level, ''cells'', r.cells) order by r.position) from r
          where r.row_count is null), ''[]''),
        ''row_count'', t.row_count, ''records'', t.records, ''totals'', t.cells, ''mixed'', t.mixed,
        ''currencies'', t.currencies)
      from r t where t.row_count is not null', query.statement)
    into answer;
  exception when query_canceled then
    perform private.report_problem(422, 'report_too_heavy', 'period',
      'The report takes too long to preview. Choose a shorter period or fewer groups, or save it without preview.');
  end;
  perform set_config('TimeZone', session_zone, true);
  perform private.require_report(not coalesce((answer ->> 'mixed')::boolean, false), 'mixed_currencies', 'grouping',
    'Amounts in several currencies have no sum. Group by the currency, or filter by one.');
  return answer - array['mixed', 'currencies'] || jsonb_build_object(
    'columns', private.report_columns_in(query.columns, answer -> 'currencies'),
    'truncated', (answer ->> 'row_count')::bigint > private.report_row_limit(),
    'time_zone', context.zone, 'period', private.report_period_json(query.period),
    'partial', private.report_partial(context, query, definition));
end
$$;

-- The rows of a report at most, in previews, files and schedules alike.
create function private.report_row_limit()
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select 100000
$$;

-- Null without a period. from and to are half-open.
create function private.report_period_json(period private.report_period)
returns jsonb
language sql stable set search_path = ''
as $$
  select case when period.field is not null then jsonb_strip_nulls(jsonb_build_object('field', period.field,
    'name', period.name, 'from', private.utc_text(period.starts_at), 'to', private.utc_text(period.ends_at),
    'previous_from', private.utc_text(period.previous_starts_at),
    'previous_to', private.utc_text(period.previous_ends_at), 'running', period.running)) end
$$;

-- The time groups at the ends of the period of which the period, or what has passed of it, covers only a part.
create function private.report_partial(context private.report_context, query private.report_query, definition jsonb)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  grouped jsonb := (select g from jsonb_array_elements(definition -> 'grouping') g
    where g ->> 'field' = (query.period).field and g ? 'bucket' limit 1);
  bucket text := grouped ->> 'bucket';
  step interval := case bucket when 'quarter' then interval '3 months' else ('1 ' || bucket)::interval end;
  starts date := ((query.period).starts_at at time zone context.zone)::date;
  ends date := ((query.period).ends_at at time zone context.zone)::date;
  first date := private.report_bucket_start(context, bucket, starts);
  last date := private.report_bucket_start(context, bucket, ends - 1);
  today date := private.report_bucket_start(context, bucket, (context.at at time zone context.zone)::date);
  labels jsonb;
begin
  if bucket is null then
    return '[]'::jsonb;
  end if;
  execute format('select jsonb_agg(distinct to_jsonb(%s)) from unnest($1) d (day)',
    replace(private.report_bucket_cell(context, bucket), '{g}', 'd.day'))
  into labels using array_remove(array[
    case when first < starts then first end, case when last + step > ends then last end,
    case when (query.period).running then today end], null);
  return coalesce(labels, '[]');
end
$$;

-- An unsaved definition. Security definer: the statement reads with the caller's scope in its conditions, because LIKE
-- is not leakproof and the planner would not see the scope in policies. Without JIT: such statements have many
-- expressions, and compiling them takes longer than reading.
create function private.preview_report(organization_id uuid, definition jsonb)
returns jsonb
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  context private.report_context := private.report_context(organization_id, now(), false);
  refusal jsonb := private.over_rate_limit('report_preview');
begin
  if refusal is not null then
    return refusal;
  end if;
  return private.report_answer(context, private.checked_report(definition), 100);
end
$$;
grant execute on function private.preview_report(uuid, jsonb) to authenticated;

create function public.preview_report(organization_id uuid, definition jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.preview_report(organization_id, definition)
$$;
comment on function public.preview_report is
  'The first 100 rows and the total of a definition, as the caller may see them now.';
grant execute on function public.preview_report(uuid, jsonb) to authenticated;
