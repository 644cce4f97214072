-- The period to report on, in the organization's own days; both named or both left out as they may be. 422 for one that
-- runs backwards or is longer than 92 days: with the period before it, half a year of quarters of an hour is read.
create function private.checked_period(today date, inout first_day date, inout last_day date)
language plpgsql stable set search_path = ''
as $$
declare
  fault jsonb;
begin
  last_day := coalesce(last_day, greatest(today, first_day));
  first_day := coalesce(first_day, last_day - 29);
  fault := case
    when first_day < date '2000-01-01' or last_day > date '2199-01-01' then
      jsonb_build_object('path', case when first_day < date '2000-01-01' then 'from' else 'to' end, 'message', 'is too far away')
    when first_day > last_day then '{"path": "from", "message": "is after to"}'
    when last_day - first_day >= 92 then '{"path": "from", "message": "is more than 92 days before to"}' end;
  if fault is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', jsonb_build_array(fault));
  end if;
end
$$;

-- campaign_id narrows what is about texts and alerts; null: all texts, of campaigns and others. Read are whole days, and the
-- deltas since the last folding. Definer: see campaign_analytics.
create function private.sms_dashboard(organization_id uuid, first_day date, last_day date, campaign_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set jit = off
as $$
declare
  office public.organizations;
  days integer;
  midnights timestamptz[];
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'campaigns:read');
  if campaign_id is not null then
    perform private.find_campaign(organization_id, campaign_id);
  end if;
  select * into office from public.organizations o where o.id = sms_dashboard.organization_id;
  select p.* into first_day, last_day
  from private.checked_period((now() at time zone office.time_zone)::date, first_day, last_day) p;
  days := last_day - first_day + 1;
  midnights := array(
    select d.day at time zone office.time_zone
    from generate_series((first_day - days)::timestamp, (last_day + 1)::timestamp, interval '1 day') d (day) order by 1);
  with sums as materialized (
    -- 1 is the first day of the period; what is 0 or less belongs to the one before it.
    select f.day, f.campaign_id is not null as of_campaign, f.account_id, f.status, f.error_code, f.currency,
      sum(f.messages)::bigint as messages, sum(f.segments)::bigint as segments, sum(f.cost) as cost, sum(f.replied)::bigint as replied,
      sum(f.opted_out)::bigint as opted_out, sum(f.answers)::bigint as answers, sum(f.received)::bigint as received
    from (
      select d.day - first_day + 1 as day, d.campaign_id, d.account_id, d.status, d.error_code, d.currency, d.messages, d.segments,
        d.cost, d.replied, d.opted_out, d.answers, d.received
      from private.message_day_totals d
      where d.organization_id = sms_dashboard.organization_id and d.day between first_day - days and last_day
      union all
      select width_bucket(n.quarter_hour, midnights) - days, n.campaign_id, n.account_id, n.status, n.error_code, n.currency,
        n.messages, n.segments, n.cost, n.replied, n.opted_out, n.answers, n.received
      from private.message_outcome_totals n
      where n.organization_id = sms_dashboard.organization_id and not n.rolled_up
        and n.quarter_hour >= midnights[1] and n.quarter_hour < midnights[2 * days + 1]
    ) f
    where sms_dashboard.campaign_id is null or f.campaign_id = sms_dashboard.campaign_id
    group by 1, 2, 3, 4, 5, 6
  ), counted as materialized (
    select grouping(s.of_campaign, p.day, p.account_id) as level, p.now, s.of_campaign, p.day, p.account_id, sum(s.messages) as total,
      coalesce(sum(s.messages) filter (where s.status = 'queued'), 0) as queued,
      coalesce(sum(s.messages) filter (where s.status = 'sending'), 0) as sending,
      coalesce(sum(s.messages) filter (where s.status = 'sent'), 0) as sent,
      coalesce(sum(s.messages) filter (where s.status = 'delivered'), 0) as delivered,
      coalesce(sum(s.messages) filter (where s.status = 'undelivered'), 0) as undelivered,
      coalesce(sum(s.messages) filter (where s.status = 'failed'), 0) as failed,
      coalesce(sum(s.messages) filter (where s.status = 'canceled'), 0) as canceled,
      coalesce(sum(s.messages) filter (where s.status = 'suppressed'), 0) as suppressed,
      sum(s.segments) as segments, sum(s.replied) as replied, sum(s.opted_out) as opted_out, sum(s.answers) as answers,
      sum(s.received) as received
    from sums s
    cross join lateral (
      select s.day > 0 as now, case when s.day > 0 then s.day end as day, case when s.day > 0 then s.account_id end as account_id
    ) p
    group by grouping sets ((p.now), (p.now, s.of_campaign), (p.now, p.day, s.of_campaign), (p.now, p.account_id))
  ), periods as (
    select p.now, jsonb_build_object(
      'texts', coalesce((select to_jsonb(c) from counted c where c.now = p.now and c.level = 7), '{}'),
      'campaign_texts', coalesce((select to_jsonb(c) from counted c where c.now = p.now and c.level = 3 and c.of_campaign), '{}'),
      'other_texts', coalesce((select to_jsonb(c) from counted c where c.now = p.now and c.level = 3 and not c.of_campaign), '{}'),
      'received', coalesce((
        select case when sms_dashboard.campaign_id is null then c.received else c.answers end
        from counted c where c.now = p.now and c.level = 7), 0),
      'costs', private.costs_json(office.currency, array(
        select row(s.account_id, s.status, s.currency, sum(s.segments), sum(s.cost))::private.cost_part from sums s
        where (s.day > 0) = p.now and s.status is not null group by s.account_id, s.status, s.currency)),
      'suppressions', coalesce((
        select jsonb_agg(x) from (
          select t.source, sum(t.added) as added from private.suppression_totals t
          where t.organization_id = sms_dashboard.organization_id
            and t.quarter_hour >= midnights[case when p.now then days + 1 else 1 end]
            and t.quarter_hour < midnights[case when p.now then 2 * days + 1 else days + 1 end]
          group by 1 having sum(t.added) <> 0 order by 2 desc, 1) x), '[]')) as figures
    from (values (true), (false)) as p (now)
  )
  select jsonb_build_object('from', first_day, 'to', last_day, 'time_zone', office.time_zone,
    'previous_from', first_day - days, 'previous_to', first_day - 1,
    'period', (select p.figures from periods p where p.now),
    'previous', (select p.figures from periods p where not p.now),
    'days', (
      select jsonb_agg(jsonb_build_object('date', first_day + d.day - 1,
        'campaign_texts', coalesce((select to_jsonb(c) from counted c where c.now and c.level = 1 and c.day = d.day and c.of_campaign), '{}'),
        'other_texts', coalesce((select to_jsonb(c) from counted c where c.now and c.level = 1 and c.day = d.day and not c.of_campaign), '{}'))
        order by d.day)
      from generate_series(1, days) d (day)),
    'failures', coalesce((
      select jsonb_agg(f) from (
        select s.status, s.error_code, sum(s.messages) as texts from sums s
        where s.day > 0 and s.status in ('failed', 'undelivered', 'suppressed', 'canceled') group by 1, 2 having sum(s.messages) <> 0
        order by 3 desc, 2, 1 limit 20) f), '[]'),
    'numbers', coalesce((
      select jsonb_agg(private.number_json(n.a, to_jsonb(f)) || jsonb_build_object('texts', n.texts) order by n.total desc, (n.a).id)
      from (
        select a, to_jsonb(c) as texts, coalesce(c.total, 0) as total
        from public.sms_accounts a left join counted c on c.now and c.level = 6 and c.account_id = a.id
        where a.organization_id = sms_dashboard.organization_id
          and (case when sms_dashboard.campaign_id is null then a.status <> 'disabled' else false end or c.total <> 0)
        order by 3 desc, a.id limit 100
      ) n
      left join private.number_figures(sms_dashboard.organization_id, now() - interval '24 hours') f on f.account_id = (n.a).id), '[]'),
    'alerts', coalesce((
      select jsonb_agg(private.alert_json(x.a, x.name) order by (x.a).opened_at desc) from (
        select a, c.name from public.campaign_alerts a
        join public.campaigns c on c.organization_id = a.organization_id and c.id = a.campaign_id
        where a.organization_id = sms_dashboard.organization_id and a.resolved_at is null
          and (sms_dashboard.campaign_id is null or a.campaign_id = sms_dashboard.campaign_id)
        order by a.opened_at desc limit 100) x), '[]'),
    'campaigns', coalesce((
      select jsonb_object_agg(x.status, x.campaigns) from (
        select c.status, count(*) as campaigns from public.campaigns c
        where c.organization_id = sms_dashboard.organization_id and c.deleted_at is null group by 1) x), '{}'),
    'conversations', jsonb_build_object(
      'open', (select count(*) from public.conversations c where c.organization_id = sms_dashboard.organization_id and c.status = 'open'),
      'unread', (select count(*) from public.conversations c where c.organization_id = sms_dashboard.organization_id and c.unread > 0)))
  into answer;
  return answer;
end
$$;
grant execute on function private.sms_dashboard(uuid, date, date, uuid) to authenticated;

create function public.sms_dashboard(organization_id uuid, first_day date default null, last_day date default null, campaign_id uuid default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.sms_dashboard(organization_id, first_day, last_day, campaign_id)
$$;
comment on function public.sms_dashboard is
  'The texts of a period (the organization''s days; the last thirty) beside those of the one before it, and what needs attention now.';
grant execute on function public.sms_dashboard(uuid, date, date, uuid) to authenticated;
