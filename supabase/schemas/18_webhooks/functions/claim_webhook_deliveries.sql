-- Takes back what a sender claimed before it died: it may arrive twice, with the same webhook-id.
create function private.release_webhook_leases()
returns void
language sql set search_path = '' set enable_seqscan = off set jit = off
as $$
  update private.webhook_deliveries d set status = 'pending', leased_until = null, next_attempt_at = now()
  where d.id in (
    select l.id from private.webhook_deliveries l where l.status = 'sending' and l.leased_until < now()
    for update skip locked)
$$;

-- Endpoints with deliveries that wait, and when the first of each is due. An index skip scan.
create function private.waiting_webhooks()
returns table (endpoint_id uuid, due_at timestamptz)
language sql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
  with recursive endpoints as (
    (select d.endpoint_id from private.webhook_deliveries d where d.status = 'pending' order by d.endpoint_id limit 1)
    union all
    select (
      select d.endpoint_id from private.webhook_deliveries d
      where d.status = 'pending' and d.endpoint_id > p.endpoint_id order by d.endpoint_id limit 1)
    from endpoints p where p.endpoint_id is not null
  )
  select p.endpoint_id, greatest(s.cooldown_until, (
    select min(d.next_attempt_at) from private.webhook_deliveries d
    where d.endpoint_id = p.endpoint_id and d.status = 'pending'))
  from endpoints p
  join public.webhook_endpoints e on e.id = p.endpoint_id and e.status = 'active'
  join private.webhook_states s on s.endpoint_id = p.endpoint_id
$$;

-- Marks due deliveries of an endpoint `sending`: at most 10 at once; 40 if it has just succeeded, so that senders, who
-- make 10 requests at once, have the next ones at hand; one while it fails. A delivery waits for earlier
-- ones of its object, until they have failed five times (about two and a half hours). What the owner may not be sent is
-- withheld. What is sorted or joined otherwise than by the indexes reads all that waits at the endpoint for the few that
-- are claimed.
create function private.claim_from_webhook(endpoint public.webhook_endpoints, wanted integer, lease_seconds integer)
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set enable_bitmapscan = off set enable_sort = off set jit = off
as $$
declare
  state private.webhook_states;
  silence text := private.webhook_silence(endpoint.organization_id, endpoint.owner_id);
  room integer;
  claimed jsonb;
begin
  select * into state from private.webhook_states s where s.endpoint_id = endpoint.id for update skip locked;
  if state.endpoint_id is null or state.cooldown_until > now() then
    return '[]'::jsonb;
  end if;
  if silence is not null then
    update private.webhook_deliveries d set status = 'withheld', reason = silence
    where d.id in (
      select w.id from private.webhook_deliveries w
      where w.endpoint_id = endpoint.id and w.status = 'pending' limit 5000 for update skip locked);
    return '[]'::jsonb;
  end if;
  room := case when state.failures > 0 then 1 when state.last_success_at > now() - interval '1 minute' then 40 else 10
    end - (
    select count(*) from private.webhook_deliveries d where d.endpoint_id = endpoint.id and d.status = 'sending');
  with picked as materialized (
    select d.id, d.event_id, d.data from private.webhook_deliveries d
    where d.endpoint_id = endpoint.id and d.status = 'pending' and d.next_attempt_at <= now() and d.seq <= coalesce((
      select p.seq from private.webhook_deliveries p
      where p.endpoint_id = d.endpoint_id and p.object_id = d.object_id and p.status in ('pending', 'sending')
        and (p.status = 'sending' or p.attempts < 5)
      order by p.seq limit 1), d.seq)
    order by d.next_attempt_at, d.seq
    limit greatest(least(wanted, room), 0) for update of d skip locked
  ), kinds as materialized (
    -- For most types the answer is the same for all items.
    select t.type, e.audience is distinct from 'organization' or e.permission_by_kind is not null as by_item,
      private.webhook_withheld(endpoint.organization_id, endpoint.owner_id, t.type, '{}') as reason
    from (select distinct v.type from picked p join private.webhook_events v on v.id = p.event_id) t
    left join private.webhook_event_types e on e.type = t.type
  ), judged as materialized (
    select p.id, v.type, v.created_at, case when k.by_item
      then private.webhook_withheld(endpoint.organization_id, endpoint.owner_id, v.type, p.data) else k.reason end as reason
    from picked p join private.webhook_events v on v.id = p.event_id join kinds k on k.type = v.type
  ), marked as (
    update private.webhook_deliveries d set
      status = case when p.reason is null then 'sending' else 'withheld' end, reason = p.reason,
      attempts = d.attempts + case when p.reason is null then 1 else 0 end, claim = d.claim + 1,
      leased_until = case when p.reason is null then clock_timestamp() + make_interval(secs => lease_seconds) end
    from judged p where d.id = p.id
    returning d.*, p.type, p.created_at as occurred_at
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'claim', m.claim, 'endpoint_id', endpoint.id,
    'webhook_id', private.webhook_message_id(m.event_id, m.item),
    'type', case when m.grouped then 'objects.changed' else m.type end,
    'timestamp', m.occurred_at, 'data', m.data) order by m.seq) filter (where m.status = 'sending'), '[]')
  into claimed from marked m;
  return claimed;
end
$$;

-- The same for each try, each endpoint and when it is sent again.
create function private.webhook_message_id(event_id uuid, item integer)
returns text
language sql immutable set search_path = ''
as $$
  select 'msg_' || replace(event_id::text, '-', '') || '_' || item
$$;

-- The next deliveries, an even share of each endpoint that has some: { deliveries, endpoints: { id: { url, secrets } } }.
-- An endpoint whose deliveries cannot be claimed rests for a minute.
create function private.claim_webhook_deliveries(batch_size integer, lease_seconds integer)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  endpoint public.webhook_endpoints;
  due uuid[] := array(select w.endpoint_id from private.waiting_webhooks() w where w.due_at <= now() order by random());
  share integer := ceil(batch_size::numeric / greatest(cardinality(due), 1));
  deliveries jsonb := '[]'::jsonb;
  endpoints jsonb := '{}'::jsonb;
  claimed jsonb;
begin
  for endpoint in
    select e.* from unnest(due) with ordinality as d (id, position) join public.webhook_endpoints e on e.id = d.id
    order by d.position
  loop
    begin
      claimed := private.claim_from_webhook(endpoint,
        least(share, batch_size - jsonb_array_length(deliveries)), lease_seconds);
      if claimed <> '[]' then
        deliveries := deliveries || claimed;
        endpoints := endpoints || jsonb_build_object(endpoint.id,
          jsonb_build_object('url', endpoint.url, 'secrets', private.webhook_secrets_of(endpoint.id)));
      end if;
    exception when others then
      raise warning 'deliveries to webhook % were not claimed: %', endpoint.id, sqlerrm;
      update private.webhook_states s set cooldown_until = now() + interval '1 minute', last_error = left(sqlerrm, 500)
      where s.endpoint_id = endpoint.id;
    end;
    exit when jsonb_array_length(deliveries) >= batch_size;
  end loop;
  return jsonb_build_object('deliveries', deliveries, 'endpoints', endpoints);
end
$$;
