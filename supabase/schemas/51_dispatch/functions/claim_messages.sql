-- Marks the next batch of queued messages `sending` and answers it as dispatchers send it. shares: how many of each
-- account; platform: the fingerprints of the platform's own accounts, by provider.
create function private.claim_messages(batch_size integer, shares private.account_share[], platform jsonb)
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off
  -- Planning again takes a quarter of the time, and there is one way to do it.
  set plan_cache_mode = force_generic_plan
as $$
declare
  candidates public.messages[];
  answer jsonb;
  bucket_ids uuid[];
  unused integer[];
begin
  candidates := array(select m from private.pick_queued_messages(batch_size, shares) m);
  if cardinality(candidates) = 0 then
    return '[]'::jsonb;
  end if;
  with verdicts as materialized (
    select v.id, (v.decision).*, m.account_id, m.organization_id,
      row_number() over (partition by m.account_id, (v.decision).verdict order by m.priority, m.id) as of_account,
      row_number() over (partition by m.organization_id, (v.decision).verdict order by m.priority, m.id) as of_organization
    from private.within_budget(candidates, array(select v from private.message_verdicts(candidates) v)) v
    join unnest(candidates) m on m.id = v.id
  ), limits as materialized (
    select array(
      select row(a.id, a.per_second, a.daily_cap, a.cap_zone, count(*))::private.send_rate_limit
      from verdicts v join public.sms_accounts a on a.id = v.account_id
      where v.verdict = 'send' and (a.per_second is not null or a.daily_cap is not null) group by a.id
      union all
      select row(o.id, o.messages_per_second, null, null, count(*))::private.send_rate_limit
      from verdicts v join public.organizations o on o.id = v.organization_id
      where v.verdict = 'send' and o.messages_per_second is not null group by o.id) as list
  ), granted as materialized (
    select g.id, g.granted from limits l cross join lateral private.acquire_tokens(l.list) g where cardinality(l.list) > 0
  ), moved as materialized (
    select v.* from verdicts v
    left join granted a on a.id = v.account_id
    left join granted o on o.id = v.organization_id
    where v.verdict <> 'send'
      or (v.of_account <= coalesce(a.granted, batch_size) and v.of_organization <= coalesce(o.granted, batch_size))
  ), marked as (
    update public.messages m set
      status = case v.verdict when 'send' then 'sending' when 'wait' then 'queued' when 'exclude' then 'suppressed' else 'canceled' end,
      error_code = case when v.verdict in ('exclude', 'cancel') then v.reason else m.error_code end,
      error_message = case when v.verdict in ('exclude', 'cancel') then private.verdict_text(v.reason) else m.error_message end,
      wait_reason = case when v.verdict = 'wait' then v.reason end,
      send_after = case when v.verdict = 'wait' then v.wait_until else m.send_after end,
      attempts = m.attempts + case when v.verdict = 'send' then 1 else 0 end,
      sending_at = case when v.verdict = 'send' then clock_timestamp() else m.sending_at end,
      checked_at = case when v.verdict = 'send' then now() else m.checked_at end,
      expires_at = case when v.verdict = 'send' then v.closes_at else m.expires_at end,
      consent_id = coalesce(v.consent_id, m.consent_id),
      recipient_zone = coalesce(v.zone, m.recipient_zone),
      provider_account = case when v.verdict = 'send' then coalesce((
          select a.provider_account from public.sms_accounts a where a.id = m.account_id), platform ->> m.provider)
        else m.provider_account end,
      updated_at = now()
    from moved v where m.id = v.id
    returning m.*
  ), logged as (
    insert into public.message_events (organization_id, message_id, status, source)
    select k.organization_id, k.id, k.status, 'dispatch' from marked k where k.status in ('sending', 'suppressed', 'canceled')
  ), left_over as (
    select g.id, g.granted - (
      select count(*) from marked k where k.status = 'sending' and g.id in (k.account_id, k.organization_id)) as amount
    from granted g
  )
  select coalesce((select jsonb_agg(private.claimed_message_json(k)) from marked k where k.status = 'sending'), '[]'),
    (select array_agg(l.id order by l.id) from left_over l where l.amount > 0),
    (select array_agg(l.amount order by l.id) from left_over l where l.amount > 0)
  into answer, bucket_ids, unused;
  if bucket_ids is not null then
    perform private.release_tokens(bucket_ids, unused);
  end if;
  perform private.record_spending(array(
    select m from unnest(candidates) m
    where m.id in (select (s ->> 'id')::uuid from jsonb_array_elements(answer) s)));
  return answer;
end
$$;

-- A message as dispatchers get it.
create function private.claimed_message_json(message public.messages)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', message.id, 'attempt', message.attempts, 'to', message.to_number, 'from', message.from_number,
    'body', private.body_as_sent(message.purpose, message.id, message.body), 'provider', message.provider, 'account_id', message.account_id,
    'provider_account', message.provider_account, 'expires_at', message.expires_at)
$$;

-- What people read about a message that is excluded or canceled.
create function private.verdict_text(reason text)
returns text
language sql immutable set search_path = ''
as $$
  select case reason
    when 'suppressed' then 'The number has opted out.'
    when 'frequency_cap' then 'The number has got as many marketing messages as it may.'
    when 'campaign_canceled' then 'Its campaign was canceled.'
    when 'expired' then 'It came too late to be sent.'
    when 'superseded' then 'The number has opted in again.'
    when 'own_number' then 'A number does not text itself.'
    when 'undeliverable' then 'The number cannot be reached, as its provider said before.'
    when 'country_not_allowed' then 'The organization does not text numbers of this country.'
    else 'The number must not get marketing messages.' end
$$;
