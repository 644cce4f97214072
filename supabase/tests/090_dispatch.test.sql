-- The sender's half in the database: who gets which message when, what becomes of it, and what reports can and cannot do.
begin;
\ir support.inc
select plan(186);
do $$
begin
  update public.sms_accounts set status = 'disabled';
  update public.messages set status = 'failed' where status = 'sending';
  perform tests.arrange();
  update public.organizations set marketing_consent = 'not_required';
  perform tests.remember('sender of ' || name, (select id from public.sms_accounts where organization_id = tests.id(name)))
  from unnest(array['ours', 'theirs']) name;
end
$$;
create function tests.queue(name text, organization text default 'ours', to_number text default '+233244000001',
  send_after timestamptz default now(), category text default 'service') returns uuid language plpgsql as $$
declare
  message uuid;
begin
  insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status, provider, send_after, category)
  select tests.id(organization), a.id, queue.to_number, a.sender_id, 'Text ' || name, 'GSM-7', 1, 'queued', a.provider, queue.send_after, queue.category
  from public.sms_accounts a where a.id = tests.id('sender of ' || organization)
  returning id into message;
  return tests.remember(name, message);
end
$$;
create function tests.message(name text) returns public.messages language sql stable as $$
  select m from public.messages m where m.id = tests.id(name)
$$;
create function tests.step(outcomes jsonb, batch_size integer) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.exchange_dispatch_batch(outcomes, batch_size, '{"arkesel": "platform fingerprint"}');
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.claim(batch_size integer) returns text[] language sql as $$
  select coalesce(array_agg(substr(m ->> 'body', 6) order by m ->> 'body'), '{}') from jsonb_array_elements(tests.step('[]', batch_size) -> 'messages') m
$$;
create function tests.report(name text, kind text, more jsonb default '{}') returns void language sql as $$
  select tests.step(jsonb_build_array(jsonb_build_object('id', tests.id(name), 'attempt', (tests.message(name)).attempts, 'kind', kind) || more), 0)
$$;
create function tests.receipt(name text, status text, provider_id text default 'P', code text default null, opt_out boolean default false) returns jsonb
language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.record_receipt(provider => 'arkesel', provider_message_id => provider_id, status => status,
    message_id => tests.id(name), code => code, detail => 'detail of ' || code, opt_out => opt_out);
  perform tests.act_as('postgres');
  return answer;
end
$$;
-- A message that was claimed and whose fate nobody knows yet; a clean slate before each section.
create function tests.sending(name text, organization text default 'ours', category text default 'service') returns void language sql as $$
  select tests.queue(name, organization, category => category);
  select tests.claim(50);
$$;
create function tests.clear() returns void language sql as $$
  delete from public.message_events;
  delete from public.messages;
  delete from public.suppressions;
  delete from public.notifications;
  update public.sms_accounts set status = 'active', outages = 0, circuit_open_until = null, circuit_open_reason = null
  where id in (tests.id('sender of ours'), tests.id('sender of theirs'));
$$;
grant execute on all functions in schema tests to public;

-- Only for the service role
select tests.only('{}', call, '42501', call) from unnest(array[
  'select public.exchange_dispatch_batch()', 'select public.claim_unknown_outcomes(1)',
  'select public.record_receipt(''arkesel'', ''P'', ''delivered'')',
  'select public.record_inbound(''arkesel'', ''P'', ''+233244000001'', ''X'', ''STOP'')',
  'select public.webhook_credentials(''twilio'', ''AC1'')', 'select private.claim_messages(1, null, null)', 'select private.record_outcomes(''[]'')']) call;

-- Claiming
do $$ begin perform tests.queue('b'), tests.queue('a'), tests.queue('later', send_after => now() + interval '30 seconds'),
  tests.queue('tomorrow', send_after => now() + interval '1 day'); end $$;
create table tests.claimed as select tests.step('[]', 10) as answer;
select is((select jsonb_agg(m - 'id' order by m ->> 'body') from tests.claimed, jsonb_array_elements(answer -> 'messages') m),
  jsonb_build_array(
    jsonb_build_object('attempt', 1, 'to', '+233244000001', 'from', 'OursPower', 'body', 'Text a', 'provider', 'arkesel', 'account_id', tests.id('sender of ours'), 'expires_at', null, 'provider_account', 'platform fingerprint'),
    jsonb_build_object('attempt', 1, 'to', '+233244000001', 'from', 'OursPower', 'body', 'Text b', 'provider', 'arkesel', 'account_id', tests.id('sender of ours'), 'expires_at', null, 'provider_account', 'platform fingerprint')),
  'What is due is claimed with all that sending needs.');
select results_eq($$select status, attempts, sending_at is not null from public.messages where id = tests.id('a')$$, $$values ('sending', 1, true)$$,
  'What is claimed is marked before it goes out.');
select results_eq($$select status, source from public.message_events where message_id = tests.id('a')$$, $$values ('sending', 'dispatch')$$, 'And so it stands in its story.');
select is(tests.claim(10), '{}', 'What is claimed is not claimed again.');
select is(tests.step('[]', 10) ->> 'next_due_at', to_jsonb(now() + interval '30 seconds') #>> '{}', 'The dispatcher is told when the next falls due.');
delete from public.messages where id = tests.id('later');
select is(tests.step('[]', 10) -> 'next_due_at', 'null', 'Unless that is more than a minute away.');
select is(tests.step('[]', 0) -> 'messages', '[]', 'Who wants nothing gets nothing.');

do $$ begin
  perform tests.clear();
  perform tests.queue('ours ' || n, 'ours', send_after => now() - interval '1 hour') from generate_series(100, 199) n;
  perform tests.queue('theirs ' || n, 'theirs') from generate_series(1, 3) n;
end $$;
select is((select array_agg(split_part(c, ' ', 1) || n order by c) from (select split_part(c, ' ', 1) as c, count(*) as n from unnest(tests.claim(10)) c group by 1) x),
  '{ours5,theirs3}', 'A long queue of one tenant does not keep another waiting.');
select is(cardinality(tests.claim(10)), 10, 'Who has the queue to itself gets all places.');
select is((select max((tests.message('ours ' || n)).attempts) from generate_series(116, 199) n), 0, 'The oldest go first.');
do $$ begin
  perform tests.clear();
  perform tests.queue('x ' || n, (array['ours', 'theirs'])[1 + n % 2]) from generate_series(1, 8) n;
end $$;
select is(cardinality(tests.claim(1)), 1, 'However many senders there are, nobody gets more than it wants.');
select is(cardinality(tests.claim(3)), 3, 'Nor when places do not divide evenly.');

-- Checked at the last moment
do $$ begin
  perform tests.clear();
  perform tests.queue('opted out', to_number => '+233244000002'), tests.queue('no marketing', to_number => '+233244000003'),
    tests.queue('offer', to_number => '+233244000003', category => 'marketing'), tests.queue('lifted', to_number => '+233244000004'),
    tests.queue('elsewhere', to_number => '+233244000005');
  insert into public.suppressions (organization_id, phone, source, scope, lifted_at) values
    (tests.id('ours'), '+233244000002', 'reply', 'all', null), (tests.id('ours'), '+233244000003', 'manual', 'marketing', null),
    (tests.id('ours'), '+233244000004', 'reply', 'all', now()), (tests.id('theirs'), '+233244000005', 'reply', 'all', null);
end $$;
select is(tests.claim(10), '{elsewhere,lifted,"no marketing"}', 'Who opted out since it was queued gets nothing; what is lifted, for marketing only or another''s does not count.');
select results_eq($$select status, error_code, attempts from public.messages where id in (tests.id('opted out'), tests.id('offer'))$$,
  $$values ('suppressed', 'suppressed', 0), ('suppressed', 'suppressed', 0)$$, 'It is suppressed, with the reason.');
do $$ begin
  perform tests.clear(), tests.queue('night');
  update public.organizations set quiet_hours_start = ((now() at time zone 'Africa/Accra') - interval '1 hour')::time,
    quiet_hours_end = ((now() at time zone 'Africa/Accra') + interval '1 hour')::time where id = tests.id('ours');
end $$;
select is(tests.claim(10), '{}', 'In quiet hours nothing goes out, whenever it was queued.');
select results_eq($$select status, send_after, attempts from public.messages where id = tests.id('night')$$, $$values ('queued', now() + interval '1 hour', 0)$$,
  'It waits until they end.');
update public.organizations set quiet_hours_start = null, quiet_hours_end = null where id = tests.id('ours');

-- Outcomes
do $$ begin
  perform tests.clear();
  perform tests.sending(name) from unnest(array['accepted', 'rejected', 'retry', 'slow down', 'unknown', 'worn out', 'opt-out']) name;
  update public.messages set attempts = 8 where id = tests.id('worn out');
  perform tests.report('accepted', 'accepted', '{"provider_message_id": "P1", "segments": 2}');
  perform tests.report('rejected', 'rejected', '{"code": "21211", "message": "invalid number"}');
  perform tests.report('retry', 'retry', '{"code": "500"}');
  perform tests.report('slow down', 'retry', '{"code": "429", "retry_after_seconds": 600}');
  perform tests.report('unknown', 'unknown', '{"code": "timeout"}');
  perform tests.report('worn out', 'retry', '{"code": "500"}');
  perform tests.report('opt-out', 'rejected', '{"code": "21610", "opt_out": true}');
end $$;
select results_eq($$select status, provider_message_id, segments, sent_at is not null from public.messages where id = tests.id('accepted')$$,
  $$values ('sent', 'P1', 2, true)$$, 'What the provider accepted is sent, in as many parts as it says.');
select results_eq($$select status, error_code, error_message from public.messages where id = tests.id('rejected')$$, $$values ('failed', '21211', 'invalid number')$$,
  'What it refused has failed for good.');
select results_eq($$select status, attempts, send_after between now() + interval '1 second' and now() + interval '3 seconds' from public.messages where id = tests.id('retry')$$,
  $$values ('queued', 1, true)$$, 'What failed for a while is tried again, a little later.');
select ok((tests.message('slow down')).send_after >= now() + interval '600 seconds', 'A provider that names a time is given it.');
select results_eq($$select status, attempts from public.messages where id = tests.id('unknown')$$, $$values ('sending', 1)$$, 'A message without an outcome stays in sending.');
select is((tests.message('worn out')).status, 'failed', 'After eight attempts it has failed.');
select results_eq($$select phone, scope, source from public.suppressions where organization_id = tests.id('ours')$$, $$values ('+233244000001', 'all', 'provider')$$,
  'A number that opted out at the provider is suppressed.');
select results_eq($$select name, string_agg(e.status, ' ' order by e.id) from unnest(array['accepted', 'rejected', 'retry', 'unknown']) name
  join public.message_events e on e.message_id = tests.id(name) group by name order by name$$,
  $$values ('accepted', 'sending sent'), ('rejected', 'sending failed'), ('retry', 'sending queued'), ('unknown', 'sending unknown')$$, 'Each outcome stands in the story.');
select ok(bool_and(private.retry_delay(n) <= interval '1350 seconds') and bool_and(private.retry_delay(n) >= interval '1 second'), 'No pause is longer than 22 minutes.')
from generate_series(1, 1000) n;
do $$ begin
  perform tests.report('opt-out', 'rejected', '{"code": "21610", "opt_out": true}');
  perform tests.report('rejected', 'accepted', '{"provider_message_id": "P9"}');
end $$;
select is((tests.message('rejected')).status, 'failed', 'What has failed does not come back by a second outcome.');

-- Outcomes of another attempt, and after a report
do $$ begin
  perform tests.clear(), tests.sending('second attempt'), tests.sending('resent'), tests.sending('reported');
  update public.messages set attempts = 2 where id in (tests.id('second attempt'));
  update public.messages set status = 'queued' where id = tests.id('resent');
  perform tests.step(jsonb_build_array(jsonb_build_object('id', tests.id('second attempt'), 'attempt', 1, 'kind', 'rejected', 'code', 'x')), 0);
  perform tests.report('resent', 'accepted', '{"provider_message_id": "P2"}');
  perform tests.receipt('reported', 'delivered', 'P3');
  perform tests.report('reported', 'accepted', '{"provider_message_id": "P3"}');
  perform tests.report('reported', 'rejected', '{"code": "x"}');
  perform tests.report('reported', 'retry', '{"code": "x"}');
end $$;
select is((tests.message('second attempt')).status, 'sending', 'The first attempt''s outcome says nothing of the second.');
select results_eq($$select status, provider_message_id from public.messages where id = tests.id('resent')$$, $$values ('sent', 'P2')$$,
  'What turns out to be accepted while it waits for another attempt is not sent again.');
select results_eq($$select status, error_code, provider_message_id from public.messages where id = tests.id('reported')$$, $$values ('delivered', null, 'P3')$$,
  'An outcome that comes after a report changes nothing of it.');

-- An outage
do $$ begin
  perform tests.clear();
  perform tests.queue('down ' || n) from generate_series(1, 5) n;
  perform tests.queue('other ' || n, 'theirs') from generate_series(1, 5) n;
end $$;
do $$
declare
  claimed jsonb := tests.step('[]', 4);
begin
  perform tests.step((select jsonb_agg(jsonb_build_object('id', m ->> 'id', 'attempt', 1, 'kind', 'outage', 'message', 'refuses')) from jsonb_array_elements(claimed -> 'messages') m
    where m ->> 'account_id' = tests.id('sender of ours')::text), 0);
end $$;
select results_eq($$select status, outages, circuit_open_reason, circuit_open_until from public.sms_accounts where id = tests.id('sender of ours')$$,
  $$values ('circuit_open', 1, 'refuses', now() + interval '5 seconds')$$, 'A provider that refuses everything opens the senders circuit.');
select is((select count(*) from public.messages where organization_id = tests.id('ours') and status = 'queued' and attempts = 0), 5::bigint,
  'Its messages wait, and the attempt does not count.');
select set_eq($$select user_id, kind from public.notifications where organization_id = tests.id('ours')$$, $$values (tests.id('admin'), 'sender_circuit_open')$$,
  'Its admins are notified, and nobody else.');
select ok('other 3' = any (tests.claim(10)) and not exists (select from public.messages where organization_id = tests.id('ours') and status <> 'queued'),
  'Other senders go on; the queue of this one stays.');
select is(tests.step('[]', 10) ->> 'next_due_at', to_jsonb(now() + interval '5 seconds') #>> '{}', 'The dispatcher is told when to probe.');
update public.sms_accounts set circuit_open_until = now() where id = tests.id('sender of ours');
select is(cardinality(tests.claim(10)), 1, 'After the pause one message probes.');
select is(cardinality(tests.claim(10)), 0, 'And one only.');
do $$ begin
  perform tests.step((select jsonb_agg(jsonb_build_object('id', id, 'attempt', 1, 'kind', 'outage', 'message', 'refuses')) from public.messages where organization_id = tests.id('ours') and status = 'sending'), 0);
end $$;
select results_eq($$select outages, circuit_open_until from public.sms_accounts where id = tests.id('sender of ours')$$, $$values (2, now() + interval '10 seconds')$$,
  'A probe that fails doubles the pause.');
select is((select count(*) from public.notifications where organization_id = tests.id('ours')), 1::bigint, 'Nobody is notified twice.');
do $$ begin
  update public.sms_accounts set circuit_open_until = now() where id = tests.id('sender of ours');
  perform tests.claim(10);
  perform tests.step((select jsonb_agg(jsonb_build_object('id', id, 'attempt', 1, 'kind', 'accepted', 'provider_message_id', 'P')) from public.messages where organization_id = tests.id('ours') and status = 'sending'), 0);
end $$;
select results_eq($$select status, outages, circuit_open_until from public.sms_accounts where id = tests.id('sender of ours')$$, $$values ('active', 0, null::timestamptz)$$,
  'A probe that succeeds ends it.');
select is(cardinality(tests.claim(10)), 4, 'All that waited goes out; nothing was lost.');

-- Reports, in any order
create table tests.orders as
  with recursive reports (status) as (values ('queued'), ('sending'), ('sent'), ('delivered'), ('undelivered'), ('failed')),
  orders (list) as (
    select '{}'::text[] union all select o.list || r.status from orders o join reports r on r.status <> all (o.list) where cardinality(o.list) < 3
  )
  select row_number() over () as n, list from orders where cardinality(list) = 3;
create table tests.moves (n bigint, before text, reported text, after text);
do $$
declare
  wanted record;
  reported text;
  before text;
begin
  perform tests.clear();
  for wanted in select * from tests.orders loop
    perform tests.queue('order');
    update public.messages set status = 'sent', provider_message_id = 'P' where id = tests.id('order');
    -- Each report comes twice, the second time after the one that follows it.
    foreach reported in array wanted.list[1:2] || wanted.list[1:1] || wanted.list[3:3] || wanted.list[2:2] loop
      before := (tests.message('order')).status;
      perform tests.receipt('order', reported);
      insert into tests.moves values (wanted.n, before, reported, (tests.message('order')).status);
    end loop;
  end loop;
end
$$;
select is((select count(distinct n) from tests.moves), 120::bigint, 'Every order of three reports was tried.');
select is_empty($$select * from tests.moves where private.status_rank(after) < private.status_rank(before)$$, 'No report moves a status backwards.');
select is_empty($$select * from tests.moves where before in ('delivered', 'undelivered', 'failed') and after <> before$$, 'No report changes what is final.');
select is_empty($$select message_id from public.message_events group by message_id having count(*) <> 3$$, 'A report that comes twice stands in the story once.');
select is((select status from public.messages m where m.id = tests.id('order')),
  (select list[array_position(array[list[1] in ('delivered', 'undelivered', 'failed'), list[2] in ('delivered', 'undelivered', 'failed'), true], true)]
    from tests.orders order by n desc limit 1), 'The first final report decides.');

do $$ begin perform tests.clear(), tests.sending('early'), tests.sending('found by id'), tests.sending('silent'); end $$;
select is(tests.receipt('early', 'delivered', 'P1'), '{"known": true, "changed": true}', 'A report may come before the provider''s answer.');
select results_eq($$select status, provider_message_id, delivered_at is not null, sent_at is not null from public.messages where id = tests.id('early')$$,
  $$values ('delivered', 'P1', true, true)$$, 'It settles the message.');
select is(tests.receipt('early', 'delivered', 'P1'), '{"known": true, "changed": false}', 'The same report again changes nothing.');
do $$ begin perform tests.report('early', 'accepted', '{"provider_message_id": "P1", "segments": 3}'); end $$;
select results_eq($$select status, segments from public.messages where id = tests.id('early')$$, $$values ('delivered', 3)$$, 'The answer that comes late fills in what is missing.');
do $$ begin perform tests.report('found by id', 'accepted', '{"provider_message_id": "P2"}'); end $$;
select is(tests.receipt(null, 'undelivered', 'P2', '30003'), '{"known": true, "changed": true}', 'A report that names only the provider''s id finds its message.');
select results_eq($$select status, error_code, error_message from public.messages where id = tests.id('found by id')$$, $$values ('undelivered', '30003', 'detail of 30003')$$,
  'A failure has its code.');
select is(tests.receipt(null, 'delivered', 'P404'), '{"known": false, "changed": false}', 'A report of an unknown message is unknown.');
select is(tests.receipt('silent', 'failed', 'P5', '21610', true) ->> 'changed', 'true', 'A report can say that the number opted out.');
select is((select count(*) from public.suppressions where phone = '+233244000001' and organization_id = tests.id('ours')), 1::bigint, 'Then it is suppressed.');
select is(public.record_receipt('twilio', 'P6', 'delivered', message_id => tests.id('silent')) ->> 'known', 'false',
  'A report of another provider is none of this message.');
do $$ begin
  perform tests.clear(), tests.sending('given up'), tests.sending('withdrawn');
  update public.messages set status = 'failed', error_code = '500' where id = tests.id('given up');
  update public.messages set status = 'suppressed' where id = tests.id('withdrawn');
  perform tests.receipt('given up', 'delivered', 'P1'), tests.receipt('withdrawn', 'delivered', 'P2');
end $$;
select results_eq($$select status, error_code from public.messages where id = tests.id('given up')$$, $$values ('delivered', null)$$,
  'What was given up without an answer, and was delivered after all, is delivered.');
select is((tests.message('withdrawn')).status, 'delivered', 'So is what was suppressed before another attempt.');

-- Unknown outcomes
do $$ begin
  perform tests.clear();
  perform tests.sending('fresh'), tests.sending('lost'), tests.sending('leased'), tests.sending('held');
  update public.messages set sending_at = now() - interval '700 seconds' where id <> tests.id('fresh');
  update public.messages set lookup_until = now() + interval '10 seconds' where id = tests.id('leased');
  update public.messages set held_at = now() where id = tests.id('held');
end $$;
create function tests.claim_unknown() returns text[] language plpgsql as $$
declare
  answer text[];
begin
  perform tests.act_as('service_role');
  answer := array(select substr(m ->> 'body', 6) from jsonb_array_elements(public.claim_unknown_outcomes(600) -> 'messages') m order by 1);
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.settle(name text, candidates jsonb default '[]', attempt integer default null) returns text language plpgsql as $$
declare
  answer text;
  attempts integer := coalesce(attempt, (tests.message(name)).attempts);
begin
  answer := private.resolve_unknown_outcome(tests.id(name), attempts, candidates);
  return answer;
end
$$;
select is(tests.claim_unknown(), '{lost}', 'After the settle time an outcome counts as unknown, unless it is being looked up or a person decides.');
select is(tests.claim_unknown(), '{}', 'A lookup has it for a minute.');
update public.messages set lookup_until = now() - interval '1 second' where id = tests.id('lost');
select is(tests.claim_unknown(), '{lost}', 'Without an answer it is looked up again.');
select is(tests.claim(10), '{}', 'A message with an unknown outcome is not simply sent again.');

do $$ begin
  perform tests.clear();
  perform tests.sending(name) from unnest(array['owner', 'twin', 'late', 'resend', 'worn out', 'settled']) name;
  perform tests.sending('offer', category => 'marketing');
  perform tests.report('owner', 'accepted', '{"provider_message_id": "P1"}');
  perform tests.report('settled', 'accepted', '{"provider_message_id": "P0"}');
  update public.messages set attempts = 8 where id = tests.id('worn out');
end $$;
select is(tests.settle('settled', attempt => 1), 'resolved', 'What is settled meanwhile stays so.');
select is(tests.settle('resend', attempt => 7), 'resolved', 'An answer about another attempt does not count.');
select is(tests.settle('twin', '[{"provider_message_id": "P1", "status": "delivered"}, {"provider_message_id": "P2", "status": "sent"}]'), 'found',
  'What the provider has is found.');
select results_eq($$select status, provider_message_id from public.messages where id = tests.id('twin')$$, $$values ('sent', 'P2')$$,
  'A candidate that belongs to another message does not count.');
select is(tests.settle('late', '[{"provider_message_id": "P1", "status": "delivered"}]'), 'resend', 'If all belong to others, it was not sent.');
select is(tests.settle('resend'), 'resend', 'A service message that the provider does not know is sent again.');
select results_eq($$select status, send_after <= now() from public.messages where id = tests.id('resend')$$, $$values ('queued', true)$$, 'It is due at once.');
select is(tests.settle('offer'), 'held', 'A marketing message is held for a person.');
select results_eq($$select status, held_at is not null from public.messages where id = tests.id('offer')$$, $$values ('sending', true)$$, 'Its outcome stays unknown.');
select is(tests.settle('worn out'), 'held', 'After eight attempts a person decides.');
do $$ begin
  update public.messages set sending_at = now() where status = 'sending' and held_at is null;
  perform tests.claim_unknown();
end $$;
select set_eq($$select user_id, kind, data from public.notifications$$, $$values (tests.id('admin'), 'message_held', '{"messages": 2}'::jsonb)$$,
  'The admins are notified of both at once.');
select is(tests.receipt('offer', 'delivered', 'P9') ->> 'changed', 'true', 'A report settles what is held.');
select results_eq($$select status, held_at from public.messages where id = tests.id('offer')$$, $$values ('delivered', null::timestamptz)$$, 'Then nobody need decide.');
update public.organizations set unknown_outcome_service = 'hold' where id = tests.id('theirs');
do $$ begin perform tests.sending('their choice', 'theirs'); end $$;
select is(tests.settle('their choice'), 'held', 'Each organization chooses for itself.');

-- Replies
create function tests.reply(id text, body text, from_number text default '+12025550101', to_number text default '+12025550106', opt_out_type text default null) returns jsonb
language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.record_inbound('twilio', id, from_number, to_number, body, '[]', opt_out_type);
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.suppressed(number text default '+12025550101') returns boolean language sql as $$
  select exists (select from public.suppressions s
    where s.organization_id = tests.id('ours') and s.phone = number and s.scope = 'all' and s.lifted_at is null)
$$;
do $$ begin
  perform tests.clear();
  insert into public.sms_accounts (organization_id, provider, sender_id) values (tests.id('ours'), 'twilio', '+12025550106');
  perform tests.customer('ama', 'ours', 'A1', '+12025550101');
end $$;
select is(tests.reply('S1', 'Thank you'), '{"known": true, "duplicate": false, "meaning": null}', 'A reply is kept.');
select results_eq($$select direction, status, customer_id, from_number, body from public.messages$$,
  $$values ('inbound', 'received', tests.id('ama'), '+12025550101', 'Thank you')$$, 'It belongs to the customer with that number.');
select is(tests.reply('S1', 'Thank you') -> 'duplicate', 'true', 'The same reply again is a duplicate.');
select is((select count(*) from public.messages), 1::bigint, 'It is kept once.');
select is(tests.reply('S9', 'Hi', to_number => '+12025550100') -> 'known', 'false', 'A reply to nobody''s number is nobody''s.');
select is(tests.suppressed(), false, 'Thanks are no opt-out.');
select is(tests.reply('S' || word, word) ->> 'meaning', meaning, format('"%s" means %s.', word, coalesce(meaning, 'nothing')))
from (values ('stop', 'stop'), (' Stop. ', 'stop'), ('OPT   OUT', 'stop'), ('unsubscribe!', 'stop'), ('please stop', 'stop'), ('stopping', null),
  ('START', 'start'), ('"help"', 'help')) v (word, meaning);
do $$ begin perform tests.clear(), tests.reply('T1', 'STOP'); end $$;
select is(tests.suppressed(), true, 'STOP suppresses the number.');
do $$ begin perform tests.reply('T2', 'stop'); end $$;
select is((select count(*) from public.suppressions), 1::bigint, 'STOP twice suppresses it once.');
do $$ begin perform tests.reply('T3', 'START'); end $$;
select is(tests.suppressed(), false, 'START lifts it.');
select results_eq($$select lifted_reason from public.suppressions$$, array['Replied: START'], 'What was lifted stays as history.');
do $$ begin perform tests.reply('T4', 'Nein danke', opt_out_type => 'STOP'); end $$;
select is(tests.suppressed(), true, 'The provider''s own judgement counts, in any language.');
do $$ begin
  perform tests.clear();
  insert into public.suppressions (organization_id, phone, source) values (tests.id('ours'), '+12025550101', 'manual');
  perform tests.reply('T5', 'START');
end $$;
select is(tests.suppressed(), true, 'START does not lift what a person decided.');
select is((select count(*) from private.message_totals t group by organization_id having sum(messages) <> 0 limit 1), null, 'Replies are not counted as texts.');

-- Credentials
select tests.act_as('admin');
select lives_ok($$select public.set_sms_credentials(id, '{"account_sid": "AC11111111111111111111111111111111", "auth_token": "t"}') from public.sms_accounts where provider = 'twilio'$$, 'A sender has credentials of its own.');
select tests.act_as('service_role');
select is(public.webhook_credentials('twilio', 'AC11111111111111111111111111111111'), jsonb_build_array(jsonb_build_object('account_sid', 'AC11111111111111111111111111111111', 'auth_token', 't', 'organization_id', tests.id('ours'))),
  'A webhook is verified with the credentials of its account, and is known to be of its organization.');
select is(public.webhook_credentials('twilio', 'AC2'), '[]', 'An unknown account has none.');
select tests.act_as('postgres');
do $$ begin
  update public.sms_accounts set is_default = false where organization_id = tests.id('ours');
  perform tests.clear(), tests.remember('sender of ours', (select id from public.sms_accounts where provider = 'twilio' and organization_id = tests.id('ours')));
  perform tests.queue('with credentials', to_number => '+12025550101');
end $$;
select is(tests.step('[]', 5) -> 'credentials', jsonb_build_object(tests.id('sender of ours'), jsonb_build_object('account_sid', 'AC11111111111111111111111111111111', 'auth_token', 't', 'provider_account',
    left(encode(sha256('twilio:AC11111111111111111111111111111111'), 'hex'), 16))),
  'The dispatcher gets the credentials with the messages.');
select is((tests.message('with credentials')).provider_account, left(encode(sha256('twilio:AC11111111111111111111111111111111'), 'hex'), 16), 'The account it goes through is kept with it.');
select is(private.provider_account('twilio', '{"account_sid": "AC11111111111111111111111111111111", "auth_token": "another"}'), left(encode(sha256('twilio:AC11111111111111111111111111111111'), 'hex'), 16),
  'Another token of an account is the same account.');

select * from finish();
rollback;
