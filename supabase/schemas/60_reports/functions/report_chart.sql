-- Rows that a chart shows at most: a year by days.
create function private.chart_row_limit()
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select 400
$$;

-- 422 for a report of single rows, or of one row: there is nothing to compare.
create function private.require_chart(definition jsonb)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_report(jsonb_array_length(definition -> 'grouping') > 0, 'no_chart', 'grouping',
    'Only a report with groups has a chart.');
end
$$;

-- What the chart of a saved report shows, as the caller may see it now. Security definer: see preview_report.
create function private.report_chart(organization_id uuid, report_id uuid)
returns jsonb
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  report public.reports := private.require_visible_report(organization_id, report_id);
  refusal jsonb := private.over_rate_limit('report_preview');
begin
  if refusal is not null then
    return refusal;
  end if;
  perform private.require_chart(report.definition);
  return (
    select jsonb_build_object('name', report.name, 'columns', a -> 'columns', 'period', a -> 'period', 'time_zone',
      a -> 'time_zone', 'partial', a -> 'partial', 'row_count', a -> 'row_count', 'rows', (
        select coalesce(jsonb_agg(r.value -> 'cells' order by r.ordinality), '[]')
        from jsonb_array_elements(a -> 'rows') with ordinality r where jsonb_typeof(r.value -> 'level') = 'null'))
    from private.report_answer(private.saved_context(organization_id), report.definition,
      private.chart_row_limit()) a);
end
$$;
grant execute on function private.report_chart(uuid, uuid) to authenticated;

create function public.report_chart(organization_id uuid, report_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.report_chart(organization_id, report_id)
$$;
comment on function public.report_chart is 'What the chart of a saved report shows, as the caller may see it now.';
grant execute on function public.report_chart(uuid, uuid) to authenticated;

-- The same of a run, from its frozen rows. Security definer because nobody may read runs of others.
create function private.report_run_chart(organization_id uuid, run_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  run public.report_runs := private.require_report_run(organization_id, run_id);
begin
  perform private.require_run_rights(run);
  perform private.require_chart(run.definition);
  if run.chart_rows is null then
    perform private.problem(404, 'not_found', 'The rows of this run are not there.');
  end if;
  return jsonb_build_object('name', run.name, 'columns', run.columns, 'period', run.period, 'time_zone', run.time_zone,
    'partial', run.partial, 'row_count', run.row_count, 'rows', run.chart_rows);
end
$$;
grant execute on function private.report_run_chart(uuid, uuid) to authenticated;

create function public.report_run_chart(organization_id uuid, run_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.report_run_chart(organization_id, run_id)
$$;
comment on function public.report_run_chart is 'What the chart of a run of the caller''s shows, from its frozen rows.';
grant execute on function public.report_run_chart(uuid, uuid) to authenticated;
