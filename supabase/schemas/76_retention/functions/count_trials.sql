-- Adds trials that have their outcome to the totals, the only thing that reports and ranks read of trials. The trials of a
-- play, month, segment and currency are added once they are ten in each arm; what is left of months that are long over,
-- once it is ten in each arm in all. What was added is never counted again, whatever becomes known of it. So each figure
-- is a sum of such groups: none moves with what is entered about one client, and no two differ by one client. One that
-- somebody else writes at this moment waits for the next run.
create function private.count_trials(organization_id uuid, today date)
returns void
language sql set search_path = ''
as $$
  with due as materialized (
    select t.*, date_trunc('month', t.proposed_on)::date as month from private.play_trials t
    where t.organization_id = count_trials.organization_id and t.outcome in ('retained', 'left')
      and not t.is_counted
    for update skip locked
  ), groups as (
    select d.play_id, d.month, d.segment, d.currency from due d
    group by 1, 2, 3, 4 having least(count(*) filter (where d.held_out), count(*) filter (where not d.held_out)) >= 10
  ), marked as (
    select d.*, g.play_id is not null as is_group from due d
    left join groups g on (g.play_id, g.month, g.segment, g.currency) = (d.play_id, d.month, d.segment, d.currency)
    where g.play_id is not null or d.month + interval '1 month 92 days' < today
  ), remains as (
    select m.play_id from marked m where not m.is_group
    group by 1 having least(count(*) filter (where m.held_out), count(*) filter (where not m.held_out)) >= 10
  ), chosen as materialized (
    select m.* from marked m
    where m.is_group or exists (select from remains r where r.play_id = m.play_id)
  ), counted as (
    update private.play_trials t set is_counted = true from chosen c
    where (t.organization_id, t.client_id, t.play_id, t.proposed_on)
      = (c.organization_id, c.client_id, c.play_id, c.proposed_on)
  )
  insert into private.play_totals (organization_id, play_id, month, segment, currency, held_out, held_out_left, shown,
    shown_left, shown_mrr)
  select count_trials.organization_id, c.play_id, x.month, x.segment,
    case when count(distinct c.currency) = 1 then min(c.currency) end, count(*) filter (where c.held_out),
    count(*) filter (where c.held_out and c.outcome = 'left'), count(*) filter (where not c.held_out),
    count(*) filter (where not c.held_out and c.outcome = 'left'), sum(c.mrr) filter (where not c.held_out)
  from chosen c
  cross join lateral (
    select case when c.is_group then c.month end as month, case when c.is_group then c.segment end as segment,
      case when c.is_group then c.currency end as currency) x
  group by c.play_id, x.month, x.segment, x.currency
$$;
