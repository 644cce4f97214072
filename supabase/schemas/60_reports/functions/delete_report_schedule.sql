-- DELETE /reports/scheduled/{id}. Its runs stay. Security definer: see schedule_report.
create function private.delete_report_schedule(organization_id uuid, schedule_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  schedule public.report_schedules := private.require_schedule(organization_id, schedule_id, true);
begin
  delete from public.report_schedules s where s.id = schedule.id;
end
$$;
grant execute on function private.delete_report_schedule(uuid, uuid) to authenticated;

create function public.delete_report_schedule(organization_id uuid, schedule_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_report_schedule(organization_id, schedule_id)
$$;
comment on function public.delete_report_schedule is 'Deletes a schedule; its past runs stay.';
grant execute on function public.delete_report_schedule(uuid, uuid) to authenticated;
