-- How clients and revenue are distributed now.
create function private.clients_now(organization_id uuid)
returns table (segment text, figures jsonb)
language sql stable set search_path = ''
as $$
  select t.segment, jsonb_object_agg(t.status, t.clients)
  from (
    select n.segment, n.status, sum(n.clients) as clients from private.client_totals n
    where n.organization_id = clients_now.organization_id group by 1, 2 having sum(n.clients) <> 0
  ) t
  group by 1
$$;

create function private.rates_of(figures jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object('logo_churn', figures -> 'logo_churn', 'grr', figures -> 'grr', 'nrr', figures -> 'nrr')
$$;

-- GET /reports/churn-by-segment: for each segment all periods of the range together, and how long clients stay. Rates
-- are of all clients that were there at the starts of the periods, so a month's rate is the mean month's, weighted by
-- size; the running period is in no rate. A segment that never had ten clients is shown without rates. Security definer
-- because the rollups may not be read directly.
create function private.churn_by_segment(organization_id uuid, options jsonb)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  range private.churn_range := private.churn_range(organization_id, options);
  whole private.churn_range := range;
  running date := date_trunc(range.period, range.today);
  rows jsonb;
begin
  whole.from_day := '1900-01-01';
  with cells as materialized (
    select c.* from private.churn_cells(organization_id, range) c
  ), segments as (
    select c.segment, c.currency, private.sum_of_cells(array_agg(c::private.churn_cell)) as cell,
      private.sum_of_cells(array_agg(c::private.churn_cell) filter (where c.starts_on = range.from_day)) as opening,
      private.sum_of_cells(array_agg(c::private.churn_cell) filter (where c.starts_on < running)) as over
    from cells c group by 1, 2
    union all
    select null, c.currency, private.sum_of_cells(array_agg(c::private.churn_cell)),
      private.sum_of_cells(array_agg(c::private.churn_cell) filter (where c.starts_on = range.from_day)),
      private.sum_of_cells(array_agg(c::private.churn_cell) filter (where c.starts_on < running))
    from cells c group by 2
  ), sizes as (
    select n.segment, n.currency, max(n.clients) as largest from (
      select c.segment, c.currency, c.starts_on, c.clients_start as clients from cells c
      union all
      select null, c.currency, c.starts_on, sum(c.clients_start) from cells c group by 2, 3
    ) n
    group by 1, 2
  ), times as (
    select t.segment, row(t.entry, t.stop, t.event, t.spells)::private.spell_time as part
    from private.spell_times(organization_id, whole) t
  ), curves as (
    select t.segment, private.survival_summary(array_agg(t.part)) as summary from times t group by 1
    union all
    select null, private.survival_summary(array_agg(t.part)) from times t
  ), now as (
    select n.segment, n.figures from private.clients_now(organization_id) n
  )
  select coalesce(jsonb_agg(jsonb_build_object('segment', s.segment, 'currency', s.currency, 'label', (
        select l.label from public.client_segments l
        where l.organization_id = churn_by_segment.organization_id and l.key = s.segment),
      'too_few', z.largest < 10)
    || private.churn_figures(s.cell, s.opening)
    || private.rates_of(private.churn_figures(s.over, s.over))
    || case when z.largest < 10 then '{"logo_churn": null, "grr": null, "nrr": null}' else '{}' end::jsonb
    || jsonb_build_object('survival', case when z.largest >= 10 then k.summary end, 'now', n.figures, 'bands', b.bands)
    order by s.segment nulls last, s.currency), '[]')
  into rows
  from segments s
  join sizes z on z.segment is not distinct from s.segment and z.currency = s.currency
  left join curves k on k.segment is not distinct from s.segment
  left join now n on n.segment = s.segment
  left join private.bands_now(organization_id) b on b.segment = s.segment;
  return private.churn_head(range) || jsonb_build_object('data', (
    select coalesce(jsonb_agg(r), '[]') from jsonb_array_elements(rows) r where r ->> 'segment' is not null),
    'total', (
    select coalesce(jsonb_agg(r - array['segment', 'label', 'now', 'bands']), '[]') from jsonb_array_elements(rows) r
    where r ->> 'segment' is null));
end
$$;
grant execute on function private.churn_by_segment(uuid, jsonb) to authenticated;

create function public.churn_by_segment(organization_id uuid, options jsonb default '{}')
returns jsonb
language sql stable set search_path = '' set statement_timeout = '30s'
as $$
  select private.churn_by_segment(organization_id, coalesce(options, '{}'))
$$;
comment on function public.churn_by_segment is
  'Churn by segment, and how long clients stay: { from?, to?, period?, as_of?, segment?, currency? }.';
grant execute on function public.churn_by_segment(uuid, jsonb) to authenticated;
