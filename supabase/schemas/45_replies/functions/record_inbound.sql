create function private.insert_inbound_message(account public.sms_accounts, provider_message_id text, from_number text,
  body text, media jsonb, facts jsonb)
returns public.messages
language plpgsql set search_path = ''
as $$
declare
  message public.messages;
begin
  insert into public.messages (organization_id, direction, account_id, customer_id, lead_id, to_number, from_number,
    body, encoding, segments, status, provider, provider_message_id, media, price, price_currency, reported)
  select account.organization_id, 'inbound', account.id,
    private.newest_customer(account.organization_id, from_number),
    private.newest_lead(account.organization_id, from_number),
    account.sender_id, insert_inbound_message.from_number, insert_inbound_message.body, s.encoding,
    coalesce(nullif((facts ->> 'segments')::integer, 0), s.segments), 'received', account.provider,
    insert_inbound_message.provider_message_id, insert_inbound_message.media, abs((facts ->> 'price')::numeric),
    case when facts ->> 'price' is not null then facts ->> 'currency' end, nullif(facts -> 'reported', '{}')
  from private.sms_segments(insert_inbound_message.body) s
  returning * into message;
  return message;
end
$$;

-- The latest text from this sender to a number, however that is spelled.
create function private.latest_text(account public.sms_accounts, phone text)
returns timestamptz
language sql stable set search_path = ''
as $$
  select m.created_at from public.messages m
  where m.organization_id = account.organization_id and m.to_number = any (private.phone_spellings(phone))
    and m.account_id = account.id and m.direction = 'outbound'
  order by m.id desc limit 1
$$;

-- What an inbound message means, given what its sender was texted last: replies quote that, or answer it.
create function private.classify_inbound(message public.messages, out meaning text, out recognized_by text,
  out rule_id uuid)
language plpgsql stable set search_path = ''
as $$
declare
  sent constant text[] := array(
    select m.body from public.messages m
    where m.to_number = message.from_number and m.organization_id = message.organization_id
      and m.direction = 'outbound' and m.id > private.uuid_v7_floor(now() - interval '30 days')
    order by m.id desc limit 5);
begin
  select * into meaning, recognized_by, rule_id
  from private.classify_reply(message.organization_id, message.body, sent);
exception when invalid_regular_expression then
  -- An organization's own rule must not cost anybody an opt-out: without it the system's rules decide.
  select * into meaning, recognized_by, rule_id from private.classify_reply(null, message.body, sent);
end
$$;

-- Records an inbound message whose signature was verified, once per provider message id; its meaning takes effect in
-- the same transaction. Replies of one number are processed one at a time, so that two simultaneous STOPs are one
-- suppression and one confirmation. facts and signed_by: see record_receipt. Returns { known, duplicate, meaning }.
-- Security definer because the service role may not write these tables.
create function private.record_inbound(provider text, provider_message_id text, from_number text, to_number text,
  body text, media jsonb, opt_out_type text, facts jsonb, signed_by uuid[])
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  account public.sms_accounts;
  message public.messages;
  reply record;
  meaning text;
begin
  perform pg_advisory_xact_lock(hashtextextended('inbound|' || provider_message_id, 0));
  select * into account from public.sms_accounts a
  where a.provider = record_inbound.provider and a.sender_id = record_inbound.to_number
    and (signed_by is null or a.organization_id = any (signed_by))
    -- What the platform's account received belongs to the organization that the number was approved for, or that has
    -- texted from it; naming a number is not enough.
    and (signed_by is not null or a.approved_at is not null or exists (
      select from public.messages m
      where m.organization_id = a.organization_id and m.to_number = record_inbound.from_number and m.account_id = a.id))
  -- Several organizations may have one number of an account of their own: a reply answers who wrote last.
  order by signed_by is null and a.approved_at is null, private.latest_text(a, record_inbound.from_number) desc nulls last,
    a.approved_at is null, a.credentials_secret_id is not null, a.id limit 1;
  if account is null then
    return '{"known": false, "duplicate": false, "meaning": null}'::jsonb;
  end if;
  if exists (select from public.messages m where m.provider_message_id = record_inbound.provider_message_id) then
    return '{"known": true, "duplicate": true, "meaning": null}'::jsonb;
  end if;
  from_number := private.known_spelling(account.organization_id, from_number);
  message := private.insert_inbound_message(account, provider_message_id, from_number, body, media, facts);
  perform private.lift_undeliverable_of_writer(account.organization_id, from_number);

  select * into reply from private.classify_inbound(message);
  if lower(opt_out_type) in ('stop', 'start', 'help') then
    select r.meaning, r.recognized_by, r.rule_id into reply
    from (values (lower(opt_out_type), 'provider', case when reply.meaning = lower(opt_out_type)
      then reply.rule_id end))
      as r (meaning, recognized_by, rule_id);
  end if;
  meaning := reply.meaning;
  -- Short codes and names cannot be suppressed: nobody replies from one.
  if meaning is not null and from_number ~ '^\+[1-9][0-9]{6,14}$' then
    perform pg_advisory_xact_lock(hashtextextended('reply|' || account.organization_id || '|' || from_number, 0));
    case meaning
      when 'stop' then
        perform private.opt_out_by_reply(account, message, reply.recognized_by, reply.rule_id);
        perform private.opt_out_of_same_number(account, message, reply.recognized_by, signed_by);
      when 'start' then meaning := private.opt_in_by_reply(account, message, reply.recognized_by, reply.rule_id);
      when 'help' then perform private.answer_help(account, message, reply.recognized_by = 'provider');
      else perform private.open_reply_review(message, reply.rule_id);
    end case;
  end if;
  return jsonb_build_object('known', true, 'duplicate', false, 'meaning', meaning);
end
$$;
grant execute on function private.record_inbound(text, text, text, text, text, jsonb, text, jsonb,
  uuid[]) to service_role;

create function public.record_inbound(provider text, provider_message_id text, from_number text, to_number text,
  body text, media jsonb default '[]', opt_out_type text default null, facts jsonb default '{}',
  signed_by uuid[] default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.record_inbound(provider, provider_message_id, from_number, to_number, body, media, opt_out_type, facts,
    signed_by)
$$;
comment on function public.record_inbound is
  'Records one inbound message and applies what it means: STOP in any words, START, HELP; a repeat changes nothing. '
  'facts: see record_receipt.';
grant execute on function public.record_inbound(text, text, text, text, text, jsonb, text, jsonb,
  uuid[]) to service_role;
