-- Responses and breaches within the caller's reach: of the whole reach, or by_person of each person in it.
create function private.sla_figures(organization_id uuid, permission text, by_person boolean)
returns table (person_id uuid, outcome text, response_minutes integer, events bigint)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  reach record := private.totals_scope(organization_id, permission);
  me uuid := auth.uid();
begin
  return query
    select case when by_person then t.person_id end, t.outcome, t.response_minutes, sum(t.events)::bigint
    from (
      select * from private.sla_totals o
      where o.organization_id = sla_figures.organization_id and o.person_id is null and not by_person
        and (reach.scope = 'organization' or reach.scope = 'team' and o.team_id = reach.team)
      union all
      select * from private.sla_totals o
      where o.organization_id = sla_figures.organization_id and o.person_id = me and (reach.scope = 'own'
        or reach.scope = 'team' and not by_person and o.team_id is distinct from reach.team)
      union all
      select * from private.sla_totals o
      where o.organization_id = sla_figures.organization_id and o.person_id is not null and by_person
        and (reach.scope = 'organization' or reach.scope = 'team' and (o.team_id = reach.team or o.person_id = me))
    ) t
    group by 1, 2, 3
    having sum(t.events) <> 0;
end
$$;
