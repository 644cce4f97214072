-- How long a runner may be silent before another takes over its run. A runner whose statement is under way holds a lock
-- on the run's row.
create function private.report_lease()
returns interval
language sql immutable set search_path = ''
as $$
  select interval '30 seconds'
$$;

-- Where the file of a run is in the bucket.
create function private.report_file_path(run public.report_runs)
returns text
language sql stable set search_path = ''
as $$
  select format('%s/%s.%s', run.organization_id, run.id, f.extension)
  from private.report_formats f where f.name = run.format
$$;

-- What a file is called where it is downloaded. A file that lacks rows says so in its name, because CSV has no other
-- place for it.
create function private.report_file_name(run public.report_runs)
returns text
language sql stable set search_path = ''
as $$
  select format('%s %s%s.%s', left(btrim(regexp_replace(run.name, '[^[:alnum:] ._-]+', '_', 'g')), 100),
    to_char(run.as_of at time zone run.time_zone, 'YYYY-MM-DD'),
    case when run.truncated then format(' (first %s of %s rows)', run.rows_written, run.row_count) else '' end,
    f.extension)
  from private.report_formats f where f.name = run.format
$$;

-- Until when the file of a run can be had.
create function private.report_file_expiry(run public.report_runs)
returns timestamptz
language sql stable set search_path = ''
as $$
  select coalesce(run.file_withdrawn_at, coalesce(run.finished_at, run.created_at) + make_interval(days => coalesce((
    select s.file_days from public.report_settings s where s.organization_id = run.organization_id), 30)))
$$;

create function private.report_run_json(run public.report_runs)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', run.id, 'report_id', run.report_id, 'name', run.name, 'format', run.format,
    'status', run.status, 'reason', run.reason, 'detail', run.detail, 'schedule_id', run.schedule_id, 'scheduled_for', run.scheduled_for,
    'as_of', run.as_of, 'time_zone', run.time_zone, 'period', run.period, 'columns', run.columns, 'totals', run.totals,
    'row_count', run.row_count, 'records', run.records, 'rows_written', run.rows_written, 'truncated', run.truncated,
    'partial', run.partial, 'spreadsheet', private.spreadsheet_url(run.spreadsheet_id, run.tab_id),
    'paused_until', w.not_before, 'pause_detail', w.pause_detail, 'file_size', run.file_size, 'checksum', run.checksum, 'definition', run.definition,
    'owner_id', run.owner_id, 'owner_name', (select p.full_name from public.profiles p where p.id = run.owner_id),
    'requested_by', run.requested_by, 'created_at', run.created_at, 'frozen_at', run.frozen_at,
    'finished_at', run.finished_at, 'file_deleted_at', run.file_deleted_at,
    'expires_at', private.report_file_expiry(run),
    'mailed', (
      select coalesce(jsonb_agg(jsonb_build_object('address', d.address, 'user_id', d.user_id,
        'status', coalesce(e.status, 'not_mailed')) order by d.address), '[]')
      from private.report_deliveries d
      left join public.emails e on e.organization_id = run.organization_id
        and e.event_key = 'report_run:' || run.id and e.to_address = d.address
      where d.run_id = run.id),
    'downloads', (select count(*) from private.report_downloads d where d.run_id = run.id))
  from (select 1) one
  left join private.report_run_work w on w.run_id = run.id and w.not_before > now()
$$;

-- Whether a run is the caller's, or they were mailed it and its owner still has the permissions that it needs.
create function private.has_received_run(run public.report_runs)
returns boolean
language sql stable set search_path = ''
as $$
  select coalesce(run.owner_id = auth.uid(), false)
    or exists (select from private.report_deliveries d where d.run_id = run.id and d.user_id = auth.uid())
      and private.owner_may_export(run)
$$;

-- Whether the caller sees the schedule of a run, and so that it ran, but not what it holds.
create function private.sees_schedule_of(run public.report_runs)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.report_schedules s
    where s.organization_id = run.organization_id and s.id = run.schedule_id
      and (s.owner_id = auth.uid() or s.organization_id = any (private.organizations_with('reports:write'))))
$$;

-- A run of the caller's, or one that they were mailed, while its owner has the permissions that it needs. 404 for any other.
create function private.require_received_run(organization_id uuid, run_id uuid)
returns public.report_runs
language plpgsql stable set search_path = ''
as $$
declare
  run public.report_runs;
begin
  perform private.require_scope(organization_id, 'reports:read');
  select * into run from public.report_runs r
  where r.organization_id = require_received_run.organization_id and r.id = run_id and private.has_received_run(r);
  if run.id is null then
    perform private.problem(404, 'not_found', 'There is no such run.');
  end if;
  return run;
end
$$;

-- A run that the caller may see: their own. 404 for any other.
create function private.require_report_run(organization_id uuid, run_id uuid)
returns public.report_runs
language plpgsql stable set search_path = ''
as $$
declare
  run public.report_runs;
begin
  perform private.require_scope(organization_id, 'reports:read');
  select * into run from public.report_runs r
  where r.organization_id = require_report_run.organization_id and r.id = run_id and r.owner_id = auth.uid();
  if run.id is null then
    perform private.problem(404, 'not_found', 'There is no such run.');
  end if;
  return run;
end
$$;
