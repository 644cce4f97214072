-- The same leads by who holds them.
create function private.holder_figures(organization_id uuid, permission text)
returns table (holder_id uuid, outcome text, sla_status text, leads bigint)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  reach record := private.totals_scope(organization_id, permission);
  me uuid := auth.uid();
begin
  return query
    select t.holder_id, t.outcome, t.sla_status, sum(t.leads)::bigint
    from (
      select * from private.holder_totals o
      where o.organization_id = holder_figures.organization_id and o.creator_id is null
        and (reach.scope = 'organization' or reach.scope = 'team' and (o.team_id = reach.team or o.holder_id = me))
      union all
      select * from private.holder_totals o
      where o.organization_id = holder_figures.organization_id and o.creator_id is null and o.holder_id = me and reach.scope = 'own'
      union all
      select * from private.holder_totals o
      where o.organization_id = holder_figures.organization_id and o.creator_id = me
        and (reach.scope = 'own' or reach.scope = 'team' and o.team_id is distinct from reach.team)
    ) t
    group by 1, 2, 3
    having sum(t.leads) <> 0;
end
$$;
