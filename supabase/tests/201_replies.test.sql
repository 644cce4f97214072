-- Replies: who may read and decide what, and what is sent to a number while its review is open.
begin;
\ir support.inc
select plan(174);
do $$
begin
  update public.sms_accounts set status = 'disabled';
  perform tests.arrange();
  update public.organizations set name = 'Ours' where id = tests.id('ours');
  insert into public.sms_accounts (organization_id, provider, sender_id)
  values (tests.id('ours'), 'twilio', '+12025550106');
  perform tests.remember('number', (select id from public.sms_accounts where sender_id = '+12025550106'));
end
$$;
create function tests.reply(id text, body text, from_number text default '+12025550101',
  opt_out_type text default null) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.record_inbound('twilio', id, from_number, '+12025550106', body, '[]', opt_out_type);
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.claim() returns text[] language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.exchange_dispatch_batch('[]', 50) -> 'messages';
  perform tests.act_as('postgres');
  return array(select m ->> 'body' from jsonb_array_elements(answer) m order by 1);
end
$$;
create function tests.queue(body text, to_number text default '+12025550101', purpose text default 'custom',
  category text default 'service') returns uuid language plpgsql as $$
declare
  message uuid;
begin
  insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
    provider, purpose, category)
  values (tests.id('ours'), tests.id('number'), to_number, '+12025550106', body, 'GSM-7', 1, 'queued', 'twilio',
    purpose, category)
  returning id into message;
  return tests.remember(body, message);
end
$$;
create function tests.answers() returns text[] language sql as $$
  select coalesce(array_agg(m.purpose order by m.id), '{}') from public.messages m where m.direction = 'outbound'
    and m.purpose like any ('{opt%,help}')
$$;
create function tests.clear() returns void language sql as $$
  delete from public.messages;
  delete from public.suppressions;
  delete from public.consents;
  delete from public.reply_reviews;
  delete from public.notifications;
$$;
grant execute on all functions in schema tests to public;

-- Classification
select is((private.classify_reply(tests.id('ours'), body)).meaning, meaning,
  format('"%s" means %s.', body, coalesce(meaning, 'nothing'))) from (values
  ('STOP', 'stop'), ('please stop texting me', 'stop'), ('stop by tomorrow?', null), ('bus stop', null),
  ('can''t stop laughing', null), ('I''ll stop in', null), ('don''t stop', null), ('end of the month', null),
  ('quit my job', null), ('cancel my appointment at 3', null),
  ('START', 'start'), ('yes', 'start'), ('HELP', 'help'), ('info', 'help'), (null, null), ('', null)) v (body, meaning);
select is((private.classify_reply(tests.id('ours'), 'STOP')).recognized_by, 'keyword', 'A keyword is recognized.');
select is((private.classify_reply(tests.id('ours'), 'leave me alone')).recognized_by, 'phrase', 'And a phrase.');
select is((private.classify_reply(tests.id('ours'), 'STOP', at => '2023-12-31')).meaning, null,
  'A rule counts from its first day.');
select is(private.normalized_reply('“Don’t STOP!” 🙏 O.K.?'), '. don''t stop . o k .',
  'Typography does not change what a reply means.');

-- STOP
do $$ begin perform tests.clear(), tests.reply('A1', 'stop'); end $$;
select results_eq($$select purpose, category, body, from_number, segments, expires_at = now() + interval '5 minutes',
  send_after <= now() from public.messages where direction = 'outbound'$$,
  $$values ('opt_out_confirmation', 'service',
    'Ours: you are unsubscribed and will get no more texts. Reply START to resubscribe.', '+12025550106', 1, true,
    true)$$,
  'STOP is confirmed from the number that was texted, within five minutes.');
select results_eq($$select event, phone, channel, scope, source, raw_text, recognized_by, rule_id, message_id,
  honored_at is not null from public.consents$$, $$select 'revoked', '+12025550101', 'sms', 'all', 'reply', 'stop',
  'keyword', r.id, m.id, true from public.reply_rules r, public.messages m
    where r.kind = 'keyword' and r.pattern = 'stop' and r.language = 'en' and m.direction = 'inbound'$$,
    'The ledger has the reply and how it was recognized.');
do $$ begin perform tests.reply('A1', 'stop'), tests.reply('A2', 'stop'); end $$;
select is(tests.answers(), '{opt_out_confirmation}',
  'Neither a repeated callback nor another STOP is confirmed again.');
select is((select count(*) from public.consents), 2::bigint, 'Each STOP is in the ledger once.');
do $$ begin perform tests.queue('Bill'), tests.queue('Offer', category => 'marketing'); end $$;
select is(tests.claim(), array['Ours: you are unsubscribed and will get no more texts. Reply START to resubscribe.'],
  'The confirmation is sent; everything else is suppressed.');
do $$ begin
  perform tests.clear();
  insert into public.suppressions (organization_id, phone, source) values (tests.id('ours'), '+12025550101', 'manual');
  perform tests.reply('A3', 'stop');
end $$;
select is(tests.answers(), '{}', 'A number that was already suppressed gets no confirmation.');
do $$ begin perform tests.clear(), tests.reply('A4', 'Nein', opt_out_type => 'STOP'); end $$;
select is(tests.answers(), '{}', 'Nor a number that the provider has answered.');
select results_eq('select event, recognized_by, rule_id from public.consents',
  $$values ('revoked', 'provider', null::uuid)$$, 'The ledger says who recognized it.');
do $$ begin
  perform tests.clear(), tests.reply('A5', 'stop');
  update public.messages set expires_at = now() where direction = 'outbound';
end $$;
select is(tests.claim(), '{}', 'A confirmation is not sent after it has expired.');
select results_eq($$select status, error_code, attempts from public.messages where direction = 'outbound'$$,
  $$values ('canceled', 'expired', 0)$$, 'It says so.');
do $$ begin
  perform tests.clear(), tests.reply('A6', 'stop'), tests.reply('A61', 'stop', '+12025550104'),
    tests.reply('A62', 'stop', '+12025550105');
  update public.messages set status = 'failed', error_code = '21610' where direction = 'outbound';
  perform tests.reply('A7', 'stop', '+12025550102'), tests.reply('A8', 'please stop texting me', '+12025550103');
end $$;
select is((select array_agg(to_number order by id) from public.messages where direction = 'outbound'
  and error_code is null), '{+12025550103}',
  'Where the provider refuses confirmations of keywords, it confirms them itself. It does not recognize free text.');
do $$ begin perform tests.clear(), tests.reply('A9', 'STOP', '72345'); end $$;
select results_eq($$select body from public.messages$$, array['STOP'],
  'A STOP from a short code is recorded without further effect.');
do $$ begin
  perform tests.clear();
  update public.organizations set quiet_hours_start = ((now() at time zone 'Africa/Accra') - interval '1 hour')::time,
    quiet_hours_end = ((now() at time zone 'Africa/Accra') + interval '1 hour')::time where id = tests.id('ours');
  perform tests.reply('A10', 'stop'), tests.queue('Bill', '+12025550109');
end $$;
select is(cardinality(tests.claim()), 1, 'In quiet hours the confirmation is sent, and nothing else.');
update public.organizations set quiet_hours_start = null, quiet_hours_end = null where id = tests.id('ours');

-- Replies and refusals in the meantime
do $$ begin perform tests.clear(), tests.reply('E1', 'stop'), tests.reply('E2', 'start'); end $$;
select is(tests.claim(), '{"Ours: you are subscribed again. Reply HELP for help, STOP to unsubscribe."}',
  'A number that has opted in again gets no opt-out confirmation.');
select results_eq($$select status, error_code, attempts from public.messages where purpose = 'opt_out_confirmation'$$,
  $$values ('canceled', 'superseded', 0)$$, 'The confirmation says why.');
do $$ begin perform tests.clear(), tests.reply('E3', 'start'), tests.reply('E4', 'stop'); end $$;
select is(tests.claim(), '{"Ours: you are unsubscribed and will get no more texts. Reply START to resubscribe."}',
  'A number that has opted out again gets no opt-in confirmation.');
select results_eq($$select status, error_code from public.messages where purpose = 'opt_in_confirmation'$$,
  $$values ('suppressed', 'suppressed')$$, 'The opt-in confirmation is suppressed.');
create function tests.refused(sid text) returns void language plpgsql as $$
begin
  perform tests.clear(), tests.queue('Refused');
  update public.messages set status = 'failed', error_code = '21610', provider_message_id = sid,
    created_at = now() - interval '1 second' where body = 'Refused';
end
$$;
do $$ begin perform tests.refused('E5'), tests.reply('E6', 'please stop texting me'), tests.reply('E7', 'help'),
tests.reply('E8', 'help', '+12025550102'); end $$;
select is(tests.claim(), '{"Ours: for help reply to this text. Msg&data rates may apply. Reply STOP to unsubscribe."}',
  'A number that the provider refuses as opted out gets neither confirmation nor help; another does.');
select set_eq($$select purpose, status, error_code from public.messages where to_number = '+12025550101'
  and purpose <> 'custom'$$, $$values ('opt_out_confirmation', 'suppressed', 'suppressed'),
  ('help', 'suppressed', 'suppressed')$$, 'Those messages are suppressed.');
do $$ begin perform tests.refused('E9'), tests.reply('E10', 'start'); end $$;
select is(tests.claim(), '{"Ours: you are subscribed again. Reply HELP for help, STOP to unsubscribe."}',
  'A START ends the refusal.');
do $$ begin
  perform tests.refused('E11'), tests.queue('Since');
  update public.messages set status = 'delivered' where body = 'Since';
  perform tests.reply('E12', 'help');
end $$;
select is(cardinality(tests.claim()), 1, 'So does a message that the provider has accepted since.');
do $$ begin
  perform tests.refused('E13');
  insert into public.sms_accounts (organization_id, provider, sender_id)
  values (tests.id('ours'), 'twilio', '+12025550107');
  update public.messages set account_id = (select id from public.sms_accounts where sender_id = '+12025550107')
  where body = 'Refused';
  perform tests.reply('E14', 'help');
end $$;
select is(cardinality(tests.claim()), 1, 'A refusal applies to one sender only.');

-- Unknown outcomes of automatic replies
do $$ begin perform tests.clear(), tests.reply('F1', 'help'), tests.claim(); end $$;
select is(private.resolve_unknown_outcome(m.id, m.attempts, '[]'), 'held',
  'An automatic reply whose outcome is unknown is never sent again automatically.')
from public.messages m where purpose = 'help';
select is(tests.outcome('admin', format('select public.resolve_message_manually(%L, %L, ''resend'', ''x'')',
  tests.id('ours'), m.id)), 'PT409', 'Nor by a person''s decision.')
from public.messages m where purpose = 'help';
select is(tests.claim(), '{}', 'It is not sent again.');

-- One segment
select is(private.fit_to_single_segment(name,
  ': you are unsubscribed and will get no more texts. Reply START to resubscribe.',
  ': unsubscribed. No more texts. START to resubscribe.'), said, what) from (values
  ('Água Viva', 'Agua Viva: you are unsubscribed and will get no more texts. Reply START to resubscribe.',
    'Accents that would cost a segment are dropped.'),
  (repeat('x', 200), repeat('x', 82)
    || ': you are unsubscribed and will get no more texts. Reply START to resubscribe.', 'A long name is shortened.'),
  ('電力会社', '電力会社: unsubscribed. No more texts. START to resubscribe.',
    'A name in another script gets the shorter text.')
) v (name, said, what);
select is((private.sms_segments(private.fit_to_single_segment(repeat(c, 200),
  ': you are unsubscribed and will get no more texts. Reply START to resubscribe.',
  ': unsubscribed. No more texts. START to resubscribe.'))).segments, 1,
  format('It is one segment with a name of %s.', c)) from unnest(array['a', '€', 'é', 'ő', '電', '😀']) c;

-- START
do $$ begin perform tests.clear(), tests.reply('B1', 'stop'), tests.reply('B2', 'yes'); end $$;
select results_eq($$select event, scope, act, recognized_by from public.consents
  order by id$$, $$values ('revoked', 'all', null, 'keyword'), ('granted', 'marketing', 'yes', 'keyword')$$,
  'YES after an opt-out opts in, and the ledger has the act.');
select is(tests.answers(), '{opt_out_confirmation,opt_in_confirmation}', 'The opt-in is confirmed.');
select is(tests.reply('B3', 'yes') -> 'meaning', 'null', 'YES without an opt-out means nothing.');
do $$ begin perform tests.reply('B4', 'start'); end $$;
select is(tests.answers(), '{opt_out_confirmation,opt_in_confirmation}', 'A second START has no effect.');
do $$ begin
  perform tests.clear();
  insert into public.suppressions (organization_id, phone, source) values (tests.id('ours'), '+12025550101', 'manual');
  perform tests.reply('B5', 'start');
end $$;
select is(tests.answers(), '{}', 'A suppression by a person stays, and START is not confirmed.');
select results_eq('select event from public.consents', array['granted'], 'The consent is in the ledger all the same.');

-- HELP
do $$ begin perform tests.clear(), tests.reply('C1', 'stop'), tests.reply('C2', 'help'),
tests.reply('C3', 'help'); end $$;
select is(tests.answers(), '{opt_out_confirmation,help}', 'HELP is answered to an opted-out number, once a minute.');
select is(cardinality(tests.claim()), 2, 'The answer to HELP is sent.');

-- Reviews
do $$ begin
  perform tests.clear(), tests.reply('D1', 'not interested'), tests.reply('D2', 'wrong number');
  perform tests.remember('review', (select id from public.reply_reviews));
  perform tests.queue('Bill'), tests.queue('To another', '+12025550109'), tests.reply('D3', 'help');
end $$;
select results_eq($$select phone, status, message_id, (select r.meaning from public.reply_rules r
  where r.id = v.rule_id) from public.reply_reviews v$$, $$select '+12025550101', 'open', m.id, 'doubtful'
  from public.messages m where m.provider_message_id = 'D1'$$, 'A reply that needs review opens one review.');
do $$ begin perform tests.act_as('admin'); end $$;
select results_eq($$select r ->> 'text', r ->> 'last_text'
  from jsonb_array_elements(public.list_reply_reviews(tests.id('ours')) -> 'rows') r$$,
  $$values ('not interested', 'wrong number')$$, 'A further reply that needs review is added to the open one.');
do $$ begin perform tests.act_as('postgres'); end $$;
select ok(private.needs_review(tests.id('ours'), '+12025550101')
  and not private.needs_review(tests.id('theirs'), '+12025550101'), 'The review belongs to its organization only.');
select set_eq($$select user_id, kind from public.notifications$$, $$values (tests.id('admin'), 'doubtful_reply')$$,
  'The admins are notified.');
select is(tests.claim(),
  '{"Ours: for help reply to this text. Msg&data rates may apply. Reply STOP to unsubscribe.","To another"}',
  'While the review is open, only help is sent to the number.');
select results_eq($$select status, wait_reason, attempts, send_after > now() from public.messages
  where id = tests.id('Bill')$$, $$values ('queued', 'review', 0, true)$$,
  'Other messages wait and give the reason.');
select is(tests.outcome(actor, format('select public.decide_reply_review(%L, %L, ''dismissed'')', tests.id('ours'),
  tests.id('review'))), outcome, format('%s: %s', actor, outcome)) from (values
  ('admin', '1'), ('campaign_manager', '1'), ('operator', 'PT403'), ('viewer', 'PT403'), ('manager', 'PT403'),
  ('outsider', 'PT403'), ('suspended', 'PT403'), ('anon', '42501')) v (actor, outcome);
select is(tests.outcome('outsider', format('select public.decide_reply_review(%L, %L, ''dismissed'')',
  tests.id('theirs'), tests.id('review'))), 'PT404', 'Another organization''s review is not found.');
select tests.only('{admin,campaign_manager,operator,viewer}', 'read the reviews', '0',
  'select 1 from public.reply_reviews');
select tests.only('{}', 'write reviews', '42501',
  'update public.reply_reviews set status = ''dismissed'', decided_at = now()');
select tests.act_as('admin');
do $$ begin perform public.decide_reply_review(tests.id('ours'), tests.id('review'), 'dismissed'); end $$;
select tests.act_as('postgres');
select results_eq($$select status, decided_by from public.reply_reviews$$, $$values ('dismissed', tests.id('admin'))$$,
  'The review records who decided.');
select is(tests.claim(), '{Bill}', 'Waiting messages are sent at once.');
select is((select error_code from public.messages where id = tests.id('Bill')), null, 'The reason is cleared.');
do $$ begin
  perform tests.reply('D4', 'enough');
  perform tests.remember('review', (select id from public.reply_reviews where status = 'open')), tests.queue('Offer');
  update public.messages set created_at = now() - interval '6 minutes' where provider_message_id = 'D4';
  perform tests.act_as('campaign_manager');
  perform public.decide_reply_review(tests.id('ours'), tests.id('review'), 'opt_out');
  perform tests.act_as('postgres');
end $$;
select results_eq($$select source, created_by from public.suppressions$$,
  $$values ('reply', tests.id('campaign_manager'))$$, 'A decided opt-out suppresses the number.');
select results_eq($$select event, recognized_by, raw_text, recorded_by from public.consents$$,
  $$values ('revoked', 'person', 'enough', tests.id('campaign_manager'))$$, 'The ledger says who recognized it.');
select is(tests.claim(), '{}', 'Nothing is sent, and after five minutes no confirmation either.');
do $$ begin perform tests.reply('D5', 'not interested'); end $$;
select is((select count(*) from public.reply_reviews where status = 'open'), 0::bigint,
  'A number that has opted out has no open review.');

-- Rules of an organization
select is(tests.outcome(actor,
  format('select public.create_reply_rule(%L, ''{"kind": "keyword", "meaning": "stop", "pattern": "schnack"}'')',
    tests.id('ours'))), outcome, format('%s adds a rule: %s', actor, outcome)) from (values
  ('admin', '1'), ('campaign_manager', '1'), ('operator', 'PT403'), ('viewer', 'PT403'), ('outsider', 'PT403'),
  ('anon', '42501')) v (actor, outcome);
select tests.only('{}', 'write rules', '42501', 'delete from public.reply_rules');
do $$ begin
  perform tests.act_as('admin');
  perform public.create_reply_rule(tests.id('ours'),
    '{"kind": "keyword", "meaning": "stop", "language": "de", "pattern": "Schnack!"}');
  perform tests.act_as('postgres');
  perform tests.remember('rule', (select id from public.reply_rules where organization_id = tests.id('ours')));
end $$;
select tests.only(tests.everyone(), 'read the organization''s rules', '0',
  'select 1 from public.reply_rules where organization_id is not null');
select is((private.classify_reply(tests.id(o), 'schnack')).meaning, meaning,
  format('"schnack" to %s means %s.', o, coalesce(meaning, 'nothing')))
    from (values ('ours', 'stop'), ('theirs', null)) v (o, meaning);
select throws_ok($$insert into public.reply_rules (kind, meaning, pattern, source)
  values ('phrase', 'stop', '(', 'x')$$, 'PT422', null, 'An invalid pattern is refused.');
select throws_ok($$insert into public.reply_rules (kind, meaning, pattern, source)
  values ('phrase', 'stop', 'x*', 'x')$$, 'PT422', null, 'A pattern that matches everything is refused.');
select throws_ok($$insert into public.reply_rules (kind, meaning, pattern, source)
  values ('phrase', 'stop', '(a)\1', 'x')$$, 'PT422', null, 'A pattern with a back reference is refused.');
select is(tests.outcome('outsider', format('select public.delete_reply_rule(%L, %L)', tests.id('theirs'),
  tests.id('rule'))), 'PT404', 'Another organization''s rule is not found.');
select is(tests.outcome('admin', format('select public.delete_reply_rule(%L, %L)', tests.id('ours'), tests.id('rule'))),
  '1', 'An organization removes its own rule.');

-- The literals of a phrase
select is(private.required_literals(v.pattern), v.literals::text[], format('The literals of %s are %s.', v.pattern,
  coalesce(v.literals, 'not certain')))
from (values
  ('\mfoo(bar)?\M', '{" foo"}'), ('(foo|barge)? quux', '{" quux"}'), ('(foo|ba+r) q', null), ('foo|bar', '{bar,foo}'),
  ('fo(?!x)o', '{foo}'), ('please unsub', '{"please unsub"}'), ('(please|thanks) (zap|zip)', '{zap,zip}'), ('\.', null),
  ('(foo)?', null), ('foo|x*', null), ('foo|', null), ('(foo|)', null), ('[a-z]+', null), ('[[:alpha:]]foo', '{foo}'),
  ('foo\u0041', '{foo}'), ('(?i)foo', null), ('***=foo', null), ('x{0,3}foo{2}', '{fo}'), ('x{0}', null),
  ('a(b(c|d)e|fgh)+i', null), ('ab(c|d)+ef', '{ab}'), ('a\(b', '{a(b}'), ('a[(]b', null), ('\mn''est pas', '{"n''est pas"}')
) v (pattern, literals);
insert into public.reply_rules (organization_id, kind, meaning, pattern, source)
values (tests.id('ours'), 'phrase', 'stop', 'zut alors', 'x'), (tests.id('ours'), 'phrase', 'stop', '[q]+[x]', 'x');
select is((private.classify_reply(tests.id(o), said)).meaning, meaning,
  format('"%s" to %s means %s.', said, o, coalesce(meaning, 'nothing')))
from (values ('oh zut alors', 'ours', 'stop'), ('oh zut alors', 'theirs', null), ('qqx', 'ours', 'stop'),
  ('qqy', 'ours', null)) v (said, o, meaning);

-- Access
select is_empty($$
  select p.proname, r.rolname from pg_proc p, unnest(array['anon', 'authenticated', 'service_role']) r (rolname)
  where p.pronamespace = 'private'::regnamespace and p.proname in ('classify_reply', 'doubtful', 'close_reply_reviews',
    'send_auto_reply', 'record_consent', 'fit_to_single_segment', 'required_literals',
    'literal_weight', 'leading_group', 'common_words')
    and has_function_privilege(r.rolname, p.oid, 'execute')
$$, 'Only functions of the database may call these.');

select * from finish();
rollback;
