-- What a reply does: suppressions, the ledger, confirmations, reviews by a person.

create function private.doubtful(organization_id uuid, phone text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.reply_reviews r
    where r.organization_id = doubtful.organization_id and r.phone = doubtful.phone and r.status = 'open')
$$;
comment on function private.doubtful is 'Whether a reply of this number awaits a person''s judgement: until then nothing but confirmations and help goes to it.';

-- What the number, or a person, has made clear. Messages and targets that waited for it are due at once, and judged again.
create function private.close_reviews(organization_id uuid, phone text, status text, decided_by uuid default null)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.reply_reviews r
  set status = close_reviews.status, decided_by = close_reviews.decided_by, decided_at = now()
  where r.organization_id = close_reviews.organization_id and r.phone = close_reviews.phone and r.status = 'open';
  if found then
    update public.messages m set send_after = now(), error_code = null, error_message = null, updated_at = now()
    where m.organization_id = close_reviews.organization_id and m.to_number = close_reviews.phone and m.status = 'queued'
      and m.error_code = 'doubtful_reply';
    update public.campaign_targets t set send_after = now(), updated_at = now()
    where t.campaign_id in (
        select c.id from public.campaigns c
        where c.organization_id = close_reviews.organization_id and c.status in ('running', 'paused'))
      and t.phone = close_reviews.phone and t.status = 'pending' and t.send_after > now();
  end if;
end
$$;

-- A name and a text in one part. The name gives way, first its accents, then its end; a name in another script makes the
-- part shorter, and the text with it.
create function private.one_part(name text, text text, short_text text)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  shown text := btrim(name);
  said text := one_part.text;
begin
  if (private.sms_segments(shown)).encoding <> 'GSM-7' then
    if (private.sms_segments(private.without_accents(shown))).encoding = 'GSM-7' then
      shown := private.without_accents(shown);
    else
      said := short_text;
    end if;
  end if;
  while char_length(shown) > 1 and (private.sms_segments(shown || said)).segments > 1 loop
    shown := rtrim(left(shown, -1));
  end loop;
  return shown || said;
end
$$;

-- Texts that answer what a number has said: to STOP, START or HELP.
create function private.answers_reply(purpose text)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select purpose in ('opt_out_confirmation', 'opt_in_confirmation', 'help')
$$;

-- Whether the provider, when it last said anything of a text from this sender to this number, refused it as opted out, and
-- no START has come since: it answers the number itself, and counts against us what we try.
create function private.refused_as_opted_out(organization_id uuid, account_id uuid, phone text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from (
      select m.error_code, m.created_at from public.messages m
      where m.organization_id = refused_as_opted_out.organization_id and m.to_number = phone
        and m.account_id = refused_as_opted_out.account_id and m.direction = 'outbound'
        and m.status in ('sent', 'delivered', 'undelivered', 'failed')
      order by m.id desc limit 1
    ) last
    where last.error_code in ('21610', '30640') and not exists (
      select from public.consents c
      where c.organization_id = refused_as_opted_out.organization_id and c.phone = refused_as_opted_out.phone
        and c.event = 'granted' and c.source = 'reply' and c.created_at > last.created_at))
$$;

-- Answers a reply from the number that was texted. A confirmation may follow an opt-out within five minutes (47 CFR
-- 64.1200(a)(12)) and is worth nothing later, so it expires. Passes quiet hours, but not what the number has said since,
-- nor the provider's refusal: see claim_messages.
create function private.answer_reply(account public.sms_accounts, phone text, purpose text, customer_id uuid, lead_id uuid,
  expires_at timestamptz default now() + interval '5 minutes')
returns void
language plpgsql set search_path = ''
as $$
declare
  organization public.organizations;
  said text;
begin
  select * into strict organization from public.organizations o where o.id = account.organization_id;
  said := case answer_reply.purpose
    when 'opt_out_confirmation' then private.one_part(organization.name,
      ': you are unsubscribed and will get no more texts. Reply START to resubscribe.',
      ': unsubscribed. No more texts. START to resubscribe.')
    when 'opt_in_confirmation' then private.one_part(organization.name,
      ': you are subscribed again. Reply HELP for help, STOP to unsubscribe.', ': subscribed again. STOP to unsubscribe.')
    else left(organization.name, 100) || ': ' || coalesce('for help contact ' || organization.contact_details,
      'for help reply to this text') || '. Msg&data rates may apply. Reply STOP to unsubscribe.' end;
  insert into public.messages (organization_id, purpose, account_id, customer_id, lead_id, to_number, from_number, body, encoding,
    segments, status, provider, expires_at)
  select account.organization_id, answer_reply.purpose, account.id, answer_reply.customer_id, answer_reply.lead_id, phone,
    account.sender_id, said, s.encoding, s.segments, 'queued', account.provider, answer_reply.expires_at
  from private.sms_segments(said) s;
end
$$;

-- The ledger's entry for what a number replied.
create function private.record_consent(message public.messages, event text, recognized_by text, rule_id uuid, recorded_by uuid default null)
returns void
language sql set search_path = ''
as $$
  insert into public.consents (organization_id, lead_id, event, phone, scope, source, act, message_id, raw_text, recognized_by, rule_id,
    occurred_at, honored_at, recorded_by)
  values (message.organization_id, message.lead_id, event, message.from_number, case event when 'revoked' then 'all' else 'marketing' end,
    'reply', case event when 'granted' then coalesce(nullif(left(message.body, 500), ''), 'START') end, message.id, left(message.body, 2000), recognized_by,
    rule_id, message.created_at, clock_timestamp(), recorded_by)
$$;

-- An inbound text, already verified: kept once under the provider's id; what it means takes effect in the same
-- transaction. What one number says is taken one at a time, so that two STOPs at once are one suppression and one
-- confirmation. facts and signed_by: see record_receipt. Answers { known, duplicate, meaning }. Definer: as dispatch_step.
drop function public.record_inbound(text, text, text, text, text, jsonb, text);
drop function private.record_inbound(text, text, text, text, text, jsonb, text);
create function private.record_inbound(provider text, provider_message_id text, from_number text, to_number text, body text,
  media jsonb, opt_out_type text, facts jsonb, signed_by uuid[])
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  account public.sms_accounts;
  message public.messages;
  heard record;
  rule_id uuid;
  recognized text;
  by_provider constant boolean := coalesce(lower(opt_out_type) in ('stop', 'start', 'help'), false);
  changed boolean;
  undone boolean;
  reply_meaning text;
begin
  perform pg_advisory_xact_lock(hashtextextended('inbound|' || provider_message_id, 0));
  select * into account from public.sms_accounts a
  where a.provider = record_inbound.provider and a.sender_id = record_inbound.to_number
    and (signed_by is null or a.organization_id = any (signed_by));
  if account is null then
    return '{"known": false, "duplicate": false, "meaning": null}'::jsonb;
  end if;
  if exists (select from public.messages m where m.provider_message_id = record_inbound.provider_message_id) then
    return '{"known": true, "duplicate": true, "meaning": null}'::jsonb;
  end if;
  insert into public.messages (organization_id, direction, account_id, customer_id, lead_id, to_number, from_number, body, encoding,
    segments, status, provider, provider_message_id, media, price, price_currency, reported)
  select account.organization_id, 'inbound', account.id, (
      select c.id from public.customers c
      where c.organization_id = account.organization_id and c.phone = record_inbound.from_number order by c.id desc limit 1
    ), (
      select l.id from public.leads l
      where l.organization_id = account.organization_id and l.phone = record_inbound.from_number and l.deleted_at is null
      order by l.created_at desc, l.id desc limit 1
    ), record_inbound.to_number, record_inbound.from_number, record_inbound.body, s.encoding,
    coalesce(nullif((facts ->> 'segments')::integer, 0), s.segments), 'received', record_inbound.provider,
    record_inbound.provider_message_id, record_inbound.media, abs((facts ->> 'price')::numeric),
    case when facts ->> 'price' is not null then facts ->> 'currency' end, nullif(facts -> 'reported', '{}')
  from private.sms_segments(record_inbound.body) s
  returning * into message;

  -- No rule of an organization's own may cost anybody an opt-out: what cannot be read with them is read without.
  begin
    select u.meaning, u.recognized_by, u.rule_id into heard from private.understand_reply(account.organization_id, body) u;
  exception when invalid_regular_expression then
    select u.meaning, u.recognized_by, u.rule_id into heard from private.understand_reply(null, body) u;
  end;
  reply_meaning := case when by_provider then lower(opt_out_type) else heard.meaning end;
  recognized := case when by_provider then 'provider' else heard.recognized_by end;
  rule_id := case when reply_meaning = heard.meaning then heard.rule_id end;
  -- A short code or a name cannot be suppressed, and nobody replies from one.
  if reply_meaning is null or from_number !~ '^\+[1-9][0-9]{6,14}$' then
    return jsonb_build_object('known', true, 'duplicate', false, 'meaning', reply_meaning);
  end if;
  perform pg_advisory_xact_lock(hashtextextended('reply|' || account.organization_id || '|' || from_number, 0));

  if reply_meaning = 'stop' then
    insert into public.suppressions (organization_id, phone, scope, source, reason)
    values (account.organization_id, from_number, 'all', 'reply', 'Replied: ' || left(body, 100))
    on conflict (organization_id, phone, scope) where lifted_at is null do nothing;
    changed := found;
    perform private.record_consent(message, 'revoked', recognized, rule_id);
    perform private.close_reviews(account.organization_id, from_number, 'opt_out');
    -- Twilio answers its own keywords where nobody has turned that off, and then refuses ours.
    if changed and not by_provider and not (recognized = 'keyword' and exists (
      select from public.messages m
      where m.account_id = account.id and m.purpose = 'opt_out_confirmation' and m.error_code = '21610'
        and m.created_at > now() - interval '30 days'))
    then
      perform private.answer_reply(account, from_number, 'opt_out_confirmation', message.customer_id, message.lead_id);
    end if;
  elsif reply_meaning = 'start' then
    update public.suppressions s set lifted_at = now(), lifted_reason = 'Replied: ' || left(body, 100)
    where s.organization_id = account.organization_id and s.phone = from_number and s.lifted_at is null
      and s.source in ('reply', 'provider');
    undone := found;
    if not undone and not by_provider and (select r.undoes_only from public.reply_rules r where r.id = rule_id) then
      reply_meaning := null;
    else
      changed := undone or not exists (
        select from (
          select c.event, c.source from public.consents c
          where c.organization_id = account.organization_id and c.phone = from_number order by c.id desc limit 1
        ) latest where latest.event = 'granted' and latest.source = 'reply');
      if changed then
        perform private.record_consent(message, 'granted', recognized, rule_id);
      end if;
      perform private.close_reviews(account.organization_id, from_number, 'dismissed');
      if changed and not by_provider and not exists (
        select from public.suppressions s
        where s.organization_id = account.organization_id and s.phone = from_number and s.lifted_at is null)
      then
        perform private.answer_reply(account, from_number, 'opt_in_confirmation', message.customer_id, message.lead_id);
      end if;
    end if;
  elsif reply_meaning = 'help' then
    if not by_provider and not exists (
      select from public.messages m
      where m.organization_id = account.organization_id and m.to_number = record_inbound.from_number
        and m.id > private.uuid_v7_floor(now() - interval '1 minute') and m.purpose = 'help')
    then
      perform private.answer_reply(account, from_number, 'help', message.customer_id, message.lead_id);
    end if;
  elsif not exists (
    select from public.suppressions s
    where s.organization_id = account.organization_id and s.phone = from_number and s.lifted_at is null and s.scope = 'all')
  then
    insert into public.reply_reviews as r (organization_id, phone, message_id, rule_id)
    values (account.organization_id, from_number, message.id, rule_id)
    on conflict (organization_id, phone) where status = 'open' do update set last_message_id = excluded.message_id
    returning r.last_message_id is null into changed;
    if changed then
      perform private.notify_admins(account.organization_id, 'doubtful_reply', 'A reply needs a decision',
        'Somebody may have opted out. Nothing is sent to the number until someone decides.',
        jsonb_build_object('message_id', message.id));
    end if;
  end if;
  return jsonb_build_object('known', true, 'duplicate', false, 'meaning', reply_meaning);
end
$$;

create function public.record_inbound(provider text, provider_message_id text, from_number text, to_number text, body text,
  media jsonb default '[]', opt_out_type text default null, facts jsonb default '{}', signed_by uuid[] default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.record_inbound(provider, provider_message_id, from_number, to_number, body, media, opt_out_type, facts, signed_by)
$$;
comment on function public.record_inbound is
  'Keeps one inbound text and obeys what it means: STOP in any words, START, HELP; a repeat changes nothing. facts: see record_receipt.';

grant execute on function private.record_inbound(text, text, text, text, text, jsonb, text, jsonb, uuid[]) to service_role;
grant execute on function public.record_inbound(text, text, text, text, text, jsonb, text, jsonb, uuid[]) to service_role;
