-- Ends a run without a file. For security definer functions.
create function private.end_report_run(run_id uuid, status text, reason text, detail text)
returns void
language plpgsql set search_path = ''
as $$
declare
  run public.report_runs;
begin
  delete from private.report_run_work w where w.run_id = end_report_run.run_id;
  delete from private.report_pieces p where p.run_id = end_report_run.run_id;
  update public.report_runs r
  set status = end_report_run.status, reason = end_report_run.reason, detail = left(end_report_run.detail, 1000),
    finished_at = now()
  where r.id = end_report_run.run_id
  returning * into run;
  perform private.after_scheduled_run(run);
end
$$;

-- What the sheet about a run calls what its definition names: the source, fields, figures, and members of the
-- organization and teams in filters, by their ids.
create function private.report_words(run public.report_runs)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  context private.report_context;
  source private.report_sources;
begin
  context.organization_id := run.organization_id;
  select * into source from private.report_sources s where s.name = run.definition ->> 'source';
  return (
    select jsonb_object_agg(w.id, w.words) from (
      select source.name as id, source.label as words
      union select c ->> 'id', c ->> 'label' from jsonb_array_elements(run.columns) c
      union select n.id, f.label
      from (
        select jsonb_path_query(run.definition, 'strict $.**.field') #>> '{}' as id
        union select ltrim(jsonb_array_elements_text(run.definition -> 'sorting'), '-')
      ) n
      cross join lateral private.named_report_field(context, source, n.id) f
      union select v.id, coalesce(p.full_name, t.name)
      from (
        select jsonb_path_query(run.definition -> 'filters', '$.**.value[*] ? (@.type() == "string")') #>> '{}' as id
      ) v
      left join (
        select m.user_id, q.full_name from public.memberships m join public.profiles q on q.id = m.user_id
        where m.organization_id = run.organization_id
      ) p on p.user_id::text = v.id
      left join public.teams t on t.organization_id = run.organization_id and t.id::text = v.id
    ) w where w.words is not null);
end
$$;

-- What the writer of a file needs of a run.
create function private.claimed_report_run(run public.report_runs, work private.report_run_work)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.report_run_json(run) || jsonb_build_object('organization_name', o.name, 'locale', o.locale,
    'chart_rows', run.chart_rows, 'words', private.report_words(run), 'position', work.position,
    'pieces', work.pieces, 'size', work.size, 'state', work.state,
    'row_limit', coalesce(f.row_limit, private.report_row_limit()), 'path', private.report_file_path(run),
    'organization_id', run.organization_id, 'spreadsheet_id', run.spreadsheet_id,
    'frozen_rows', case when run.format = 'sheets' then (
      select count(*) from private.report_rows w where w.run_id = run.id) end,
    -- A schedule's tabs are replaced by its own runs, those that somebody asks for by the same person's.
    'tab_key', coalesce(run.schedule_id::text, run.report_id || '/' || run.owner_id),
    'content_type', f.content_type)
  from public.organizations o
  join private.report_formats f on f.name = run.format
  where o.id = run.organization_id
$$;

-- Begins a run that was claimed: what its writer needs of it, or null if it ended instead.
create function private.begin_claimed_run(work private.report_run_work)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  run public.report_runs;
begin
  if work.attempts > 5 then
    perform private.end_report_run(work.run_id, 'failed', 'interrupted',
      'The run was interrupted too often at the same place.');
    return null;
  elsif private.end_forbidden_sheet(work) then
    return null;
  end if;
  update public.report_runs r set status = 'freezing' where r.id = work.run_id and r.status = 'queued';
  select * into run from public.report_runs r where r.id = work.run_id;
  return private.claimed_report_run(run, work);
end
$$;

-- Leases the run that waited longest to this runner, or null. An organization has at most two runs under way, so that
-- one that asks for many does not keep the others waiting; the lock is for that count. A run that five runners claimed
-- without a step fails. A spreadsheet has one writer at a time: its runs take place in the order in which they were asked
-- for, however often one is handed over or waits for Google. One that cannot be begun stays leased, and the next one gets
-- its turn.
-- Security definer because the service role may not write these tables directly.
create function private.claim_report_run(runner uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  work private.report_run_work;
  claimed jsonb;
begin
  perform pg_advisory_xact_lock(hashtextextended('claim_report_run', 0));
  loop
    update private.report_run_work w
    set runner = claim_report_run.runner, leased_until = now() + private.report_lease(), attempts = w.attempts + 1
    where w.run_id = (
      select q.run_id from private.report_run_work q
      where (q.leased_until is null or q.leased_until < now()) and (
        select count(*) from private.report_run_work o
        where o.organization_id = q.organization_id and o.leased_until >= now()) < 2
        and (q.not_before is null or q.not_before <= now())
        and not exists (
          select from private.report_run_work o
          where o.organization_id = q.organization_id and o.spreadsheet_id = q.spreadsheet_id and o.run_id < q.run_id)
      order by q.last_step_at, q.run_id limit 1 for update skip locked)
    returning * into work;
    if work.run_id is null then
      return null;
    end if;
    begin
      claimed := private.begin_claimed_run(work);
    exception when others then
      raise warning 'The run % of a report could not be begun: % %', work.run_id, sqlstate, sqlerrm;
    end;
    exit when claimed is not null;
  end loop;
  return claimed;
end
$$;
grant execute on function private.claim_report_run(uuid) to service_role;

create function public.claim_report_run(runner uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_report_run(runner)
$$;
comment on function public.claim_report_run is 'Leases a waiting run of a report to this runner.';
grant execute on function public.claim_report_run(uuid) to service_role;

-- The work of a run, locked, if this runner has it; else null.
create function private.lock_report_work(run_id uuid, runner uuid)
returns private.report_run_work
language plpgsql set search_path = ''
as $$
declare
  work private.report_run_work;
begin
  select * into work from private.report_run_work w where w.run_id = lock_report_work.run_id for update;
  if work.runner is distinct from lock_report_work.runner then
    return null;
  end if;
  return work;
end
$$;

-- Ends a run whose file cannot be written. Security definer: see claim_report_run.
create function private.fail_report_run(run_id uuid, runner uuid, reason text, detail text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  work private.report_run_work := private.lock_report_work(run_id, runner);
begin
  if work.run_id is not null then
    perform private.end_report_run(run_id, 'failed', left(reason, 100), detail);
  end if;
end
$$;
grant execute on function private.fail_report_run(uuid, uuid, text, text) to service_role;

create function public.fail_report_run(run_id uuid, runner uuid, reason text, detail text)
returns void
language sql set search_path = ''
as $$
  select private.fail_report_run(run_id, runner, reason, detail)
$$;
comment on function public.fail_report_run is 'Ends a run whose file cannot be written.';
grant execute on function public.fail_report_run(uuid, uuid, text, text) to service_role;
