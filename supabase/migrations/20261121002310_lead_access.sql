-- Who sees which leads, for policies, lists and functions alike: the whole organization's, the team's (and one's own), or
-- those assigned to or created by oneself. What hangs under a lead is seen by those who see the lead.

alter table public.lead_settings enable row level security;
alter table public.lead_fields enable row level security;
alter table public.pipeline_stages enable row level security;
alter table public.leads enable row level security;
alter table public.students enable row level security;
alter table public.lead_history enable row level security;
alter table public.lead_assignments enable row level security;
alter table public.lead_holders enable row level security;
alter table public.interactions enable row level security;
alter table public.tasks enable row level security;
alter table public.consents enable row level security;

create policy "members read their organization's lead settings" on public.lead_settings for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));
create policy "members read their organization's lead fields" on public.lead_fields for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));
create policy "members read their organization's stages" on public.pipeline_stages for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));
create policy "people read leads as far as their permission reaches" on public.leads for select to authenticated
  using (deleted_at is null and (
    organization_id = any ((select private.organizations_with('leads:read'))::uuid[])
    or team_id = any ((select private.teams_with('leads:read'))::uuid[])
    or ((assigned_to = (select auth.uid()) or created_by = (select auth.uid()))
      and organization_id = any ((select private.organizations_reached('leads:read'))::uuid[]))));
create policy "those who see the lead read its students" on public.students for select to authenticated
  using (exists (select from public.leads l where l.organization_id = students.organization_id and l.id = students.lead_id));
create policy "those who see the lead read its history" on public.lead_history for select to authenticated
  using (exists (select from public.leads l where l.organization_id = lead_history.organization_id and l.id = lead_history.lead_id));
create policy "those who see the lead read its assignments" on public.lead_assignments for select to authenticated
  using (exists (select from public.leads l where l.organization_id = lead_assignments.organization_id and l.id = lead_assignments.lead_id));
create policy "those who assign leads read the holders, people themselves" on public.lead_holders for select to authenticated
  using (user_id = (select auth.uid()) and organization_id = any ((select private.my_organizations())::uuid[])
    or organization_id = any ((select private.organizations_with('leads:assign'))::uuid[])
    or organization_id = any ((select private.organizations_with('leads:assign', 'team'))::uuid[]));
create policy "those who see the lead and interactions read them" on public.interactions for select to authenticated
  using (organization_id = any ((select private.organizations_reached('interactions:read'))::uuid[])
    and exists (select from public.leads l where l.organization_id = interactions.organization_id and l.id = interactions.lead_id));
create policy "people read tasks as far as their permission reaches" on public.tasks for select to authenticated
  using ((organization_id = any ((select private.organizations_with('tasks:read'))::uuid[]) and lead_id is null)
    or (organization_id = any ((select private.organizations_reached('tasks:read'))::uuid[])
      and (lead_id is null and (assigned_to = (select auth.uid()) or created_by = (select auth.uid()))
        or exists (select from public.leads l where l.organization_id = tasks.organization_id and l.id = tasks.lead_id))));
create policy "those who see the lead read its consents" on public.consents for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[])
    or exists (select from public.leads l where l.organization_id = consents.organization_id and l.id = consents.lead_id));

revoke all on public.lead_settings, public.lead_fields, public.pipeline_stages, public.leads, public.students, public.lead_history,
  public.lead_assignments, public.lead_holders, public.interactions, public.tasks, public.consents
  from public, anon, authenticated, service_role;
grant select on public.lead_settings, public.lead_fields, public.pipeline_stages, public.leads, public.students, public.lead_history,
  public.lead_assignments, public.lead_holders, public.interactions, public.tasks, public.consents
  to authenticated, service_role;

-- The caller's reach as a condition on leads `x`, for lists that are built as text. It names literal values, so that the
-- planner sees them. Answers 403 where the caller lacks the permission. Definer: see organizations_with.
create function private.reach(organization_id uuid, permission text)
returns text
language plpgsql stable security definer set search_path = ''
as $$
declare
  scope text := private.require_scope(organization_id, permission);
  team uuid := (
    select m.team_id from public.memberships m
    where m.organization_id = reach.organization_id and m.user_id = auth.uid());
begin
  return format('x.organization_id = %L and x.deleted_at is null', organization_id)
    || case
      when scope = 'organization' then ''
      when scope = 'team' and team is not null
        then format(' and (x.team_id = %1$L or x.assigned_to = %2$L or x.created_by = %2$L)', team, auth.uid())
      else format(' and (x.assigned_to = %1$L or x.created_by = %1$L)', auth.uid())
    end;
end
$$;
comment on function private.reach is 'The SQL condition on leads x that holds for the leads the caller''s permission reaches.';

-- Whether one lead is within the caller's permission. Definer: see organizations_with.
create function private.reaches(lead public.leads, permission text)
returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = reaches.permission
    where m.user_id = auth.uid() and m.organization_id = lead.organization_id and m.status = 'active'
      and case p.scope
        when 'organization' then true
        when 'team' then lead.team_id = m.team_id or lead.assigned_to = m.user_id or lead.created_by = m.user_id
        else lead.assigned_to = m.user_id or lead.created_by = m.user_id end)
$$;

-- The lead, locked for a change if asked. 403 without the permission at all; 404 for a lead that is not there, is deleted
-- or that the caller may not see; 403 for one that it sees but may not change. The caller is a definer function.
create function private.require_lead(organization_id uuid, lead_id uuid, permission text, locked boolean default false)
returns public.leads
language plpgsql volatile set search_path = ''
as $$
declare
  lead public.leads;
begin
  perform private.require_scope(organization_id, permission);
  if locked then
    select * into lead from public.leads l
    where l.organization_id = require_lead.organization_id and l.id = lead_id and l.deleted_at is null for update;
  else
    select * into lead from public.leads l
    where l.organization_id = require_lead.organization_id and l.id = lead_id and l.deleted_at is null;
  end if;
  if lead.id is null or not private.reaches(lead, 'leads:read') then
    perform private.problem(404, 'not_found', 'There is no such lead.');
  end if;
  if not private.reaches(lead, permission) then
    perform private.problem(403, 'permission_denied', 'Your permission ' || permission || ' does not reach this lead.');
  end if;
  return lead;
end
$$;
comment on function private.require_lead is 'A living lead that the caller may see and on which it holds the permission.';

-- Active members who may be given leads. Definer functions ask.
create function private.may_hold_leads(organization_id uuid, user_id uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold'
    where m.organization_id = may_hold_leads.organization_id and m.user_id = may_hold_leads.user_id and m.status = 'active')
$$;

-- Leads as functions answer them, in their order: their columns, the clock apart, and the names of their people. One call for
-- a page, column by column: taking what is not shown out of the whole row costs more than reading it. Definer functions call it.
create function private.lead_rows(leads public.leads[])
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(r) - 'n' order by r.n), '[]')
    from (
      select l.n, l.id, l.version, l.first_name, l.last_name, l.full_name, l.email, l.phone, l.source, l.status, l.outcome,
        l.status_since, l.closed_at, l.value::text, l.currency, l.tags, l.time_zone, l.country, l.region, l.custom_fields, l.team_id,
        l.assigned_to, (select p.full_name from public.profiles p where p.id = l.assigned_to) as assigned_to_name, l.assigned_at,
        l.created_by, (select p.full_name from public.profiles p where p.id = l.created_by) as created_by_name,
        case when l.sla_status is not null then jsonb_build_object('status', l.sla_status, 'started_at', l.sla_started_at,
          'deadline', l.sla_deadline, 'responded_at', l.sla_responded_at, 'breached_at', l.sla_breached_at) end as sla,
        l.deleted_at, l.created_at, l.updated_at
      from (
        select u.*, row_number() over () as n from unnest(leads) u
      ) l
    ) r);
end
$$;

create function private.lead_json(lead public.leads)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_rows(array[lead]) -> 0
$$;
