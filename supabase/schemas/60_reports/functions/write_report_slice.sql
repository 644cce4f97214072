-- The rows of a run that follow a position: [{ position, level, cells }].
create function private.report_slice(run_id uuid, after_position integer, slice_rows integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_array(s.position, s.level, s.cells) order by s.position), '[]')
  from (
    select w.position, w.level, w.cells from private.report_rows w
    where w.run_id = report_slice.run_id and w.position > after_position
    order by w.position limit least(greatest(slice_rows, 1), 20000)
  ) s
$$;

-- Keeps a piece of the file (base64) that holds the rows up to a position, moves the cursor there and answers the rows
-- that follow: { state: writing | handed_over | moved_on | too_large | refused, rows }. Rows that are in a spreadsheet
-- have no piece. The cursor moves only from the position that this runner expects. Without a position it only answers
-- rows. progress: { piece?, position?, rows?, state?, cpu_ms }.
-- With hand_over the lease is released and a new run of the job started; that is no interruption. Security definer: see
-- claim_report_run.
create function private.write_report_slice(run_id uuid, runner uuid, from_position integer, progress jsonb,
  slice_rows integer, hand_over boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  work private.report_run_work := private.lock_report_work(run_id, runner);
  content bytea := decode(progress ->> 'piece', 'base64');
begin
  if work.run_id is null or work.position <> from_position then
    return '{"state": "moved_on"}'::jsonb;
  end if;
  if private.end_forbidden_sheet(work) then
    return '{"state": "refused"}'::jsonb;
  end if;
  if content is not null then
    insert into private.report_pieces (run_id, position, content) values (work.run_id, work.pieces, content);
  end if;
  if progress ? 'position' then
    update public.report_runs r
    set rows_written = r.rows_written + (progress ->> 'rows')::integer, cpu_ms = r.cpu_ms + (progress ->> 'cpu_ms')::integer
    where r.id = work.run_id;
  end if;
  update private.report_run_work w
  set pieces = w.pieces + (content is not null)::integer, size = w.size + coalesce(octet_length(content), 0),
    position = coalesce((progress ->> 'position')::integer, w.position), state = coalesce(progress -> 'state', w.state),
    attempts = case when progress ? 'position' or hand_over then 0 else w.attempts end,
    pauses = case when progress ? 'position' then 0 else w.pauses end, pause_detail = null, last_step_at = now(),
    leased_until = case when not hand_over then now() + private.report_lease() end
  where w.run_id = work.run_id
  returning * into work;
  if work.size > 45000000 then
    perform private.end_report_run(work.run_id, 'refused', 'report_too_large',
      'The file is larger than 45 MB. Choose fewer fields or narrow the filters.');
    return '{"state": "too_large"}'::jsonb;
  end if;
  if hand_over then
    perform private.invoke('report-jobs/run-reports');
    return '{"state": "handed_over"}'::jsonb;
  end if;
  return jsonb_build_object('state', 'writing',
    'rows', private.report_slice(work.run_id, work.position, slice_rows));
end
$$;
grant execute on function private.write_report_slice(uuid, uuid, integer, jsonb, integer, boolean) to service_role;

create function public.write_report_slice(run_id uuid, runner uuid, from_position integer, progress jsonb,
  slice_rows integer default 5000, hand_over boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.write_report_slice(run_id, runner, from_position, progress, slice_rows, hand_over)
$$;
comment on function public.write_report_slice is 'Keeps a piece of a run''s file and answers the rows that follow.';
grant execute on function public.write_report_slice(uuid, uuid, integer, jsonb, integer, boolean) to service_role;
