-- What changed between the two ends of each period, by segment and currency, from the ledger as of a moment. A client
-- counts by where it stands before the first day and after the last day of the period: who joins and leaves within it
-- has passed through; who comes back within it has never left. Rates go by the segment and currency at the start;
-- joining counts in the segment of that day. What changes its segment or currency meanwhile is moved out and in; the
-- amounts of two currencies are not compared.
--
-- clients_end = clients_start + new_clients + reactivated_clients - churned_clients + moved_in - moved_out, and
-- likewise for the revenue, expansion and contraction included.
create function private.period_flows(client_ids uuid[], as_of timestamptz, whole_organization uuid default null)
returns table (organization_id uuid, period text, starts_on date, segment text, currency text, new_clients bigint,
  reactivated_clients bigint, churned_clients bigint, passed_through bigint, moved_in bigint, moved_out bigint,
  new_mrr numeric, reactivation_mrr numeric, churned_mrr numeric, expansion numeric, contraction numeric,
  moved_in_mrr numeric, moved_out_mrr numeric)
language sql stable set search_path = '' set jit = off
as $$
  with m as materialized (
    select f.organization_id, f.client_id, f.day, f.place, f.client_change, f.mrr_after, f.currency, f.segment,
      f.status_after in ('active', 'paused', 'leaving') as in_service
    from private.effective_movements(client_ids, as_of, whole_organization) f
  ), ends as (
    select m.organization_id, m.client_id, g.period, date_trunc(g.period, m.day)::date as starts_on,
      bool_or(m.client_change = 1) as joined,
      (array_agg(m.in_service order by m.day desc, m.place desc))[1] as in_service,
      (array_agg(m.mrr_after order by m.day desc, m.place desc))[1] as mrr,
      (array_agg(m.currency order by m.day desc, m.place desc))[1] as currency,
      (array_agg(m.segment order by m.day desc, m.place desc))[1] as segment,
      (array_agg(m.segment order by m.day desc, m.place desc) filter (where m.client_change = 1))[1] as joined_segment
    from m cross join (values ('month'), ('quarter'), ('year')) g (period)
    group by 1, 2, 3, 4
  ), changes as (
    select e.*, coalesce(lag(e.in_service) over w, false) as was_in_service, lag(e.mrr) over w as mrr_before,
      lag(e.currency) over w as currency_before, lag(e.segment) over w as segment_before,
      coalesce(bool_or(e.joined) over (w rows between unbounded preceding and 1 preceding), false) as was_client
    from ends e
    window w as (partition by e.client_id, e.period order by e.starts_on)
  ), flows as (
    select c.organization_id, c.period, c.starts_on, x.*
    from changes c
    cross join lateral (
      select c.currency_before = c.currency as same_currency,
        (c.segment_before, c.currency_before) is distinct from (c.segment, c.currency) as moved) k
    cross join lateral (
      select c.segment_before as segment, c.currency_before as currency, 0 as new_clients, 0 as reactivated_clients,
        (not c.in_service)::integer as churned_clients, 0 as passed_through, 0 as moved_in,
        (c.in_service and k.moved)::integer as moved_out, 0 as new_mrr, 0 as reactivation_mrr,
        case when c.in_service then 0 else c.mrr_before end as churned_mrr,
        case when c.in_service and k.same_currency then greatest(c.mrr - c.mrr_before, 0) else 0 end as expansion,
        case when c.in_service and k.same_currency then greatest(c.mrr_before - c.mrr, 0) else 0 end as contraction,
        0 as moved_in_mrr,
        case when not (c.in_service and k.moved) then 0 when k.same_currency then c.mrr else c.mrr_before end
          as moved_out_mrr
      where c.was_in_service
      union all
      select c.joined_segment, c.currency, (c.in_service and not c.was_client)::integer,
        (c.in_service and c.was_client)::integer, 0, (not c.in_service)::integer, 0,
        (c.in_service and c.joined_segment <> c.segment)::integer,
        case when c.in_service and not c.was_client then c.mrr else 0 end,
        case when c.in_service and c.was_client then c.mrr else 0 end, 0, 0, 0, 0,
        case when c.in_service and c.joined_segment <> c.segment then c.mrr else 0 end
      where not c.was_in_service and c.joined
      union all
      select c.segment, c.currency, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, c.mrr, 0
      where c.in_service and (c.was_in_service and k.moved or not c.was_in_service and c.joined_segment <> c.segment)
    ) x
  )
  select f.organization_id, f.period, f.starts_on, f.segment, f.currency, sum(f.new_clients),
    sum(f.reactivated_clients),
    sum(f.churned_clients), sum(f.passed_through), sum(f.moved_in), sum(f.moved_out), sum(f.new_mrr),
    sum(f.reactivation_mrr), sum(f.churned_mrr), sum(f.expansion), sum(f.contraction), sum(f.moved_in_mrr),
    sum(f.moved_out_mrr)
  from flows f
  group by 1, 2, 3, 4, 5
$$;
comment on function private.period_flows is
  'What changed between the ends of each month, quarter and year, from the ledger as of a moment.';
