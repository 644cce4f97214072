-- The figures of one period.
create function private.kpis_json(figures private.cohort_figure[])
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object('total_leads', t.total, 'enrollments', t.won, 'lost', t.lost, 'active_pipeline', t.open,
    'conversion_rate', round(t.won / nullif(t.total, 0), 4),
    'values', (
      select coalesce(jsonb_agg(jsonb_build_object('currency', v.currency, 'total', v.total::numeric(20, 2)::text,
        'won', v.won::numeric(20, 2)::text, 'open', v.open::numeric(20, 2)::text) order by v.currency), '[]')
      from (
        select f.currency, sum(f.value) as total, coalesce(sum(f.value) filter (where f.outcome = 'won'), 0) as won,
          coalesce(sum(f.value) filter (where f.outcome is null), 0) as open
        from unnest(figures) f group by f.currency having sum(f.leads) <> 0) v))
  from (
    select coalesce(sum(f.leads), 0) as total, coalesce(sum(f.leads) filter (where f.outcome = 'won'), 0) as won,
      coalesce(sum(f.leads) filter (where f.outcome = 'lost'), 0) as lost,
      coalesce(sum(f.leads) filter (where f.outcome is null), 0) as open
    from unnest(figures) f) t
$$;

-- GET /analytics/kpis. Security definer because nobody may read the totals.
create function private.lead_kpis(organization_id uuid, first_day date, last_day date, source text, status text,
  assigned_to uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set jit = off
as $$
declare
  period record;
  days integer;
  figures private.cohort_figure[];
begin
  perform private.require_scope(organization_id, 'dashboard:read');
  period := private.cohort_period(organization_id, first_day, last_day);
  days := period.last_day - period.first_day + 1;
  if assigned_to is null then
    figures := array(select f from private.cohort_figures(organization_id, period.first_day - days, period.last_day,
      source, status) f);
  else
    figures := array(select f.figure from private.held_figures(organization_id, period.first_day - days,
      period.last_day, source, status, assigned_to) f);
  end if;
  return private.kpis_json(array(select f from unnest(figures) f where f.day >= period.first_day))
    || jsonb_build_object('date_from', period.first_day, 'date_to', period.last_day,
      'partial', period.last_day >= period.today,
      'time_zone', (select o.time_zone from public.organizations o where o.id = lead_kpis.organization_id),
      'previous', private.kpis_json(array(select f from unnest(figures) f where f.day < period.first_day))
        || jsonb_build_object('date_from', period.first_day - days, 'date_to', period.first_day - 1));
end
$$;
grant execute on function private.lead_kpis(uuid, date, date, text, text, uuid) to authenticated;

create function public.lead_kpis(organization_id uuid, first_day date default null, last_day date default null,
  source text default null, status text default null, assigned_to uuid default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_kpis(organization_id, first_day, last_day, lower(btrim(source)), status, assigned_to)
$$;
comment on function public.lead_kpis is
  'What became of the leads in the caller''s scope that were created in a period, and in the same number of days before.';
grant execute on function public.lead_kpis(uuid, date, date, text, text, uuid) to authenticated;
