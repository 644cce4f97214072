-- The counted leads of the caller's scope, not yet summed up. Each scope is a query of its own, of which one or two
-- run: one condition for all could use only the organization of the index. One plan for all callers, because planning
-- costs more than running it. This and the next three are for security definer functions.
create function private.lead_figures(organization_id uuid, permission text)
returns table (team_id uuid, status text, outcome text, source text, sla_status text, assigned boolean, leads bigint,
  value numeric)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  access record := private.totals_scope(organization_id, permission);
  me uuid := auth.uid();
begin
  return query
    select o.team_id, o.status, o.outcome, o.source, o.sla_status, o.assigned, o.leads, o.value
    from private.lead_totals o
    where o.organization_id = lead_figures.organization_id and o.person_id is null and access.scope = 'organization'
    union all
    select o.team_id, o.status, o.outcome, o.source, o.sla_status, o.assigned, o.leads, o.value
    from private.lead_totals o
    where o.organization_id = lead_figures.organization_id and o.person_id is null and access.scope = 'team'
      and o.team_id = access.team
    union all
    select o.team_id, o.status, o.outcome, o.source, o.sla_status, o.assigned, o.leads, o.value
    from private.lead_totals o
    where o.organization_id = lead_figures.organization_id and o.person_id = me and access.scope <> 'organization'
      and (access.scope = 'own' or o.team_id is distinct from access.team);
end
$$;
