-- All that moved within each period, up and down, by kind: the rollup of the ledger, or the ledger as of a moment. Periods
-- are whole months.
create function private.churn_waterfall(organization_id uuid, range private.churn_range)
returns table (starts_on date, currency text, movements jsonb)
language sql stable set search_path = '' set jit = off
as $$
  with m as (
    select t.month as day, t.segment, t.currency, t.kind, t.movements, t.amount
    from private.movement_totals t
    where range.as_of is null and t.organization_id = churn_waterfall.organization_id
      and t.month >= range.from_day and t.month < range.to_day
    union all
    select l.day, l.segment, l.currency, coalesce(l.reversed_kind, l.kind),
      case when l.reverses is null then 1 else -1 end, l.amount
    from public.client_movements l
    where range.as_of is not null and l.organization_id = churn_waterfall.organization_id
      and l.recorded_at <= range.as_of and l.day >= range.from_day and l.day < range.to_day
      and coalesce(l.reversed_kind, l.kind) <> 'unchanged'
  ), sums as (
    select date_trunc(range.period, m.day)::date as starts_on, m.currency, m.kind, sum(m.movements) as movements,
      sum(m.amount) as amount
    from m
    where (range.segment is null or m.segment = range.segment) and (range.currency is null
      or m.currency = range.currency)
    group by 1, 2, 3
  ), converted as (
    select s.starts_on, case when k.rate is null then s.currency else range.organization_currency end as currency,
      s.kind, sum(s.movements) as movements, sum(s.amount * coalesce(k.rate, 1)) as amount
    from sums s
    cross join lateral (
      select case when range.currency is null then private.rate_on(churn_waterfall.organization_id, s.currency,
        range.organization_currency, s.starts_on) end as rate) k
    group by 1, 2, 3
    having sum(s.movements) <> 0 or sum(s.amount) <> 0
  )
  select c.starts_on, c.currency, jsonb_object_agg(c.kind, jsonb_build_object('movements', c.movements,
    'amount', round(c.amount, 2)::text))
  from converted c group by 1, 2
$$;

-- GET /reports/churn-trends: a row for each period and currency; periods before the first client are left out. What was
-- entered since a moment may have changed its period and all later ones, whose clients at the start it changes. Security
-- definer because the rollups may not be read directly.
create function private.churn_trends(organization_id uuid, options jsonb)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  range private.churn_range := private.churn_range(organization_id, options);
  changed_since timestamptz := (options ->> 'changed_since')::timestamptz;
  rows jsonb;
begin
  with cells as (
    select c.starts_on, c.currency, private.sum_of_cells(array_agg(c)) as cell
    from private.churn_cells(organization_id, range) c
    group by 1, 2
  ), sums as materialized (
    -- A currency may have moved within a period without any of it at its ends.
    select coalesce(c.starts_on, w.starts_on) as starts_on, coalesce(c.currency, w.currency) as currency,
      coalesce(c.cell, row(w.starts_on, null, w.currency, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0)::private.churn_cell) as cell, w.movements
    from cells c
    full join private.churn_waterfall(organization_id, range) w on w.starts_on = c.starts_on and w.currency = c.currency
  ), late as (
    select min(date_trunc(range.period, m.day))::date as starts_on
    from public.client_movements m
    where m.organization_id = churn_trends.organization_id and m.recorded_at > changed_since
      and m.recorded_at <= coalesce(range.as_of, 'infinity')
  )
  select coalesce(jsonb_agg(
    jsonb_build_object('period', s.starts_on, 'currency', s.currency, 'partial',
      s.starts_on = date_trunc(range.period, range.today)::date)
    || private.churn_figures(s.cell, s.cell)
    || jsonb_build_object('movements', coalesce(s.movements, '{}'))
    || private.risk_figures(organization_id, s.starts_on, (s.starts_on + case range.period
        when 'month' then interval '1 month' when 'quarter' then interval '3 months' else interval '1 year' end)::date,
      range, s.currency)
    || case when changed_since is null then '{}'
      else jsonb_build_object('changed', exists (select from late l where l.starts_on <= s.starts_on)) end
    order by s.starts_on, s.currency <> range.organization_currency, s.currency), '[]')
  into rows
  from sums s
  where s.starts_on >= (
    select min(f.starts_on) from sums f
    where (f.cell).clients_start > 0 or f.movements is not null);
  return private.churn_head(range) || jsonb_build_object('data', rows);
end
$$;
grant execute on function private.churn_trends(uuid, jsonb) to authenticated;

-- As of a past moment the whole ledger is counted again; the Data API applies this setting.
create function public.churn_trends(organization_id uuid, options jsonb default '{}')
returns jsonb
language sql stable set search_path = '' set statement_timeout = '30s'
as $$
  select private.churn_trends(organization_id, coalesce(options, '{}'))
$$;
comment on function public.churn_trends is
  'What changed in each period: { from?, to?, period?, as_of?, changed_since?, segment?, currency? }.';
grant execute on function public.churn_trends(uuid, jsonb) to authenticated;
