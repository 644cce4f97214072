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
    select u.meaning, u.recognized_by, u.rule_id into heard from private.classify_reply(account.organization_id, body) u;
  exception when invalid_regular_expression then
    select u.meaning, u.recognized_by, u.rule_id into heard from private.classify_reply(null, body) u;
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
    perform private.close_reply_reviews(account.organization_id, from_number, 'opt_out');
    -- Twilio answers its own keywords where nobody has turned that off, and then refuses ours.
    if changed and not by_provider and not (recognized = 'keyword' and exists (
      select from public.messages m
      where m.account_id = account.id and m.purpose = 'opt_out_confirmation' and m.error_code = '21610'
        and m.created_at > now() - interval '30 days'))
    then
      perform private.send_auto_reply(account, from_number, 'opt_out_confirmation', message.customer_id, message.lead_id);
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
      perform private.close_reply_reviews(account.organization_id, from_number, 'dismissed');
      if changed and not by_provider and not exists (
        select from public.suppressions s
        where s.organization_id = account.organization_id and s.phone = from_number and s.lifted_at is null)
      then
        perform private.send_auto_reply(account, from_number, 'opt_in_confirmation', message.customer_id, message.lead_id);
      end if;
    end if;
  elsif reply_meaning = 'help' then
    if not by_provider and not exists (
      select from public.messages m
      where m.organization_id = account.organization_id and m.to_number = record_inbound.from_number
        and m.id > private.uuid_v7_floor(now() - interval '1 minute') and m.purpose = 'help')
    then
      perform private.send_auto_reply(account, from_number, 'help', message.customer_id, message.lead_id);
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
grant execute on function private.record_inbound(text, text, text, text, text, jsonb, text, jsonb, uuid[]) to service_role;

create function public.record_inbound(provider text, provider_message_id text, from_number text, to_number text, body text,
  media jsonb default '[]', opt_out_type text default null, facts jsonb default '{}', signed_by uuid[] default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.record_inbound(provider, provider_message_id, from_number, to_number, body, media, opt_out_type, facts, signed_by)
$$;
comment on function public.record_inbound is
  'Keeps one inbound text and obeys what it means: STOP in any words, START, HELP; a repeat changes nothing. facts: see record_receipt.';
grant execute on function public.record_inbound(text, text, text, text, text, jsonb, text, jsonb, uuid[]) to service_role;
