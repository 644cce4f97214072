-- How many leads of the caller's scope were created today, in the organization's time zone. A day early is read too,
-- because a local midnight can occur twice.
create function private.arrivals_today(organization_id uuid, permission text)
returns bigint
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  access record := private.totals_scope(organization_id, permission);
  zone text := (select o.time_zone from public.organizations o where o.id = organization_id);
  today date := (now() at time zone zone)::date;
  since timestamptz := (today - 1)::timestamp at time zone zone;
  me uuid := auth.uid();
begin
  return (
    select coalesce(sum(t.leads), 0)
    from (
      select * from private.lead_arrivals o
      where o.organization_id = arrivals_today.organization_id and o.person_id is null and o.quarter_hour >= since
        and (access.scope = 'organization' or access.scope = 'team' and o.team_id = access.team)
      union all
      select * from private.lead_arrivals o
      where o.organization_id = arrivals_today.organization_id and o.person_id = me and o.quarter_hour >= since
        and (access.scope = 'own' or access.scope = 'team' and o.team_id is distinct from access.team)
    ) t
    where (t.quarter_hour at time zone zone)::date = today);
end
$$;

-- GET /dashboard/metrics. Security definer because nobody may read the totals.
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
      left join (select f.status, sum(f.leads) as leads, sum(f.value) as value from f group by f.status) c
        on c.status = s.key
      where s.organization_id = lead_dashboard.organization_id),
    'by_source', (
      select coalesce(jsonb_agg(jsonb_build_object('source', c.source, 'count', c.leads) order by c.leads desc,
        c.source), '[]')
      from (select f.source, sum(f.leads) as leads from f group by f.source) c)
  ) into answer from t;
  return answer;
end
$$;
grant execute on function private.lead_dashboard(uuid) to authenticated;

create function public.lead_dashboard(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_dashboard(organization_id)
$$;
comment on function public.lead_dashboard is
  'The figures of the leads in the caller''s scope; today is the organization''s local day.';
grant execute on function public.lead_dashboard(uuid) to authenticated;
