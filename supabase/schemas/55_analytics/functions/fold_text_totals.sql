-- Every minute: what was counted since goes into the sums of each table, and into the days. Readers see the same before and
-- after, and what others add meanwhile stays. One at a time, as two could wait for each other's rows.
create function private.fold_text_totals()
returns void
language plpgsql set search_path = '' set jit = off
as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended('fold_text_totals', 0)) then
    return;
  end if;
  with taken as (
    delete from private.text_totals t where not t.folded returning t.*
  ), sums as materialized (
    select t.organization_id, t.campaign_id, t.variant_id, t.account_id, t.status, t.error_code, t.currency, t.quarter_hour,
      sum(t.messages) as messages, sum(t.segments) as segments, sum(t.cost) as cost, sum(t.replied) as replied,
      sum(t.opted_out) as opted_out, sum(t.answers) as answers, sum(t.received) as received
    from taken t group by 1, 2, 3, 4, 5, 6, 7, 8
    having sum(t.messages) <> 0 or sum(t.segments) <> 0 or sum(t.cost) <> 0 or sum(t.replied) <> 0 or sum(t.opted_out) <> 0
      or sum(t.answers) <> 0 or sum(t.received) <> 0
  ), days as (
    insert into private.day_totals as d
    select s.organization_id, (s.quarter_hour at time zone o.time_zone)::date, s.campaign_id, s.account_id, s.status, s.error_code,
      s.currency, sum(s.messages), sum(s.segments), sum(s.cost), sum(s.replied), sum(s.opted_out), sum(s.answers), sum(s.received)
    from sums s join public.organizations o on o.id = s.organization_id group by 1, 2, 3, 4, 5, 6, 7
    on conflict on constraint day_totals_once do update set messages = d.messages + excluded.messages,
      segments = d.segments + excluded.segments, cost = d.cost + excluded.cost, replied = d.replied + excluded.replied,
      opted_out = d.opted_out + excluded.opted_out, answers = d.answers + excluded.answers, received = d.received + excluded.received
  )
  insert into private.text_totals as t
  select s.*, true from sums s
  on conflict (organization_id, campaign_id, variant_id, account_id, status, error_code, currency, quarter_hour) where folded
  do update set messages = t.messages + excluded.messages, segments = t.segments + excluded.segments, cost = t.cost + excluded.cost,
    replied = t.replied + excluded.replied, opted_out = t.opted_out + excluded.opted_out, answers = t.answers + excluded.answers,
    received = t.received + excluded.received;
  with taken as (
    delete from private.target_totals t where not t.folded returning t.*
  )
  insert into private.target_totals as t
  select n.organization_id, n.campaign_id, n.status, n.reason, sum(n.targets), true from taken n group by 1, 2, 3, 4
  having sum(n.targets) <> 0
  on conflict (organization_id, campaign_id, status, reason) where folded do update set targets = t.targets + excluded.targets;
  with taken as (
    delete from private.suppression_totals t where not t.folded returning t.*
  )
  insert into private.suppression_totals as t
  select n.organization_id, n.source, n.quarter_hour, sum(n.added), true from taken n group by 1, 2, 3 having sum(n.added) <> 0
  on conflict (organization_id, source, quarter_hour) where folded do update set added = t.added + excluded.added;
end
$$;
