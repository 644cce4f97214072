-- The figures of one of two periods.
create function private.kpis_json(sums private.kpi_sum[], current boolean)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object('total_leads', t.total, 'enrollments', t.won, 'lost', t.lost, 'active_pipeline', t.open,
    'conversion_rate', round(t.won / nullif(t.total, 0), 4),
    'values', (
      select coalesce(jsonb_agg(jsonb_build_object('currency', v.currency, 'total', v.total::numeric(20, 2)::text,
        'won', v.won::numeric(20, 2)::text, 'open', v.open::numeric(20, 2)::text) order by v.currency), '[]')
      from (
        select s.currency, sum(s.value) as total, coalesce(sum(s.value) filter (where s.outcome = 'won'), 0) as won,
          coalesce(sum(s.value) filter (where s.outcome is null), 0) as open
        from unnest(sums) s where s.current = kpis_json.current group by s.currency having sum(s.leads) <> 0) v))
  from (
    select coalesce(sum(s.leads), 0) as total, coalesce(sum(s.leads) filter (where s.outcome = 'won'), 0) as won,
      coalesce(sum(s.leads) filter (where s.outcome = 'lost'), 0) as lost,
      coalesce(sum(s.leads) filter (where s.outcome is null), 0) as open
    from unnest(sums) s where s.current = kpis_json.current) t
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
  sums private.kpi_sum[];
begin
  perform private.require_scope(organization_id, 'dashboard:read');
  period := private.cohort_period(organization_id, first_day, last_day);
  days := period.last_day - period.first_day + 1;
  if assigned_to is null then
    sums := array(
      select row(f.day >= period.first_day, f.outcome, f.currency, sum(f.leads), sum(f.value))::private.kpi_sum
      from private.cohort_figures(organization_id, period.first_day - days, period.last_day, source, status) f
      group by f.day >= period.first_day, f.outcome, f.currency);
  else
    sums := array(
      select row((h.figure).day >= period.first_day, (h.figure).outcome, (h.figure).currency, sum((h.figure).leads),
        sum((h.figure).value))::private.kpi_sum
      from private.held_figures(organization_id, period.first_day - days, period.last_day, source, status,
        assigned_to) h
      group by (h.figure).day >= period.first_day, (h.figure).outcome, (h.figure).currency);
  end if;
  return private.kpis_json(sums, true)
    || jsonb_build_object('date_from', period.first_day, 'date_to', period.last_day,
      'partial', period.last_day >= period.today,
      'time_zone', (select o.time_zone from public.organizations o where o.id = lead_kpis.organization_id),
      'previous', private.kpis_json(sums, false)
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
