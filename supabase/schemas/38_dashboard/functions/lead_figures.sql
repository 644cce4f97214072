-- The leads that the caller's permission reaches, counted by kind and several times each kind: whoever
-- asks sums by what it is about. Each reach is a query of its own, of which but one or two
-- run: one condition for all could use no more of the index than the organization. One plan for all callers, as making one
-- costs more than running it. Definer functions call this and the next three.
create function private.lead_figures(organization_id uuid, permission text)
returns table (status text, outcome text, source text, sla_status text, assigned boolean, leads bigint, value numeric)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  reach record := private.totals_scope(organization_id, permission);
  me uuid := auth.uid();
begin
  return query
    select o.status, o.outcome, o.source, o.sla_status, o.assigned, o.leads, o.value from private.lead_totals o
    where o.organization_id = lead_figures.organization_id and o.person_id is null and reach.scope = 'organization'
    union all
    select o.status, o.outcome, o.source, o.sla_status, o.assigned, o.leads, o.value from private.lead_totals o
    where o.organization_id = lead_figures.organization_id and o.person_id is null and reach.scope = 'team' and o.team_id = reach.team
    union all
    select o.status, o.outcome, o.source, o.sla_status, o.assigned, o.leads, o.value from private.lead_totals o
    where o.organization_id = lead_figures.organization_id and o.person_id = me and reach.scope <> 'organization'
      and (reach.scope = 'own' or o.team_id is distinct from reach.team);
end
$$;
