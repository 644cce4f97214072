-- Reconciliation: callbacks get lost, so the provider is asked about every text that has gone without a final status for
-- too long, and its answer goes through the same door as a callback. What it cannot tell either is listed for people.

alter table public.messages
  add column asked smallint not null default 0,
  add column unknown_at timestamptz,
  add column unknown_reason text
    constraint messages_unknown_reason check (unknown_reason in ('not_final', 'not_found', 'unclear', 'too_old', 'no_account', 'other_account')),
  add column settled_by uuid;
comment on column public.messages.asked is 'How often the provider was asked for its status and had no final one.';
comment on column public.messages.unknown_at is 'Since when nobody asks any more: what became of it is unknown. A late report ends that.';
comment on column public.messages.unknown_reason is
  'Why nobody can tell. no_account: its sender is gone; other_account: its sender has moved to another account of the provider, which knows nothing of it.';
comment on column public.messages.settled_by is
  'Who said by hand what became of it; a report of the provider overrules them. No foreign key: see created_by.';
comment on column public.messages.settling_until is 'Until when somebody asks the provider about it, or after which it is asked again.';

create index messages_unsettled on public.messages (account_id, greatest(sent_at, settling_until))
  where status = 'sent' and unknown_at is null;
create index messages_unknown on public.messages (organization_id, id desc)
  where unknown_at is not null or held_at is not null;

alter table public.message_events drop constraint message_events_source;
alter table public.message_events add constraint message_events_source
  check (source in ('dispatch', 'callback', 'provider', 'person'));

-- What is held stays so until a person decides; those who look for what is in doubt need not walk over it every minute.
drop index public.messages_in_doubt;
create index messages_in_doubt on public.messages (sending_at) where status = 'sending' and held_at is null;
create index messages_held on public.messages (sending_at) where status = 'sending' and held_at is not null and unknown_at is null;

create table private.status_lookups (
  provider text primary key constraint status_lookups_provider check (provider in ('arkesel', 'twilio')),
  quiet interval not null,
  kept interval not null,
  most integer not null constraint status_lookups_most check (most between 1 and 20),
  source text not null
);
comment on table private.status_lookups is
  'After how long without a word a provider is asked about a text, until what age it answers, and how often it is asked.';
insert into private.status_lookups (provider, quiet, kept, most, source) values
  ('twilio', '1 hour', '390 days', 6, 'Message logs are kept for 13 months; texts may wait for up to 10 hours in Twilio''s queue.'),
  ('arkesel', '1 hour', '30 days', 6, 'Arkesel documents no retention; a cautious month.');

create table private.lookup_pauses (
  account_id uuid primary key,
  organization_id uuid not null,
  until timestamptz not null,
  failures integer not null,
  reason text not null,
  constraint lookup_pauses_account foreign key (organization_id, account_id)
    references public.sms_accounts (organization_id, id) on delete cascade
);
comment on table private.lookup_pauses is
  'Accounts whose provider refuses to answer questions, and until when it is left alone: one tenant''s fault stops no other.';
create index lookup_pauses_organization on private.lookup_pauses (organization_id, account_id);

create table private.untold_doubts (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  since timestamptz,
  told_at timestamptz not null default '-infinity'
);
comment on table private.untold_doubts is
  'Since when there are texts held in doubt that the admins do not know of, and when they were told last: once an hour at most, however many a crash leaves behind.';

-- As shipped; besides, a report ends the unknown, and overrules what a person said by hand. A text that was sent again from
-- doubt may be there twice: then one copy's failure says nothing of the other, and what either has reached is reached.
create or replace function private.apply_receipt(message public.messages, provider_id text, reported text, code text,
  detail text, source text)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  new_status text := case when reported in ('queued', 'sending') then 'sent' else reported end;
  of_a_copy constant boolean := coalesce(message.attempts > 1 and provider_id <> message.provider_message_id, false);
begin
  if exists (
    select from public.message_events e
    where e.message_id = message.id and e.status = reported and e.source = apply_receipt.source
      and e.code is not distinct from apply_receipt.code and e.provider_message_id is not distinct from provider_id
  ) then
    return false;
  end if;
  insert into public.message_events (organization_id, message_id, status, source, code, detail, provider_message_id)
  values (message.organization_id, message.id, reported, source, code, detail, provider_id);
  -- A canceled or suppressed message that the provider has after all tells the truth of what happened to it.
  if (private.status_rank(new_status) > private.status_rank(message.status)
      and not (of_a_copy and new_status in ('failed', 'undelivered', 'canceled')))
    or (of_a_copy and new_status = 'delivered' and message.status in ('failed', 'undelivered'))
    or (message.settled_by is not null and private.status_rank(new_status) = private.status_rank('delivered'))
    or (message.status in ('failed', 'canceled', 'suppressed') and message.provider_message_id is null
      and message.settled_by is null) then
    update public.messages m set
      status = new_status,
      provider_message_id = coalesce(m.provider_message_id, provider_id),
      error_code = case when new_status in ('failed', 'undelivered') then apply_receipt.code end,
      error_message = case when new_status in ('failed', 'undelivered') then detail end,
      sent_at = coalesce(m.sent_at, now()),
      delivered_at = case when new_status = 'delivered' then now() end,
      held_at = null, settling_until = null, unknown_at = null, unknown_reason = null, settled_by = null, updated_at = now()
    where m.id = message.id;
  elsif message.provider_message_id is null then
    update public.messages m set provider_message_id = provider_id, updated_at = now() where m.id = message.id;
  end if;
  return true;
end
$$;

-- What the provider says about a locked message, asked by us: { provider_message_id, status, code?, message?, opt_out?,
-- facts? }. The door of callbacks.
create function private.apply_report(message public.messages, report jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  changed constant boolean := private.apply_receipt(message, report ->> 'provider_message_id', report ->> 'status', report ->> 'code',
    report ->> 'message', 'provider');
begin
  if report -> 'facts' <> '{}' then
    perform private.keep_facts(message.id, report -> 'facts');
  end if;
  if changed and (report ->> 'opt_out')::boolean then
    perform private.suppress(message.organization_id, message.to_number, 'provider',
      'The provider says that the number opted out (' || coalesce(report ->> 'code', 'no code') || ').');
  end if;
end
$$;

-- Counts one more question without a final answer. Each next one waits longer; after the last the message is listed.
create function private.count_question(message public.messages, reason text)
returns text
language plpgsql set search_path = ''
as $$
declare
  most integer;
begin
  select k.most into most from private.status_lookups k where k.provider = message.provider;
  update public.messages m set
    asked = m.asked + 1,
    settling_until = now() + least(interval '20 hours', interval '1 hour' * 4 ^ least(m.asked, 6)),
    unknown_at = case when m.asked + 1 >= most then now() end,
    unknown_reason = case when m.asked + 1 >= most then reason end,
    updated_at = now()
  where m.id = message.id;
  return case when message.asked + 1 >= most then 'listed' else 'waiting' end;
end
$$;

-- Messages that were accepted and have no final status for too long, and those held in doubt that the provider can look
-- for: leased to whoever asks. An even share for each account; one whose provider refuses to answer is left alone.
-- quiet_seconds overrides the time without a word (after a crash). Answers { messages, credentials, listed: those that
-- are too old to be asked about }. Definer: as dispatch_step.
create function private.claim_unsettled(quiet_seconds integer, want integer)
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  accounts uuid[];
  answer jsonb;
begin
  accounts := array(
    select a.id
    from public.sms_accounts a
    join private.status_lookups k on k.provider = a.provider
    cross join lateral (
      select from public.messages m
      where m.account_id = a.id and m.status = 'sent' and m.unknown_at is null
        and greatest(m.sent_at, m.settling_until) < now() - coalesce(make_interval(secs => quiet_seconds), k.quiet)
      order by greatest(m.sent_at, m.settling_until) limit 1
    ) waiting
    where not exists (select from private.lookup_pauses p where p.account_id = a.id and p.until > now())
    order by random() limit want);

  with accepted as materialized (
    select p.* from unnest(accounts) as account (id)
    join public.sms_accounts a on a.id = account.id
    join private.status_lookups k on k.provider = a.provider
    cross join lateral (
      select m.id, m.sent_at < now() - k.kept as too_old from public.messages m
      where m.account_id = account.id and m.status = 'sent' and m.unknown_at is null
        and greatest(m.sent_at, m.settling_until) < now() - coalesce(make_interval(secs => quiet_seconds), k.quiet)
      order by greatest(m.sent_at, m.settling_until)
      limit ceil(want::numeric / nullif(cardinality(accounts), 0))
      for update of m skip locked
    ) p
    limit want
  ), held as materialized (
    -- Arkesel has no list to look into: of a message without an id it can tell nothing.
    select m.id, m.sending_at < now() - k.kept as too_old
    from public.messages m join private.status_lookups k on k.provider = m.provider
    where m.status = 'sending' and m.held_at is not null and m.unknown_at is null and m.account_id is not null
      and (m.provider = 'twilio' or m.provider_message_id is not null)
      and greatest(m.sending_at, m.settling_until) < now() - coalesce(make_interval(secs => quiet_seconds), k.quiet)
      and not exists (select from private.lookup_pauses p where p.account_id = m.account_id and p.until > now())
    order by m.sending_at limit want
    for update of m skip locked
  ), leased as (
    update public.messages m set
      settling_until = now() + interval '2 minutes',
      unknown_at = case when p.too_old then now() end,
      unknown_reason = case when p.too_old then 'too_old' end,
      updated_at = case when p.too_old then now() else m.updated_at end
    from (select * from accepted union all select * from held limit want) p
    where m.id = p.id
    returning m.*
  )
  select jsonb_build_object(
    'listed', count(*) filter (where l.unknown_at is not null),
    'messages', coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'attempt', l.attempts, 'to', l.to_number,
      'from', l.from_number, 'body', l.body, 'provider', l.provider, 'account_id', l.account_id,
      'provider_account', l.provider_account, 'provider_message_id', l.provider_message_id, 'since', coalesce(l.sending_at, l.sent_at)))
      filter (where l.unknown_at is null), '[]'))
  into answer from leased l;
  if answer -> 'messages' = '[]' then
    perform private.tell_unknown();
  end if;
  return answer || jsonb_build_object('credentials', private.account_credentials(array(
    select distinct (c ->> 'account_id')::uuid from jsonb_array_elements(answer -> 'messages') c)));
end
$$;

-- Lists what cannot be asked about because its account is gone, or because its provider has refused to answer for days, and
-- tells the admins of what is newly listed, once a day.
create function private.tell_unknown()
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  update public.messages m set unknown_at = now(), unknown_reason = 'no_account', updated_at = now()
  from private.status_lookups k
  where m.account_id is null and m.status = 'sent' and m.unknown_at is null and k.provider = m.provider
    and greatest(m.sent_at, m.settling_until) < now() - k.quiet;
  update public.messages m set unknown_at = now(), unknown_reason = 'unclear', updated_at = now()
  from private.lookup_pauses p
  where p.until > now() and m.account_id = p.account_id and m.status = 'sent' and m.unknown_at is null
    and greatest(m.sent_at, m.settling_until) < now() - interval '4 days';
  perform private.notify(array_agg(row(n.organization_id, n.user_id, 'messages_unknown', n.today,
    case n.texts when 1 then 'What became of a text is unknown' else 'What became of ' || n.texts || ' texts is unknown' end,
    'Their provider was asked and has no final status. They are listed among the texts, where you can settle them by hand.',
    jsonb_build_object('messages', n.texts), null)::private.notice))
  from (
    select s.organization_id, s.user_id, day.today, (
      select count(*) from public.messages m
      where m.organization_id = s.organization_id and (m.unknown_at is not null or m.held_at is not null)
        and m.unknown_at > coalesce((
          select max(t.created_at) from public.notifications t
          where t.organization_id = s.organization_id and t.user_id = s.user_id
            and t.event_key in (day.today, day.yesterday)), now() - interval '25 hours')) as texts
    from (
      select distinct m.organization_id from public.messages m
      where (m.unknown_at is not null or m.held_at is not null) and m.unknown_at > now() - interval '25 hours'
    ) o
    join public.memberships s on s.organization_id = o.organization_id and s.status = 'active'
    join public.roles r on r.id = s.role_id and r.organization_id is null and r.key = 'admin'
    cross join (
      select 'messages_unknown:' || current_date as today, 'messages_unknown:' || (current_date - 1) as yesterday
    ) day
  ) n
  where n.texts > 0;
end
$$;

create function public.claim_unsettled(quiet_seconds integer default null, want integer default 100)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_unsettled(quiet_seconds, want)
$$;
comment on function public.claim_unsettled is 'Leases messages without a final status, to ask the provider about them.';


-- What came of one question about a message: see record_lookups.
create function private.record_lookup(message_id uuid, attempt integer, kind text, candidates jsonb)
returns text
language plpgsql set search_path = ''
as $$
declare
  message public.messages;
  report jsonb;
begin
  select * into message from public.messages m where m.id = message_id for update;
  if message.id is null then
    return 'settled';
  end if;
  if kind in ('failed', 'skipped') then
    -- The next run asks, when its account is not left alone any more.
    update public.messages m set settling_until = case m.status when 'sending' then now() end
    where m.id = message.id and m.status in ('sending', 'sent') and m.settling_until is not null;
    return 'unanswered';
  end if;
  if kind = 'other_account' and message.status = 'sent' and message.unknown_at is null then
    update public.messages m set unknown_at = now(), unknown_reason = 'other_account', settling_until = null, updated_at = now()
    where m.id = message.id;
    return 'listed';
  elsif kind = 'other_account' and message.status = 'sending' and message.attempts = attempt then
    if message.held_at is not null then
      return private.count_question(message, 'other_account');
    end if;
    perform private.hold_message(message, 'other_account');
    return 'held';
  elsif kind = 'other_account' then
    return 'settled';
  end if;
  if message.status = 'sending' then
    if kind = 'unclear' then
      return case when message.held_at is null then 'unanswered' else private.count_question(message, 'unclear') end;
    end if;
    return private.settle_message(message.id, attempt, candidates);
  end if;
  select c into report from jsonb_array_elements(candidates) c
  where c ->> 'provider_message_id' = message.provider_message_id limit 1;
  if kind = 'answered' and report is not null then
    perform private.apply_report(message, report);
    select * into message from public.messages m where m.id = message_id;
  end if;
  if message.status <> 'sent' or message.unknown_at is not null then
    return 'settled';
  end if;
  return private.count_question(message,
    case when kind = 'unclear' then 'unclear' when report is null then 'not_found' else 'not_final' end);
end
$$;

-- What came of a group of questions: [{ id, attempt, account_id, kind, candidates?, code?, retry_after_seconds? }]. kind:
-- answered (candidates: the provider's messages that this may be, none if it has none), unclear (this one's answer made
-- no sense), failed (the account's provider refused, or did not answer at all), skipped (not asked after that),
-- other_account (it went through another account of the provider than the one that can be asked). Answers how many came
-- to what. In the order of ids, so that two groups do not wait for each other. Definer: as dispatch_step.
create function private.record_lookups(answers jsonb)
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  lookup record;
  result text;
  results jsonb := '{}'::jsonb;
begin
  insert into private.lookup_pauses as p (account_id, organization_id, until, failures, reason)
  select a.id, a.organization_id, now() + greatest(interval '30 seconds', f.retry_after), 1, f.code
  from (
    select x.account_id, coalesce(min(x.code), 'none') as code,
      least(86400, coalesce(max(x.retry_after_seconds), 0)) * interval '1 second' as retry_after
    from jsonb_to_recordset(answers) as x (account_id uuid, kind text, code text, retry_after_seconds numeric)
    where x.kind = 'failed' group by x.account_id
  ) f
  join public.sms_accounts a on a.id = f.account_id
  order by a.id
  on conflict on constraint lookup_pauses_pkey do update set
    until = greatest(excluded.until, now() + least(interval '1 hour', interval '30 seconds' * 2 ^ least(p.failures, 10))),
    failures = p.failures + 1, reason = excluded.reason;
  delete from private.lookup_pauses p
  where p.account_id in (
      select x.account_id from jsonb_to_recordset(answers) as x (account_id uuid, kind text)
      group by x.account_id having bool_or(x.kind = 'answered') and not bool_or(x.kind = 'failed'));
  for lookup in
    select * from jsonb_to_recordset(answers) as x (id uuid, attempt integer, kind text, candidates jsonb)
    where x.id is not null order by x.id
  loop
    result := private.record_lookup(lookup.id, lookup.attempt, lookup.kind, coalesce(lookup.candidates, '[]'));
    results := results || jsonb_build_object(result, coalesce((results ->> result)::integer, 0) + 1);
  end loop;
  return results;
end
$$;

create function public.record_lookups(answers jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.record_lookups(answers)
$$;
comment on function public.record_lookups is
  'Records what providers answered about messages without a final status: how many were settled, wait, were listed.';

-- Every hour rather than every day: each message is asked about at growing distances, the first time an hour after its
-- last word, so that a lost callback is made good within two hours.
select cron.schedule('reconcile-messages', '23 * * * *', $$select private.invoke('jobs/reconcile-messages')$$);
