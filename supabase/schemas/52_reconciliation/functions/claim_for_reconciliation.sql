-- Accepted messages that have no final status for too long, locked. Every sender gets an even share; paused ones are
-- skipped.
create function private.accepted_without_status(quiet_seconds integer, batch_size integer)
returns uuid[]
language plpgsql volatile set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  accounts uuid[];
begin
  accounts := array(
    select a.id
    from public.sms_accounts a
    join private.status_lookups k on k.provider = a.provider
    cross join lateral (
      select from public.messages m
      where m.account_id = a.id and m.status = 'sent' and m.unknown_at is null
        and greatest(m.sent_at, m.lookup_until) < now() - coalesce(make_interval(secs => quiet_seconds), k.ask_after)
      order by greatest(m.sent_at, m.lookup_until) limit 1
    ) waiting
    where not exists (select from private.lookup_pauses p where p.account_id = a.id and p.until > now())
    order by random() limit batch_size);
  return array(
    select p.id from unnest(accounts) as account (id)
    join public.sms_accounts a on a.id = account.id
    join private.status_lookups k on k.provider = a.provider
    cross join lateral (
      select m.id from public.messages m
      where m.account_id = account.id and m.status = 'sent' and m.unknown_at is null
        and greatest(m.sent_at, m.lookup_until) < now() - coalesce(make_interval(secs => quiet_seconds), k.ask_after)
      order by greatest(m.sent_at, m.lookup_until)
      limit ceil(batch_size::numeric / nullif(cardinality(accounts), 0))
      for update of m skip locked
    ) p
    limit batch_size);
end
$$;

-- Held messages that the provider can look up, locked. Arkesel cannot list messages: without an id it cannot find one.
create function private.held_with_lookup(quiet_seconds integer, batch_size integer)
returns uuid[]
language sql volatile set search_path = '' set enable_seqscan = off set jit = off
as $$
  select array(
    select m.id from public.messages m join private.status_lookups k on k.provider = m.provider
    where m.status = 'sending' and m.held_at is not null and m.unknown_at is null and m.account_id is not null
      and (m.provider = 'twilio' or m.provider_message_id is not null)
      and greatest(m.sending_at, m.lookup_until) < now() - coalesce(make_interval(secs => quiet_seconds), k.ask_after)
      and not exists (select from private.lookup_pauses p where p.account_id = m.account_id and p.until > now())
    order by m.sending_at limit batch_size
    for update of m skip locked)
$$;

-- Leases these messages and returns { listed, messages }: listed are those that are too old to ask about.
create function private.lease_for_reconciliation(message_ids uuid[])
returns jsonb
language sql volatile set search_path = '' set enable_seqscan = off set jit = off
as $$
  with leased as (
    update public.messages m set
      lookup_until = now() + interval '2 minutes',
      unknown_at = case when p.too_old then now() end,
      unknown_reason = case when p.too_old then 'too_old' end,
      updated_at = case when p.too_old then now() else m.updated_at end
    from (
      select d.id, case when d.status = 'sent' then d.sent_at else d.sending_at end < now() - k.answers_for as too_old
      from public.messages d join private.status_lookups k on k.provider = d.provider
      where d.id = any (message_ids)
    ) p
    where m.id = p.id
    returning m.*
  )
  select jsonb_build_object(
    'listed', count(*) filter (where l.unknown_at is not null),
    'messages', coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'attempt', l.attempts, 'to', l.to_number,
      'from', l.from_number, 'body', private.body_as_sent(l.purpose, l.id, l.body), 'provider', l.provider, 'account_id', l.account_id,
      'provider_account', l.provider_account, 'provider_message_id', l.provider_message_id, 'since',
      coalesce(l.sending_at, l.sent_at)))
      filter (where l.unknown_at is null), '[]'))
  from leased l
$$;

-- The same, one by one, after it has failed for all.
create function private.lease_each_for_reconciliation(message_ids uuid[])
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  message_id uuid;
  one jsonb;
  listed integer := 0;
  messages jsonb := '[]'::jsonb;
begin
  foreach message_id in array message_ids loop
    begin
      one := private.lease_for_reconciliation(array[message_id]);
      listed := listed + (one ->> 'listed')::integer;
      messages := messages || (one -> 'messages');
    exception
      when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
      when others then
        perform private.pause_unreadable(message_id, sqlerrm);
    end;
  end loop;
  return jsonb_build_object('listed', listed, 'messages', messages);
end
$$;

-- Leases messages to ask the provider about: accepted ones without a final status for too long, and held ones.
-- quiet_seconds replaces the usual wait (after a crash). What fails for one message stops no other. Returns { messages,
-- credentials, listed: how many were too old to ask about }. Security definer because the service role may not write
-- messages or read credentials.
create function private.claim_for_reconciliation(quiet_seconds integer, batch_size integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  picked uuid[];
  answer jsonb;
begin
  picked := private.accepted_without_status(quiet_seconds, batch_size);
  picked := picked || private.held_with_lookup(quiet_seconds, batch_size - cardinality(picked));
  begin
    answer := private.lease_for_reconciliation(picked);
  exception
    when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
    when others then
      answer := private.lease_each_for_reconciliation(picked);
  end;
  if answer -> 'messages' = '[]' then
    perform private.alert_admins_of_unknown();
  end if;
  return answer || jsonb_build_object('credentials', private.account_credentials(array(
    select distinct (c ->> 'account_id')::uuid from jsonb_array_elements(answer -> 'messages') c)));
end
$$;
grant execute on function private.claim_for_reconciliation(integer, integer) to service_role;

create function public.claim_for_reconciliation(quiet_seconds integer default null, batch_size integer default 100)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_for_reconciliation(quiet_seconds, batch_size)
$$;
comment on function public.claim_for_reconciliation is
  'Leases messages without a final status, to ask the provider about them.';
grant execute on function public.claim_for_reconciliation(integer, integer) to service_role;
