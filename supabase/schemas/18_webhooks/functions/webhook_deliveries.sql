create function private.webhook_delivery_json(delivery private.webhook_deliveries)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', delivery.id, 'webhook_id', delivery.endpoint_id,
    'message_id', private.webhook_message_id(delivery.event_id, delivery.item),
    'type', case when delivery.grouped then 'objects.changed' else v.type end, 'object_id', delivery.object_id,
    'status', delivery.status, 'reason', delivery.reason, 'attempts', delivery.attempts,
    'next_attempt_at', case when delivery.status = 'pending' then delivery.next_attempt_at end,
    'delivered_at', delivery.delivered_at, 'tries', delivery.tries, 'answer', delivery.answer,
    'occurred_at', v.created_at, 'created_at', delivery.created_at)
  from private.webhook_events v where v.id = delivery.event_id
$$;

-- Security definer because deliveries may not be read directly.
create function private.list_webhook_deliveries(organization_id uuid, webhook_id uuid, filters jsonb,
  page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'webhooks:manage');
  if not exists (
    select from public.webhook_endpoints e
    where e.organization_id = list_webhook_deliveries.organization_id and e.id = webhook_id) then
    perform private.problem(404, 'not_found', 'There is no such webhook.');
  end if;
  return (
    with found as materialized (
      select d.id, d.seq from private.webhook_deliveries d
      where d.organization_id = list_webhook_deliveries.organization_id and d.endpoint_id = webhook_id
        and (not filters ? 'status' or d.status = filters ->> 'status')
        and (not filters ? 'object_id' or d.object_id = filters ->> 'object_id')
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.webhook_delivery_json(d) order by d.seq desc)
      from (select f.id from found f order by f.seq desc limit page_limit offset page_offset) p
      join private.webhook_deliveries d on d.id = p.id), '[]')));
end
$$;
grant execute on function private.list_webhook_deliveries(uuid, uuid, jsonb, integer, integer) to authenticated;

create function public.list_webhook_deliveries(organization_id uuid, webhook_id uuid, filters jsonb,
  page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_webhook_deliveries(organization_id, webhook_id, filters, private.page_size(page_limit),
    private.page_start(page_offset))
$$;
comment on function public.list_webhook_deliveries is
  'One page of an endpoint''s deliveries, newest first. filters: { status?, object_id? }.';
grant execute on function public.list_webhook_deliveries(uuid, uuid, jsonb, integer, integer) to authenticated;

-- Queues a test to one endpoint, whatever it subscribes to.
create function private.queue_webhook_test(endpoint public.webhook_endpoints)
returns private.webhook_deliveries
language plpgsql set search_path = ''
as $$
declare
  data jsonb := jsonb_build_object('webhook_id', endpoint.id);
  event uuid;
  delivery private.webhook_deliveries;
begin
  insert into private.webhook_events (organization_id, type, items, next_item, fanned_out_at)
  values (endpoint.organization_id, 'webhook.test', jsonb_build_array(data), 1, now()) returning id into event;
  insert into private.webhook_deliveries (organization_id, endpoint_id, event_id, item, data)
  values (endpoint.organization_id, endpoint.id, event, 0, data) returning * into delivery;
  return delivery;
end
$$;

-- The endpoint, locked, if anything is sent to it.
create function private.require_active_webhook(organization_id uuid, webhook_id uuid)
returns public.webhook_endpoints
language plpgsql set search_path = ''
as $$
declare
  endpoint public.webhook_endpoints := private.require_webhook_endpoint(organization_id, webhook_id);
begin
  if endpoint.status <> 'active' then
    perform private.problem(409, 'webhook_not_active', 'This webhook is paused or disabled. Switch it on first.');
  end if;
  return endpoint;
end
$$;

-- Security definer because nobody may write deliveries directly.
create function private.test_webhook(organization_id uuid, webhook_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  delivery private.webhook_deliveries;
begin
  perform private.require_permission(organization_id, 'webhooks:manage');
  answer := coalesce(private.idempotent_response(organization_id), private.over_rate_limit('webhook_single'));
  if answer is null then
    delivery := private.queue_webhook_test(private.require_active_webhook(organization_id, webhook_id));
    answer := private.webhook_delivery_json(delivery);
    perform private.store_idempotent_response(organization_id, answer);
  end if;
  return answer;
end
$$;
grant execute on function private.test_webhook(uuid, uuid) to authenticated;

create function public.test_webhook(organization_id uuid, webhook_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.test_webhook(organization_id, webhook_id)
$$;
comment on function public.test_webhook is 'Queues the event webhook.test to an endpoint.';
grant execute on function public.test_webhook(uuid, uuid) to authenticated;

-- Sends one again, under the same webhook-id, also if it was delivered.
-- Security definer because nobody may write deliveries directly.
create function private.redeliver_webhook(organization_id uuid, delivery_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  refusal jsonb;
  delivery private.webhook_deliveries;
begin
  perform private.require_permission(organization_id, 'webhooks:manage');
  refusal := private.over_rate_limit('webhook_single');
  if refusal is not null then
    return refusal;
  end if;
  select * into delivery from private.webhook_deliveries d
  where d.organization_id = redeliver_webhook.organization_id and d.id = delivery_id;
  if delivery.id is null then
    perform private.problem(404, 'not_found', 'There is no such delivery.');
  end if;
  perform private.require_active_webhook(organization_id, delivery.endpoint_id);
  update private.webhook_deliveries d set status = 'pending', reason = null, attempts = 0, next_attempt_at = now()
  where d.id = delivery_id and d.status <> 'sending' returning * into delivery;
  if delivery.id is null then
    perform private.problem(409, 'delivery_under_way', 'This delivery is being sent at the moment.');
  end if;
  perform private.invoke('jobs/deliver-webhooks');
  return private.webhook_delivery_json(delivery);
end
$$;
grant execute on function private.redeliver_webhook(uuid, uuid) to authenticated;

create function public.redeliver_webhook(organization_id uuid, delivery_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.redeliver_webhook(organization_id, delivery_id)
$$;
comment on function public.redeliver_webhook is 'Sends a delivery again, under the same webhook-id.';
grant execute on function public.redeliver_webhook(uuid, uuid) to authenticated;

-- Sends what failed or was withheld since then again, and what was missed while the endpoint was disabled. At most about
-- 10,000 in one call; complete says whether that was all.
-- Security definer because nobody may write deliveries directly.
create function private.replay_webhook(organization_id uuid, webhook_id uuid, since timestamptz)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  endpoint public.webhook_endpoints := private.require_active_webhook(organization_id, webhook_id);
  event private.webhook_events;
  queued integer;
  refusal jsonb := private.over_rate_limit('webhook_replay');
begin
  if refusal is not null then
    return refusal;
  end if;
  perform private.require_valid(since between now() - interval '31 days' and now(), 'since',
    'must be within the last 30 days');
  update private.webhook_deliveries d set status = 'pending', reason = null, attempts = 0, next_attempt_at = now()
  where d.id in (
    select f.id from private.webhook_deliveries f join private.webhook_events v on v.id = f.event_id
    where f.organization_id = replay_webhook.organization_id and f.endpoint_id = webhook_id
      and f.status in ('failed', 'withheld') and v.created_at >= since
    order by f.seq limit 10000);
  get diagnostics queued = row_count;
  for event in
    select * from private.webhook_events v
    where v.organization_id = replay_webhook.organization_id and v.created_at >= since
      and v.created_at >= endpoint.created_at and v.fanned_out_at is not null
      and (v.type = any (endpoint.events) or '*' = any (endpoint.events)) and v.type <> 'webhook.test'
      and not exists (
        select from private.webhook_deliveries d where d.endpoint_id = webhook_id and d.event_id = v.id)
    order by v.seq
  loop
    exit when queued >= 10000;
    queued := queued + private.insert_webhook_deliveries(event, 0, jsonb_array_length(event.items), webhook_id);
  end loop;
  perform private.invoke('jobs/deliver-webhooks');
  return jsonb_build_object('queued', queued, 'complete', queued < 10000);
end
$$;
grant execute on function private.replay_webhook(uuid, uuid, timestamptz) to authenticated;

create function public.replay_webhook(organization_id uuid, webhook_id uuid, since timestamptz)
returns jsonb
language sql set search_path = ''
as $$
  select private.replay_webhook(organization_id, webhook_id, since)
$$;
comment on function public.replay_webhook is
  'Sends what an endpoint did not get since then, under the same webhook-ids: { queued, complete }.';
grant execute on function public.replay_webhook(uuid, uuid, timestamptz) to authenticated;
