-- GET /analytics/conversion-by-source. Security definer because nobody may read the totals.
create function private.conversion_by_source(organization_id uuid, first_day date, last_day date)
returns jsonb
language plpgsql stable security definer set search_path = '' set jit = off
as $$
declare
  period record;
begin
  perform private.require_scope(organization_id, 'dashboard:read');
  period := private.cohort_period(organization_id, first_day, last_day);
  return (
    select coalesce(jsonb_agg(jsonb_build_object('source', s.source, 'total_leads', s.leads, 'enrolled', s.won,
      'lost', s.lost, 'conversion_rate', round(s.won / nullif(s.leads, 0), 4)) order by s.leads desc, s.source), '[]')
    from (
      select f.source, sum(f.leads) as leads, coalesce(sum(f.leads) filter (where f.outcome = 'won'), 0) as won,
        coalesce(sum(f.leads) filter (where f.outcome = 'lost'), 0) as lost
      from private.cohort_figures(conversion_by_source.organization_id, period.first_day, period.last_day, null,
        null) f
      group by 1 having sum(f.leads) <> 0
    ) s);
end
$$;
grant execute on function private.conversion_by_source(uuid, date, date) to authenticated;

create function public.conversion_by_source(organization_id uuid, first_day date default null,
  last_day date default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.conversion_by_source(organization_id, first_day, last_day)
$$;
comment on function public.conversion_by_source is
  'What became of the leads that were created in a period, by source; the largest source first.';
grant execute on function public.conversion_by_source(uuid, date, date) to authenticated;
