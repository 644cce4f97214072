-- Texts in doubt: settled by what the provider has, or held for a person to decide.

-- Keeps a message in doubt for a person to decide. One transaction after the other, as settle_message: whoever tells of what
-- is held sees all of it.
create function private.hold_message(message public.messages, reason text default null)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('settling messages in doubt', 0));
  update public.messages m set held_at = now(), unknown_reason = reason, updated_at = now() where m.id = message.id;
  insert into private.untold_doubts as d (organization_id, since) values (message.organization_id, now())
  on conflict on constraint untold_doubts_pkey do update set since = least(d.since, excluded.since)
  where d.since is null or d.since > excluded.since;
end
$$;

-- Tells the admins how many texts are held that they have not been told of: not while others of theirs are being asked
-- about, but not later than after five minutes.
create function private.tell_held(settle_seconds integer)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  doubts private.untold_doubts;
  texts bigint;
begin
  if not exists (select from private.untold_doubts d where d.since is not null and d.told_at <= now() - interval '1 hour') then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('settling messages in doubt', 0));
  for doubts in
    select * from private.untold_doubts d
    where d.since is not null and d.told_at <= now() - interval '1 hour' and (d.since < now() - interval '5 minutes' or not exists (
      select from public.messages m
      where m.organization_id = d.organization_id and m.status = 'sending' and m.held_at is null
        and m.sending_at < now() - settle_seconds * interval '1 second'))
    order by d.organization_id
  loop
    select count(*) into texts from public.messages m
    where m.organization_id = doubts.organization_id and (m.unknown_at is not null or m.held_at is not null)
      and m.held_at >= doubts.since;
    if texts > 0 then
      perform private.notify_admins(doubts.organization_id, 'message_held',
        case texts when 1 then 'A text needs a decision' else texts || ' texts need a decision' end,
        'Nobody can say whether ' || case texts when 1 then 'it was' else 'they were' end
          || ' sent. Until someone decides, nothing is sent again.',
        jsonb_build_object('messages', texts));
    end if;
    update private.untold_doubts d set since = null, told_at = case when texts > 0 then now() else d.told_at end
    where d.organization_id = doubts.organization_id;
  end loop;
end
$$;

-- As shipped; besides, accounts that are left alone are left out, and each message says whether it was left behind by an
-- unclean end: nobody recorded even that its outcome is unknown, and it is found for the first time. Whose account is gone
-- nobody can be asked about, and what a provider has given no clear answer about for a day a person must know of (it is
-- still asked about). Once nothing is in doubt any more, the admins are told of what is held.
create or replace function private.claim_doubtful(settle_seconds integer, want integer)
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  answer jsonb;
begin
  perform private.hold_message(o, case when o.account_id is null then 'no_account' else 'unclear' end) from (
    select d.* from public.messages d
    where d.status = 'sending' and d.held_at is null
      and d.sending_at < now() - case when d.account_id is null then settle_seconds * interval '1 second' else interval '1 day' end
    order by d.sending_at limit want for update skip locked) o;
  with picked as materialized (
    select d.id, d.settling_until is null and not exists (
        select from public.message_events e
        where e.message_id = d.id and e.status = 'unknown' and e.occurred_at >= d.sending_at) as left_behind
    from public.messages d
    where d.status = 'sending' and d.held_at is null and d.account_id is not null
      and d.sending_at < now() - settle_seconds * interval '1 second'
      and (d.settling_until is null or d.settling_until < now())
      and not exists (select from private.lookup_pauses p where p.account_id = d.account_id and p.until > now())
    order by d.sending_at limit want for update of d skip locked
  ), leased as (
    update public.messages m set settling_until = now() + interval '1 minute'
    from picked p where m.id = p.id
    returning m.*, p.left_behind
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'attempt', l.attempts, 'to', l.to_number, 'from', l.from_number,
    'body', l.body, 'provider', l.provider, 'account_id', l.account_id, 'provider_account', l.provider_account,
    'provider_message_id', l.provider_message_id, 'since', l.sending_at, 'left_behind', l.left_behind)), '[]')
  into answer from leased l;
  if answer = '[]' then
    perform private.tell_held(settle_seconds);
  end if;
  return jsonb_build_object('messages', answer, 'credentials', private.account_credentials(array(
    select distinct (c ->> 'account_id')::uuid from jsonb_array_elements(answer) c)));
end
$$;

-- As shipped; besides, two messages in doubt cannot both take one candidate, price and parts are kept, answers to replies
-- are never repeated, and one that is held already is never sent again without a person's word.
create or replace function private.settle_message(message_id uuid, attempt integer, candidates jsonb)
returns text
language plpgsql security definer set search_path = ''
as $$
declare
  message public.messages;
  organization public.organizations;
  choice text;
  found_report jsonb;
begin
  perform pg_advisory_xact_lock(hashtextextended('settling messages in doubt', 0));
  select * into message from public.messages m where m.id = message_id for update;
  if message is null or message.status <> 'sending' or message.attempts <> attempt then
    return 'settled';
  end if;
  select c into found_report from jsonb_array_elements(candidates) c
  where not exists (
    select from public.messages m where m.provider_message_id = c ->> 'provider_message_id' and m.id <> message_id)
  limit 1;
  if found_report is not null then
    perform private.apply_report(message, found_report);
    return 'found';
  end if;
  if message.held_at is not null then
    return private.count_question(message, 'not_found');
  end if;
  select * into organization from public.organizations o where o.id = message.organization_id;
  choice := case when private.answers_reply(message.purpose) then 'hold'
    when message.category = 'marketing' then organization.uncertain_marketing else organization.uncertain_service end;
  if choice = 'resend' and message.attempts < 8 then
    update public.messages m set status = 'queued', send_after = now(), settling_until = null, updated_at = now()
    where m.id = message_id;
    return 'resend';
  end if;
  perform private.hold_message(message);
  return 'held';
end
$$;
