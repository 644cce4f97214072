-- The schedule that Standard Webhooks gives as an example, ten tries in 75 hours, each delay multiplied by 0.8 to 1.2.
create function private.webhook_retry_delay(attempts integer)
returns interval
language sql volatile set search_path = ''
as $$
  select (array[5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400])[least(greatest(attempts, 1), 9)]
    * (0.8 + random() * 0.4) * interval '1 second'
$$;

-- Ends the deliveries to an endpoint until a person switches it on again, and notifies its owner and the admins.
create function private.disable_webhook(endpoint_id uuid, reason text)
returns void
language plpgsql set search_path = ''
as $$
declare
  endpoint public.webhook_endpoints;
begin
  update public.webhook_endpoints e set status = 'disabled', disabled_reason = reason, disabled_at = now()
  where e.id = (
    select a.id from public.webhook_endpoints a
    -- A change of it waits now for its state, which the caller holds: the next failure disables it.
    where a.id = endpoint_id and a.status = 'active' for update skip locked)
  returning * into endpoint;
  if endpoint.id is null then
    return;
  end if;
  perform private.notify(array_agg(row(endpoint.organization_id, m.user_id, 'webhook_disabled',
    'webhook_disabled:' || endpoint.id || ':' || extract(epoch from endpoint.disabled_at), 'A webhook was disabled',
    format('Nothing is sent to %s any more: %s.', substring(endpoint.url from '^https?://([^/?#]+)'),
      case reason when 'gone' then 'it answered 410 (Gone)' else 'it has failed for five days' end),
    jsonb_build_object('webhook_id', endpoint.id), null)::private.notification))
  from public.memberships m
  join public.roles r on r.id = m.role_id
  where m.organization_id = endpoint.organization_id and m.status = 'active'
    and (r.organization_id is null and r.key = 'admin' or m.user_id = endpoint.owner_id);
end
$$;

-- What the tries of a group say about an endpoint. After five failures in a row it rests between single tries; one that
-- asks for a pause (Retry-After, a day at most) gets it, whatever comes of tries that were under way by then. Two days
-- without a failure, longer than any delay of the schedule, end a row of them.
create function private.record_webhook_state(endpoint_id uuid, succeeded boolean, failed integer, gone boolean,
  pause_seconds integer, error text)
returns void
language plpgsql set search_path = ''
as $$
declare
  state private.webhook_states;
begin
  update private.webhook_states s set
    failures = case when succeeded then 0 else s.failures + failed end,
    failing_since = case when succeeded then null
      when s.last_failure_at < now() - interval '2 days' then now()
      else coalesce(s.failing_since, now()) end,
    last_failure_at = case when failed > 0 then now() else s.last_failure_at end,
    last_success_at = case when succeeded then now() else s.last_success_at end,
    last_error = case when succeeded then null else left(error, 500) end,
    -- A success ends the rest after failures. What it asked for ends by time only.
    cooldown_until = greatest(case when not succeeded or s.failures < 5 then s.cooldown_until end,
      now() + greatest(pause_seconds, case
        when succeeded or s.failures + failed < 5 then 0
        when s.failures + failed < 20 then 30
        else 300 end) * interval '1 second')
  where s.endpoint_id = record_webhook_state.endpoint_id
  returning * into state;
  if gone then
    perform private.disable_webhook(endpoint_id, 'gone');
  elsif state.failures >= 5 and state.failing_since < now() - interval '5 days' then
    perform private.disable_webhook(endpoint_id, 'failing');
  end if;
end
$$;

-- outcomes: [{ id, claim, status?, ms, error?, answer?, retry_after_seconds? }]; a try succeeded if its status is 2xx. An
-- outcome of an earlier claim than the latest changes nothing; a success that is recorded after its lease ended counts.
create function private.record_webhook_outcomes(outcomes jsonb)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  max_attempts constant integer := 10;
  endpoint record;
begin
  for endpoint in
    with r as (
      select *, coalesce(x.status between 200 and 299, false) as ok,
        least(greatest(x.retry_after_seconds, 0), 86400) as pause
      from jsonb_to_recordset(outcomes) as x (id uuid, claim integer, status integer, ms integer, error text, answer text,
        retry_after_seconds integer)
    ), recorded as (
      update private.webhook_deliveries d set
        status = case when r.ok then 'delivered' when r.status = 410 or d.attempts >= max_attempts then 'failed'
          else 'pending' end,
        next_attempt_at = case when r.ok then d.next_attempt_at else now() + greatest(
          private.webhook_retry_delay(d.attempts), coalesce(r.pause, 0) * interval '1 second') end,
        leased_until = null,
        delivered_at = case when r.ok then clock_timestamp() end,
        tries = case when jsonb_array_length(d.tries) >= 20 then d.tries - 0 else d.tries end || jsonb_build_object(
          'at', clock_timestamp(), 'status', r.status, 'ms', r.ms, 'error', left(r.error, 200)),
        answer = left(r.answer, 4096)
      from r where d.id = r.id and d.claim = r.claim and (d.status = 'sending' or r.ok and d.status = 'pending')
      returning d.endpoint_id, r.ok, r.status, r.error, r.pause
    )
    select c.endpoint_id, bool_or(c.ok) as ok, count(*) filter (where not c.ok)::integer as failed,
      bool_or(c.status is not distinct from 410) as gone,
      coalesce(max(c.pause) filter (where c.status in (429, 502, 503, 504)), 0) as pause,
      max(coalesce(c.error, 'HTTP ' || c.status)) filter (where not c.ok) as error
    from recorded c group by c.endpoint_id order by c.endpoint_id
  loop
    begin
      perform private.record_webhook_state(endpoint.endpoint_id, endpoint.ok, endpoint.failed, endpoint.gone,
        endpoint.pause, endpoint.error);
    exception when others then
      raise warning 'the state of webhook % was not recorded: %', endpoint.endpoint_id, sqlerrm;
    end;
  end loop;
end
$$;

-- One step of a sender: { deliveries, endpoints, next_due_at }; the last is null if nothing is due within a minute.
-- Security definer because the service role may not write deliveries, and reads secrets only by claiming.
create function private.exchange_webhook_batch(outcomes jsonb, batch_size integer, lease_seconds integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  claimed jsonb := '{"deliveries": [], "endpoints": {}}'::jsonb;
begin
  perform private.record_webhook_outcomes(outcomes);
  if batch_size > 0 then
    perform private.release_webhook_leases();
    perform private.fan_out_webhook_events();
    claimed := private.claim_webhook_deliveries(batch_size, greatest(lease_seconds, 20));
  end if;
  return claimed || jsonb_build_object('next_due_at', case
    when exists (select from private.webhook_events v where v.fanned_out_at is null) then now()
    else (select min(w.due_at) from private.waiting_webhooks() w where w.due_at < now() + interval '1 minute') end);
end
$$;
grant execute on function private.exchange_webhook_batch(jsonb, integer, integer) to service_role;

create function public.exchange_webhook_batch(outcomes jsonb, batch_size integer, lease_seconds integer)
returns jsonb
language sql set search_path = ''
as $$
  select private.exchange_webhook_batch(outcomes, batch_size, lease_seconds)
$$;
comment on function public.exchange_webhook_batch is
  'Records the outcomes of deliveries and claims the next ones, in one round trip.';
grant execute on function public.exchange_webhook_batch(jsonb, integer, integer) to service_role;
