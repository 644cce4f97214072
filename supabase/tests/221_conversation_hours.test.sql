-- The legal hours of a person's text hold whenever it is claimed, not only when it was written.
begin;
\ir support.inc
select plan(22);
do $$
begin
  update public.sms_accounts set status = 'disabled';
  perform tests.arrange();
  insert into public.sms_accounts (id, organization_id, provider, sender_id, is_default)
  values (tests.remember('sender', private.uuid_v7()), tests.id('ours'), 'twilio', '+12125550001', false);
  insert into public.messages (id, organization_id, direction, account_id, to_number, from_number, body, encoding,
    segments, status, provider)
  values (tests.remember('maybe', private.uuid_v7(now() - interval '1 day')), tests.id('ours'), 'inbound',
    tests.id('sender'), '+12125550001', '+12125550101', 'enough?', 'GSM-7', 1, 'received', 'twilio');
  insert into public.reply_reviews (id, organization_id, phone, message_id)
  values (tests.remember('review', private.uuid_v7()), tests.id('ours'), '+12125550101', tests.id('maybe'));
end
$$;
create function tests.hours(opens time, closes time) returns void language sql as $$
  delete from private.contact_windows;
  insert into private.contact_windows (country, opens, closes, effective_from, source)
  values ('US', opens, closes, '2000-01-01', 'test');
$$;
create function tests.write(name text, phone text) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('operator');
  answer := public.start_conversation(tests.id('ours'), phone, 'Are you there?', '+12125550001');
  perform tests.act_as('postgres');
  perform tests.remember(name, (answer ->> 'message_id')::uuid);
  return answer ->> 'waits_for';
end
$$;
create function tests.exchange(outcomes jsonb default '[]') returns text[] language sql as $$
  select coalesce(array_agg(m ->> 'to'), '{}')
  from jsonb_array_elements(public.exchange_dispatch_batch(outcomes, 10, '{}') -> 'messages') m
$$;
create function tests.waits(name text) returns setof text language sql as $$
  select extensions.is((select m.status || ' ' || m.wait_reason || ' ' || (m.send_after > now()) from public.messages m
    where m.id = tests.id(name)), 'queued quiet_hours true', name || ' waits for the legal hours.')
$$;

select tests.hours(null, null);
select is(tests.write('reviewed', '+12125550101'), 'review', 'A text waits for a review.');
select tests.act_as('admin');
select is(public.decide_reply_review(tests.id('ours'), tests.id('review'), 'dismissed') ->> 'status', 'dismissed',
  'At a closed hour the review is closed.');
select tests.act_as('postgres');
select is(tests.exchange(), '{}', 'The text does not go out at that hour.');
select tests.waits('reviewed');

select tests.hours('00:00', '24:00');
select tests.write('refused', '+12125550102');
select is(tests.exchange(), '{+12125550102}', 'At an open hour a text goes out.');
select tests.hours(null, null);
update public.sms_accounts set status = 'active' where id = tests.id('sender');
select is(tests.exchange(jsonb_build_array(jsonb_build_object('id', tests.id('refused'), 'attempt', 1, 'kind', 'retry',
  'code', '500'))), '{}', 'The provider refuses it.');
update public.messages set send_after = now() where id = tests.id('refused');
select is(tests.exchange(), '{}', 'When the provider answers again the hours are closed.');
select tests.waits('refused');

-- A single text to a lead is no different.
delete from public.messages where organization_id = tests.id('ours') and direction = 'outbound';
insert into public.leads (id, organization_id, first_name, phone)
values (tests.remember('prospect', private.uuid_v7()), tests.id('ours'), 'Ama', '+12125550103');
create function tests.text_lead() returns timestamptz language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin');
  answer := public.send_message(tests.id('ours'), message => 'Hello', sender_id => '+12125550001', lead_id => tests.id('prospect'));
  perform tests.act_as('postgres');
  return answer ->> 'send_after';
end
$$;
select ok(tests.text_lead() > now(), 'A text to a lead waits for the legal hours.');
update public.messages set send_after = now() where organization_id = tests.id('ours') and status = 'queued';
select is(tests.exchange(), '{}', 'It waits too when it is due.');
insert into public.messages (id, organization_id, direction, account_id, to_number, from_number, body, encoding,
  segments, status, provider, created_at)
values (private.uuid_v7(), tests.id('ours'), 'inbound', tests.id('sender'), '+12125550001', '+12125550103', 'When?',
  'GSM-7', 1, 'received', 'twilio', now() - interval '59 minutes');
select ok(tests.text_lead() <= now(), 'An answer within the hour goes out at any hour.');
select is(tests.exchange(), '{+12125550103}', 'It is handed over.');
select is((select count(*)::integer from public.messages m where m.organization_id = tests.id('ours')
  and m.legal_hours_from = now() + interval '1 minute'), 1, 'Until the hour is over.');

-- Nor is one to a number, or many. Only what is about a customer's account keeps just the organization's hours.
delete from public.messages where organization_id = tests.id('ours');
do $$
begin
  perform tests.customer('Subscriber', 'ours', 'S1', '+12125550104');
end
$$;
create function tests.send_many(variadic phones text[]) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('operator');
  answer := public.send_bulk(tests.id('ours'), 'Hello', sender_id => '+12125550001', recipients => (
    select jsonb_agg(jsonb_build_object('position', p.n, 'to', p.phone)) from unnest(phones) with ordinality p (phone, n)));
  perform tests.act_as('postgres');
  return (
    select string_agg(m.to_number || case when m.send_after > now() then ' waits' else '' end, ', ' order by m.to_number)
    from public.messages m where m.batch_id = (answer ->> 'batch_id')::uuid);
end
$$;
create function tests.send_one(customer uuid default null, phone text default null) returns boolean language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('operator');
  answer := public.send_message(tests.id('ours'), message => 'Hello', sender_id => '+12125550001', to_number => phone,
    customer_id => customer);
  perform tests.act_as('postgres');
  return (answer ->> 'send_after')::timestamptz > now();
end
$$;
select ok(tests.send_one(phone => '+12125550105'), 'A text to a number waits for the legal hours.');
select ok(tests.send_one(phone => '+12125550104'), 'And so it does if a customer has the number.');
select ok(not tests.send_one(customer => tests.id('Subscriber')), 'A text to a customer does not.');
update public.messages set send_after = now() where organization_id = tests.id('ours') and status = 'queued';
select is(tests.exchange(), '{+12125550104}', 'They wait too when they are due; the customer''s is handed over.');
select tests.hours('00:00', '24:00');
update public.messages set send_after = now() where organization_id = tests.id('ours') and status = 'queued';
select set_eq('select unnest(tests.exchange())', array['+12125550104', '+12125550105'], 'At an open hour they go out.');
select tests.hours(null, null);
insert into public.messages (id, organization_id, direction, account_id, to_number, from_number, body, encoding,
  segments, status, provider, created_at)
values (private.uuid_v7(now() - interval '59 minutes'), tests.id('ours'), 'inbound', tests.id('sender'), '+12125550001', '+12125550107', 'When?',
  'GSM-7', 1, 'received', 'twilio', now() - interval '59 minutes');
update public.organizations set allowed_countries = '{US,GH}' where id = tests.id('ours');
select is(tests.send_many('+12125550106', '+12125550107', '+233244000001'),
  '+12125550106 waits, +12125550107, +233244000001',
  'Of many each keeps the hours of its place, except an answer within the hour.');
select set_eq('select unnest(tests.exchange())', array['+12125550107', '+233244000001'], 'They are handed over.');
select is((select string_agg(to_number, ' ' order by to_number) from public.messages m where m.organization_id = tests.id('ours')
  and m.direction = 'outbound' and m.legal_hours_from is null), '+12125550104', 'Only the customer''s text has no legal hours.');
select is((select count(*)::integer from public.messages m where m.organization_id = tests.id('ours') and m.to_number = '+12125550106'
  and m.status = 'queued' and m.wait_reason = 'quiet_hours'), 1, 'What waits says why.');

select * from finish();
rollback;
