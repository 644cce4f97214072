-- The rates that campaign alerts are about, with their thresholds. watched: until 72 hours after the campaign's end, as
-- long as replies count (see campaign_message_answered).
create function private.campaign_rates()
returns table (campaign_id uuid, kind text, watched boolean, cases bigint, sample bigint, threshold numeric,
  enough integer)
language sql stable set search_path = '' set jit = off
as $$
  with evaluated as materialized (
    select c.id, c.organization_id, o.alert_opt_out_rate, o.alert_failure_rate, o.alert_after,
      c.deleted_at is null and c.started_at is not null
        and (c.finished_at is null or c.finished_at > now() - private.reply_attribution_window()) as watched
    from public.campaigns c join public.organizations o on o.id = c.organization_id
    where c.id in (
      select r.id from public.campaigns r where r.status in ('running', 'paused') and r.started_at is not null
      union select f.id from public.campaigns f where f.finished_at > now() - private.reply_attribution_window()
        and f.started_at is not null
      union select a.campaign_id from public.campaign_alerts a where a.resolved_at is null)
  ), counted as (
    select e.*, sums.*
    from evaluated e
    cross join lateral (
      select coalesce(sum(t.messages) filter (where t.status in ('sent', 'delivered')), 0)::bigint as arrived,
        coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0)::bigint as failed,
        coalesce(sum(t.messages) filter (where t.status in ('delivered', 'failed', 'undelivered')), 0)::bigint as known,
        coalesce(sum(t.opted_out), 0)::bigint as opted_out
      from private.message_outcome_totals t where t.campaign_id = e.id
    ) sums
  )
  select c.id, k.kind, c.watched, k.cases, k.sample, k.threshold, c.alert_after
  from counted c
  cross join lateral (values ('opt_out_rate', c.opted_out, greatest(c.arrived, c.opted_out), c.alert_opt_out_rate),
    ('failure_rate', c.failed, c.known, c.alert_failure_rate)) as k (kind, cases, sample, threshold)
$$;
