-- Reconciliation: when a provider is asked about a message, what its answer does, what is listed, what people decide.
begin;
\ir support.inc
select plan(154);
do $$
begin
  update public.messages set unknown_at = now() where status = 'sent';
  update public.messages set status = 'failed' where status = 'sending';
  delete from private.price_cursors;
  perform tests.arrange();
  insert into public.sms_accounts (organization_id, provider, sender_id)
  values (tests.id('ours'), 'twilio', '+15550100001'), (tests.id('theirs'), 'twilio', '+15550100002');
  perform tests.remember('sender of ' || name, (
    select id from public.sms_accounts where organization_id = tests.id(name) and provider = 'twilio'))
  from unnest(array['ours', 'theirs']) name;
end
$$;
-- A message that the provider accepted two hours ago.
create function tests.sent(name text, organization text default 'ours', ago interval default '2 hours',
  category text default 'service')
returns uuid language plpgsql as $$
declare
  message uuid;
begin
  insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
    provider, provider_message_id, attempts, sending_at, sent_at, category)
  select a.organization_id, a.id, '+233244000001', a.sender_id, 'Text ' || name, 'GSM-7', 1, 'sent', a.provider, 'SM '
    || name, 1, now() - ago, now() - ago, sent.category
  from public.sms_accounts a where a.id = tests.id('sender of ' || organization)
  returning id into message;
  return tests.remember(name, message);
end
$$;
create function tests.held(name text, category text default 'service') returns void language sql as $$
  select tests.sent(name, category => category);
  update public.messages set status = 'sending', provider_message_id = null, sent_at = null, held_at = now()
  where id = tests.id(name)
$$;
create function tests.message(name text) returns public.messages language sql stable as $$
  select m from public.messages m where m.id = tests.id(name)
$$;
create function tests.claim(batch_size integer default 100,
  quiet integer default null) returns text[] language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.claim_for_reconciliation(quiet, batch_size);
  perform tests.act_as('postgres');
  return array(select substr(m ->> 'body', 6) from jsonb_array_elements(answer -> 'messages') m order by 1);
end
$$;
create function tests.answer(name text, kind text, status text default null,
  more jsonb default '{}') returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.record_lookups(jsonb_build_array(jsonb_build_object('id', tests.id(name), 'attempt', 1, 'kind', kind,
    'account_id', (tests.message(name)).account_id, 'candidates', case when status is null then '[]' else
      jsonb_build_array(jsonb_build_object('provider_message_id', 'SM ' || name, 'status', status) || more) end)
    || case when status is null then more else '{}' end));
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.clear() returns void language sql as $$
  delete from public.message_events;
  delete from public.messages where organization_id in (tests.id('ours'), tests.id('theirs'));
  delete from private.lookup_pauses;
  delete from public.notifications;
$$;
grant execute on all functions in schema tests to public;

-- Only for the service role
select tests.only('{}', call, '42501', call) from unnest(array[
  'select public.claim_for_reconciliation()', 'select public.record_lookups(''[]'')',
  'select public.claim_price_lists()', 'select public.record_price_page(gen_random_uuid(), current_date, ''[]'')',
  'select private.alert_admins_of_unknown()']) call;
select is(tests.outcome('service_role', 'select * from private.' || name), '42501', 'Nobody reads ' || name
  || ' directly.')
from unnest(array['status_lookups', 'lookup_pauses', 'price_cursors']) name;

-- Which and when
do $$ begin
  perform tests.sent('old'), tests.sent('fresh', ago => '50 minutes'), tests.sent('theirs too', 'theirs');
  perform tests.sent('done');
  update public.messages set status = 'delivered' where id = tests.id('done');
end $$;
select is(tests.claim(), '{old,"theirs too"}',
  'A message accepted over an hour ago without a final status is claimed.');
select is(tests.claim(), '{}', 'A claimed message is leased.');
select is(tests.claim(quiet => 600), '{fresh}', 'After a crash the wait is shorter.');
select is((tests.message('old')).lookups_made, 0::smallint, 'Claiming does not count as a lookup.');
do $$ begin perform tests.clear();
  perform tests.sent('ours ' || n, ago => interval '1 day') from generate_series(100, 180) n;
  perform tests.sent('theirs ' || n, 'theirs') from generate_series(1, 3) n;
end $$;
select is((select array_agg(x.who || x.n order by x.who) from (
    select split_part(c, ' ', 1) as who, count(*) as n from unnest(tests.claim(10)) c group by 1) x),
  '{ours5,theirs3}', 'One tenant''s backlog does not delay another''s messages.');
do $$ begin perform tests.clear(); perform tests.sent('ancient', ago => '400 days'), tests.sent('orphan');
  update public.messages set account_id = null where id = tests.id('orphan'); end $$;
select is(tests.claim(), '{}', 'A message that is too old, or whose sender is gone, is not claimed.');
select results_eq($$select (tests.message(n)).unknown_reason from unnest(array['ancient', 'orphan']) n$$,
  $$values ('too_old'), ('no_account')$$, 'It is listed as unknown instead.');
select is((select count(*) from public.notifications where kind = 'messages_unknown'), 1::bigint,
  'The admin of the organization is notified.');

-- Answers
do $$ begin perform tests.clear(); perform tests.sent(n) from unnest(array['a', 'b', 'c', 'd', 'e']) n; end $$;
select is(tests.answer('a', 'answered', 'delivered', '{"facts": {"price": "-0.0075", "currency": "USD"}}'),
  '{"resolved": 1}', 'A final status resolves the message.');
select results_eq($$select status, price, price_currency, delivered_at is not null from public.messages
  where id = tests.id('a')$$, $$values ('delivered', 0.0075, 'USD', true)$$, 'The price is recorded with it.');
select results_eq($$select status, source from public.message_events where message_id = tests.id('a')$$,
  $$values ('delivered', 'provider')$$, 'The answer is among the message''s events.');
select is(tests.answer('a', 'answered', 'undelivered'), '{"resolved": 1}', 'A later answer');
select is((tests.message('a')).status, 'delivered', 'never changes a final status.');
select is(tests.answer('b', 'answered', 'undelivered', '{"code": "30640", "message": "no", "opt_out": true}'),
  '{"resolved": 1}', 'A failure resolves the message, too.');
select results_eq($$select status, error_code from public.messages where id = tests.id('b')$$,
  $$values ('undelivered', '30640')$$, 'With its code.');
select is((select count(*) from public.suppressions where organization_id = tests.id('ours') and source = 'provider'),
  1::bigint, 'An answer that reports an opt-out suppresses the number.');
select is(tests.answer('c', 'answered', 'sent'), '{"waiting": 1}', 'A message still under way is looked up again.');
select is((tests.message('c')).lookups_made, 1::smallint, 'The lookup is counted.');
select is(tests.answer('c', 'failed'), '{"unanswered": 1}', 'A provider that does not answer');
select is((tests.message('c')).lookups_made, 1::smallint, 'was not asked.');
select results_eq($$select failures, until > now() from private.lookup_pauses
  where account_id = tests.id('sender of ours')$$, $$values (1, true)$$, 'Lookups of the sender are paused.');
update public.messages set sent_at = now() - interval '1 day', lookup_until = null
where organization_id = tests.id('ours');
do $$ begin perform tests.sent('other', 'theirs'); end $$;
select is(tests.claim(), '{other}', 'Only that sender''s messages wait.');
select is(tests.answer('c', 'failed', null, '{"retry_after_seconds": 7200, "code": "http_429"}'), '{"unanswered": 1}',
  'The provider may say until when.');
select results_eq($$select failures, until > now() + interval '119 minutes', reason from private.lookup_pauses
  where account_id = tests.id('sender of ours')$$, $$values (2, true, 'http_429')$$,
  'The pause lasts as long as the provider asked.');
select is(tests.answer('d', 'answered', 'delivered'), '{"resolved": 1}', 'An answer');
select is_empty($$select from private.lookup_pauses$$, 'ends the pause.');
select is(tests.answer('e', 'skipped'), '{"unanswered": 1}', 'What was not asked');
select is((tests.message('e')).lookup_until, null, 'is free again.');
select is(array(select tests.answer('c', kind) ->> kind is null
  from unnest(array['answered', 'unclear', 'answered', 'answered']) kind), '{t,t,t,t}', 'Four more lookups are made.');
select is((tests.message('c')).unknown_at, null, 'After five lookups it is not listed.');
select is(tests.answer('c', 'unclear'), '{"listed": 1}', 'After six lookups it is listed.');
select is((tests.message('c')).unknown_reason, 'unclear', 'The reason is recorded.');
update public.messages set sent_at = now() - interval '9 days', lookup_until = null
where organization_id = tests.id('ours') and status = 'sent';
select is(tests.claim(), '{e}', 'A listed message is not claimed.');

-- By a person
select tests.only('{admin,operator,campaign_manager}', 'resolve a message manually', 'PT403',
  $$select public.resolve_message_manually(tests.id('ours'), tests.id('c'), 'delivered', 'They said so.')$$);
select is(tests.outcome('outsider', $$select public.resolve_message_manually(tests.id('theirs'), tests.id('c'),
  'delivered', 'x')$$), 'PT404', 'Another tenant''s message cannot be resolved.');
select is(tests.outcome('admin', $$select public.resolve_message_manually(tests.id('ours'), tests.id('e'), 'delivered',
  'x')$$), 'PT409', 'A message that is still being looked up cannot be resolved manually.');
do $$ begin
  perform tests.act_as('operator');
  perform public.resolve_message_manually(tests.id('ours'), tests.id('c'), 'failed', 'They got nothing.');
  perform tests.act_as('postgres');
end $$;
select results_eq($$select status, error_code, error_message, resolved_by, unknown_at from public.messages
  where id = tests.id('c')$$, $$values ('failed', 'resolved_manually', 'They got nothing.', tests.id('operator'),
  null::timestamptz)$$, 'A manual outcome records who set it.');
select results_eq($$select status, source, detail from public.message_events where message_id = tests.id('c')
  order by id desc limit 1$$, $$values ('failed', 'person', 'They got nothing.')$$,
  'The answer is among the message''s events.');
do $$ begin perform private.apply_receipt(tests.message('c'), 'SM c', 'sent', null, null, 'callback'); end $$;
select is((tests.message('c')).status, 'failed', 'A late callback that is not final does not override it.');
do $$ begin perform private.apply_receipt(tests.message('c'), 'SM c', 'delivered', null, null, 'callback'); end $$;
select results_eq($$select status, resolved_by, error_code from public.messages where id = tests.id('c')$$,
  $$values ('delivered', null::uuid, null)$$, 'A final callback overrides it.');

-- Messages that were sent twice
do $$ begin
  perform tests.clear(), tests.sent('first'), tests.sent('second'), tests.sent('only');
  update public.messages set attempts = 2 where id in (tests.id('first'), tests.id('second'));
  perform private.apply_receipt(tests.message('first'), 'SM copy', 'undelivered', '30003', null, 'callback'),
    private.apply_receipt(tests.message('second'), 'SM second', 'undelivered', '30003', null, 'callback'),
    private.apply_receipt(tests.message('only'), 'SM renamed', 'undelivered', '30003', null, 'callback');
end $$;
select results_eq($$select (tests.message(n)).status from unnest(array['first', 'second', 'only']) n$$,
  $$values ('sent'), ('undelivered'), ('undelivered')$$,
  'When a message was sent twice, the failure of one copy says nothing about the other.');
do $$ begin perform private.apply_receipt(tests.message(n), 'SM copy', 'delivered', null, null, 'callback')
  from unnest(array['first', 'second', 'only']) n; end $$;
select results_eq($$select m.status, m.error_code, m.delivered_at is not null
  from unnest(array['first', 'second', 'only']) n, tests.message(n) m$$,
  $$values ('delivered', null, true), ('delivered', null, true), ('undelivered', '30003', false)$$,
  'A copy that is delivered counts.');

-- Unknown outcomes
do $$ begin perform tests.clear(); perform tests.held('service'), tests.held('offer', 'marketing'),
tests.held('known'); end $$;
update public.organizations set unknown_outcome_marketing = 'resend' where id = tests.id('ours');
select is(tests.claim(), '{known,offer,service}', 'A held message is looked up, too.');
select is(tests.answer('known', 'answered', 'delivered'), '{"found": 1}', 'A held message may be found.');
select results_eq($$select status, held_at, provider_message_id from public.messages where id = tests.id('known')$$,
  $$values ('delivered', null::timestamptz, 'SM known')$$, 'Then no decision is needed.');
select is(tests.answer('offer', 'answered'), '{"waiting": 1}', 'Not being found');
select is((tests.message('offer')).status, 'sending', 'never sends a held message again.');
select is(tests.outcome('admin', $$select public.resolve_message_manually(tests.id('ours'), tests.id('offer'), 'resend',
  'x')$$), 'PT409', 'Nor may a person send marketing again while its outcome is unknown.');
select is(tests.outcome('admin', format('select public.resolve_message_manually(%L, %L, %L, ''x'')', tests.id('ours'),
  tests.id('offer'), o)), 'PT422', coalesce(o, 'null') || ' is no outcome that a person may set.')
from unnest('{queued,sending,sent,received,suppressed,canceled,"",null}'::text[]) o;
select is(tests.outcome('admin', format('select public.resolve_message_manually(%L, %L, ''failed'', %L)', tests.id('ours'),
  tests.id('offer'), r)), 'PT422', 'A reason is a text of 1 to 500 characters.')
from unnest(array[' ', repeat('x', 501), e'\x07']) r;
select is(tests.outcome('admin', $$select public.resolve_message_manually(tests.id('ours'), tests.id('service'),
  'resend', 'x')$$), '1', 'A person may send a service message again.');
do $$ begin perform tests.clear(); perform tests.held('left'), tests.held('noted');
  update public.messages set held_at = null where organization_id = tests.id('ours');
  insert into public.message_events (organization_id, message_id, status, source)
  values (tests.id('ours'), tests.id('noted'), 'unknown', 'dispatch');
end $$;
select set_eq($$select m ->> 'body', (m ->> 'interrupted')::boolean
  from jsonb_array_elements(private.claim_unknown_outcomes(60, 10) -> 'messages') m
  where m ->> 'body' in ('Text left', 'Text noted')$$, $$values ('Text left', true), ('Text noted', false)$$,
  'A message without any recorded outcome was left by an unclean end.');

-- Another provider account, or none
do $$ begin
  perform tests.clear();
  delete from private.pending_admin_alerts;
  update public.organizations set unknown_outcome_service = 'resend', unknown_outcome_marketing = 'resend'
  where id = tests.id('ours');
  perform tests.sent('taken'), tests.held('waiting'), tests.held('unclear'), tests.held('gone'), tests.held('kept');
  update public.messages set held_at = null where id in (tests.id('unclear'), tests.id('gone'));
  update public.messages set account_id = null where id = tests.id('gone');
  update public.messages set held_at = now() - interval '1 hour' where id = tests.id('waiting');
end $$;
select is(tests.answer('taken', 'other_account'), '{"listed": 1}', 'Another account tells nothing of what was taken');
select results_eq($$select status, unknown_at = now(), unknown_reason from public.messages
  where id = tests.id('taken')$$, $$values ('sent', true, 'other_account')$$, 'except that it is unknown.');
select is(tests.answer('unclear', 'other_account'), '{"held": 1}', 'What has no known outcome is held');
select results_eq($$select status, held_at = now(), unknown_at, unknown_reason from public.messages
  where id = tests.id('unclear')$$, $$values ('sending', true, null::timestamptz, 'other_account')$$,
  'and is not sent again because of it.');
select is(tests.answer('waiting', 'other_account'), '{"waiting": 1}',
  'A held message is looked up again: the account may return.');
select is(tests.answer('kept', 'other_account') || tests.answer('kept', 'other_account'), '{"waiting": 1}',
  'Some times.');
update public.messages set attempts = 2, held_at = null where id = tests.id('kept');
select is(tests.answer('kept', 'other_account'), '{"resolved": 1}', 'An answer about another attempt is ignored.');
select is((tests.message('kept')).held_at, null, 'An ignored answer holds nothing.');
do $$ begin perform private.claim_unknown_outcomes(60, 10); end $$;
select results_eq($$select status, held_at = now(), unknown_reason from public.messages where id = tests.id('gone')$$,
  $$values ('sending', true, 'no_account')$$, 'A message with an unknown outcome and no sender is held.');
select is_empty($$select from public.notifications where kind = 'message_held'$$,
  'Nobody is notified while others are being looked up.');
update public.messages set sending_at = now() where id = tests.id('kept');
do $$ begin perform private.claim_unknown_outcomes(60, 10) from generate_series(1, 3); end $$;
select results_eq($$select user_id, data from public.notifications where kind = 'message_held'$$,
  $$values (tests.id('admin'), '{"messages": 2}'::jsonb)$$, 'Then the admins are notified once about all.');
do $$ begin
  update private.pending_admin_alerts set alerted_at = now() - interval '2 hours', since = now();
  update public.messages set held_at = null, status = 'sent' where organization_id = tests.id('ours');
  perform private.claim_unknown_outcomes(60, 10);
end $$;
select is((select count(*) from public.notifications where kind = 'message_held'), 1::bigint,
  'Nobody is notified about messages resolved in the meantime.');

-- No answer
do $$ begin
  perform tests.clear(), tests.sent('refused', ago => '5 days'), tests.sent('recent', ago => '3 days'),
    tests.held('silent'), tests.held('young');
  update public.messages set held_at = null, sending_at = now() - interval '25 hours' where id = tests.id('silent');
  update public.messages set held_at = null, sending_at = now() - interval '23 hours' where id = tests.id('young');
  insert into private.lookup_pauses (account_id, organization_id, until, failures, reason)
  values (tests.id('sender of ours'), tests.id('ours'), now() + interval '1 hour', 9, 'http_401');
  perform private.claim_unknown_outcomes(60, 10), private.claim_for_reconciliation(null, 10);
end $$;
select results_eq($$select m.unknown_reason, m.held_at is not null, m.unknown_at is not null
    from unnest(array['refused', 'recent', 'silent', 'young']) with ordinality n (name, place), tests.message(n.name) m
    order by n.place$$,
  $$values ('unclear', false, true), (null, false, false), ('unclear', true, false), (null, false, false)$$,
  'A message whose provider has refused lookups for days is listed.');

-- Prices
do $$ begin
  perform tests.clear();
  perform tests.sent('priced'), tests.sent('open'), tests.sent('free'), tests.sent('not ours', 'theirs');
  update public.messages set status = 'delivered' where id in (tests.id('priced'), tests.id('free'));
  perform private.claim_price_lists(5);
  update private.price_cursors set due_at = now() - interval '1 second', day = '2026-01-01'
  where account_id = tests.id('sender of ours');
end $$;
select is((select array_agg((l ->> 'from') || ' ' || (l ->> 'day'))
  from jsonb_array_elements(private.claim_price_lists(5) -> 'lists') l),
  '{"+15550100001 2026-01-01"}', 'A number''s price list is due when its day is over.');
select is(private.claim_price_lists(5) -> 'lists', '[]', 'A list is leased to one reader.');
select is(private.record_price_page(tests.id('sender of ours'), '2026-01-01', '[
  {"provider_message_id": "SM priced", "status": "delivered", "facts": {"price": "-0.0079", "currency": "USD",
  "segments": 2}}, {"provider_message_id": "SM open", "status": "undelivered", "code": "30003",
  "facts": {"price": "-0.0079", "currency": "USD"}}, {"provider_message_id": "SM free", "status": "delivered",
  "facts": {}}, {"provider_message_id": "SM not ours", "status": "delivered", "facts": {"price": "-0.0079",
  "currency": "USD"}}, {"provider_message_id": "SM nobody", "status": "delivered", "facts": {"price": "-0.0079",
  "currency": "USD"}}]', 'next'), 2, 'A page records prices and final statuses.');
select results_eq($$select (tests.message(n)).status, (tests.message(n)).price, (tests.message(n)).segments
  from unnest(array['priced', 'open', 'free', 'not ours']) n$$,
  $$values ('delivered', 0.0079, 2), ('undelivered', 0.0079, 1), ('delivered', null, 1), ('sent', null, 1)$$,
  'Only messages of the number''s organization are changed.');
select results_eq($$select day, page from private.price_cursors where account_id = tests.id('sender of ours')$$,
  $$values (date '2026-01-01', 'next')$$, 'The day continues with the next page.');
do $$ begin perform private.record_price_page(tests.id('sender of ours'), '2026-01-01', '[]', null)
  from generate_series(1, 2); end $$;
select results_eq($$select day, page, due_at from private.price_cursors where account_id = tests.id('sender of ours')$$,
  $$values (date '2026-01-02', null::text, timestamptz '2026-01-03 03:00Z')$$,
  'After the last page comes the next day, once.');

select * from finish();
rollback;
