-- A schedule that the caller may change: their own, or with reports:write in the whole organization that of somebody
-- whose role they could give, because it sends that person's rows. Of an owner who is no active member nothing is sent:
-- anyone with that permission may pause, delete or hand over such a schedule (ending). Locked.
create function private.require_schedule(organization_id uuid, schedule_id uuid, ending boolean default false)
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
  if schedule.owner_id is distinct from auth.uid()
    and not (ending and not private.still_may(organization_id, schedule.owner_id, 'reports:read'))
    and not private.may_act_for(organization_id, schedule.owner_id) then
    perform private.problem(403, 'role_exceeds_own',
      'The owner of this schedule has permissions that you do not have, or is no active member any more.');
  end if;
  return schedule;
end
$$;

-- Whether somebody is an active member whose permissions the caller has too.
create function private.may_act_for(organization_id uuid, user_id uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.memberships m
    where m.organization_id = may_act_for.organization_id and m.user_id = may_act_for.user_id and m.status = 'active'
      and private.may_grant(m.organization_id, auth.uid(), m.role_id, m.team_id))
$$;
