-- GET /dashboard/leads-per-assignee: the people in the caller's scope who may hold leads, and everybody else who
-- holds leads in it. status: of the membership, null without one. Security definer: see lead_dashboard.
create function private.leads_per_assignee(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  access record := private.totals_scope(organization_id, 'dashboard:read');
begin
  return (
    with held as (
      select f.holder_id, coalesce(sum(f.leads) filter (where f.outcome is null), 0) as open,
        coalesce(sum(f.leads) filter (where f.sla_status = 'due_soon'), 0) as due_soon,
          coalesce(sum(f.leads) filter (where f.sla_status = 'breached'), 0) as breached,
            coalesce(sum(f.leads) filter (where f.outcome = 'won'), 0) as converted
      from private.holder_figures(leads_per_assignee.organization_id, 'dashboard:read') f group by f.holder_id
    ), people as (
      select m.user_id from public.memberships m
      join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold'
      where m.organization_id = leads_per_assignee.organization_id and m.status = 'active' and not m.is_service
        and (access.scope = 'organization' or m.user_id = auth.uid() or access.scope = 'team'
          and m.team_id = access.team)
      union
      select h.holder_id from held h
    )
    select coalesce(jsonb_agg(jsonb_build_object('user_id', p.user_id, 'full_name', u.full_name, 'status', m.status,
      'open', coalesce(h.open, 0),
      'due_soon', coalesce(h.due_soon, 0), 'breached', coalesce(h.breached, 0), 'converted', coalesce(h.converted, 0))
      order by coalesce(h.open, 0) desc, u.full_name, p.user_id), '[]')
    from people p
    left join held h on h.holder_id = p.user_id
    left join public.profiles u on u.id = p.user_id
    left join public.memberships m
      on m.organization_id = leads_per_assignee.organization_id and m.user_id = p.user_id);
end
$$;
grant execute on function private.leads_per_assignee(uuid) to authenticated;

create function public.leads_per_assignee(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.leads_per_assignee(organization_id)
$$;
comment on function public.leads_per_assignee is 'Leads of the caller''s scope by assignee.';
grant execute on function public.leads_per_assignee(uuid) to authenticated;
