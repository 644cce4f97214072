-- Webhooks out: who may, what is recorded, how it becomes deliveries, the order, retries, and rights at delivery.
begin;
\ir support.inc
select plan(144);
do $$
begin
  perform tests.arrange();
  perform tests.customer('customer', 'ours', 'A1'), tests.customer('other customer', 'theirs', 'B1');
end
$$;
\ir webhooks.inc
grant all on all functions in schema tests to public;

-- Who may
select tests.only('{admin}', 'subscribe a webhook', 'PT403',
  $$select public.create_webhook(tests.id('ours'), '{"url": "https://hooks.example.com/a", "events": ["*"]}')$$);
select tests.only('{admin}', 'list webhooks', 'PT403', $$select public.list_webhooks(tests.id('ours'), 50, 0)$$);
select matches(tests.subscribe('hook', 'ours', 'admin', '{"events": ["customer.created", "customer.updated"]}')
  ->> 'secret', '^whsec_[A-Za-z0-9+/]{43}=$', 'The answer has a secret of 32 bytes.');
select tests.subscribe('their hook', 'theirs', 'outsider', '{}') \g /dev/null
select tests.only('{admin}', 'read endpoints', '0', $$select from public.webhook_endpoints where id = tests.id('hook')$$);
select is(tests.outcome('admin', 'select from private.webhook_events'), '42501', 'Events may not be read directly.');
select is((select count(*) from public.audit_logs a where a.resource = 'webhook_endpoints'
  and a.organization_id = tests.id('ours') and a::text not like '%whsec%'), 1::bigint,
  'Subscribing is audited, without the secret.');
select is(tests.outcome('admin', format('select public.%s', call)), 'PT404', call || ' of another organization.')
from unnest(array['update_webhook(tests.id(''ours''), tests.id(''their hook''), ''{"bulk": "each"}'')',
  'delete_webhook(tests.id(''ours''), tests.id(''their hook''))',
  'rotate_webhook_secret(tests.id(''ours''), tests.id(''their hook''))',
  'test_webhook(tests.id(''ours''), tests.id(''their hook''))',
  'replay_webhook(tests.id(''ours''), tests.id(''their hook''), now())',
  'list_webhook_deliveries(tests.id(''ours''), tests.id(''their hook''), ''{}'', 50, 0)']) call;
select is(tests.outcome('admin', format('select public.create_webhook(tests.id(''ours''), %L)',
  '{"url": "https://h.example.com", "events": ["*"]}'::jsonb || wrong)), 'PT422', wrong::text || ' is refused.')
from unnest(array['{"url": "https://a:b@h.example.com"}', '{"url": "ftp://h.example.com"}', '{"events": []}',
  '{"events": ["lead.exploded"]}', '{"bulk": "some"}', '{"url": null}']::jsonb[]) wrong;

-- Recording
insert into public.customers (organization_id, name, account_number, phone, currency)
select tests.id('theirs'), 'T' || n, 'T' || n, '+233244000001', 'GHS' from generate_series(1, 3) n;
select results_eq('select organization_id, type, jsonb_array_length(items) from private.webhook_events',
  $$values (tests.id('theirs'), 'customer.created', 3)$$, 'A statement writes one event, for those who subscribe.');
select is((select i from private.webhook_events v cross join jsonb_array_elements(v.items) i
  join public.customers c on c.id::text = i ->> 'customer_id' and c.account_number = 'T1'), (
  select jsonb_build_object('customer_id', c.id, 'status', 'connected') from public.customers c
  where c.account_number = 'T1'), 'It has the ids and no personal data.');
delete from private.webhook_events where true;
update public.customers set status = 'warned' where id = tests.id('customer');
select is((select v.items from private.webhook_events v), jsonb_build_array(jsonb_build_object('customer_id',
  tests.id('customer'), 'status', 'warned', 'previous_status', 'connected', 'changed', '["status"]'::jsonb)),
  'A change says what changed.');
insert into public.tasks (organization_id, title) values (tests.id('ours'), 'Call');
select is((select count(*) from private.webhook_events), 1::bigint, 'Nothing is written where nobody subscribes.');

select set_config('signalbox.legacy_import', 'on', true) \g /dev/null
update public.customers set arrears = 5 where id = tests.id('customer');
select set_config('signalbox.legacy_import', '', true) \g /dev/null
select is((select count(*) from private.webhook_events), 1::bigint, 'Neither for an old service''s history.');
select tests.subscribe('texts', 'ours', 'admin', '{"events": ["message.delivered", "message.received"]}') \g /dev/null
insert into public.messages (id, organization_id, direction, to_number, from_number, body, encoding, segments, status,
  provider)
values (tests.remember('text', private.uuid_v7()), tests.id('ours'), 'outbound', '+233244000001', 'POWER', 'Hi', 'GSM-7',
    1, 'sent', 'twilio'),
  (tests.remember('reply', private.uuid_v7()), tests.id('ours'), 'inbound', 'POWER', '+233244000001', 'Hi', 'GSM-7', 1,
    'received', 'twilio');
update public.messages set status = 'delivered' where id = tests.id('text');
select results_eq($$select type, items -> 0 ->> 'message_id' from private.webhook_events where type like 'message%'$$,
  $$values ('message.received', tests.id('reply')::text), ('message.delivered', tests.id('text')::text)$$,
  'Texts are told of, whatever partition they are in.');
select is(tests.as_admin('public.test_webhook(tests.id(''ours''), tests.id(''texts''))') ->> 'type', 'webhook.test',
  'A test is queued.');
select tests.as_admin('public.delete_webhook(tests.id(''ours''), tests.id(''texts''))') \g /dev/null
delete from private.webhook_events where type ~ '^(message|webhook)';

-- Every type of the catalogue can be computed
select lives_ok($test$do $do$
  declare t record;
  begin
    for t in select * from private.webhook_event_sources loop
      execute format('select %s from public.%I n %s where %s', t.data, t.source,
        case when t.operation = 'UPDATE' then format('join public.%I o on o.id = n.id', t.source) else '' end, t.condition);
    end loop;
  end $do$ $test$, 'The expressions of the catalogue fit their tables.');
select is_empty($$select t.type from private.webhook_event_sources t where not exists (
  select from pg_trigger g where g.tgrelid = ('public.' || t.source)::regclass and g.tgname ~ '^record_webhooks'
    and (g.tgtype & case t.operation when 'INSERT' then 4 else 16 end) > 0)$$, 'Each has its trigger.');
select is_empty($$select t.type from private.webhook_event_types t
  where not t.example ? t.object or not (t.schema -> 'required' @> to_jsonb(array[t.object]))
    or (select array_agg(k order by k) from jsonb_object_keys(t.example) k)
      <> (select array_agg(k order by k) from jsonb_object_keys(t.schema -> 'properties') k)$$,
  'Examples have what the schemas name.');
select is_empty($$select s.type from private.webhook_event_sources s join private.webhook_event_types t on t.type = s.type
  where (select array_agg(k[1] order by k[1]) from regexp_matches(s.data, '[(,] ?''([a-z_]+)'', ', 'g') k)
    <> (select array_agg(k order by k) from jsonb_object_keys(t.example) k)$$,
  'Every source of an event gives what its schema names.');
select is_empty($$select p.value from private.webhook_event_types t, jsonb_each_text(t.permission_by_kind) p
  where p.value not in (select name from private.permissions)$$, 'What a kind needs is a permission.');

-- Deliveries, in order per object
update public.customers set status = 'disconnected' where id = tests.id('customer');
insert into public.customers (id, organization_id, name, account_number, phone, currency)
values (tests.remember('second', private.uuid_v7()), tests.id('ours'), 'Second', 'A2', '+233244000002', 'GHS');
select is(tests.step(), 'hook customer.updated, hook customer.created',
  'The first of each object is sent; the second waits.');
select is(tests.step(), 'nothing', 'What is under way is not claimed again.');
select is(tests.step(tests.ended('hook', '{"status": 200, "answer": "ok"}')), 'hook customer.updated', 'Then the second.');
select is((select string_agg(distinct d.status || ' ' || (d.tries -> 0 ->> 'status') || ' ' || d.answer, ', ')
  from private.webhook_deliveries d where d.status = 'delivered'), 'delivered 200 ok', 'What was answered is kept.');
select tests.step(tests.ended('hook', '{"status": 500}')) \g /dev/null
select is(tests.state('hook') ->> 'last_error', 'HTTP 500', 'A failure is shown.');
update public.customers set status = 'connected' where id = tests.id('customer');
select is(tests.step(), 'nothing', 'After a failure the later change waits for the earlier one.');
select tests.later('7 seconds') \g /dev/null
select is(tests.step(), 'hook customer.updated', 'It is tried again after about five seconds.');
select is((select count(distinct c.webhook_id) from tests.claimed c), (select count(*) from tests.claimed),
  'Each message has an id of its own.');
select tests.step(tests.ended('hook', '{"error": "No answer within 10 s."}')) \g /dev/null
select tests.later('230 seconds') \g /dev/null
select is(tests.step(), 'nothing', 'The next try is after about five minutes.');
select tests.later('140 seconds') \g /dev/null
select is(tests.step(), 'hook customer.updated', 'Not later than that.');
select is(tests.step((select jsonb_agg(o || '{"claim": 0}') from jsonb_array_elements(tests.ended('hook',
  '{"status": 200}')) o), 0), 'nothing', 'A stale outcome is taken.');
select is((select count(*) from private.webhook_deliveries d where d.status = 'sending'), 1::bigint, 'It changes nothing.');
select tests.later('3 minutes') \g /dev/null
select is(tests.step(), 'hook customer.updated', 'What a dead sender had is claimed again.');
select is(tests.step(tests.ended('hook', '{"status": 429, "retry_after_seconds": 7200}')), 'nothing', 'A receiver may ask for a pause.');
select tests.later('110 minutes') \g /dev/null
select is(tests.step(), 'nothing', 'It gets it.');
select tests.later('100 minutes') \g /dev/null
select is(tests.step(), 'hook customer.updated', 'And is sent the rest.');
select is(tests.step(tests.ended('hook', '{"status": 204}')), 'hook customer.updated', 'In order.');
select is(tests.step(tests.ended('hook', '{"status": 204}')), 'nothing', 'Until all is delivered.');
select is(tests.state('hook') ->> 'pending', '0', 'Nothing is left.');

-- What was under way when it asked for a pause does not end the pause
insert into public.customers (organization_id, name, account_number, phone, currency)
select tests.id('ours'), 'Paused' || n, 'P' || n, '+233244000001', 'GHS' from generate_series(1, 3) n;
create function tests.one_ended(outcome jsonb) returns void language sql as $$
  select tests.step(jsonb_build_array(tests.ended('hook', outcome) -> 0), 0)
$$;
select is(tests.step(), 'hook customer.created, hook customer.created, hook customer.created', 'Three are under way.');
select tests.one_ended('{"status": 429, "retry_after_seconds": 3600}'), tests.one_ended('{"status": 500}'),
  tests.one_ended('{"status": 204}') \g /dev/null
select is((select s.cooldown_until - now() from private.webhook_states s where s.endpoint_id = tests.id('hook')),
  interval '1 hour', 'Neither a failure nor a success shortens a pause that was asked for.');
select tests.later('3 hours') \g /dev/null
select tests.step() \g /dev/null
select is(tests.step(tests.ended('hook', '{"status": 204}')), 'nothing', 'After it the rest is delivered.');

-- An endpoint that fails holds one place, then rests; others go on
update private.webhook_states set last_success_at = null where true;
insert into public.customers (organization_id, name, account_number, phone, currency)
select tests.id(o), 'F' || n, 'F' || n, '+233244000001', 'GHS'
from unnest(array['ours', 'theirs']) o cross join generate_series(1, 30) n;
select tests.step() \g /dev/null
select is((select count(*) from private.webhook_deliveries d where d.status = 'sending' group by d.endpoint_id limit 1),
  10::bigint, 'At most ten are under way at an endpoint.');
select tests.step(tests.ended('hook', '{"error": "x"}') || tests.ended('their hook', '{"status": 200}')) \g /dev/null
select is((select count(*) from private.webhook_deliveries d where d.status = 'sending' and d.endpoint_id = tests.id('hook')),
  0::bigint, 'An endpoint that failed rests.');
select is((select count(*) from private.webhook_deliveries d where d.status = 'sending'), 20::bigint,
  'Others go on; one that has just succeeded gets more.');
select tests.later('31 seconds') \g /dev/null
select tests.step() \g /dev/null
select is((select count(*) from private.webhook_deliveries d where d.status = 'sending' and d.endpoint_id = tests.id('hook')),
  1::bigint, 'Then it is tried with one.');

-- Five days, 410
select tests.later('5 days') \g /dev/null
select tests.step(tests.ended('hook', '{"status": 503}'), 0) \g /dev/null
select is(tests.state('hook') ->> 'status', 'active', 'Days without a try are no days of failures.');
create function tests.bad_day() returns void language plpgsql as $$
begin
  perform tests.later('25 hours');
  perform tests.step();
  perform tests.step(tests.ended('hook', '{"status": 503}'), 0);
end
$$;
select tests.bad_day() from generate_series(1, 4) \g /dev/null
select is(tests.state('hook') ->> 'status', 'active', 'After four days it is still tried.');
select tests.bad_day() \g /dev/null
select is(tests.state('hook') ->> 'disabled_reason', 'failing', 'After five days of failures it is disabled.');
select is((select count(*) from public.notifications n where n.kind = 'webhook_disabled'
  and n.user_id = tests.id('admin')), 1::bigint, 'An admin is notified once.');
select unalike(', ' || tests.step(), '%, hook %', 'Nothing is sent any more.');
update public.customers set status = 'warned' where id = tests.id('second');
select is(tests.outcome('admin', 'select public.replay_webhook(tests.id(''ours''), tests.id(''hook''), now())'), 'PT409',
  'Nothing is replayed to it.');
select tests.as_admin('public.update_webhook(tests.id(''ours''), tests.id(''hook''), ''{"status": "active"}'')') \g /dev/null
select matches(tests.step(), '^hook customer.created.*', 'Switched on again it gets what waits.');
select is((select count(*) from private.webhook_events v where v.type = 'webhook.test'), 1::bigint, 'And a test.');
select tests.step(tests.ended('hook', '{"status": 410}'), 0) \g /dev/null
select is(tests.state('hook') ->> 'disabled_reason', 'gone', 'An answer 410 disables it.');
update public.customers set status = 'connected' where id = tests.id('second');
select tests.step('[]', 100) \g /dev/null
delete from private.webhook_deliveries where endpoint_id = tests.id('hook');
select tests.as_admin('public.update_webhook(tests.id(''ours''), tests.id(''hook''), ''{"status": "active"}'')') \g /dev/null
select ok((tests.as_admin('public.replay_webhook(tests.id(''ours''), tests.id(''hook''), now() - interval ''1 hour'')')
  ->> 'queued')::integer > 30, 'A replay has what it missed.');
select is((select count(*) from private.webhook_deliveries d join private.webhook_events v on v.id = d.event_id
  where d.endpoint_id = tests.id('hook') and v.created_at < (select e.created_at from public.webhook_endpoints e
    where e.id = tests.id('hook'))), 0::bigint, 'And nothing from before it was there.');

-- Rights at delivery
select tests.as_admin('public.update_webhook(tests.id(''ours''), tests.id(''hook''), ''{"bulk": "grouped"}'')') \g /dev/null
select tests.member('another admin', 'ours', 'admin') \g /dev/null
update public.memberships set status = 'suspended' where user_id = tests.id('admin');
select is(tests.state('hook') ->> 'silent_reason', 'owner_not_member', 'An endpoint says why it is silent.');
select is(tests.step(), 'nothing', 'It is sent nothing.');
select is((select string_agg(distinct concat_ws(' ', d.status, d.reason), ', ') from private.webhook_deliveries d
  where d.endpoint_id = tests.id('hook')), 'withheld owner_not_member', 'Each delivery says why.');
update public.memberships set status = 'active' where user_id = tests.id('admin');
create function tests.withheld(type text, data jsonb) returns text language sql as $$
  select private.webhook_withheld(tests.id('ours'), tests.id('watcher'), type, data)
$$;
insert into public.roles (id, organization_id, key, name) values
  (tests.remember('watchers', private.uuid_v7()), tests.id('ours'), 'watchers', 'Watchers');
insert into public.role_permissions (role_id, permission, scope) values (tests.id('watchers'), 'webhooks:manage', 'organization'),
  (tests.id('watchers'), 'leads:read', 'own'), (tests.id('watchers'), 'tasks:read', 'organization'),
  (tests.id('watchers'), 'notes:read', 'own'), (tests.id('watchers'), 'reports:read', 'organization');
select tests.person('watcher') \g /dev/null
insert into public.memberships (organization_id, user_id, role_id) values
  (tests.id('ours'), tests.id('watcher'), tests.id('watchers'));
select is(tests.withheld('task.created', '{}'), null, 'What the owner may see is sent.');
select is(tests.withheld('customer.created', '{}'), 'lacks customers:read', 'What they may not see is withheld.');
select is(tests.withheld('lead.created', '{}'), 'lacks leads:read', 'Neither is what they see a part of.');
select is(tests.withheld('note.sent', '{"recipients": ["watchers"]}'), null, 'Notes to their role are sent.');
select is(tests.withheld('note.sent', '{"recipients": ["admin"], "sender_id": null}'), 'not for the owner''s role',
  'Other notes are withheld.');
select is(tests.withheld('report.ready', '{"owner_id": null}'), 'not the owner''s', 'So are other people''s reports.');

select is(tests.withheld('import.finished', jsonb_build_object('kind', kind)), reason, 'An import of ' || kind)
from (values ('leads', 'lacks leads:import'), ('clients', 'lacks clients:import'), ('customers', 'lacks uploads:read'),
  ('others', 'lacks leads:import')) as kinds (kind, reason);
insert into public.role_permissions (role_id, permission, scope) values
  (tests.id('watchers'), 'clients:import', 'organization'), (tests.id('watchers'), 'uploads:read', 'own');
select is(tests.withheld('import.finished', jsonb_build_object('kind', kind)), reason, 'An import of ' || kind)
from (values ('leads', 'lacks leads:import'), ('clients', null), ('customers', 'lacks uploads:read'))
  as kinds (kind, reason);

-- Imports of every kind
select tests.subscribe('imports', 'ours', 'watcher', '{"events": ["import.finished"]}') \g /dev/null
insert into public.lead_imports (id, organization_id, kind, upload_id, file_name, mapping, columns, on_duplicate, source,
  total_rows)
select tests.remember(kind, private.uuid_v7()), tests.id('ours'), kind, gen_random_uuid(), 'a.csv', '{}', '[]', 'skip',
  case kind when 'leads' then 'website' end, 1 from unnest(array['leads', 'clients']) kind;
update public.lead_imports set status = 'running' where organization_id = tests.id('ours');
update public.lead_imports set status = 'done', counts = '{"created": 1}' where organization_id = tests.id('ours');
update public.lead_imports set error = null where organization_id = tests.id('ours');
insert into public.batches (id, organization_id, kind)
select tests.remember('batch of ' || kind, private.uuid_v7()), tests.id('ours'), kind
from unnest(array['upload', 'sms', 'actions']) kind;
update public.batches set counts = '{"created": 2}' where organization_id = tests.id('ours');
update public.batches set skipped = '[]' where organization_id = tests.id('ours');
select results_eq($$select i ->> 'import_id', i ->> 'kind', i ->> 'status', i -> 'counts'
  from private.webhook_events v, jsonb_array_elements(v.items) i
  where v.type = 'import.finished' and v.organization_id = tests.id('ours') order by i ->> 'kind'$$, $$values
  (tests.id('clients')::text, 'clients', 'done', '{"created": 1}'::jsonb),
  (tests.id('batch of upload')::text, 'customers', 'done', '{"created": 2}'),
  (tests.id('leads')::text, 'leads', 'done', '{"created": 1}')$$,
  'An import of each kind is told of once, a spreadsheet of customers too.');
select matches(tests.step(), 'imports import.finished$', 'One is sent.');
select results_eq($$select d.object_id, coalesce(d.reason, 'sent') from private.webhook_deliveries d
  where d.endpoint_id = tests.id('imports') order by d.data ->> 'kind'$$, $$values (tests.id('clients')::text, 'sent'),
  (tests.id('batch of upload')::text, 'lacks uploads:read'), (tests.id('leads')::text, 'lacks leads:import')$$,
  'That of which the owner may know.');
delete from public.webhook_endpoints where id = tests.id('imports');

-- Secrets that the caller brings
select is(tests.subscribe('own secret', 'ours', 'admin', jsonb_build_object('secret', given)) ->> 'secret', kept, what)
from (values
  ('whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX', 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX', 'It signs with it.'),
  ('a text of 24 characters.', 'whsec_YSB0ZXh0IG9mIDI0IGNoYXJhY3RlcnMu', 'The bytes of a text are the key.'),
  (repeat('x', 64), 'whsec_' || replace(encode(repeat('x', 64)::bytea, 'base64'), E'\n', ''), 'Up to 64 of them.')
  ) as secrets (given, kept, what);
select is(tests.outcome('admin', format('select public.create_webhook(tests.id(''ours''), %L)', jsonb_build_object('url',
  'https://hooks.example.com/a', 'events', jsonb_build_array('*'), 'secret', given))), 'PT422', 'Refused: ' || given)
from unnest(array['', 'too short', 'whsec_AAECAwQ=', 'whsec_not base64 at all, but long enough', repeat('x', 65),
  E'a text with\na line break in it']) given;
delete from public.webhook_endpoints where organization_id = tests.id('ours') and id <> tests.id('hook');

-- Limits, by hand and through the Data API alike
create function tests.code(call text) returns text language sql as $$
  select coalesce(answer ->> 'code', 'done') from tests.as_admin('public.' || call) answer
$$;
create table tests.sends (position integer, call text, kind text);
insert into tests.sends values
  (1, format('test_webhook(%L, %L)', tests.id('ours'), tests.id('hook')), 'webhook_single'),
  (2, format('redeliver_webhook(%L, %L)', tests.id('ours'), (
    select d.id from private.webhook_deliveries d where d.endpoint_id = tests.id('hook') limit 1)), 'webhook_single'),
  (3, format('replay_webhook(%L, %L, now())', tests.id('ours'), tests.id('hook')), 'webhook_replay');
update private.rate_limits set quota = 2 where kind in ('webhook_single', 'webhook_replay');
delete from private.rate_buckets b where b.kind in ('webhook_single', 'webhook_replay');
select is(tests.code(s.call), 'done', s.call || ' is done.') from tests.sends s order by s.position;
update private.rate_buckets b set tokens = 0.5 where b.kind in ('webhook_single', 'webhook_replay');
select is(tests.code(s.call), 'PT429', s.call || ' waits when the bucket is empty.') from tests.sends s order by s.position;

-- Groups, rotation, deletion
delete from private.webhook_deliveries where true;
insert into public.customers (organization_id, name, account_number, phone, currency)
select tests.id('ours'), 'G' || n, 'G' || n, '+233244000001', 'GHS' from generate_series(1, 950) n;
select is(tests.step(), 'hook objects.changed, hook objects.changed, hook objects.changed', 'Many changes are grouped.');
select results_eq($$select (d.data ->> 'count')::integer, jsonb_array_length(d.data -> 'ids'), d.data ->> 'event'
  from private.webhook_deliveries d where d.grouped order by d.seq$$,
  $$values (400, 400, 'customer.created'), (400, 400, 'customer.created'), (150, 150, 'customer.created')$$,
  'Each id is in one group.');
select is(jsonb_array_length(private.webhook_secrets_of(tests.id('hook'))), 1, 'One secret signs.');
select tests.as_admin('public.rotate_webhook_secret(tests.id(''ours''), tests.id(''hook''))') \g /dev/null
select isnt(tests.as_admin('public.rotate_webhook_secret(tests.id(''ours''), tests.id(''hook''), 60)') ->> 'secret',
  null, 'A new secret is shown.');
select is(jsonb_array_length(private.webhook_secrets_of(tests.id('hook'))), 2, 'Two sign during the grace.');
select tests.as_admin('public.rotate_webhook_secret(tests.id(''ours''), tests.id(''hook''), 0)') \g /dev/null
select is(jsonb_array_length(private.webhook_secrets_of(tests.id('hook'))), 1, 'Without grace the old one ends at once.');
select tests.as_admin('public.delete_webhook(tests.id(''ours''), tests.id(''hook''))') \g /dev/null
select is((select count(*) from vault.secrets s where s.name like 'webhook_' || tests.id('hook') || '%'), 0::bigint,
  'With an endpoint its secrets go.');
select is((select count(*) from private.webhook_subscriptions s where s.organization_id = tests.id('ours')), 0::bigint,
  'And its subscriptions.');
update private.webhook_events set created_at = now() - interval '31 days' where true;
select lives_ok('select private.purge_webhooks()', 'Old events are purged.');
select is((select count(*) from private.webhook_events), 0::bigint, 'They are gone.');
select * from finish();
rollback;
