-- Keeps the rollups: what the ledger of the concerned clients says now, less what it said before these rows. All rows
-- of a statement have one time of recording, which is later than all earlier rows of these clients.
-- Security definer because nobody may write the totals.
create function private.count_movements()
returns trigger
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  concerned uuid[] := array(select distinct n.client_id from new_rows n);
  before timestamptz := (select min(n.recorded_at) - interval '1 microsecond' from new_rows n);
begin
  if cardinality(concerned) = 0 then
    return null;
  end if;
  insert into private.movement_totals
  select n.organization_id, date_trunc('month', n.day)::date, n.segment, n.currency, coalesce(n.reversed_kind, n.kind),
    sum(case when n.reverses is null then 1 else -1 end), sum(n.amount)
  from new_rows n
  where coalesce(n.reversed_kind, n.kind) <> 'unchanged'
  group by 1, 2, 3, 4, 5
  having sum(case when n.reverses is null then 1 else -1 end) <> 0 or sum(n.amount) <> 0;

  insert into private.churn_period_totals
  select d.organization_id, d.period, d.starts_on, d.segment, d.currency, sum(d.sign * d.new_clients),
    sum(d.sign * d.reactivated_clients), sum(d.sign * d.churned_clients), sum(d.sign * d.passed_through),
    sum(d.sign * d.moved_in), sum(d.sign * d.moved_out), sum(d.sign * d.new_mrr), sum(d.sign * d.reactivation_mrr),
    sum(d.sign * d.churned_mrr), sum(d.sign * d.expansion), sum(d.sign * d.contraction), sum(d.sign * d.moved_in_mrr),
    sum(d.sign * d.moved_out_mrr)
  from (
    select 1 as sign, f.* from private.period_flows(concerned, 'infinity') f
    union all
    select -1, f.* from private.period_flows(concerned, before) f
  ) d
  group by 1, 2, 3, 4, 5
  having not (sum(d.sign * d.new_clients) = 0 and sum(d.sign * d.reactivated_clients) = 0
    and sum(d.sign * d.churned_clients) = 0 and sum(d.sign * d.passed_through) = 0 and sum(d.sign * d.moved_in) = 0
    and sum(d.sign * d.moved_out) = 0 and sum(d.sign * d.new_mrr) = 0 and sum(d.sign * d.reactivation_mrr) = 0
    and sum(d.sign * d.churned_mrr) = 0 and sum(d.sign * d.expansion) = 0 and sum(d.sign * d.contraction) = 0
    and sum(d.sign * d.moved_in_mrr) = 0 and sum(d.sign * d.moved_out_mrr) = 0);

  insert into private.cohort_totals
  select d.organization_id, d.cohort, d.age, d.segment, d.currency, sum(d.sign * d.clients), sum(d.sign * d.active),
    sum(d.sign * d.mrr)
  from (
    select 1 as sign, f.* from private.cohort_changes(concerned, 'infinity') f
    union all
    select -1, f.* from private.cohort_changes(concerned, before) f
  ) d
  group by 1, 2, 3, 4, 5
  having not (sum(d.sign * d.clients) = 0 and sum(d.sign * d.active) = 0 and sum(d.sign * d.mrr) = 0);

  insert into private.spell_totals
  select d.organization_id, d.segment, d.started, d.entry_age, d.age, sum(d.sign * d.spells)
  from (
    select 1 as sign, f.* from private.spell_counts(concerned, 'infinity') f
    union all
    select -1, f.* from private.spell_counts(concerned, before) f
  ) d
  group by 1, 2, 3, 4, 5
  having sum(d.sign * d.spells) <> 0;
  return null;
end
$$;
