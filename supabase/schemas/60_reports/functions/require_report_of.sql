-- Whether a report is this member's (the caller's) or shared with them.
create function private.is_visible_report(report public.reports, user_id uuid default auth.uid())
returns boolean
language sql stable set search_path = ''
as $$
  select coalesce(report.owner_id = user_id, false) or report.sharing = 'organization' or exists (
    select from public.memberships m
    where m.organization_id = report.organization_id and m.user_id = is_visible_report.user_id and m.status = 'active'
      and m.team_id = report.team_id)
$$;

-- Whether the caller may change a report: their own, and what their team or organization shares.
create function private.may_change_report(report public.reports)
returns boolean
language sql stable set search_path = ''
as $$
  select coalesce(bool_or(case
      when report.owner_id = auth.uid() then true
      when p.scope = 'organization' then report.sharing <> 'private'
      when p.scope = 'team' then report.sharing <> 'private' and m.team_id is not null and (report.team_id = m.team_id
        or exists (
          select from public.memberships o where o.organization_id = report.organization_id
            and o.user_id = report.owner_id and o.team_id = m.team_id))
      else false end), false)
  from public.memberships m
  join public.role_permissions p on p.role_id = m.role_id and p.permission = 'reports:write'
  where m.organization_id = report.organization_id and m.user_id = auth.uid() and m.status = 'active'
$$;

-- A report that the caller sees; 404 for any other. For a change it is locked, and 403 if the caller may only see it.
create function private.require_visible_report(organization_id uuid, report_id uuid, for_change boolean default false,
  deleted boolean default false)
returns public.reports
language plpgsql set search_path = ''
as $$
declare
  report public.reports;
begin
  perform private.require_scope(organization_id, case when for_change then 'reports:write' else 'reports:read' end);
  if for_change then
    perform from public.reports r where r.organization_id = require_visible_report.organization_id
      and r.id = report_id for update;
  end if;
  select * into report from public.reports r
  where r.organization_id = require_visible_report.organization_id and r.id = report_id
    and (r.deleted_at is not null) = deleted;
  if report.id is null or not private.is_visible_report(report) then
    perform private.problem(404, 'not_found', 'There is no such report.');
  end if;
  if for_change and not private.may_change_report(report) then
    perform private.problem(403, 'permission_denied', 'This report is outside the scope of your permission '
      'reports:write. Copy it to change the copy.');
  end if;
  return report;
end
$$;

create function private.report_json(report public.reports)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', report.id, 'name', report.name, 'description', report.description,
    'sharing', report.sharing, 'team_id', report.team_id, 'owner_id', report.owner_id,
    'owner_name', (select p.full_name from public.profiles p where p.id = report.owner_id),
    'is_own', coalesce(report.owner_id = auth.uid(), false), 'may_change', private.may_change_report(report),
    'template', report.template, 'version', report.version, 'created_at', report.created_at,
    'updated_at', report.updated_at, 'deleted_at', report.deleted_at) || report.definition
$$;

-- The context of a saved definition.
create function private.saved_context(organization_id uuid)
returns private.report_context
language sql stable set search_path = ''
as $$
  select private.report_context(organization_id, now(), true)
$$;
