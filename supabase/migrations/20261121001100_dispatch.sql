-- The sender's half that lives in the database. A dispatcher's lane alternates between one call here and a small group
-- of requests to the provider: the call records the last group's outcomes and marks the next group `sending` just before
-- its requests go out. So a crash leaves at most one small group per lane in doubt, and any number of dispatchers share
-- the queue (skip locked). A message that stays `sending` without outcome is in doubt and is never simply sent again.
-- Everything here is for the service role: dispatchers and webhooks.

create function private.notify_admins(organization_id uuid, kind text, title text, body text, data jsonb default '{}')
returns void
language sql set search_path = ''
as $$
  insert into public.notifications (organization_id, user_id, kind, title, body, data)
  select m.organization_id, m.user_id, notify_admins.kind, title, body, data
  from public.memberships m join public.roles r on r.id = m.role_id
  where m.organization_id = notify_admins.organization_id and m.status = 'active'
    and r.organization_id is null and r.key = 'admin'
$$;

create function private.status_rank(status text)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select case status when 'queued' then 0 when 'sending' then 1 when 'sent' then 2 else 3 end
$$;

-- Exponential backoff with jitter: about 2 s, 4 s, 8 s … at most 15 minutes, each between half and one and a half times.
create function private.retry_delay(attempts integer)
returns interval
language sql volatile set search_path = ''
as $$
  select least(900, 2 ^ least(attempts, 12)) * (0.5 + random()) * interval '1 second'
$$;

create function private.suppress(organization_id uuid, phone text, source text, reason text)
returns void
language sql set search_path = ''
as $$
  insert into public.suppressions (organization_id, phone, scope, source, reason)
  values (organization_id, phone, 'all', source, reason)
  on conflict (organization_id, phone, scope) where lifted_at is null do nothing
$$;

-- outcomes: [{ id, attempt, kind: accepted|rejected|retry|outage|unknown, provider_message_id?, segments?, code?,
-- message?, opt_out?, retry_after_seconds? }]. An outcome that comes after a callback only fills in what is missing.
-- No sequential scans: a plan made while the month's partition was empty would read all of it once it has filled up.
create function private.record_outcomes(outcomes jsonb)
returns void
language plpgsql set search_path = '' set enable_seqscan = off
as $$
declare
  max_attempts constant integer := 8;
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
    returning m.id, m.organization_id, m.to_number, m.account_id, m.status, r.kind, r.code, r.message, r.opt_out,
      r.provider_message_id
  ), logged as (
    insert into public.message_events (organization_id, message_id, status, source, code, detail, provider_message_id)
    select u.organization_id, u.id, case u.kind when 'accepted' then 'sent' when 'unknown' then 'unknown' else u.status end,
      'dispatch', u.code, u.message, u.provider_message_id
    from updated u
  )
  select jsonb_agg(jsonb_build_object('organization_id', u.organization_id, 'phone', u.to_number, 'code', u.code))
      filter (where u.opt_out),
    array_agg(distinct u.account_id) filter (where u.kind in ('accepted', 'rejected'))
  into opted_out, answering from updated u;
  -- What follows is rare, and its tables are audited by triggers that would cost every group something.
  if opted_out is not null then
    insert into public.suppressions (organization_id, phone, scope, source, reason)
    select distinct r.organization_id, r.phone, 'all', 'provider', 'The provider says that the number opted out (' || r.code || ').'
    from jsonb_to_recordset(opted_out) as r (organization_id uuid, phone text, code text)
    on conflict (organization_id, phone, scope) where lifted_at is null do nothing;
  end if;
  if exists (select from public.sms_accounts a where a.id = any (answering) and a.status = 'parked') then
    update public.sms_accounts a set status = 'active', outages = 0, parked_until = null, parked_reason = null
    where a.status = 'parked' and a.id = any (answering);
  end if;
  if not jsonb_path_exists(outcomes, '$[*] ? (@.kind == "outage" || @.kind == "unknown")') then
    return;
  end if;
  -- Refused outright, or a whole group without one clear answer: the provider is down, and every further message would
  -- only end in doubt.
  perform private.park_account(o.account_id, o.reason)
  from (
    select m.account_id, min(r.message) filter (where r.kind in ('outage', 'unknown')) as reason
    from jsonb_to_recordset(outcomes) as r (id uuid, kind text, message text)
    join public.messages m on m.id = r.id
    group by m.account_id
    having bool_or(r.kind = 'outage')
      or (count(*) >= 5 and bool_and(r.kind = 'unknown'))
  ) o;
end
$$;

-- Parks an account whose provider refuses everything. Its queue waits; after a growing pause one message probes.
create function private.park_account(account_id uuid, reason text)
returns void
language plpgsql set search_path = ''
as $$
declare
  account public.sms_accounts;
begin
  select * into account from public.sms_accounts a where a.id = account_id for update;
  if account is null or account.status = 'disabled' then
    return;
  end if;
  update public.sms_accounts a
  set status = 'parked', outages = a.outages + 1, parked_reason = reason,
    parked_until = now() + least(600, 5 * 2 ^ least(a.outages, 10)) * interval '1 second'
  where a.id = account_id;
  if account.status = 'active' then
    perform private.notify_admins(account.organization_id, 'sender_parked', 'Texts are waiting',
      'The provider of ' || account.sender_id || ' refuses messages (' || coalesce(reason, 'no reason given')
        || '). They wait and go out when it recovers.', jsonb_build_object('account_id', account_id));
  end if;
end
$$;

-- Marks the next group `sending` and answers it. What was suppressed since it was queued is not sent, and what would
-- arrive in quiet hours waits until they end: both are judged here, at the last moment, not only when queueing.
create function private.claim_messages(want integer)
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off
as $$
declare
  ready uuid[];
  probing uuid[] := '{}'::uuid[];
  answer jsonb;
begin
  if exists (select from public.sms_accounts a where a.status = 'parked' and a.parked_until <= now()) then
    -- Of a parked account only one dispatcher probes at a time: whoever moves parked_until on.
    with due as (
      select a.id from public.sms_accounts a
      where a.status = 'parked' and a.parked_until <= now()
      for update skip locked
    ), moved as (
      update public.sms_accounts a set parked_until = now() + interval '30 seconds' from due where a.id = due.id returning a.id
    )
    select coalesce(array_agg(id), '{}') into probing from moved;
  end if;
  -- The limit keeps this to one look into the index for each account; exists() would be planned as a join with the
  -- whole queue.
  select coalesce(array_agg(a.id order by random()), '{}') into ready
  from public.sms_accounts a
  cross join lateral (
    select from public.messages m where m.account_id = a.id and m.status = 'queued' and m.send_after <= now()
    order by m.send_after limit 1
  ) waiting
  where a.status = 'active' or a.id = any (probing);
  if cardinality(ready) = 0 then
    return '[]'::jsonb;
  end if;

  with picked as (
    select p.* from unnest(ready) as account (id)
    cross join lateral (
      select m.id, m.organization_id, m.to_number, m.category from public.messages m
      where m.account_id = account.id and m.status = 'queued' and m.send_after <= now()
      order by m.send_after, m.id
      -- An even share for each account, so that one tenant's mountain does not keep the others waiting.
      limit case when account.id = any (probing) then 1 else ceil(want::numeric / cardinality(ready)) end
      for update of m skip locked
    ) p
    -- Where there are more accounts than places, chance decides which come first.
    limit want
  ), places as materialized (
    select o.id, private.next_sending_time(o, now()) as sends_at from public.organizations o
    where o.id in (select p.organization_id from picked p)
  ), judged as materialized (
    select p.id, places.sends_at, exists (
        select from public.suppressions s
        where s.organization_id = p.organization_id and s.phone = p.to_number and s.lifted_at is null
          and (s.scope = 'all' or p.category = 'marketing')
      ) as suppressed
    from picked p join places on places.id = p.organization_id
  ), marked as (
    update public.messages m set
      status = case when j.suppressed then 'suppressed' when j.sends_at > now() then 'queued' else 'sending' end,
      error_code = case when j.suppressed then 'suppressed' else m.error_code end,
      error_message = case when j.suppressed then 'The number has opted out.' else m.error_message end,
      send_after = case when not j.suppressed and j.sends_at > now() then j.sends_at else m.send_after end,
      attempts = m.attempts + case when j.suppressed or j.sends_at > now() then 0 else 1 end,
      sending_at = case when j.suppressed or j.sends_at > now() then m.sending_at else clock_timestamp() end,
      updated_at = now()
    from judged j where m.id = j.id
    returning m.*
  ), logged as (
    insert into public.message_events (organization_id, message_id, status, source)
    select k.organization_id, k.id, k.status, 'dispatch' from marked k where k.status in ('sending', 'suppressed')
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', k.id, 'attempt', k.attempts, 'to', k.to_number, 'from', k.from_number, 'body', k.body, 'provider', k.provider,
    'account_id', k.account_id)) filter (where k.status = 'sending'), '[]')
  into answer from marked k;
  return answer;
end
$$;

create function private.account_credentials(account_ids uuid[])
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(a.id, s.decrypted_secret::jsonb), '{}')
  from public.sms_accounts a join vault.decrypted_secrets s on s.id = a.credentials_secret_id
  where a.id = any (account_ids)
$$;

-- One step of a lane. Answers { messages, credentials: { account_id: {…} } of accounts that have their own,
-- next_due_at: when something falls due, if within a minute }. Definer: the service role may not write these tables.
create function private.dispatch_step(outcomes jsonb, want integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  claimed jsonb := '[]'::jsonb;
begin
  perform private.record_outcomes(outcomes);
  if want > 0 then
    claimed := private.claim_messages(want);
  end if;
  return jsonb_build_object(
    'messages', claimed,
    'credentials', private.account_credentials(array(
      select distinct (c ->> 'account_id')::uuid from jsonb_array_elements(claimed) c)),
    'next_due_at', case when jsonb_array_length(claimed) = 0 then (
      select min(due.at) from (
        select greatest(min(m.send_after), coalesce(a.parked_until, '-infinity')) as at
        from public.sms_accounts a join public.messages m on m.account_id = a.id and m.status = 'queued'
        where a.status <> 'disabled' and m.send_after < now() + interval '1 minute'
        group by a.id, a.parked_until
      ) due where due.at < now() + interval '1 minute') end
  );
end
$$;

create function public.dispatch_step(outcomes jsonb default '[]', want integer default 0)
returns jsonb
language sql set search_path = ''
as $$
  select private.dispatch_step(outcomes, want)
$$;
comment on function public.dispatch_step is 'Records a group''s outcomes and marks the next group: one round trip per group.';

-- Messages in doubt for longer than the settle time, leased for a minute to whoever asks the provider about them.
-- Definer: as dispatch_step.
create function private.claim_doubtful(settle_seconds integer, want integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  with leased as (
    update public.messages m set settling_until = now() + interval '1 minute'
    where m.id in (
      select d.id from public.messages d
      where d.status = 'sending' and d.held_at is null
        and d.sending_at < now() - settle_seconds * interval '1 second'
        and (d.settling_until is null or d.settling_until < now())
      order by d.sending_at limit want for update skip locked
    )
    returning m.*
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'attempt', l.attempts, 'to', l.to_number, 'from', l.from_number,
    'body', l.body, 'provider', l.provider, 'account_id', l.account_id, 'provider_message_id', l.provider_message_id,
    'since', l.sending_at)), '[]')
  into answer from leased l;
  return jsonb_build_object('messages', answer, 'credentials', private.account_credentials(array(
    select distinct (c ->> 'account_id')::uuid from jsonb_array_elements(answer) c)));
end
$$;

create function public.claim_doubtful(settle_seconds integer, want integer default 50)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_doubtful(settle_seconds, want)
$$;
comment on function public.claim_doubtful is 'Leases messages whose outcome nobody knows, to ask the provider about them.';

-- What the provider knew of a message in doubt. candidates: [{ provider_message_id, status, code, message }], the ones
-- it has for that number and text since the attempt; one that belongs to another message does not count. None left:
-- the organization's choice decides between sending again and holding for a person. Definer: as dispatch_step.
create function private.settle_message(message_id uuid, attempt integer, candidates jsonb)
returns text
language plpgsql security definer set search_path = ''
as $$
declare
  message public.messages;
  organization public.organizations;
  choice text;
  found_report record;
begin
  select * into message from public.messages m where m.id = message_id for update;
  if message is null or message.status <> 'sending' or message.attempts <> attempt then
    return 'settled';
  end if;
  select * into found_report
  from jsonb_to_recordset(candidates) as c (provider_message_id text, status text, code text, message text)
  where not exists (
    select from public.messages m where m.provider_message_id = c.provider_message_id and m.id <> message_id
  )
  limit 1;
  if found_report.provider_message_id is not null then
    perform private.apply_receipt(message, found_report.provider_message_id, found_report.status, found_report.code,
      found_report.message, 'provider');
    return 'found';
  end if;
  select * into organization from public.organizations o where o.id = message.organization_id;
  choice := case message.category when 'marketing' then organization.uncertain_marketing
    else organization.uncertain_service end;
  if choice = 'resend' and message.attempts < 8 then
    update public.messages m set status = 'queued', send_after = now(), settling_until = null, updated_at = now()
    where m.id = message_id;
    return 'resend';
  end if;
  update public.messages m set held_at = now(), updated_at = now() where m.id = message_id;
  perform private.notify_admins(message.organization_id, 'message_held', 'A text needs a decision',
    'Nobody can say whether a text was sent. It is held until someone decides.', jsonb_build_object('message_id', message_id));
  return 'held';
end
$$;

create function public.settle_message(message_id uuid, attempt integer, candidates jsonb default '[]')
returns text
language sql set search_path = ''
as $$
  select private.settle_message(message_id, attempt, candidates)
$$;
comment on function public.settle_message is 'Ends the doubt about a message: found, resend, held, or settled meanwhile.';

grant execute on function private.dispatch_step(jsonb, integer), private.claim_doubtful(integer, integer),
  private.settle_message(uuid, integer, jsonb)
to service_role;
grant execute on function public.dispatch_step(jsonb, integer), public.claim_doubtful(integer, integer),
  public.settle_message(uuid, integer, jsonb)
to service_role;
