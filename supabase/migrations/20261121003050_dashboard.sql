-- What dashboards and the pipeline ask, from the totals alone: an answer costs the same however many leads there are.

-- How far the caller's permission reaches, as totals are read: organization, team or own, and the team. 403 without it.
create function private.totals_reach(organization_id uuid, permission text, out scope text, out team uuid)
language plpgsql stable set search_path = ''
as $$
begin
  scope := private.require_scope(organization_id, permission);
  team := (
    select m.team_id from public.memberships m where m.organization_id = totals_reach.organization_id and m.user_id = auth.uid());
  if scope = 'team' and team is null then
    scope := 'own';
  end if;
end
$$;

create view private.lead_totals_now with (security_invoker = true) as
  select * from private.lead_totals union all select * from private.lead_total_deltas;
create view private.holder_totals_now with (security_invoker = true) as
  select * from private.holder_totals union all select * from private.holder_total_deltas;
create view private.lead_arrivals_now with (security_invoker = true) as
  select * from private.lead_arrivals union all select * from private.lead_arrival_deltas;
create view private.sla_totals_now with (security_invoker = true) as
  select * from private.sla_totals union all select * from private.sla_total_deltas;

-- The leads that the caller's permission reaches, counted by kind and several times each kind: whoever
-- asks sums by what it is about. Each reach is a query of its own, of which but one or two
-- run: one condition for all could use no more of the index than the organization. One plan for all callers, as making one
-- costs more than running it. Definer functions call this and the next three.
create function private.lead_figures(organization_id uuid, permission text)
returns table (status text, outcome text, source text, sla_status text, assigned boolean, leads bigint, value numeric)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  reach record := private.totals_reach(organization_id, permission);
  me uuid := auth.uid();
begin
  return query
    select o.status, o.outcome, o.source, o.sla_status, o.assigned, o.leads, o.value from private.lead_totals_now o
    where o.organization_id = lead_figures.organization_id and o.person_id is null and reach.scope = 'organization'
    union all
    select o.status, o.outcome, o.source, o.sla_status, o.assigned, o.leads, o.value from private.lead_totals_now o
    where o.organization_id = lead_figures.organization_id and o.person_id is null and reach.scope = 'team' and o.team_id = reach.team
    union all
    select o.status, o.outcome, o.source, o.sla_status, o.assigned, o.leads, o.value from private.lead_totals_now o
    where o.organization_id = lead_figures.organization_id and o.person_id = me and reach.scope <> 'organization'
      and (reach.scope = 'own' or o.team_id is distinct from reach.team);
end
$$;

-- The same leads by who holds them.
create function private.holder_figures(organization_id uuid, permission text)
returns table (holder_id uuid, outcome text, sla_status text, leads bigint)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  reach record := private.totals_reach(organization_id, permission);
  me uuid := auth.uid();
begin
  return query
    select t.holder_id, t.outcome, t.sla_status, sum(t.leads)::bigint
    from (
      select * from private.holder_totals_now o
      where o.organization_id = holder_figures.organization_id and o.creator_id is null
        and (reach.scope = 'organization' or reach.scope = 'team' and (o.team_id = reach.team or o.holder_id = me))
      union all
      select * from private.holder_totals_now o
      where o.organization_id = holder_figures.organization_id and o.creator_id is null and o.holder_id = me and reach.scope = 'own'
      union all
      select * from private.holder_totals_now o
      where o.organization_id = holder_figures.organization_id and o.creator_id = me
        and (reach.scope = 'own' or reach.scope = 'team' and o.team_id is distinct from reach.team)
    ) t
    group by 1, 2, 3
    having sum(t.leads) <> 0;
end
$$;

-- How many of them came today, by the organization's own clock. A day early is read too: midnight can come twice.
create function private.arrivals_today(organization_id uuid, permission text)
returns bigint
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  reach record := private.totals_reach(organization_id, permission);
  zone text := (select o.time_zone from public.organizations o where o.id = organization_id);
  today date := (now() at time zone zone)::date;
  since timestamptz := (today - 1)::timestamp at time zone zone;
  me uuid := auth.uid();
begin
  return (
    select coalesce(sum(t.leads), 0)
    from (
      select * from private.lead_arrivals_now o
      where o.organization_id = arrivals_today.organization_id and o.person_id is null and o.quarter_hour >= since
        and (reach.scope = 'organization' or reach.scope = 'team' and o.team_id = reach.team)
      union all
      select * from private.lead_arrivals_now o
      where o.organization_id = arrivals_today.organization_id and o.person_id = me and o.quarter_hour >= since
        and (reach.scope = 'own' or reach.scope = 'team' and o.team_id is distinct from reach.team)
    ) t
    where (t.quarter_hour at time zone zone)::date = today);
end
$$;

-- Responses and breaches within the caller's reach: of the whole reach, or by_person of each person in it.
create function private.sla_figures(organization_id uuid, permission text, by_person boolean)
returns table (person_id uuid, outcome text, response_minutes integer, events bigint)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  reach record := private.totals_reach(organization_id, permission);
  me uuid := auth.uid();
begin
  return query
    select case when by_person then t.person_id end, t.outcome, t.response_minutes, sum(t.events)::bigint
    from (
      select * from private.sla_totals_now o
      where o.organization_id = sla_figures.organization_id and o.person_id is null and not by_person
        and (reach.scope = 'organization' or reach.scope = 'team' and o.team_id = reach.team)
      union all
      select * from private.sla_totals_now o
      where o.organization_id = sla_figures.organization_id and o.person_id = me and (reach.scope = 'own'
        or reach.scope = 'team' and not by_person and o.team_id is distinct from reach.team)
      union all
      select * from private.sla_totals_now o
      where o.organization_id = sla_figures.organization_id and o.person_id is not null and by_person
        and (reach.scope = 'organization' or reach.scope = 'team' and (o.team_id = reach.team or o.person_id = me))
    ) t
    group by 1, 2, 3
    having sum(t.events) <> 0;
end
$$;

create type private.sla_count as (response_minutes integer, outcome text, events bigint);

-- Percentiles as percentile_disc has them over the single responses, in time or late.
create function private.sla_json(counts private.sla_count[])
returns jsonb
language sql immutable set search_path = ''
as $$
  with figures as (
    select coalesce(sum(c.events) filter (where c.outcome = 'met'), 0) as met,
      coalesce(sum(c.events) filter (where c.outcome = 'breached'), 0) as breached
    from unnest(counts) c
  ), minutes as (
    select c.response_minutes, sum(sum(c.events)) over (order by c.response_minutes) as upto, sum(sum(c.events)) over () as total
    from unnest(counts) c where c.response_minutes is not null group by 1
  )
  select jsonb_build_object('met', f.met, 'breached', f.breached, 'met_rate', round(f.met / nullif(f.met + f.breached, 0), 4),
    'responses', coalesce((select max(m.total) from minutes m), 0),
    'median_response_minutes', (
      select min(m.response_minutes) from minutes m where m.upto >= ceil(0.5::double precision * m.total)),
    'p90_response_minutes', (
      select min(m.response_minutes) from minutes m where m.upto >= ceil(0.9::double precision * m.total)))
  from figures f
$$;

-- GET /dashboard/metrics. Definer: totals are nobody's to read.
create function private.lead_dashboard(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  with f as materialized (
    select f.status, f.outcome, f.source, f.sla_status, f.assigned, sum(f.leads) as leads, sum(f.value) as value
    from private.lead_figures(lead_dashboard.organization_id, 'dashboard:read') f group by 1, 2, 3, 4, 5
    having sum(f.leads) <> 0
  ), t as (
    select coalesce(sum(f.leads), 0) as total, coalesce(sum(f.value), 0) as value,
      coalesce(sum(f.leads) filter (where f.outcome is null), 0) as open,
      coalesce(sum(f.leads) filter (where f.outcome = 'won'), 0) as won,
      coalesce(sum(f.leads) filter (where f.outcome = 'lost'), 0) as lost,
      coalesce(sum(f.value) filter (where f.outcome is null), 0) as open_value,
      coalesce(sum(f.value) filter (where f.outcome = 'won'), 0) as won_value,
      coalesce(sum(f.value) filter (where f.outcome = 'lost'), 0) as lost_value,
      coalesce(sum(f.leads) filter (where f.outcome is null and not f.assigned), 0) as unassigned,
      coalesce(sum(f.leads) filter (where f.sla_status = 'due_soon'), 0) as due_soon,
      coalesce(sum(f.leads) filter (where f.sla_status = 'breached'), 0) as breached
    from f
  )
  select jsonb_build_object('total', t.total, 'open', t.open, 'won', t.won, 'lost', t.lost,
    'new_today', private.arrivals_today(lead_dashboard.organization_id, 'dashboard:read'),
    'unassigned', t.unassigned, 'due_soon', t.due_soon, 'breached', t.breached,
    'conversion_rate', round(t.won / nullif(t.total, 0), 4),
    'value', jsonb_build_object('total', t.value::numeric(20, 2)::text, 'open', t.open_value::numeric(20, 2)::text,
      'won', t.won_value::numeric(20, 2)::text, 'lost', t.lost_value::numeric(20, 2)::text),
    'sla', (
      select private.sla_json(array_agg(row(s.response_minutes, s.outcome, s.events)::private.sla_count))
      from private.sla_figures(lead_dashboard.organization_id, 'dashboard:read', false) s),
    'by_status', (
      select coalesce(jsonb_agg(jsonb_build_object('status', s.key, 'label', s.label, 'outcome', s.outcome,
        'count', coalesce(c.leads, 0), 'value', coalesce(c.value, 0)::numeric(20, 2)::text) order by s.position), '[]')
      from public.pipeline_stages s
      left join (select f.status, sum(f.leads) as leads, sum(f.value) as value from f group by f.status) c on c.status = s.key
      where s.organization_id = lead_dashboard.organization_id),
    'by_source', (
      select coalesce(jsonb_agg(jsonb_build_object('source', c.source, 'count', c.leads) order by c.leads desc, c.source), '[]')
      from (select f.source, sum(f.leads) as leads from f group by f.source) c)
  ) into answer from t;
  return answer;
end
$$;

-- GET /dashboard/leads-per-assignee: the people whom the caller's reach covers as holders, and whoever else holds leads in
-- it. Definer: see lead_dashboard.
create function private.leads_per_assignee(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  reach record := private.totals_reach(organization_id, 'dashboard:read');
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
      where m.organization_id = leads_per_assignee.organization_id and m.status = 'active'
        and (reach.scope = 'organization' or m.user_id = auth.uid() or reach.scope = 'team' and m.team_id = reach.team)
      union
      select h.holder_id from held h
    )
    select coalesce(jsonb_agg(jsonb_build_object('user_id', p.user_id, 'full_name', u.full_name, 'open', coalesce(h.open, 0),
      'due_soon', coalesce(h.due_soon, 0), 'breached', coalesce(h.breached, 0), 'converted', coalesce(h.converted, 0))
      order by coalesce(h.open, 0) desc, u.full_name, p.user_id), '[]')
    from people p
    left join held h on h.holder_id = p.user_id
    left join public.profiles u on u.id = p.user_id);
end
$$;

-- GET /dashboard/sla-performance. Definer: see lead_dashboard.
create function private.sla_performance(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  select private.sla_json(array_agg(row(s.response_minutes, s.outcome, s.events)::private.sla_count)) into answer
  from private.sla_figures(organization_id, 'dashboard:read', false) s;
  return answer || jsonb_build_object('by_assignee', (
    select coalesce(jsonb_agg(jsonb_build_object('user_id', p.person_id, 'full_name', u.full_name) || p.sla
      order by u.full_name, p.person_id), '[]')
    from (
      select s.person_id, private.sla_json(array_agg(row(s.response_minutes, s.outcome, s.events)::private.sla_count)) as sla
      from private.sla_figures(sla_performance.organization_id, 'dashboard:read', true) s group by s.person_id
    ) p
    left join public.profiles u on u.id = p.person_id));
end
$$;

create function public.lead_dashboard(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_dashboard(organization_id)
$$;
comment on function public.lead_dashboard is 'The figures of the leads that the caller reaches; today is the organization''s own.';

create function public.leads_per_assignee(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.leads_per_assignee(organization_id)
$$;
comment on function public.leads_per_assignee is 'Who holds how many of the leads that the caller reaches.';

create function public.sla_performance(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.sla_performance(organization_id)
$$;
comment on function public.sla_performance is 'How fast leads were answered, within the caller''s reach and by person.';

-- What stands in each stage of the pipeline, of the leads that the caller may read. Definer functions call it.
create or replace function private.lead_counts_by_status(organization_id uuid)
returns table (status text, leads bigint, value numeric)
language sql stable set search_path = ''
as $$
  select f.status, sum(f.leads)::bigint, sum(f.value)
  from private.lead_figures(lead_counts_by_status.organization_id, 'leads:read') f group by f.status
$$;

create or replace function private.pipeline_figures(organization_id uuid)
returns table (status text, leads bigint, value numeric)
language sql stable set search_path = ''
as $$
  select c.status, c.leads, c.value from private.lead_counts_by_status(pipeline_figures.organization_id) c
$$;

grant execute on function private.lead_dashboard(uuid), private.leads_per_assignee(uuid), private.sla_performance(uuid) to authenticated;
grant execute on function public.lead_dashboard(uuid), public.leads_per_assignee(uuid), public.sla_performance(uuid) to authenticated;
