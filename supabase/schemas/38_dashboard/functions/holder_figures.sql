-- The leads of the caller's scope by assignee.
create function private.holder_figures(organization_id uuid, permission text)
returns table (holder_id uuid, outcome text, sla_status text, leads bigint)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  access record := private.totals_scope(organization_id, permission);
  me uuid := auth.uid();
begin
  return query
    select t.holder_id, t.outcome, t.sla_status, sum(t.leads)::bigint
    from (
      select * from private.holder_totals o
      where o.organization_id = holder_figures.organization_id and o.creator_id is null
        and (access.scope = 'organization' or access.scope = 'team' and (o.team_id = access.team or o.holder_id = me))
      union all
      select * from private.holder_totals o
      where o.organization_id = holder_figures.organization_id and o.creator_id is null and o.holder_id = me
        and access.scope = 'own'
      union all
      select * from private.holder_totals o
      where o.organization_id = holder_figures.organization_id and o.creator_id = me
        and (access.scope = 'own' or access.scope = 'team' and o.team_id is distinct from access.team)
    ) t
    group by 1, 2, 3
    having sum(t.leads) <> 0;
end
$$;
