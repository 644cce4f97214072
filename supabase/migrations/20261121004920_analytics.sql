-- What GET /analytics/… answers, from the totals. Counts only: the function that asks makes rates and intervals of them.

create function private.alert_json(alert public.campaign_alerts, campaign_name text)
returns jsonb
language sql immutable set search_path = ''
as $$
  select to_jsonb(alert) - 'organization_id' || jsonb_build_object('campaign_name', campaign_name)
$$;

create type private.cost_part as (account_id uuid, status text, currency text, segments numeric, cost numeric);

-- What texts cost: the prices that the provider reported, by currency; what those that went out and have none yet are likely
-- to cost at their numbers' prices for a segment (in the organization's currency); and the segments nobody can price.
create function private.costs_json(currency text, parts private.cost_part[])
returns jsonb
language sql stable set search_path = ''
as $$
  with parts as (
    select p.currency, p.segments, p.cost, p.currency is null and p.status in ('sent', 'delivered', 'undelivered') as unpriced, a.segment_price
    from unnest(parts) p left join public.sms_accounts a on a.id = p.account_id
  )
  select jsonb_build_object(
    'reported', coalesce((
      select jsonb_agg(r) from (
        select p.currency, round(sum(p.cost), 5)::text as amount from parts p
        where p.currency is not null group by 1 having sum(p.cost) <> 0 order by 1) r), '[]'),
    'estimated', (
      select jsonb_build_object('currency', costs_json.currency, 'amount', round(sum(p.segments * p.segment_price), 5)::text) from parts p
      where p.unpriced and p.segment_price is not null having sum(p.segments) > 0),
    'unpriced_segments', (
      select coalesce(sum(p.segments), 0) from parts p where p.unpriced and p.segment_price is null))
$$;

-- Definer: totals are nobody's to read; known_campaign asks for the permission.
create function private.campaign_analytics(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  campaign constant public.campaigns := private.known_campaign(organization_id, campaign_id);
  office public.organizations;
begin
  select * into office from public.organizations o where o.id = campaign.organization_id;
  return (
    with sums as materialized (
      select f.variant_id, f.account_id, f.quarter_hour, f.status, f.error_code, f.currency, sum(f.messages)::bigint as messages,
        sum(f.segments)::bigint as segments, sum(f.cost) as cost, sum(f.replied)::bigint as replied, sum(f.opted_out)::bigint as opted_out,
        sum(f.answers)::bigint as answers
      from private.text_totals f where f.campaign_id = campaign.id group by 1, 2, 3, 4, 5, 6
    ), hours as materialized (
      -- Clocks are put back: two hours of one name are one.
      select h.quarter_hour, date_trunc('hour', h.quarter_hour at time zone office.time_zone) as hour
      from (select distinct s.quarter_hour from sums s) h
    ), counted as (
      select grouping(s.variant_id, s.account_id, h.hour) as level, s.variant_id, s.account_id, h.hour,
        coalesce(sum(s.messages), 0) as total,
        coalesce(sum(s.messages) filter (where s.status = 'queued'), 0) as queued,
        coalesce(sum(s.messages) filter (where s.status = 'sending'), 0) as sending,
        coalesce(sum(s.messages) filter (where s.status = 'sent'), 0) as sent,
        coalesce(sum(s.messages) filter (where s.status = 'delivered'), 0) as delivered,
        coalesce(sum(s.messages) filter (where s.status = 'undelivered'), 0) as undelivered,
        coalesce(sum(s.messages) filter (where s.status = 'failed'), 0) as failed,
        coalesce(sum(s.messages) filter (where s.status = 'canceled'), 0) as canceled,
        coalesce(sum(s.messages) filter (where s.status = 'suppressed'), 0) as suppressed,
        coalesce(sum(s.segments), 0) as segments, coalesce(sum(s.replied), 0) as replied,
        coalesce(sum(s.opted_out), 0) as opted_out, coalesce(sum(s.answers), 0) as answers
      from sums s join hours h on h.quarter_hour = s.quarter_hour
      group by grouping sets ((), (s.variant_id), (s.account_id), (h.hour))
    ), active as (
      select count(distinct s.quarter_hour) as quarters from sums s where s.status in ('sent', 'delivered', 'undelivered') and s.messages > 0
    )
    select jsonb_build_object(
      'campaign', jsonb_build_object('id', campaign.id, 'name', campaign.name, 'status', campaign.status,
        'status_reason', campaign.status_reason, 'started_at', campaign.started_at, 'finished_at', campaign.finished_at),
      'time_zone', office.time_zone,
      'seconds', case when campaign.started_at is not null
        then greatest(0, extract(epoch from coalesce(campaign.finished_at, now()) - campaign.started_at)) end,
      'sending_seconds', a.quarters * 900,
      'targets', coalesce((
        select jsonb_agg(t) from (
          select t.status, t.reason, sum(t.targets) as targets from private.target_totals t
          where t.campaign_id = campaign.id group by 1, 2 having sum(t.targets) <> 0 order by 3 desc, 2) t), '[]'),
      'texts', coalesce((select to_jsonb(c) from counted c where c.level = 7), '{}'),
      'variants', coalesce((
        select jsonb_agg(to_jsonb(c) || jsonb_build_object('template_id', coalesce(v.template_id, t.id),
          'template_name', t.name, 'label', v.label) order by c.total desc, c.variant_id)
        from counted c
        left join public.template_variants v on v.organization_id = campaign.organization_id and v.id = c.variant_id
        left join public.templates t on t.organization_id = campaign.organization_id and t.id = coalesce(v.template_id, c.variant_id)
        where c.level = 3 and c.variant_id is not null), '[]'),
      'numbers', coalesce((
        select jsonb_agg(to_jsonb(c) || jsonb_build_object('number', n.sender_id, 'label', n.label) order by c.total desc, c.account_id)
        from counted c
        left join public.sms_accounts n on n.organization_id = campaign.organization_id and n.id = c.account_id
        where c.level = 5 and c.account_id is not null), '[]'),
      'hours', coalesce((select jsonb_agg(to_jsonb(c) order by c.hour) from counted c where c.level = 6 and c.total + c.answers <> 0), '[]'),
      'failures', coalesce((
        select jsonb_agg(f) from (
          select s.status, s.error_code, sum(s.messages) as texts from sums s
          where s.status in ('failed', 'undelivered', 'suppressed', 'canceled') group by 1, 2 having sum(s.messages) <> 0
          order by 3 desc, 2, 1) f), '[]'),
      'costs', private.costs_json(office.currency, array(
        select row(s.account_id, s.status, s.currency, sum(s.segments), sum(s.cost))::private.cost_part from sums s
        where s.status is not null group by s.account_id, s.status, s.currency)),
      'alerts', coalesce((
        select jsonb_agg(private.alert_json(x, campaign.name) order by x.opened_at desc) from (
          select * from public.campaign_alerts x
          where x.organization_id = campaign.organization_id and x.campaign_id = campaign.id order by x.opened_at desc limit 100) x), '[]'))
    from active a);
end
$$;

create function public.campaign_analytics(organization_id uuid, campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.campaign_analytics(organization_id, campaign_id)
$$;
comment on function public.campaign_analytics is
  'What became of a campaign''s recipients and texts: by wording, number and hour, with failures, costs and alerts.';

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
    perform private.known_campaign(organization_id, campaign_id);
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
      from private.day_totals d
      where d.organization_id = sms_dashboard.organization_id and d.day between first_day - days and last_day
      union all
      select width_bucket(n.quarter_hour, midnights) - days, n.campaign_id, n.account_id, n.status, n.error_code, n.currency,
        n.messages, n.segments, n.cost, n.replied, n.opted_out, n.answers, n.received
      from private.text_totals n
      where n.organization_id = sms_dashboard.organization_id and not n.folded
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

create function public.sms_dashboard(organization_id uuid, first_day date default null, last_day date default null, campaign_id uuid default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.sms_dashboard(organization_id, first_day, last_day, campaign_id)
$$;
comment on function public.sms_dashboard is
  'The texts of a period (the organization''s days; the last thirty) beside those of the one before it, and what needs attention now.';

grant execute on function private.campaign_analytics(uuid, uuid), private.sms_dashboard(uuid, date, date, uuid) to authenticated;
grant execute on function public.campaign_analytics(uuid, uuid), public.sms_dashboard(uuid, date, date, uuid) to authenticated;
