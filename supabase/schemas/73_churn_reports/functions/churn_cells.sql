-- What changed in each period before a day, by segment and currency: from the rollup, or recounted from the ledger as
-- of a moment.
create function private.churn_flows(organization_id uuid, period text, before date, as_of timestamptz)
returns table (starts_on date, segment text, currency text, new_clients numeric, reactivated_clients numeric,
  churned_clients numeric, passed_through numeric, moved_in numeric, moved_out numeric, new_mrr numeric,
  reactivation_mrr numeric, churned_mrr numeric, expansion numeric, contraction numeric, moved_in_mrr numeric,
  moved_out_mrr numeric)
language plpgsql stable set search_path = ''
as $$
begin
  if as_of is null then
    return query
      select t.starts_on, t.segment, t.currency, sum(t.new_clients), sum(t.reactivated_clients), sum(t.churned_clients),
        sum(t.passed_through), sum(t.moved_in), sum(t.moved_out), sum(t.new_mrr), sum(t.reactivation_mrr),
        sum(t.churned_mrr), sum(t.expansion), sum(t.contraction), sum(t.moved_in_mrr), sum(t.moved_out_mrr)
      from private.churn_period_totals t
      where t.organization_id = churn_flows.organization_id and t.period = churn_flows.period
        and t.starts_on < churn_flows.before
      group by 1, 2, 3
      -- What has been taken back altogether has left sums of zero.
      having (sum(t.new_clients), sum(t.reactivated_clients), sum(t.churned_clients), sum(t.passed_through),
          sum(t.moved_in), sum(t.moved_out), sum(t.new_mrr), sum(t.reactivation_mrr), sum(t.churned_mrr),
          sum(t.expansion), sum(t.contraction), sum(t.moved_in_mrr), sum(t.moved_out_mrr))
        <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  else
    return query
      select f.starts_on, f.segment, f.currency, f.new_clients::numeric, f.reactivated_clients::numeric,
        f.churned_clients::numeric, f.passed_through::numeric, f.moved_in::numeric, f.moved_out::numeric, f.new_mrr,
        f.reactivation_mrr, f.churned_mrr, f.expansion, f.contraction, f.moved_in_mrr, f.moved_out_mrr
      from private.period_flows(null, as_of, churn_flows.organization_id) f
      where f.period = churn_flows.period and f.starts_on < churn_flows.before;
  end if;
end
$$;

create type private.churn_cell as (
  starts_on date,
  segment text,
  currency text,
  clients_start numeric,
  new_clients numeric,
  reactivated_clients numeric,
  churned_clients numeric,
  passed_through numeric,
  moved_in numeric,
  moved_out numeric,
  mrr_start numeric,
  new_mrr numeric,
  reactivation_mrr numeric,
  churned_mrr numeric,
  expansion numeric,
  contraction numeric,
  moved_in_mrr numeric,
  moved_out_mrr numeric
);

-- Each period of a range by segment and currency, with what there was at its start: all that changed before. Amounts of
-- a currency that has a rate are in the organization's currency, both ends at the rate of the period's first day; those
-- of the others are separate.
create function private.churn_cells(organization_id uuid, range private.churn_range)
returns setof private.churn_cell
language sql stable set search_path = '' set jit = off
as $$
  with flows as materialized (
    select f.* from private.churn_flows(churn_cells.organization_id, range.period, range.to_day, range.as_of) f
    where (range.segment is null or f.segment = range.segment) and (range.currency is null
      or f.currency = range.currency)
  ), cells as (
    select distinct f.segment, f.currency from flows f
  ), periods as (
    select p::date as starts_on from generate_series(range.from_day::timestamp, range.to_day - interval '1 day',
      case range.period when 'month' then interval '1 month' when 'quarter' then interval '3 months'
        else interval '1 year' end) p
  ), stock as (
    select f.segment, f.currency,
      sum(f.new_clients + f.reactivated_clients - f.churned_clients + f.moved_in - f.moved_out) as clients,
      sum(f.new_mrr + f.reactivation_mrr - f.churned_mrr + f.expansion - f.contraction + f.moved_in_mrr
        - f.moved_out_mrr) as mrr
    from flows f where f.starts_on < range.from_day group by 1, 2
  ), grid as (
    select p.starts_on, c.segment, c.currency,
      coalesce(s.clients, 0) + coalesce(sum(f.new_clients + f.reactivated_clients - f.churned_clients + f.moved_in
        - f.moved_out) over w, 0) as clients_start,
      coalesce(s.mrr, 0) + coalesce(sum(f.new_mrr + f.reactivation_mrr - f.churned_mrr + f.expansion - f.contraction
        + f.moved_in_mrr - f.moved_out_mrr) over w, 0) as mrr_start,
      coalesce(f.new_clients, 0) as new_clients, coalesce(f.reactivated_clients, 0) as reactivated_clients,
      coalesce(f.churned_clients, 0) as churned_clients, coalesce(f.passed_through, 0) as passed_through,
      coalesce(f.moved_in, 0) as moved_in, coalesce(f.moved_out, 0) as moved_out, coalesce(f.new_mrr, 0) as new_mrr,
      coalesce(f.reactivation_mrr, 0) as reactivation_mrr, coalesce(f.churned_mrr, 0) as churned_mrr,
      coalesce(f.expansion, 0) as expansion, coalesce(f.contraction, 0) as contraction,
      coalesce(f.moved_in_mrr, 0) as moved_in_mrr, coalesce(f.moved_out_mrr, 0) as moved_out_mrr,
      case when range.currency is not null then null else private.rate_on(churn_cells.organization_id, c.currency,
        range.organization_currency, p.starts_on) end as rate
    from periods p
    cross join cells c
    left join flows f on f.starts_on = p.starts_on and f.segment = c.segment and f.currency = c.currency
    left join stock s on s.segment = c.segment and s.currency = c.currency
    window w as (partition by c.segment, c.currency order by p.starts_on rows between unbounded preceding
      and 1 preceding)
  )
  select g.starts_on, g.segment, case when g.rate is null then g.currency else range.organization_currency end,
    sum(g.clients_start), sum(g.new_clients), sum(g.reactivated_clients), sum(g.churned_clients), sum(g.passed_through),
    sum(g.moved_in), sum(g.moved_out), sum(g.mrr_start * k.rate), sum(g.new_mrr * k.rate),
    sum(g.reactivation_mrr * k.rate), sum(g.churned_mrr * k.rate), sum(g.expansion * k.rate),
    sum(g.contraction * k.rate), sum(g.moved_in_mrr * k.rate), sum(g.moved_out_mrr * k.rate)
  from grid g cross join lateral (select coalesce(g.rate, 1) as rate) k
  group by 1, 2, 3
$$;

-- What a report answers for the sum of cells. opening: the cells of the first period alone, when the sum is over
-- several: a rate is of all that was there at the starts of the periods, the stock at the start is that of the first.
create function private.churn_figures(cell private.churn_cell, opening private.churn_cell)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object(
    'clients_start', opening.clients_start, 'new', cell.new_clients, 'reactivated', cell.reactivated_clients,
    'churned', cell.churned_clients, 'passed_through', cell.passed_through, 'moved', cell.moved_in - cell.moved_out,
    'clients_end', opening.clients_start + cell.new_clients + cell.reactivated_clients - cell.churned_clients
      + cell.moved_in - cell.moved_out,
    'logo_churn', private.wilson_interval(cell.churned_clients, cell.clients_start),
    'mrr_start', round(opening.mrr_start, 2)::text, 'new_mrr', round(cell.new_mrr, 2)::text,
    'reactivation_mrr', round(cell.reactivation_mrr, 2)::text, 'expansion', round(cell.expansion, 2)::text,
    'contraction', round(cell.contraction, 2)::text, 'churned_mrr', round(cell.churned_mrr, 2)::text,
    'moved_mrr', round(cell.moved_in_mrr - cell.moved_out_mrr, 2)::text,
    'mrr_end', round(opening.mrr_start + cell.new_mrr + cell.reactivation_mrr - cell.churned_mrr + cell.expansion
      - cell.contraction + cell.moved_in_mrr - cell.moved_out_mrr, 2)::text,
    'grr', round((cell.mrr_start - cell.churned_mrr - cell.contraction) / nullif(cell.mrr_start, 0), 6),
    'nrr', round((cell.mrr_start - cell.churned_mrr - cell.contraction + cell.expansion)
      / nullif(cell.mrr_start, 0), 6))
$$;

-- The sum of cells; starts_on, segment and currency are those of the first.
create function private.sum_of_cells(cells private.churn_cell[])
returns private.churn_cell
language sql immutable set search_path = ''
as $$
  select row(min(c.starts_on), min(c.segment), min(c.currency), sum(c.clients_start), sum(c.new_clients),
    sum(c.reactivated_clients), sum(c.churned_clients), sum(c.passed_through), sum(c.moved_in), sum(c.moved_out),
    sum(c.mrr_start), sum(c.new_mrr), sum(c.reactivation_mrr), sum(c.churned_mrr), sum(c.expansion), sum(c.contraction),
    sum(c.moved_in_mrr), sum(c.moved_out_mrr))::private.churn_cell
  from unnest(cells) c
$$;
