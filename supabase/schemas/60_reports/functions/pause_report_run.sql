-- What is in a spreadsheet cannot be taken back, and nobody is checked when they open it: so a run into one ends if, since
-- its rows were frozen, somebody whom they may show has been erased, or its owner may not export them any more. Answers
-- whether it did.
create function private.end_forbidden_sheet(work private.report_run_work)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  run public.report_runs;
begin
  if work.spreadsheet_id is null then
    return false;
  end if;
  select * into run from public.report_runs r where r.id = work.run_id;
  if run.file_withdrawn_at is not null then
    perform private.end_report_run(run.id, 'refused', 'withdrawn',
      'The data of a person was erased while the run waited. Export the report again.');
  elsif run.status = 'writing' and private.owner_may_export(run) is not true then
    perform private.end_report_run(run.id, 'refused', 'permission_denied',
      'The owner of the run lacks a permission that it needs.');
  else
    return false;
  end if;
  return true;
end
$$;

-- How long to leave Google alone after so many pauses in a row: 15 s, 30 s … ten minutes, and a fifth more or less, so
-- that runs that were refused together do not come back together. The quotas are by minute.
create function private.google_pause(pauses integer)
returns interval
language sql volatile set search_path = ''
as $$
  select least(600, 15 * 2 ^ least(pauses, 10)) * (0.8 + 0.4 * random()) * interval '1 second'
$$;

-- Google cannot now: the run waits, at least as long as Google asks for, however often. That is no interruption, and it
-- never fails for it. Security definer: see claim_report_run.
create function private.pause_report_run(run_id uuid, runner uuid, seconds integer, detail text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  work private.report_run_work := private.lock_report_work(run_id, runner);
begin
  if work.run_id is null or private.end_forbidden_sheet(work) then
    return;
  end if;
  update private.report_run_work w
  set not_before = now() + greatest(private.google_pause(w.pauses),
      least(greatest(coalesce(seconds, 0), 0), 86400) * interval '1 second'),
    pauses = w.pauses + 1, pause_detail = left(detail, 300), attempts = 0, runner = null, leased_until = null,
    last_step_at = now()
  where w.run_id = work.run_id;
end
$$;
grant execute on function private.pause_report_run(uuid, uuid, integer, text) to service_role;

create function public.pause_report_run(run_id uuid, runner uuid, seconds integer, detail text)
returns void
language sql set search_path = ''
as $$
  select private.pause_report_run(run_id, runner, seconds, detail)
$$;
comment on function public.pause_report_run is 'Lets a run wait until Google can be asked again.';
grant execute on function public.pause_report_run(uuid, uuid, integer, text) to service_role;
