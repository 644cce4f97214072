-- Rows that a chart is made of at most: a year by days and five groups.
create function private.chart_row_limit()
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select 2000
$$;

-- Whether the first groups of a definition are times: a chart shows the newest of them, of any other the first.
create function private.is_chart_of_time(definition jsonb)
returns boolean
language sql immutable set search_path = ''
as $$
  select coalesce(definition #> '{grouping,0}' ? 'bucket', false)
$$;

-- What the chart of a run is made of: all rows of as many first groups as fit, or the first rows of one that is larger.
-- Names of time groups sort as their times do.
create function private.frozen_chart_rows(run public.report_runs)
returns jsonb
language sql stable set search_path = ''
as $$
  with groups as (
    select f.cells -> 0 as name, count(*) as rows, min(f.position) as place
    from private.report_rows f where f.run_id = run.id and f.level is null group by 1
  ), fitting as (
    select g.name, sum(g.rows) over w <= private.chart_row_limit() or row_number() over w = 1 as fits
    from groups g
    window w as (order by case when private.is_chart_of_time(run.definition) then g.name #>> '{}' end collate "C" desc
      nulls last, g.place)
  )
  select coalesce(jsonb_agg(c.cells order by c.position), '[]') from (
    select f.position, f.cells from private.report_rows f join fitting g on g.name = f.cells -> 0 and g.fits
    where f.run_id = run.id and f.level is null order by f.position limit private.chart_row_limit()) c
$$;

-- The part of it that an e-mail shows: the same of twelve first groups.
create function private.mailed_chart_rows(run public.report_runs)
returns jsonb
language sql immutable set search_path = ''
as $$
  with charted as (
    select c.value as cells, c.ordinality as place from jsonb_array_elements(run.chart_rows) with ordinality c
  ), shown as (
    select c.cells -> 0 as name from charted c group by 1
    order by case when private.is_chart_of_time(run.definition) then (c.cells -> 0) #>> '{}' end collate "C" desc nulls last,
      min(c.place)
    limit 12
  )
  select jsonb_agg(c.cells order by c.place) from charted c join shown s on s.name = c.cells -> 0
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
  definition jsonb := report.definition || '{"subtotals": false}';
  answer jsonb;
begin
  if refusal is not null then
    return refusal;
  end if;
  perform private.require_chart(definition);
  if private.is_chart_of_time(definition) then
    definition := jsonb_set(definition, '{sorting}', jsonb_build_array(format('-%s.%s',
      definition #>> '{grouping,0,field}', definition #>> '{grouping,0,bucket}')) || (definition -> 'sorting'));
  end if;
  answer := private.report_answer(private.saved_context(organization_id), definition, private.chart_row_limit() + 1);
  return jsonb_build_object('name', report.name, 'columns', answer -> 'columns', 'period', answer -> 'period',
    'time_zone', answer -> 'time_zone', 'partial', answer -> 'partial', 'row_count', answer -> 'row_count', 'rows', (
      select coalesce(jsonb_agg(r.value -> 'cells' order by r.ordinality), '[]')
      from jsonb_array_elements(answer -> 'rows') with ordinality r
      where (answer ->> 'row_count')::bigint <= private.chart_row_limit()
        -- The group of the row that is one too many is not whole.
        or r.value #> '{cells,0}' <> answer #> '{rows,-1,cells,0}'
        or answer #> '{rows,0,cells,0}' = answer #> '{rows,-1,cells,0}'
          and r.ordinality <= private.chart_row_limit()));
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
