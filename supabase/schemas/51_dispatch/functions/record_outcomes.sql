-- Opens the circuit of an account whose provider refuses everything. Its queue waits; after a growing pause one message
-- is sent as a probe.
create function private.open_circuit(account_id uuid, reason text)
returns void
language plpgsql set search_path = ''
as $$
declare
  account public.sms_accounts;
begin
  -- A stronger lock would make others wait who insert a message of this account while they hold what this step needs next.
  select * into account from public.sms_accounts a where a.id = account_id for no key update;
  if account is null or account.status = 'disabled' then
    return;
  end if;
  update public.sms_accounts a
  set status = 'circuit_open', outages = a.outages + 1, circuit_open_reason = reason,
    circuit_open_until = now() + least(600, 5 * 2 ^ least(a.outages, 10)) * interval '1 second'
  where a.id = account_id;
  if account.status = 'active' then
    perform private.notify_admins(account.organization_id, 'sender_circuit_open', 'Texts are waiting',
      'The provider of ' || account.sender_id || ' refuses messages (' || coalesce(reason, 'no reason given')
        || '). They wait and go out when it recovers.', jsonb_build_object('account_id', account_id));
  end if;
end
$$;

-- Exponential backoff with jitter: about 2 s, 4 s, 8 s … at most 15 minutes, each between half and one and a half times.
create function private.retry_delay(attempts integer)
returns interval
language sql volatile set search_path = ''
as $$
  select least(900, 2 ^ least(attempts, 12)) * (0.5 + random()) * interval '1 second'
$$;

-- outcomes: [{ id, attempt, kind: accepted|rejected|retry|outage|unknown, provider_message_id?, segments?, code?,
-- message?, opt_out?, retry_after_seconds? }]. An outcome that comes after a callback only fills in what is missing.
-- No sequential scans: a plan made while the month's partition was empty would read all of it once it has filled up.
create function private.record_outcomes(outcomes jsonb)
returns void
language plpgsql set search_path = '' set jit = off set enable_seqscan = off
as $$
declare
  max_attempts constant integer := private.max_send_attempts();
  opted_out jsonb;
  answering uuid[];
begin
  if jsonb_array_length(outcomes) = 0 then
    return;
  end if;
  with r as (
    select * from jsonb_to_recordset(outcomes) as x (id uuid, attempt integer, kind text, provider_message_id text,
      segments integer, code text, message text, opt_out boolean, retry_after_seconds integer)
  ), updated as (
    update public.messages m set
      provider_message_id = coalesce(m.provider_message_id, r.provider_message_id),
      segments = coalesce(nullif(r.segments, 0), m.segments),
      status = case
        -- Accepted after all, though it was queued again meanwhile: it must not go out twice.
        when r.kind = 'accepted' and m.status in ('queued', 'sending') then 'sent'
        when m.status <> 'sending' then m.status
        when r.kind = 'rejected' or (r.kind = 'retry' and r.attempt >= max_attempts) then 'failed'
        when r.kind in ('retry', 'outage') then 'queued'
        else 'sending' end,
      attempts = m.attempts - case when r.kind = 'outage' and m.status = 'sending' then 1 else 0 end,
      send_after = case when r.kind = 'retry' and m.status = 'sending'
        then now() + greatest(private.retry_delay(r.attempt), coalesce(r.retry_after_seconds, 0) * interval '1 second')
        else m.send_after end,
      sent_at = case when r.kind = 'accepted' then coalesce(m.sent_at, now()) else m.sent_at end,
      held_at = case when r.kind = 'accepted' then null else m.held_at end,
      error_code = case when r.kind = 'accepted' then m.error_code else coalesce(r.code, m.error_code) end,
      error_message = case when r.kind = 'accepted' then m.error_message else coalesce(r.message, m.error_message) end,
      updated_at = now()
    from r
    where m.id = r.id and (m.attempts = r.attempt or r.kind = 'accepted')
      and (m.status = 'sending' or r.kind = 'accepted')
    returning m.id, m.organization_id, m.to_number, m.from_number, m.account_id, m.status, r.kind, r.code, r.message, r.opt_out,
      r.provider_message_id
  ), logged as (
    insert into public.message_events (organization_id, message_id, status, source, code, detail, provider_message_id)
    select u.organization_id, u.id, case u.kind when 'accepted' then 'sent' when 'unknown' then 'unknown' else u.status end,
      'dispatch', u.code, u.message, u.provider_message_id
    from updated u
  )
  select jsonb_agg(jsonb_build_object('organization_id', u.organization_id, 'phone', u.to_number, 'code', u.code))
      filter (where u.opt_out and not private.opted_in_at_another_sender(u.organization_id, u.to_number, u.from_number)),
    array_agg(distinct u.account_id) filter (where u.kind in ('accepted', 'rejected'))
  into opted_out, answering from updated u;
  -- What follows is rare, and its tables are audited by triggers that would cost every group something.
  if opted_out is not null then
    insert into public.suppressions (organization_id, phone, scope, source, reason)
    select distinct r.organization_id, r.phone, 'all', 'provider', 'The provider says that the number opted out (' || r.code || ').'
    from jsonb_to_recordset(opted_out) as r (organization_id uuid, phone text, code text)
    on conflict (organization_id, phone, scope) where lifted_at is null do nothing;
  end if;
  if exists (select from public.sms_accounts a where a.id = any (answering) and a.status = 'circuit_open') then
    update public.sms_accounts a set status = 'active', outages = 0, circuit_open_until = null, circuit_open_reason = null
    where a.status = 'circuit_open' and a.id = any (answering);
  end if;
  if not jsonb_path_exists(outcomes, '$[*] ? (@.kind == "outage" || @.kind == "unknown")') then
    return;
  end if;
  -- Refused outright, or a whole group without one clear answer: the provider is down, and the outcome of every further
  -- message would be unknown too.
  perform private.open_circuit(o.account_id, o.reason)
  from (
    select m.account_id, min(r.message) filter (where r.kind in ('outage', 'unknown')) as reason
    from jsonb_to_recordset(outcomes) as r (id uuid, kind text, message text)
    join public.messages m on m.id = r.id
    group by m.account_id
    having bool_or(r.kind = 'outage')
      or (count(*) >= 5 and bool_and(r.kind = 'unknown'))
    order by m.account_id
  ) o;
end
$$;
