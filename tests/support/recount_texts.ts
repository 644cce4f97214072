import { withDatabase } from "./db.ts";

/**
 * What the totals of texts say but a recount from the messages, the ledger and the suppressions does not, and the other
 * way round, in one snapshot. Which text a reply answers is found anew, by another way than the database's.
 */
export async function textDifferences(organizationId: string): Promise<unknown[]> {
  return await withDatabase(async (sql) => [
    ...await sql`
      with ours as materialized (
        select *, private.quarter_hour(created_at) as quarter,
          case when price is not null then coalesce(price_currency, 'USD') end as billed
        from public.messages where organization_id = ${organizationId}
      ), told_campaigns as (
        select campaign_id, variant_id, account_id, status, error_code, quarter_hour, currency, sum(messages)::bigint as texts,
          sum(segments)::bigint as segments, sum(cost)::numeric(20, 5) as cost
        from private.message_outcome_totals where organization_id = ${organizationId} and campaign_id is not null and status is not null
        group by 1, 2, 3, 4, 5, 6, 7
        having sum(messages) <> 0 or sum(segments) <> 0 or sum(cost) <> 0
      ), counted_campaigns as (
        select campaign_id, variant_id, account_id, status, error_code, quarter, billed, count(*), sum(segments),
          sum(coalesce(price, 0))::numeric(20, 5)
        from ours where campaign_id is not null group by 1, 2, 3, 4, 5, 6, 7
      ), told_others as (
        select account_id, status, error_code, quarter_hour, currency, sum(messages)::bigint, sum(segments)::bigint,
          sum(cost)::numeric(20, 5), sum(received)::bigint
        from private.message_outcome_totals where organization_id = ${organizationId} and campaign_id is null group by 1, 2, 3, 4, 5
        having sum(messages) <> 0 or sum(segments) <> 0 or sum(cost) <> 0 or sum(received) <> 0
      ), counted_others as (
        select account_id, status, error_code, quarter, billed, count(*), sum(segments), sum(coalesce(price, 0))::numeric(20, 5), 0
        from ours where campaign_id is null and direction = 'outbound' group by 1, 2, 3, 4, 5
        union all
        select account_id, null, null, quarter, null, 0, 0, 0, count(*)
        from ours where direction = 'inbound' group by 1, 4
      ), pairs as (
        select i.id as reply_id, o.id as text_id, exists (
            select from public.consents c where c.message_id = i.id and c.event = 'revoked') as opts_out,
          rank() over (partition by i.id order by (o.account_id = i.account_id)::integer desc, o.created_at desc, o.id desc) as place
        from ours i join ours o on o.to_number = i.from_number and o.campaign_id is not null
          and o.created_at between i.created_at - interval '72 hours' and i.created_at
          and o.status not in ('queued', 'failed', 'suppressed', 'canceled')
        where i.direction = 'inbound'
      ), answered as (
        select text_id, count(*) as texts, bool_or(not opts_out) as replied, bool_or(opts_out) as opted_out
        from pairs where place = 1 group by 1
      ), told_answers as (
        select campaign_id, variant_id, account_id, quarter_hour, sum(replied)::bigint, sum(opted_out)::bigint, sum(answers)::bigint
        from private.message_outcome_totals where organization_id = ${organizationId} and status is null group by 1, 2, 3, 4
        having sum(replied) <> 0 or sum(opted_out) <> 0 or sum(answers) <> 0
      ), counted_answers as (
        select o.campaign_id, o.variant_id, o.account_id, o.quarter, count(*) filter (where a.replied),
          count(*) filter (where a.opted_out), sum(a.texts)::bigint
        from answered a join ours o on o.id = a.text_id group by 1, 2, 3, 4
      ), told_days as (
        select day, campaign_id, account_id, status, error_code, currency, sum(messages)::bigint, sum(segments)::bigint,
          sum(cost)::numeric(20, 5), sum(replied)::bigint, sum(opted_out)::bigint, sum(answers)::bigint, sum(received)::bigint
        from (
          select day, campaign_id, account_id, status, error_code, currency, messages, segments, cost, replied, opted_out, answers, received
          from private.message_day_totals where organization_id = ${organizationId}
          union all
          select (f.quarter_hour at time zone o.time_zone)::date, f.campaign_id, f.account_id, f.status, f.error_code, f.currency,
            f.messages, f.segments, f.cost, f.replied, f.opted_out, f.answers, f.received
          from private.message_outcome_totals f join public.organizations o on o.id = f.organization_id
          where f.organization_id = ${organizationId} and not f.rolled_up
        ) d group by 1, 2, 3, 4, 5, 6
        having sum(messages) <> 0 or sum(segments) <> 0 or sum(cost) <> 0 or sum(answers) <> 0 or sum(received) <> 0
      ), counted_days as (
        select (f.quarter_hour at time zone o.time_zone)::date, f.campaign_id, f.account_id, f.status, f.error_code, f.currency,
          sum(f.messages)::bigint, sum(f.segments)::bigint, sum(f.cost)::numeric(20, 5), sum(f.replied)::bigint,
          sum(f.opted_out)::bigint, sum(f.answers)::bigint, sum(f.received)::bigint
        from private.message_outcome_totals f join public.organizations o on o.id = f.organization_id
        where f.organization_id = ${organizationId} group by 1, 2, 3, 4, 5, 6
        having sum(messages) <> 0 or sum(segments) <> 0 or sum(cost) <> 0 or sum(answers) <> 0 or sum(received) <> 0
      ), told_suppressions as (
        select source, quarter_hour, sum(added)::bigint from private.suppression_totals
        where organization_id = ${organizationId} group by 1, 2 having sum(added) <> 0
      ), counted_suppressions as (
        select source, private.quarter_hour(created_at), count(*) from public.suppressions
        where organization_id = ${organizationId} group by 1, 2
      )
      select 'told campaigns' as side, row(d.*)::text from (table told_campaigns except all table counted_campaigns) d
      union all select 'counted campaigns', row(d.*)::text from (table counted_campaigns except all table told_campaigns) d
      union all select 'told others', row(d.*)::text from (table told_others except all table counted_others) d
      union all select 'counted others', row(d.*)::text from (table counted_others except all table told_others) d
      union all select 'told answers', row(d.*)::text from (table told_answers except all table counted_answers) d
      union all select 'counted answers', row(d.*)::text from (table counted_answers except all table told_answers) d
      union all select 'told days', row(d.*)::text from (table told_days except all table counted_days) d
      union all select 'counted days', row(d.*)::text from (table counted_days except all table told_days) d
      union all select 'told suppressions', row(d.*)::text from (table told_suppressions except all table counted_suppressions) d
      union all select 'counted suppressions', row(d.*)::text from (table counted_suppressions except all table told_suppressions) d`,
  ]);
}
