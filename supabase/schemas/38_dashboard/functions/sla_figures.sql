-- Responses and breaches of the caller's scope: of all together, or by person.
create function private.sla_figures(organization_id uuid, permission text, by_person boolean)
returns table (person_id uuid, outcome text, response_minutes integer, events bigint)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  access record := private.totals_scope(organization_id, permission);
  me uuid := auth.uid();
begin
  return query
    select case when by_person then t.person_id end, t.outcome, t.response_minutes, sum(t.events)::bigint
    from (
      select * from private.sla_totals o
      where o.organization_id = sla_figures.organization_id and o.person_id is null and not by_person
        and (access.scope = 'organization' or access.scope = 'team' and o.team_id = access.team)
      union all
      select * from private.sla_totals o
      where o.organization_id = sla_figures.organization_id and o.person_id = me and (access.scope = 'own'
        or access.scope = 'team' and not by_person and o.team_id is distinct from access.team)
      union all
      select * from private.sla_totals o
      where o.organization_id = sla_figures.organization_id and o.person_id is not null and by_person
        and (access.scope = 'organization' or access.scope = 'team' and (o.team_id = access.team or o.person_id = me))
    ) t
    group by 1, 2, 3
    having sum(t.events) <> 0;
end
$$;
