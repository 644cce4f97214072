-- POST /reports/scheduled/{id}/hand-over: another member, whose permissions the caller has too, becomes the owner, with
-- whose rights it runs. A report whose owner is no active member goes with it. Security definer: see schedule_report.
create function private.hand_over_report_schedule(organization_id uuid, schedule_id uuid, user_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  schedule public.report_schedules;
begin
  perform private.require_permission(organization_id, 'reports:write');
  schedule := private.require_schedule(organization_id, schedule_id, true);
  perform private.require_valid(private.still_may(organization_id, user_id, 'reports:export')
    and private.still_may(organization_id, user_id, 'reports:read'), 'user_id',
    'must be an active member who may export reports');
  if not private.may_act_for(organization_id, user_id) then
    perform private.problem(403, 'role_exceeds_own', 'This person has permissions that you do not have.');
  end if;
  update public.report_schedules s set owner_id = user_id where s.id = schedule.id returning * into schedule;
  update public.reports r set owner_id = user_id
  where r.organization_id = schedule.organization_id and r.id = schedule.report_id
    and not private.still_may(r.organization_id, r.owner_id, 'reports:read');
  perform private.require_valid(private.is_visible_report(r, user_id), 'user_id',
    'must be somebody with whom the report is shared')
  from public.reports r where r.id = schedule.report_id;
  return private.report_schedule_json(schedule);
end
$$;
grant execute on function private.hand_over_report_schedule(uuid, uuid, uuid) to authenticated;

create function public.hand_over_report_schedule(organization_id uuid, schedule_id uuid, user_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.hand_over_report_schedule(organization_id, schedule_id, user_id)
$$;
comment on function public.hand_over_report_schedule is
  'Gives a schedule to another member, with whose rights it runs from then on.';
grant execute on function public.hand_over_report_schedule(uuid, uuid, uuid) to authenticated;
