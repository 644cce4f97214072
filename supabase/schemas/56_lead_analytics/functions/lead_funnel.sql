-- GET /analytics/funnel. Security definer because nobody may read the totals.
create function private.lead_funnel(organization_id uuid, first_day date, last_day date, source text)
returns jsonb
language plpgsql stable security definer set search_path = '' set jit = off
as $$
declare
  period record;
begin
  perform private.require_scope(organization_id, 'dashboard:read');
  period := private.cohort_period(organization_id, first_day, last_day);
  return (
    with reached as materialized (
      select s.position, sum(f.leads) as leads
      from private.cohort_figures(lead_funnel.organization_id, period.first_day, period.last_day,
        lead_funnel.source, null) f
      join public.pipeline_stages s on s.organization_id = lead_funnel.organization_id and s.key = f.furthest_status
      group by 1
    ), stages as (
      select s.key, s.label, s.outcome, s.position, coalesce((
        select sum(r.leads) from reached r where r.position >= s.position), 0) as leads
      from public.pipeline_stages s
      where s.organization_id = lead_funnel.organization_id and s.outcome is distinct from 'lost'
    ), steps as (
      select s.*, lead(s.leads) over (order by s.position) as next,
        (select sum(r.leads) from reached r) as total
      from stages s
    )
    select coalesce(jsonb_agg(jsonb_build_object('stage', s.key, 'label', s.label, 'outcome', s.outcome,
      'count', s.leads, 'percentage', round(100 * s.leads / nullif(s.total, 0), 2),
      'drop_off_rate', round((s.leads - s.next) / nullif(s.leads, 0), 4)) order by s.position), '[]')
    from steps s);
end
$$;
grant execute on function private.lead_funnel(uuid, date, date, text) to authenticated;

create function public.lead_funnel(organization_id uuid, first_day date default null, last_day date default null,
  source text default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_funnel(organization_id, first_day, last_day, lower(btrim(source)))
$$;
comment on function public.lead_funnel is
  'How many of the leads that were created in a period have reached each stage, whatever their stage is now.';
grant execute on function public.lead_funnel(uuid, date, date, text) to authenticated;
