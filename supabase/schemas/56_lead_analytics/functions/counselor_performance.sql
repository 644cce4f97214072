-- GET /analytics/counselor-performance: the people in the caller's scope who may hold leads, and everybody else who
-- holds leads of the period in it; of the latter no interactions, which may be with any lead. Security definer because
-- nobody may read the totals.
create function private.counselor_performance(organization_id uuid, first_day date, last_day date)
returns jsonb
language plpgsql stable security definer set search_path = '' set jit = off
as $$
declare
  access record := private.totals_scope(organization_id, 'dashboard:read');
  period record;
begin
  period := private.cohort_period(organization_id, first_day, last_day);
  return (
    with held as (
      select f.holder_id, sum((f.figure).leads) as leads,
        coalesce(sum((f.figure).leads) filter (where (f.figure).outcome = 'won'), 0) as won,
        coalesce(sum((f.figure).leads) filter (where (f.figure).outcome = 'lost'), 0) as lost
      from private.held_figures(counselor_performance.organization_id, period.first_day, period.last_day, null, null,
        null) f
      group by 1 having sum((f.figure).leads) <> 0
    ), in_scope as (
      select m.user_id, m.status = 'active' and exists (
          select from public.role_permissions p where p.role_id = m.role_id and p.permission = 'leads:hold') as is_listed
      from public.memberships m
      where m.organization_id = counselor_performance.organization_id
        and (access.scope = 'organization' or m.user_id = auth.uid() or access.scope = 'team'
          and m.team_id = access.team)
    ), people as (
      select u.user_id, access.scope = 'organization' or u.user_id in (select s.user_id from in_scope s) as is_in_scope
      from (
        select s.user_id from in_scope s where s.is_listed
        union
        select h.holder_id from held h
      ) u (user_id)
    )
    select coalesce(jsonb_agg(jsonb_build_object('user_id', p.user_id, 'full_name', u.full_name,
      'total_leads', coalesce(h.leads, 0), 'enrolled', coalesce(h.won, 0), 'lost', coalesce(h.lost, 0),
      'open', coalesce(h.leads - h.won - h.lost, 0), 'conversion_rate', round(h.won / nullif(h.leads, 0), 4),
      'interactions', case when p.is_in_scope then i.interactions end)
      order by coalesce(h.won, 0) desc, coalesce(h.leads, 0) desc, u.full_name, p.user_id), '[]')
    from people p
    left join held h on h.holder_id = p.user_id
    left join public.profiles u on u.id = p.user_id
    cross join lateral (
      select coalesce(sum(t.interactions), 0) as interactions from private.interaction_day_totals t
      where t.organization_id = counselor_performance.organization_id and t.person_id = p.user_id
        and t.day between period.first_day and period.last_day
    ) i);
end
$$;
grant execute on function private.counselor_performance(uuid, date, date) to authenticated;

create function public.counselor_performance(organization_id uuid, first_day date default null,
  last_day date default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.counselor_performance(organization_id, first_day, last_day)
$$;
comment on function public.counselor_performance is
  'Of each person in the caller''s scope: the leads of a period that they hold, what became of them, and the '
  'interactions that they recorded in it.';
grant execute on function public.counselor_performance(uuid, date, date) to authenticated;
