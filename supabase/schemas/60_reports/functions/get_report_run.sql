-- A run as people see it: what its file holds only where it is theirs or was mailed to them, and while its owner has the
-- permissions that it needs.
create function private.shown_report_run(run public.report_runs)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.report_run_json(run) || jsonb_build_object('is_received', private.has_received_run(run))
    || case when private.has_received_run(run) and private.owner_may_export(run) then '{}'
    else '{"columns": null, "totals": null, "partial": [], "definition": null}'::jsonb end
$$;

-- GET /reports/runs/{id}. Security definer because downloads are not readable directly.
create function private.get_report_run(organization_id uuid, run_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  run public.report_runs;
begin
  perform private.require_scope(organization_id, 'reports:read');
  select * into run from public.report_runs r
  where r.organization_id = get_report_run.organization_id and r.id = run_id;
  if run.id is null or not (private.has_received_run(run) or private.sees_schedule_of(run)) then
    perform private.problem(404, 'not_found', 'There is no such run.');
  end if;
  return private.shown_report_run(run);
end
$$;
grant execute on function private.get_report_run(uuid, uuid) to authenticated;

create function public.get_report_run(organization_id uuid, run_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_report_run(organization_id, run_id)
$$;
comment on function public.get_report_run is 'A run of the caller''s, of a schedule that they see or one that they were mailed, and its progress.';
grant execute on function public.get_report_run(uuid, uuid) to authenticated;

-- GET /reports/history: the caller's runs and those of their schedules, also from before a hand-over, newest first.
-- filters: { report_id?, status? }. Security definer: see get_report_run.
create function private.list_report_runs(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'reports:read');
  return (
    with found as materialized (
      select r.id from public.report_runs r
      where r.organization_id = list_report_runs.organization_id and (r.owner_id = auth.uid() or r.schedule_id = any (
          array(select s.id from public.report_schedules s
            where s.organization_id = list_report_runs.organization_id and s.owner_id = auth.uid())))
        and (filters ->> 'report_id' is null or r.report_id = (filters ->> 'report_id')::uuid)
        and (filters ->> 'status' is null or r.status = filters ->> 'status')
    ), page as (
      select f.id from found f order by f.id desc limit page_limit offset page_offset
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.shown_report_run(r) - array['columns', 'totals', 'definition'] order by r.id desc)
      from page p join public.report_runs r on r.id = p.id), '[]')));
end
$$;
grant execute on function private.list_report_runs(uuid, jsonb, integer, integer) to authenticated;

create function public.list_report_runs(organization_id uuid, filters jsonb default '{}', page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_report_runs(organization_id, filters, private.page_size(page_limit),
    private.page_start(page_offset))
$$;
comment on function public.list_report_runs is
  'One page of the caller''s runs and those of their schedules, newest first, and their total number.';
grant execute on function public.list_report_runs(uuid, jsonb, integer, integer) to authenticated;

-- A page of the frozen rows of a run. Security definer because nobody may read them directly.
create function private.report_run_rows(organization_id uuid, run_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  run public.report_runs := private.require_report_run(organization_id, run_id);
begin
  perform private.require_run_rights(run);
  if run.frozen_at is null or run.rows_deleted_at is not null then
    perform private.problem(404, 'not_found', 'The rows of this run are not there.');
  end if;
  return jsonb_build_object('columns', run.columns, 'totals', run.totals, 'row_count', run.row_count, 'rows', (
    select coalesce(jsonb_agg(jsonb_build_object('level', p.level, 'cells', p.cells) order by p.position), '[]')
    from (
      select w.position, w.level, w.cells from private.report_rows w where w.run_id = run.id and w.level is distinct from 0
      order by w.position limit page_limit offset page_offset
    ) p));
end
$$;
grant execute on function private.report_run_rows(uuid, uuid, integer, integer) to authenticated;

create function public.report_run_rows(organization_id uuid, run_id uuid, page_limit integer default 100,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.report_run_rows(organization_id, run_id, private.page_size(page_limit, 1000),
    private.page_start(page_offset))
$$;
comment on function public.report_run_rows is 'A page of the frozen rows of a run, with the subtotals in their places.';
grant execute on function public.report_run_rows(uuid, uuid, integer, integer) to authenticated;
