-- A schedule that the caller may change: their own, or any with reports:write in the whole organization. Locked.
create function private.require_schedule(organization_id uuid, schedule_id uuid)
returns public.report_schedules
language plpgsql set search_path = ''
as $$
declare
  schedule public.report_schedules;
begin
  perform private.require_scope(organization_id, 'reports:read');
  select * into schedule from public.report_schedules s
  where s.organization_id = require_schedule.organization_id and s.id = schedule_id
    and (s.owner_id = auth.uid() or s.organization_id = any (private.organizations_with('reports:write')))
  for update;
  if schedule.id is null then
    perform private.problem(404, 'not_found', 'There is no such schedule.');
  end if;
  return schedule;
end
$$;
