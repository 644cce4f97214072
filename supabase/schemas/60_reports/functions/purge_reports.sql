-- Security definer because roles whose deletes cascade to runs may not write rows.
create function private.delete_report_rows()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from private.report_rows w where w.run_id in (select r.id from old_rows r);
  return null;
end
$$;

-- Nightly: deletes frozen rows a day after their run has ended, and starts the job that deletes files that have expired.
create function private.purge_reports()
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.report_runs r set rows_deleted_at = now()
  where r.finished_at < now() - interval '1 day' and r.rows_deleted_at is null;
  delete from private.report_rows w using public.report_runs r
  where r.rows_deleted_at = now() and w.run_id = r.id;
  if exists (select from private.expired_report_runs() e) then
    perform private.invoke('report-jobs/delete-report-files');
  end if;
end
$$;

-- Runs whose file has expired and is still in Storage. Spreadsheets are their owners'.
create function private.expired_report_runs()
returns setof public.report_runs
language sql stable set search_path = ''
as $$
  select r.* from public.report_runs r
  where r.status in ('ready', 'empty') and r.file_deleted_at is null and r.spreadsheet_id is null
    and (r.file_withdrawn_at is not null or r.finished_at < now() - interval '1 day')
    and private.report_file_expiry(r) <= now()
$$;

-- The next files to delete: [{ run_id, path }]. Security definer because the service role may not read the catalogue.
create function private.expired_report_files(max_files integer)
returns jsonb
language sql stable security definer set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('run_id', e.id, 'path', private.report_file_path(e))), '[]')
  from (
    select * from private.expired_report_runs() r order by r.finished_at limit least(greatest(max_files, 1), 1000)
  ) e
$$;
grant execute on function private.expired_report_files(integer) to service_role;

create function public.expired_report_files(max_files integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.expired_report_files(max_files)
$$;
comment on function public.expired_report_files is 'Files of runs that have expired and are still in Storage.';
grant execute on function public.expired_report_files(integer) to service_role;

-- The files are no longer in Storage. Security definer because the service role may not write runs directly.
create function private.record_deleted_files(run_ids uuid[])
returns void
language sql security definer set search_path = ''
as $$
  update public.report_runs r set file_deleted_at = now() where r.id = any (run_ids) and r.file_deleted_at is null
$$;
grant execute on function private.record_deleted_files(uuid[]) to service_role;

create function public.record_deleted_files(run_ids uuid[])
returns void
language sql set search_path = ''
as $$
  select private.record_deleted_files(run_ids)
$$;
comment on function public.record_deleted_files is 'Records that the files of runs were deleted.';
grant execute on function public.record_deleted_files(uuid[]) to service_role;
