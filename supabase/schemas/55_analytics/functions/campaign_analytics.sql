-- The figures of a campaign's messages: of all (level 7), by variant (3), by number (5) and by hour of the
-- organization's time zone (6). Where the clocks are put back, the two hours of one name are one.
create function private.campaign_figures(campaign_id uuid, time_zone text)
returns table (level integer, variant_id uuid, account_id uuid, hour timestamp, total numeric, queued numeric,
  sending numeric, sent numeric, delivered numeric, undelivered numeric, failed numeric, canceled numeric,
  suppressed numeric, segments numeric, replied numeric, opted_out numeric, answers numeric)
language sql stable set search_path = ''
as $$
  with sums as materialized (
    select t.variant_id, t.account_id, t.quarter_hour, t.status, sum(t.messages) as messages,
      sum(t.segments) as segments, sum(t.replied) as replied, sum(t.opted_out) as opted_out, sum(t.answers) as answers
    from private.message_outcome_totals t where t.campaign_id = campaign_figures.campaign_id group by 1, 2, 3, 4
  ), hours as materialized (
    select q.quarter_hour, date_trunc('hour', q.quarter_hour at time zone campaign_figures.time_zone) as hour
    from (select distinct s.quarter_hour from sums s) q
  )
  select grouping(s.variant_id, s.account_id, h.hour), s.variant_id, s.account_id, h.hour, coalesce(sum(s.messages), 0),
    coalesce(sum(s.messages) filter (where s.status = 'queued'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'sending'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'sent'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'delivered'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'undelivered'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'failed'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'canceled'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'suppressed'), 0),
    coalesce(sum(s.segments), 0), coalesce(sum(s.replied), 0), coalesce(sum(s.opted_out), 0),
    coalesce(sum(s.answers), 0)
  from sums s join hours h on h.quarter_hour = s.quarter_hour
  group by grouping sets ((), (s.variant_id), (s.account_id), (h.hour))
$$;

-- What a campaign's messages cost, why they failed and for how long it was sending.
create function private.campaign_outcomes_json(campaign_id uuid, currency text)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'sending_seconds', (
      select count(distinct t.quarter_hour) * 900 from private.message_outcome_totals t
      where t.campaign_id = campaign_outcomes_json.campaign_id and t.status in ('sent', 'delivered', 'undelivered')
        and t.messages > 0),
    'failures', coalesce((
      select jsonb_agg(f) from (
        select t.status, t.error_code, sum(t.messages) as texts from private.message_outcome_totals t
        where t.campaign_id = campaign_outcomes_json.campaign_id
          and t.status in ('failed', 'undelivered', 'suppressed', 'canceled')
        group by 1, 2 having sum(t.messages) <> 0 order by 3 desc, 2, 1) f), '[]'),
    'costs', private.costs_json(campaign_outcomes_json.currency, array(
      select row(t.account_id, t.status, t.currency, sum(t.segments), sum(t.cost))::private.cost_part
      from private.message_outcome_totals t
      where t.campaign_id = campaign_outcomes_json.campaign_id and t.status is not null
      group by t.account_id, t.status, t.currency)))
$$;

-- Security definer because callers may not read the counters; find_campaign checks the permission.
create function private.campaign_analytics(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  campaign constant public.campaigns := private.find_campaign(organization_id, campaign_id);
  organization public.organizations;
begin
  select * into organization from public.organizations o where o.id = campaign.organization_id;
  return (
    with figures as materialized (
      select * from private.campaign_figures(campaign.id, organization.time_zone)
    )
    select jsonb_build_object(
      'campaign', jsonb_build_object('id', campaign.id, 'name', campaign.name, 'status', campaign.status,
        'status_reason', campaign.status_reason, 'started_at', campaign.started_at, 'finished_at',
        campaign.finished_at),
      'time_zone', organization.time_zone,
      'seconds', case when campaign.started_at is not null
        then greatest(0, extract(epoch from coalesce(campaign.finished_at, now()) - campaign.started_at)) end,
      'targets', coalesce((
        select jsonb_agg(t) from (
          select t.status, t.reason, sum(t.targets) as targets from private.target_totals t
          where t.campaign_id = campaign.id group by 1, 2 having sum(t.targets) <> 0 order by 3 desc, 2) t), '[]'),
      'texts', coalesce((select to_jsonb(f) from figures f where f.level = 7), '{}'),
      'variants', coalesce((
        select jsonb_agg(to_jsonb(f) || jsonb_build_object('template_id', coalesce(v.template_id, t.id),
          'template_name', t.name, 'label', v.label) order by f.total desc, f.variant_id)
        from figures f
        left join public.template_variants v on v.organization_id = campaign.organization_id and v.id = f.variant_id
        left join public.templates t
          on t.organization_id = campaign.organization_id and t.id = coalesce(v.template_id, f.variant_id)
        where f.level = 3 and f.variant_id is not null), '[]'),
      'numbers', coalesce((
        select jsonb_agg(to_jsonb(f) || jsonb_build_object('number', n.sender_id, 'label', n.label)
          order by f.total desc, f.account_id)
        from figures f
        left join public.sms_accounts n on n.organization_id = campaign.organization_id and n.id = f.account_id
        where f.level = 5 and f.account_id is not null), '[]'),
      'hours', coalesce((
        select jsonb_agg(to_jsonb(f) order by f.hour) from figures f where f.level = 6 and f.total + f.answers <> 0),
          '[]'),
      'alerts', coalesce((
        select jsonb_agg(private.alert_json(a, campaign.name) order by a.opened_at desc) from (
          select * from public.campaign_alerts a
          where a.organization_id = campaign.organization_id and a.campaign_id = campaign.id
          order by a.opened_at desc limit 100) a), '[]'))
      || private.campaign_outcomes_json(campaign.id, organization.currency));
end
$$;
grant execute on function private.campaign_analytics(uuid, uuid) to authenticated;

create function public.campaign_analytics(organization_id uuid, campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.campaign_analytics(organization_id, campaign_id)
$$;
comment on function public.campaign_analytics is
  'What became of a campaign''s recipients and messages: by variant, number and hour, with failures, costs and alerts.';
grant execute on function public.campaign_analytics(uuid, uuid) to authenticated;
