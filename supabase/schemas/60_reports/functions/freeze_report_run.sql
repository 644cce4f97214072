-- Makes the rest of the transaction a request of the run's owner, in the run's organization.
create function private.act_as_owner(run public.report_runs)
returns void
language plpgsql set search_path = ''
as $$
begin
  if run.owner_id is null then
    perform private.problem(403, 'owner_gone', 'The owner of the run no longer has an account.');
  elsif private.is_expired_key(run.owner_id) then
    perform private.problem(403, 'key_expired', 'The API key that owns the run has expired.');
  end if;
  perform set_config('request.jwt.claims', jsonb_build_object('sub', run.owner_id, 'role', 'authenticated')::text,
    true);
  perform set_config('request.headers', (coalesce(nullif(current_setting('request.headers', true), ''), '{}')::jsonb
    || jsonb_build_object('x-organization-id', run.organization_id))::text, true);
end
$$;

-- Refuses a run whose report was deleted since, or is not shared with its owner any more.
create function private.require_report_of_run(run public.report_runs)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  report public.reports;
begin
  select * into report from public.reports r where r.organization_id = run.organization_id and r.id = run.report_id;
  if report.deleted_at is not null then
    perform private.problem(409, 'report_deleted', 'The report was deleted.');
  elsif not private.is_visible_report(report) then
    perform private.problem(403, 'report_not_shared', 'The report is not shared with the owner of the run any more.');
  end if;
end
$$;

-- The rows that fit into the file of a run whose rows are frozen: its format may have a limit of its own.
create function private.report_file_rows(run public.report_runs)
returns bigint
language sql stable set search_path = ''
as $$
  select case when f.row_limit is null then private.report_row_limit() else (
    select count(*) from (
      select w.level from private.report_rows w where w.run_id = run.id order by w.position limit f.row_limit) l
    where l.level is null) end
  from private.report_formats f where f.name = run.format
$$;

-- Freezes the rows of a run, with subtotals and total, by one statement: they are of one moment.
create function private.freeze_report_rows(run public.report_runs)
returns void
language plpgsql set search_path = ''
as $$
declare
  context private.report_context;
  built private.report_query;
  total private.report_total;
begin
  perform private.act_as_owner(run);
  context := private.report_context(run.organization_id, run.as_of, true);
  perform private.require_export(context, run.definition);
  perform private.require_report_of_run(run);
  built := private.report_query(context, run.definition, private.report_row_limit());
  perform set_config('TimeZone', context.zone, true);
  execute format('with r as materialized (%s), frozen as (
      insert into private.report_rows (run_id, position, level, cells)
      select %L, r.position, r.level, r.cells from r)
    select t.row_count, t.records, t.cells, t.mixed, t.currencies from r t where t.row_count is not null',
    built.statement, run.id)
  into total.row_count, total.records, total.cells, total.mixed, total.currencies;
  perform set_config('TimeZone', 'UTC', true);
  perform private.require_report(not coalesce(total.mixed, false), 'mixed_currencies', 'grouping',
    'Amounts in several currencies have no sum. Group by the currency, or filter by one.');
  perform private.require_report((
    select coalesce(sum(pg_column_size(w.cells)), 0) <= 150000000 from private.report_rows w where w.run_id = run.id),
    'report_too_large', 'fields', 'The rows are too large. Choose fewer fields or narrow the filters.');
  update public.report_runs r
  set status = 'writing', frozen_at = clock_timestamp(), time_zone = context.zone,
    period = private.report_period_json(built.period), totals = total.cells, row_count = total.row_count,
    records = total.records, truncated = total.row_count > private.report_file_rows(run),
    partial = private.report_partial(context, built, run.definition),
    chart_rows = case when jsonb_array_length(run.definition -> 'grouping') > 0
      then private.frozen_chart_rows(run) end,
    columns = private.report_columns_in(built.columns, total.currencies)
  where r.id = run.id;
end
$$;

-- Freezes the rows of a run as its owner: { state: writing | refused | failed | moved_on, run }. What the owner may not,
-- or what is wrong with the definition, refuses the run with its reason, and too long a statement fails it; any other
-- error is for the job to report. Security
-- definer: see claim_report_run.
create function private.freeze_report_run(run_id uuid, runner uuid)
returns jsonb
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  work private.report_run_work := private.lock_report_work(run_id, runner);
  run public.report_runs;
  state text := 'refused';
  reason text;
  detail text;
begin
  if work.run_id is null then
    return '{"state": "moved_on"}'::jsonb;
  end if;
  select * into run from public.report_runs r where r.id = work.run_id;
  if run.status <> 'freezing' then
    return jsonb_build_object('state', 'writing', 'run', private.claimed_report_run(run, work));
  end if;
  begin
    perform private.freeze_report_rows(run);
  exception
    when query_canceled then
      state := 'failed';
      reason := 'report_too_heavy';
      detail := 'The report takes too long. Choose a shorter period, fewer groups or fewer fields.';
    when others then
      if sqlstate not like 'PT%' then
        raise;
      end if;
      get stacked diagnostics reason = pg_exception_hint, detail = message_text;
  end;
  if reason is not null then
    perform private.end_report_run(run.id, state, reason, detail);
    return jsonb_build_object('state', state);
  end if;
  update private.report_run_work w
  set attempts = 0, last_step_at = now(), leased_until = now() + private.report_lease()
  where w.run_id = run.id returning * into work;
  select * into run from public.report_runs r where r.id = run.id;
  return jsonb_build_object('state', 'writing', 'run', private.claimed_report_run(run, work));
end
$$;
grant execute on function private.freeze_report_run(uuid, uuid) to service_role;

create function public.freeze_report_run(run_id uuid, runner uuid)
returns jsonb
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.freeze_report_run(run_id, runner)
$$;
comment on function public.freeze_report_run is 'Freezes the rows of a run with the rights of its owner.';
grant execute on function public.freeze_report_run(uuid, uuid) to service_role;
