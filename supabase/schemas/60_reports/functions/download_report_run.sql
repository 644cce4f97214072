-- Refuses what a run holds to somebody who may no longer export it: the permissions are those of this moment.
create function private.require_run_rights(run public.report_runs)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  context private.report_context := private.saved_context(run.organization_id);
begin
  if not private.may_see_report(context, run.definition) then
    perform private.problem(403, 'permission_denied', 'Your role no longer has the permissions that this report needs.');
  end if;
  perform private.require_export(context, run.definition);
end
$$;

-- GET /reports/runs/{id}/file: { status, reason, detail }, and where there is a file { path, file_name, checksum } or
-- { spreadsheet }, which is recorded as a download unless the caller has the file already. known: checksums of files
-- that the caller has, or * for any. Security definer because nobody may write downloads directly.
create function private.download_report_run(organization_id uuid, run_id uuid, known text[])
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  run public.report_runs := private.require_received_run(organization_id, run_id);
  answer jsonb := jsonb_build_object('status', run.status, 'reason', run.reason, 'detail', run.detail);
begin
  if run.owner_id = auth.uid() then
    perform private.require_run_rights(run);
  end if;
  if run.status not in ('ready', 'empty') then
    return answer;
  end if;
  if run.file_deleted_at is not null or private.report_file_expiry(run) < now() then
    return answer || '{"status": "expired"}';
  end if;
  if not known && array[run.checksum, '*'] then
    insert into private.report_downloads (run_id, user_id, address)
    select run.id, auth.uid(), o.ip from private.request_origin() o;
    perform private.audit_export(run.organization_id, 'report_runs', '{}', run.id);
  end if;
  return answer || private.report_file_json(run);
end
$$;
grant execute on function private.download_report_run(uuid, uuid, text[]) to authenticated;

create function private.report_file_json(run public.report_runs)
returns jsonb
language sql stable set search_path = ''
as $$
  select case when run.format = 'sheets'
    then jsonb_build_object('spreadsheet', private.spreadsheet_url(run.spreadsheet_id, run.tab_id))
    else jsonb_build_object('path', private.report_file_path(run), 'file_name', run.file_name, 'checksum', run.checksum)
    end
$$;

create function public.download_report_run(organization_id uuid, run_id uuid, known text[] default '{}')
returns jsonb
language sql set search_path = ''
as $$
  select private.download_report_run(organization_id, run_id, coalesce(known, '{}'))
$$;
comment on function public.download_report_run is
  'Where the file of a run is, for somebody who may have it at this moment; records the download.';
grant execute on function public.download_report_run(uuid, uuid, text[]) to authenticated;
