-- Deletion is soft: runs and their files stay until they expire, schedules are paused. { deleted: true }, or { stale
-- } with the current report when its version is not the expected one. Security definer because callers may not write
-- reports directly.
create function private.delete_report(organization_id uuid, report_id uuid, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  report public.reports := private.require_visible_report(organization_id, report_id, true);
begin
  if report.version <> expected_version then
    return jsonb_build_object('stale', private.report_json(report));
  end if;
  update public.reports r set deleted_at = now() where r.id = report.id;
  update public.report_schedules s set status = 'paused', pause_reason = 'report_deleted', next_run_at = null
  where s.organization_id = report.organization_id and s.report_id = report.id and s.status = 'active';
  return '{"deleted": true}'::jsonb;
end
$$;
grant execute on function private.delete_report(uuid, uuid, integer) to authenticated;

create function public.delete_report(organization_id uuid, report_id uuid, expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.delete_report(organization_id, report_id, expected_version)
$$;
comment on function public.delete_report is 'Deletes a report, which restore_report undoes.';
grant execute on function public.delete_report(uuid, uuid, integer) to authenticated;

-- Undoes a deletion. Security definer: see delete_report.
create function private.restore_report(organization_id uuid, report_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  report public.reports := private.require_visible_report(organization_id, report_id, true, true);
begin
  update public.reports r set deleted_at = null where r.id = report.id returning * into report;
  return private.report_json(report);
end
$$;
grant execute on function private.restore_report(uuid, uuid) to authenticated;

create function public.restore_report(organization_id uuid, report_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.restore_report(organization_id, report_id)
$$;
comment on function public.restore_report is 'Restores a deleted report.';
grant execute on function public.restore_report(uuid, uuid) to authenticated;
