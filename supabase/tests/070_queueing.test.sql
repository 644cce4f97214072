-- From a template and recipients to queued messages.
begin;
\ir support.inc
select plan(101);
do $$
begin
  perform tests.arrange();
  perform tests.customer('Ama', 'ours', 'A1', '+233244000001', arrears => 1234.5), tests.customer('Kofi {{arrears}}', 'ours', 'K1', '+233244000002', 'warned', -3),
    tests.customer('Esi', 'ours', 'E1', '+233244000003', 'warned', 20), tests.customer('stranger', 'theirs', 'S1', '+233244000004');
  insert into public.suppressions (organization_id, phone, source, scope) values
    (tests.id('ours'), '+233244000003', 'reply', 'all'), (tests.id('ours'), '+233244000001', 'manual', 'marketing'),
    (tests.id('theirs'), '+233244000002', 'reply', 'all');
end
$$;

-- Segments
select is((select row(encoding, segments)::text from private.sms_segments(body)), format('(%s,%s)', encoding, segments), what || '.')
from (values
  ('Nothing is one part', '', 'GSM-7', 1),
  ('160 letters are one part', repeat('a', 160), 'GSM-7', 1),
  ('161 letters are two', repeat('a', 161), 'GSM-7', 2),
  ('306 letters are two', repeat('a', 306), 'GSM-7', 2),
  ('307 letters are three', repeat('a', 307), 'GSM-7', 3),
  ('80 euro signs are one part', repeat('€', 80), 'GSM-7', 1),
  ('81 euro signs are two', repeat('€', 81), 'GSM-7', 2),
  ('An escaped character and 158 letters are one part', '[' || repeat('a', 158), 'GSM-7', 1),
  ('An escaped character and 159 letters are two', '[' || repeat('a', 159), 'GSM-7', 2),
  ('A pair that would be split moves to the next part', repeat('a', 152) || '€' || repeat('a', 152), 'GSM-7', 3),
  ('A pair that just fits stays', repeat('a', 151) || '€' || repeat('a', 153), 'GSM-7', 2),
  ('All of the basic table is GSM-7', E'@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,-./0123456789:;<=>?¡AZÄÖÑÜ§¿azäöñüà', 'GSM-7', 1),
  ('All of the extension table is GSM-7', E'\f^{}\\[~]|€', 'GSM-7', 1),
  ('A line break of two characters counts two', repeat('a', 159) || E'\r\n', 'GSM-7', 2),
  ('70 times ç is one part, for it is not GSM-7', repeat('ç', 70), 'UCS-2', 1),
  ('71 times ç are two', repeat('ç', 71), 'UCS-2', 2),
  ('134 times ç are two', repeat('ç', 134), 'UCS-2', 2),
  ('135 times ç are three', repeat('ç', 135), 'UCS-2', 3),
  ('35 emoji are one part', repeat('😀', 35), 'UCS-2', 1),
  ('36 emoji are two', repeat('😀', 36), 'UCS-2', 2),
  ('66 emoji are two', repeat('😀', 66), 'UCS-2', 2),
  ('67 emoji are three, for no pair is split', repeat('😀', 67), 'UCS-2', 3),
  ('An emoji and 68 letters are one part', '😜' || repeat('a', 68), 'UCS-2', 1),
  ('An emoji and 69 letters are two', '😜' || repeat('a', 69), 'UCS-2', 2),
  ('A backtick is not GSM-7', '`', 'UCS-2', 1),
  ('á is not GSM-7', 'á', 'UCS-2', 1),
  ('A tab is not GSM-7', E'\t', 'UCS-2', 1),
  ('Arabic is UCS-2', 'مرحبا', 'UCS-2', 1)) v (what, body, encoding, segments);

-- Rendering
select is(private.rendered('{{organization}}: {{name}} ({{account_number}}) owes {{arrears}}', 'Power', 'GHS 5.00', 'A1', 'Ama'),
  'Power: Ama (A1) owes GHS 5.00', 'Each variable is filled in.');
select is(private.rendered('{{organization}}|{{arrears}}|{{account_number}}|{{name}}', '{{name}}', '{{account_number}}', '{{organization}}', '{{arrears}}'),
  '{{name}}|{{account_number}}|{{organization}}|{{arrears}}', 'What a value holds is never filled in.');
select is(private.rendered('{{name}} {x} {{name', 'P', null, null, 'A{{'), 'A{{ {x} {{name', 'Other braces stay as they are.');
select is(private.rendered('{{organization}}{{name}}', '{', null, null, '{account_number}}'), '{{account_number}}', 'Two values do not make a variable together.');
select is(private.rendered('Dear {{name}}.', 'P', null, null, null), 'Dear .', 'What is not known is left empty.');
select is(private.checked_template('Dear {{ name }}: {{arrears }}'), 'Dear {{name}}: {{arrears}}', 'Blanks in a variable do not matter.');
select throws_ok(format('select private.checked_template(%L)', body), 'PT422', null, format('"%s" is refused.', body))
from unnest(array['{{first_name}}', '{{}}', '{{ Name }}', '{{name}} {{x}}']) body;
select is(private.money_text(amount, 'GHS'), text, format('%s is written %s.', amount, text))
from (values (0::numeric, 'GHS 0.00'), (1234567.5, 'GHS 1,234,567.50'), (-1234.5, 'GHS -1,234.50'), (999999999999.99, 'GHS 999,999,999,999.99')) v (amount, text);

-- Quiet hours
create function tests.sends_at(at timestamptz, starts time, ends time, zone text default 'Africa/Accra') returns timestamptz language plpgsql as $$
declare
  organization public.organizations;
begin
  organization.time_zone := zone;
  organization.quiet_hours_start := starts;
  organization.quiet_hours_end := ends;
  return private.next_sending_time(organization, at);
end
$$;
select is(tests.sends_at(at::timestamptz, starts::time, ends::time, zone), sends::timestamptz, what || '.')
from (values
  ('Without quiet hours it goes at once', '2026-03-01 23:00+00', null, null, 'UTC', '2026-03-01 23:00+00'),
  ('By day it goes at once', '2026-03-01 12:00+00', '21:00', '08:00', 'UTC', '2026-03-01 12:00+00'),
  ('Before midnight it waits for the morning', '2026-03-01 21:00+00', '21:00', '08:00', 'UTC', '2026-03-02 08:00+00'),
  ('After midnight it waits for the same morning', '2026-03-02 07:59:59+00', '21:00', '08:00', 'UTC', '2026-03-02 08:00+00'),
  ('When quiet hours end it goes', '2026-03-02 08:00+00', '21:00', '08:00', 'UTC', '2026-03-02 08:00+00'),
  ('Quiet hours within a day end on that day', '2026-03-02 12:30+00', '12:00', '14:00', 'UTC', '2026-03-02 14:00+00'),
  ('Outside quiet hours within a day it goes', '2026-03-02 14:00+00', '12:00', '14:00', 'UTC', '2026-03-02 14:00+00'),
  ('Quiet hours from midnight end on that day', '2026-03-02 00:00+00', '00:00', '06:00', 'UTC', '2026-03-02 06:00+00'),
  ('Quiet hours until midnight end with the day', '2026-03-02 22:30+00', '22:00', '00:00', 'UTC', '2026-03-03 00:00+00'),
  ('The organization''s clocks count', '2026-03-01 16:00+00', '21:00', '08:00', 'Asia/Kathmandu', '2026-03-02 02:15+00'),
  ('The night in which clocks go forward is shorter', '2026-03-07 22:00-08', '21:00', '08:00', 'America/Los_Angeles', '2026-03-08 08:00-07'),
  ('The night in which clocks go back is longer', '2026-10-31 22:00-07', '21:00', '08:00', 'America/Los_Angeles', '2026-11-01 08:00-08'),
  ('An end that the clocks skip comes when they have skipped it', '2026-03-08 01:00-08', '21:00', '02:30', 'America/Los_Angeles', '2026-03-08 03:30-07')
) v (what, at, starts, ends, zone, sends);
select is_empty($$
  select zone, at, sends from unnest(array['America/Los_Angeles', 'Australia/Lord_Howe', 'America/Santiago', 'Asia/Kathmandu', 'Atlantic/Azores']) zone,
    generate_series(timestamptz '2026-01-01 00:05+00', '2026-12-31 00:00+00', interval '107 minutes') at,
    (values (time '21:00', time '08:00'), ('23:30', '00:30'), ('01:00', '02:30'), ('12:00', '13:00')) q (starts, ends),
    lateral (select tests.sends_at(at, starts, ends, zone) as sends) s
  where sends < at or sends > at + interval '13 hours' or tests.sends_at(sends, starts, ends, zone) <> sends
$$, 'All year round it waits less than a night, goes back never, and lands outside quiet hours.');

-- One text
select tests.only('{admin,operator,campaign_manager}', 'send a text', 'PT403',
  $$select public.send_message(tests.id('ours'), to_number => '+233244000001', message => 'Hello')$$);
select is(tests.outcome('campaign_manager', $$select public.send_message(tests.id('ours'), customer_id => tests.id('Ama'), message => 'Hello')$$), 'PT404',
  'Who may not see customers cannot text one by its id.');
select is(tests.outcome('operator', $$select public.send_message(tests.id('ours'), customer_id => tests.id('stranger'), message => 'Hello')$$), 'PT404',
  'Another organization''s customer cannot be texted.');
select is(tests.outcome('operator', $$select public.send_message(tests.id('theirs'), to_number => '+233244000001', message => 'Hello')$$), 'PT403',
  'No text in another organization''s name.');
select is(tests.outcome('operator', $$select public.send_message(tests.id('ours'), to_number => '+233244000001', message => 'Hi', sender_id => 'TheirsPower')$$),
  'PT422', 'Another organization''s sender cannot be used.');
select is(tests.outcome('operator', $$select public.send_message(tests.id('ours'), to_number => '+233244000001', message => 'Dear {{nobody}}')$$), 'PT422',
  'A text with an unknown variable is refused.');
select is(tests.outcome('operator', $$select public.send_message(tests.id('ours'), to_number => '+233244000001')$$), 'PT409', 'A text needs a message or a template.');
select tests.act_as('operator');
select is(public.send_message(tests.id('ours'), customer_id => tests.id('Ama'), purpose => 'warning') - 'message_id' - 'send_after',
  '{"status": "queued", "segments": 1, "encoding": "GSM-7", "error_code": null}', 'A template''s text to a customer is queued.');
select results_eq($$select body, purpose, to_number, from_number, status, created_by from public.messages where customer_id = tests.id('Ama')$$,
  $$values ('Dear Ama, account A1 owes GHS 1,234.50. Please pay soon to avoid disconnection. Ours Power', 'warning', '+233244000001', 'OursPower',
    'queued', tests.id('operator'))$$, 'The text has the customer''s own figures.');
select results_eq($$select action, source, performed_by from public.customer_actions where customer_id = tests.id('Ama')$$,
  $$values ('sms_sent', 'manual', tests.id('operator'))$$, 'That a text was sent is an action.');
select is((select status from public.customers where id = tests.id('Ama')), 'connected', 'It leaves the customer''s status alone.');
select is(public.send_message(tests.id('ours'), customer_id => tests.id('Esi'), message => 'Hi') ->> 'status', 'suppressed',
  'A number that opted out is not texted.');
select is_empty($$select from public.customer_actions where customer_id = tests.id('Esi')$$, 'And no action claims that it was.');
select is(public.send_message(tests.id('ours'), to_number => '+233244000002', message => 'Hi') ->> 'status', 'queued',
  'What another organization suppresses does not matter.');
select tests.act_as('postgres');
select results_eq($$select status, error_code from public.messages where customer_id = tests.id('Esi')$$, $$values ('suppressed', 'suppressed')$$,
  'The suppressed text is kept with the reason.');

-- Many texts
select tests.act_as('operator');
select is(public.send_bulk(tests.id('ours'), 'Dear {{name}}: {{arrears}}', jsonb_build_array(
    jsonb_build_object('position', 0, 'customer_id', tests.id('Ama')),
    jsonb_build_object('position', 1, 'customer_id', tests.id('Kofi {{arrears}}')),
    jsonb_build_object('position', 2, 'customer_id', tests.id('Esi')),
    jsonb_build_object('position', 3, 'customer_id', tests.id('stranger')),
    jsonb_build_object('position', 4, 'to', '+233244000007', 'name', 'Yaw', 'arrears', 'GHS 1.00'),
    jsonb_build_object('position', 5, 'to', '+233244000007', 'name', 'Yaw', 'arrears', 'GHS 1.00'),
    jsonb_build_object('position', 6, 'to', '+233244000007', 'name', 'Abena', 'arrears', '{{name}}'),
    jsonb_build_object('position', 7, 'to', '+233244000008', 'name', 'Adwoa'))) - 'batch_id',
  '{"queued": 4, "suppressed": 1, "invalid": [{"index": 3, "message": "There is no such customer."},
    {"index": 5, "message": "The same text to this number is in the list already."}, {"index": 7, "message": "The text needs arrears."}]}', 'Many texts are queued; each that is not has its reason.');
select is((select body from public.messages where customer_id = tests.id('Kofi {{arrears}}')), 'Dear Kofi {{arrears}}: GHS -3.00',
  'A name with braces in it stays as it is.');
select is((select count(*) from public.messages where batch_id is not null), 5::bigint, 'Each belongs to the batch.');
select is(public.send_bulk(tests.id('ours'), 'Hi', filter => '{"status": "warned"}') - 'batch_id', '{"queued": 1, "suppressed": 1, "invalid": []}',
  'A filter chooses customers.');
select tests.act_as('postgres');
do $$
begin
  perform tests.customer('Household', 'ours', 'H1', '+233244000021', 'warned', 70),
    tests.customer('Shop', 'ours', 'H2', '+233244000021', 'warned', 70);
end
$$;
select tests.act_as('operator');
select is(public.send_bulk(tests.id('ours'), 'Pay.', filter => '{"arrears_min": 60, "arrears_max": 80}') - 'batch_id',
  '{"queued": 1, "suppressed": 0, "invalid": [{"index": 1, "message": "The same text to this number is in the list already."}]}',
  'Two customers with one number get a text without variables once.');
select is(public.send_bulk(tests.id('ours'), 'Pay {{arrears}}.', filter => '{"arrears_min": 60, "arrears_max": 80}') -> 'queued', '1',
  'And so they do where the variables of the text are the same for both.');
select is(public.send_bulk(tests.id('ours'), 'Pay for {{account_number}}.', filter => '{"arrears_min": 60, "arrears_max": 80}') -> 'queued', '2',
  'Texts that differ both go out.');
select is(public.send_bulk(tests.id('ours'), 'Hello', '[{"position": 0, "to": "+233244000021", "name": "Ama"},
  {"position": 1, "to": "+233244000021", "name": "Kofi"}, {"position": 2, "to": "+233244000022", "name": "Ama"}]') - 'batch_id',
  '{"queued": 2, "suppressed": 0, "invalid": [{"index": 1, "message": "The same text to this number is in the list already."}]}',
  'Names that the text does not contain make no second text.');
select is(public.send_bulk(tests.id('ours'), 'Hi', filter => '{"arrears_min": 1000}') - 'batch_id', '{"queued": 1, "suppressed": 0, "invalid": []}',
  'By what they owe, too.');
select tests.act_as('postgres');
select is(tests.outcome('operator', $$select public.send_bulk(tests.id('ours'), 'Hi', filter => '{}', maximum => 2)$$), 'PT422', 'A filter that matches too many is refused.');
select is(tests.outcome('campaign_manager', $$select public.send_bulk(tests.id('ours'), 'Hi', filter => '{}')$$), 'PT403',
  'Who may not see customers cannot choose among them.');
select is(tests.outcome('viewer', $$select public.send_bulk(tests.id('ours'), 'Hi', '[]')$$), 'PT403', 'Who may not send cannot send many.');
select tests.act_as('campaign_manager');
select is(public.send_bulk(tests.id('ours'), 'Hi {{name}}', jsonb_build_array(jsonb_build_object('position', 0, 'customer_id', tests.id('Ama')))) -> 'queued', '0',
  'Nor name one in a list.');
select tests.act_as('postgres');

-- Waiting for the morning
update public.organizations set quiet_hours_start = ((now() at time zone 'Africa/Accra') - interval '1 hour')::time,
  quiet_hours_end = ((now() at time zone 'Africa/Accra') + interval '1 hour')::time where id = tests.id('ours');
select tests.act_as('operator');
select is((public.send_message(tests.id('ours'), to_number => '+233244000001', message => 'Night') ->> 'send_after')::timestamptz,
  now() + interval '1 hour', 'What is queued in quiet hours waits until they end.');
select tests.act_as('postgres');

-- Senders
update public.sms_accounts set status = 'circuit_open' where organization_id = tests.id('ours');
select is(tests.outcome('operator', $$select public.send_message(tests.id('ours'), to_number => '+233244000001', message => 'Hi')$$), '1',
  'While the provider is down, texts are queued all the same.');
update public.sms_accounts set status = 'disabled' where organization_id = tests.id('ours');
select is(tests.outcome('operator', $$select public.send_message(tests.id('ours'), to_number => '+233244000001', message => 'Hi')$$), 'PT409',
  'Without an active sender nothing is queued.');

-- What has happened to it
select tests.act_as('viewer');
select is((select public.message_status(tests.id('ours'), id) -> 'events' -> 0 ->> 'status' from public.messages where customer_id = tests.id('Ama') limit 1),
  'queued', 'A message''s story begins with its queueing.');
select tests.act_as('postgres');

-- Starting the dispatcher
do $$
begin
  delete from vault.secrets where name in ('project_url', 'jobs_secret_key');
  perform vault.create_secret('https://project.example', 'project_url'), vault.create_secret('sb_secret_x', 'jobs_secret_key');
  update public.organizations set quiet_hours_start = null, quiet_hours_end = null where id = tests.id('ours');
  update public.sms_accounts set status = 'active' where organization_id = tests.id('ours');
  delete from net.http_request_queue;
end
$$;
select tests.act_as('operator');
select lives_ok($$select public.send_bulk(tests.id('ours'), 'Hi', filter => '{}')$$, 'Several texts are queued at once.');
select tests.act_as('postgres');
select is((select count(*) from net.http_request_queue where url like '%/functions/v1/jobs/dispatch-messages'), 1::bigint,
  'They start the dispatcher, once.');

select * from finish();
rollback;
