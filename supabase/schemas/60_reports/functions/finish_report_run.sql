-- The pieces of a file from a place on, about four megabytes of them: { state, pieces: [base64] }, and extends the
-- lease. Security definer: see claim_report_run.
create function private.read_report_pieces(run_id uuid, runner uuid, from_piece integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  work private.report_run_work := private.lock_report_work(run_id, runner);
begin
  if work.run_id is null then
    return '{"state": "moved_on"}'::jsonb;
  end if;
  update private.report_run_work w set leased_until = now() + private.report_lease() where w.run_id = work.run_id;
  return jsonb_build_object('state', 'writing', 'pieces', (
    select coalesce(jsonb_agg(translate(encode(p.content, 'base64'), E'\n', '') order by p.position), '[]')
    from (
      select q.position, q.content, sum(octet_length(q.content)) over (order by q.position) - octet_length(q.content)
        as before
      from private.report_pieces q where q.run_id = work.run_id and q.position >= from_piece
    ) p
    where p.before < 4000000));
end
$$;
grant execute on function private.read_report_pieces(uuid, uuid, integer) to service_role;

create function public.read_report_pieces(run_id uuid, runner uuid, from_piece integer)
returns jsonb
language sql set search_path = ''
as $$
  select private.read_report_pieces(run_id, runner, from_piece)
$$;
comment on function public.read_report_pieces is 'The next pieces of a run''s file.';
grant execute on function public.read_report_pieces(uuid, uuid, integer) to service_role;

-- Ends a run whose rows are all where they should be; answers its state.
create function private.complete_report_run(run_id uuid)
returns text
language plpgsql set search_path = ''
as $$
declare
  run public.report_runs;
begin
  update public.report_runs r set status = case when r.records = 0 then 'empty' else 'ready' end, finished_at = now()
  where r.id = complete_report_run.run_id
  returning * into run;
  delete from private.report_run_work w where w.run_id = run.id;
  delete from private.report_pieces p where p.run_id = run.id;
  perform private.after_scheduled_run(run);
  return run.status;
end
$$;

-- The file is in Storage: ends the run as ready, or empty if no record was found. Security definer: see
-- claim_report_run.
create function private.finish_report_run(run_id uuid, runner uuid, file_size bigint, checksum text, cpu_ms integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  work private.report_run_work := private.lock_report_work(run_id, runner);
begin
  if work.run_id is null then
    return '{"state": "moved_on"}'::jsonb;
  end if;
  update public.report_runs r
  set file_name = private.report_file_name(r), file_size = finish_report_run.file_size,
    checksum = finish_report_run.checksum, cpu_ms = r.cpu_ms + finish_report_run.cpu_ms
  where r.id = work.run_id;
  return jsonb_build_object('state', private.complete_report_run(work.run_id));
end
$$;
grant execute on function private.finish_report_run(uuid, uuid, bigint, text, integer) to service_role;

create function public.finish_report_run(run_id uuid, runner uuid, file_size bigint, checksum text, cpu_ms integer)
returns jsonb
language sql set search_path = ''
as $$
  select private.finish_report_run(run_id, runner, file_size, checksum, cpu_ms)
$$;
comment on function public.finish_report_run is 'Ends a run whose file is in Storage.';
grant execute on function public.finish_report_run(uuid, uuid, bigint, text, integer) to service_role;

-- The rows are in a spreadsheet, and readers see them: ends the run. Security definer: see claim_report_run.
create function private.finish_spreadsheet_run(run_id uuid, runner uuid, tab_id integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  work private.report_run_work := private.lock_report_work(run_id, runner);
begin
  if work.run_id is null then
    return '{"state": "moved_on"}'::jsonb;
  end if;
  update public.report_runs r set tab_id = finish_spreadsheet_run.tab_id where r.id = work.run_id;
  return jsonb_build_object('state', private.complete_report_run(work.run_id));
end
$$;
grant execute on function private.finish_spreadsheet_run(uuid, uuid, integer) to service_role;

create function public.finish_spreadsheet_run(run_id uuid, runner uuid, tab_id integer)
returns jsonb
language sql set search_path = ''
as $$
  select private.finish_spreadsheet_run(run_id, runner, tab_id)
$$;
comment on function public.finish_spreadsheet_run is 'Ends a run that is in a spreadsheet.';
grant execute on function public.finish_spreadsheet_run(uuid, uuid, integer) to service_role;
