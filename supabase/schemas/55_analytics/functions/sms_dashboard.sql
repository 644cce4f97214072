-- The period to report on, in days of the organization's time zone; either end may be left out. 422 if it runs
-- backwards or is longer than `longest` days: with the period before it, twice as many are read.
create function private.checked_period(today date, inout first_day date, inout last_day date,
  longest integer default 92)
language plpgsql stable set search_path = ''
as $$
declare
  fault jsonb;
begin
  last_day := coalesce(last_day, greatest(today, first_day));
  first_day := coalesce(first_day, last_day - 29);
  fault := case
    when first_day < date '2000-01-01' or last_day > date '2199-01-01' then
      jsonb_build_object('path', case when first_day < date '2000-01-01' then 'from' else 'to' end,
        'message', 'is too far away')
    when first_day > last_day then '{"path": "from", "message": "is after to"}'
    when last_day - first_day >= longest then jsonb_build_object('path', 'from',
      'message', format('is more than %s days before to', longest)) end;
  if fault is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', jsonb_build_array(fault));
  end if;
end
$$;

-- Sums of outcomes by day of the period and the one before it: day 1 is the first of the period, 0 the last before it.
-- Days come from message_day_totals, what is not rolled up yet from the deltas. midnights: the beginnings of all those
-- days and of the next.
create function private.dashboard_sums(organization_id uuid, campaign_id uuid, first_day date, days integer,
  midnights timestamptz[])
returns private.outcome_sum[]
language sql stable set search_path = ''
as $$
  select array(
    select row(t.day, t.campaign_id is not null, t.account_id, t.status, t.error_code, t.currency, sum(t.messages),
      sum(t.segments), sum(t.cost), sum(t.replied), sum(t.opted_out), sum(t.answers),
      sum(t.received))::private.outcome_sum
    from (
      select d.day - first_day + 1 as day, d.campaign_id, d.account_id, d.status, d.error_code, d.currency, d.messages,
        d.segments, d.cost, d.replied, d.opted_out, d.answers, d.received
      from private.message_day_totals d
      where d.organization_id = dashboard_sums.organization_id
        and d.day between first_day - days and first_day + days - 1
      union all
      select width_bucket(n.quarter_hour, midnights) - days, n.campaign_id, n.account_id, n.status, n.error_code,
        n.currency, n.messages, n.segments, n.cost, n.replied, n.opted_out, n.answers, n.received
      from private.message_outcome_totals n
      where n.organization_id = dashboard_sums.organization_id and not n.rolled_up
        and n.quarter_hour >= midnights[1] and n.quarter_hour < midnights[2 * days + 1]
    ) t
    where dashboard_sums.campaign_id is null or t.campaign_id = dashboard_sums.campaign_id
    group by t.day, t.campaign_id is not null, t.account_id, t.status, t.error_code, t.currency)
$$;

-- Figures of the period (current) and the one before it: of all messages (level 7), of campaigns and others (3), by day
-- (1) and by number (6), both of the period only.
create function private.dashboard_figures(sums private.outcome_sum[])
returns private.dashboard_figure[]
language sql stable set search_path = ''
as $$
  select array(
    select row(grouping(s.of_campaign, p.day, p.account_id), p.current, s.of_campaign, p.day, p.account_id,
      sum(s.messages),
      coalesce(sum(s.messages) filter (where s.status = 'queued'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'sending'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'sent'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'delivered'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'undelivered'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'failed'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'canceled'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'suppressed'), 0),
      sum(s.segments), sum(s.replied), sum(s.opted_out), sum(s.answers), sum(s.received))::private.dashboard_figure
    from unnest(sums) s
    cross join lateral (
      select s.day > 0 as current, case when s.day > 0 then s.day end as day,
        case when s.day > 0 then s.account_id end as account_id
    ) p
    group by grouping sets ((p.current), (p.current, s.of_campaign), (p.current, p.day, s.of_campaign),
      (p.current, p.account_id)))
$$;

-- One of the two periods: its messages, what came back, costs, and the suppressions added between two moments.
create function private.dashboard_period(organization public.organizations, campaign_id uuid,
  sums private.outcome_sum[], figures private.dashboard_figure[], current boolean, since timestamptz,
  before timestamptz)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'texts', coalesce((
      select to_jsonb(f) from unnest(figures) f where f.current = dashboard_period.current and f.level = 7), '{}'),
    'campaign_texts', coalesce((
      select to_jsonb(f) from unnest(figures) f
      where f.current = dashboard_period.current and f.level = 3 and f.of_campaign), '{}'),
    'other_texts', coalesce((
      select to_jsonb(f) from unnest(figures) f
      where f.current = dashboard_period.current and f.level = 3 and not f.of_campaign), '{}'),
    'received', coalesce((
      select case when dashboard_period.campaign_id is null then f.received else f.answers end
      from unnest(figures) f where f.current = dashboard_period.current and f.level = 7), 0),
    'costs', private.costs_json(organization.currency, array(
      select row(s.account_id, s.status, s.currency, sum(s.segments), sum(s.cost))::private.cost_part
      from unnest(sums) s where (s.day > 0) = dashboard_period.current and s.status is not null
      group by s.account_id, s.status, s.currency)),
    'suppressions', private.suppressions_added(organization.id, since, before))
$$;

-- The numbers that sent in the period, the busiest first, with their health of the last 24 hours; without a campaign
-- also those in use that sent nothing.
create function private.dashboard_numbers(organization_id uuid, campaign_id uuid, figures private.dashboard_figure[])
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(private.number_json(n.a, to_jsonb(h)) || jsonb_build_object('texts', n.texts)
    order by n.total desc, (n.a).id), '[]')
  from (
    select a, to_jsonb(f) as texts, coalesce(f.total, 0) as total
    from public.sms_accounts a
    left join unnest(figures) f on f.current and f.level = 6 and f.account_id = a.id
    where a.organization_id = dashboard_numbers.organization_id
      and (case when dashboard_numbers.campaign_id is null then a.status <> 'disabled' else false end or f.total <> 0)
    order by 3 desc, a.id limit 100
  ) n
  left join private.number_figures(dashboard_numbers.organization_id, now() - private.number_health_period()) h
    on h.account_id = (n.a).id
$$;

-- Suppressions added in a period, by source.
create function private.suppressions_added(organization_id uuid, since timestamptz, before timestamptz)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(x), '[]') from (
    select t.source, sum(t.added) as added from private.suppression_totals t
    where t.organization_id = suppressions_added.organization_id
      and t.quarter_hour >= since and t.quarter_hour < before
    group by 1 having sum(t.added) <> 0 order by 2 desc, 1) x
$$;

-- What needs attention now: open alerts, campaigns by status, conversations.
create function private.dashboard_present(organization_id uuid, campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'alerts', coalesce((
      select jsonb_agg(private.alert_json(x.a, x.name) order by (x.a).opened_at desc) from (
        select a, c.name from public.campaign_alerts a
        join public.campaigns c on c.organization_id = a.organization_id and c.id = a.campaign_id
        where a.organization_id = dashboard_present.organization_id and a.resolved_at is null
          and (dashboard_present.campaign_id is null or a.campaign_id = dashboard_present.campaign_id)
        order by a.opened_at desc limit 100) x), '[]'),
    'campaigns', coalesce((
      select jsonb_object_agg(x.status, x.campaigns) from (
        select c.status, count(*) as campaigns from public.campaigns c
        where c.organization_id = dashboard_present.organization_id and c.deleted_at is null group by 1) x), '{}'),
    'conversations', jsonb_build_object(
      'open', (
        select count(*) from public.conversations c
        where c.organization_id = dashboard_present.organization_id and c.status = 'open'),
      'unread', (
        select count(*) from public.conversations c
        where c.organization_id = dashboard_present.organization_id and c.unread > 0)))
$$;

-- campaign_id narrows messages and alerts to a campaign; null: all messages. Security definer because callers may not
-- read the counters.
create function private.sms_dashboard(organization_id uuid, first_day date, last_day date, campaign_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set jit = off
as $$
declare
  organization public.organizations;
  days integer;
  midnights timestamptz[];
  sums private.outcome_sum[];
  figures private.dashboard_figure[];
begin
  perform private.require_permission(organization_id, 'campaigns:read');
  if campaign_id is not null then
    perform private.find_campaign(organization_id, campaign_id);
  end if;
  select * into organization from public.organizations o where o.id = sms_dashboard.organization_id;
  select p.* into first_day, last_day
  from private.checked_period((now() at time zone organization.time_zone)::date, first_day, last_day) p;
  days := last_day - first_day + 1;
  midnights := array(
    select d.day at time zone organization.time_zone
    from generate_series((first_day - days)::timestamp, (last_day + 1)::timestamp, interval '1 day') d (day)
    order by 1);
  sums := private.dashboard_sums(organization_id, campaign_id, first_day, days, midnights);
  figures := private.dashboard_figures(sums);
  return jsonb_build_object('from', first_day, 'to', last_day, 'time_zone', organization.time_zone,
    'previous_from', first_day - days, 'previous_to', first_day - 1,
    'period', private.dashboard_period(organization, campaign_id, sums, figures, true,
      midnights[days + 1], midnights[2 * days + 1]),
    'previous', private.dashboard_period(organization, campaign_id, sums, figures, false,
      midnights[1], midnights[days + 1]),
    'days', (
      select jsonb_agg(jsonb_build_object('date', first_day + d.day - 1,
        'campaign_texts', coalesce(to_jsonb(c), '{}'), 'other_texts', coalesce(to_jsonb(o), '{}')) order by d.day)
      from generate_series(1, days) d (day)
      left join unnest(figures) c on c.current and c.level = 1 and c.day = d.day and c.of_campaign
      left join unnest(figures) o on o.current and o.level = 1 and o.day = d.day and not o.of_campaign),
    'failures', coalesce((
      select jsonb_agg(f) from (
        select s.status, s.error_code, sum(s.messages) as texts from unnest(sums) s
        where s.day > 0 and s.status in ('failed', 'undelivered', 'suppressed', 'canceled')
        group by 1, 2 having sum(s.messages) <> 0 order by 3 desc, 2, 1 limit 20) f), '[]'),
    'numbers', private.dashboard_numbers(organization_id, campaign_id, figures))
    || private.dashboard_present(organization_id, campaign_id);
end
$$;
grant execute on function private.sms_dashboard(uuid, date, date, uuid) to authenticated;

create function public.sms_dashboard(organization_id uuid, first_day date default null, last_day date default null,
  campaign_id uuid default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.sms_dashboard(organization_id, first_day, last_day, campaign_id)
$$;
comment on function public.sms_dashboard is
  'The messages of a period (days of the organization''s time zone, by default the last thirty) beside those of the '
  'period before, and what needs attention now.';
grant execute on function public.sms_dashboard(uuid, date, date, uuid) to authenticated;
