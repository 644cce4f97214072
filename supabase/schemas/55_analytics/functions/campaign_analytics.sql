-- Definer: totals are nobody's to read; find_campaign asks for the permission.
create function private.campaign_analytics(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  campaign constant public.campaigns := private.find_campaign(organization_id, campaign_id);
  office public.organizations;
begin
  select * into office from public.organizations o where o.id = campaign.organization_id;
  return (
    with sums as materialized (
      select f.variant_id, f.account_id, f.quarter_hour, f.status, f.error_code, f.currency, sum(f.messages)::bigint as messages,
        sum(f.segments)::bigint as segments, sum(f.cost) as cost, sum(f.replied)::bigint as replied, sum(f.opted_out)::bigint as opted_out,
        sum(f.answers)::bigint as answers
      from private.message_outcome_totals f where f.campaign_id = campaign.id group by 1, 2, 3, 4, 5, 6
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
grant execute on function private.campaign_analytics(uuid, uuid) to authenticated;

create function public.campaign_analytics(organization_id uuid, campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.campaign_analytics(organization_id, campaign_id)
$$;
comment on function public.campaign_analytics is
  'What became of a campaign''s recipients and texts: by wording, number and hour, with failures, costs and alerts.';
grant execute on function public.campaign_analytics(uuid, uuid) to authenticated;
