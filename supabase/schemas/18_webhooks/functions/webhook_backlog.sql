-- What waits to be sent, of one organization or with null of all that have something: events that are not yet deliveries,
-- and deliveries whose time has come. since: from when on the first of them could have been sent; null if none could,
-- because the endpoint rests or each waits for an earlier one of its object, as in private.claim_from_webhook.
create function private.webhook_backlog(wanted uuid)
returns table (organization_id uuid, waiting bigint, since timestamptz)
language sql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
  select v.organization_id, count(*), min(v.created_at)
  from private.webhook_events v
  where v.fanned_out_at is null and (wanted is null or v.organization_id = wanted) group by v.organization_id
  union all
  select e.organization_id, (
    select count(*) from private.webhook_deliveries d
    where d.endpoint_id = e.id and d.status = 'pending' and d.next_attempt_at <= now()), (
    select greatest(d.next_attempt_at, s.cooldown_until) from private.webhook_deliveries d
    where d.endpoint_id = e.id and d.status = 'pending' and d.next_attempt_at <= now() and w.due_at <= now()
      and d.seq <= coalesce((
        select p.seq from private.webhook_deliveries p
        where p.endpoint_id = d.endpoint_id and p.object_id = d.object_id and p.status in ('pending', 'sending')
          and (p.status = 'sending' or p.attempts < 5)
        order by p.seq limit 1), d.seq)
    order by d.next_attempt_at, d.seq limit 1)
  from private.waiting_webhooks() w
  join public.webhook_endpoints e on e.id = w.endpoint_id
  join private.webhook_states s on s.endpoint_id = e.id
  where wanted is null or e.organization_id = wanted
$$;
