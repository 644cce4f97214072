-- A spreadsheet in two steps: stored for a day, then processed once and completely.
begin;
\ir support.inc
select plan(143);
do $$
begin
  perform tests.arrange();
  perform tests.customer('Known', 'ours', 'K1', '+233244000001', 'warned', 5),
    tests.customer('Same', 'ours', 'S1', '+233244000002', 'disconnected', 7),
    tests.customer('stranger', 'theirs', 'N1', '+233244000003');
  insert into public.suppressions (organization_id, phone, source) values (tests.id('ours'), '+233244000009', 'reply');
end
$$;
create function tests.rows() returns jsonb language sql immutable as $$
  select '[
    {"row": 3, "name": "Known Changed", "account_number": "k1", "phone": "+233244000001", "arrears": 50,
      "status": null},
    {"row": 4, "name": "Same", "account_number": "S1", "phone": "+233244000002", "arrears": 7, "status": null},
    {"row": 5, "name": "New", "account_number": "N1", "phone": "+233244000005", "arrears": -1234.5, "status": null},
    {"row": 6, "name": "New Warned", "account_number": "N2", "phone": "+233244000009", "arrears": 1, "status": "warned"}
  ]'::jsonb
$$;
create function tests.upload() returns uuid language sql volatile as $$
  select (public.create_upload(tests.id('ours'), 'arrears.xlsx', tests.rows(),
    '{"valid_rows": 4}') ->> 'upload_id')::uuid
$$;
grant execute on all functions in schema tests to public;
create table tests.results (name text primary key, answer jsonb);
grant all on tests.results to public;

-- Rights
select policies_are('uploads', array['those who may read uploads read their organization''s']);
do $$
begin
  perform tests.act_as('operator');
  perform tests.upload();
  perform tests.act_as('postgres');
  perform tests.remember('upload', (select id from public.uploads where organization_id = tests.id('ours'))),
    tests.remember('their upload', private.uuid_v7());
  insert into public.uploads (id, organization_id, file_name, rows, summary)
    values (tests.id('their upload'), tests.id('theirs'), 'x.csv', tests.rows(), '{}');
end
$$;
select tests.only('{admin,operator,viewer}', 'see uploads', '0', $$select from public.uploads
  where id = tests.id('upload')$$);
select tests.only('{admin,operator,viewer}', 'list batches', 'PT403',
  $$select public.list_batches(tests.id('ours'), 50, 0)$$);
select tests.only('{}', 'write an upload', '42501', $$insert into public.uploads (organization_id, file_name, rows,
  summary)
  values (tests.id('ours'), 'x.csv', '[]', '{}')$$);
select tests.only('{}', 'change an upload', '42501', $$update public.uploads set rows = '[]'$$);
select tests.only('{}', 'delete an upload', '42501', $$delete from public.uploads$$);
select tests.only('{admin,operator}', 'upload', 'PT403',
  $$select public.create_upload(tests.id('ours'), 'x.csv', tests.rows(), '{}')$$);
select tests.only('{admin,operator}', 'process an upload', 'PT403',
  $$select public.process_batch(tests.id('ours'), tests.id('upload'))$$);
select tests.only('{admin,operator}', 'process rows', 'PT403',
  $$select public.process_batch(tests.id('ours'), customers => tests.rows())$$);
do $$
declare
  role uuid := tests.remember('filer role', private.uuid_v7());
begin
  insert into public.roles (id, organization_id, key, name) values (role, tests.id('ours'), 'filer', 'Filer');
  insert into public.role_permissions (role_id, permission) values (role, 'uploads:write'), (role, 'customers:write');
  perform tests.member('filer', 'ours', 'viewer');
  update public.memberships set role_id = role where user_id = tests.id('filer');
end
$$;
select is(tests.outcome('filer', $$select public.process_batch(tests.id('ours'), tests.id('upload'))$$), '1',
  'Customers alone need no further permission.');
select is(tests.outcome('filer', $$select public.process_batch(tests.id('ours'), tests.id('upload'),
  action => 'warn')$$), 'PT403', 'Actions need actions:write.');
select is(tests.outcome('filer', $$select public.process_batch(tests.id('ours'), tests.id('upload'), send_sms => true,
  message => 'Hi')$$), 'PT403',
  'Texts need messages:send.');

-- Another organization
select is(tests.outcome('operator', $$select public.process_batch(tests.id('ours'), tests.id('their upload'))$$),
  'PT404', 'Another organization''s upload is not found.');
select is(tests.outcome('operator', $$select public.process_batch(tests.id('ours'), gen_random_uuid())$$), 'PT404',
  'It gets the same answer as one that does not exist.');
select is(tests.outcome('operator', $$select public.list_batches(tests.id('theirs'), 50, 0)$$), 'PT403',
  'No list of another organization''s batches.');
select is(tests.outcome('operator', $$select public.process_batch(tests.id('theirs'), tests.id('their upload'))$$),
  'PT403', 'Nothing is processed for another organization.');

-- A batch is all or nothing
select is(tests.outcome('operator', $$select public.process_batch(tests.id('ours'), customers =>
  tests.rows() || '[{"row": 7, "name": "Bad", "account_number": "B1", "phone": "0244", "arrears": 1}]')$$), 'PT422',
    'A row that cannot be stored fails the batch.');
select is(tests.outcome('operator', $$select public.process_batch(tests.id('ours'))$$), 'PT422', 'Some rows must be given.');
update public.sms_accounts set status = 'disabled' where organization_id = tests.id('ours');
select is(tests.outcome('operator', $$select public.process_batch(tests.id('ours'), tests.id('upload'),
  action => 'disconnect', send_sms => true)$$), 'PT409',
  'A batch whose texts cannot be queued fails.');
update public.sms_accounts set status = 'active' where organization_id = tests.id('ours');
select is(tests.outcome('operator', $$select public.process_batch(tests.id('ours'), tests.id('upload'),
  send_sms => true)$$), 'PT422',
  'Texts without an action need a message.');
select is(tests.outcome('operator', $$select public.process_batch(tests.id('ours'), tests.id('upload'),
  send_sms => true, message => 'Dear {{x}}')$$), 'PT422',
  'A message with an unknown variable fails the batch.');
select results_eq($$select name, arrears from public.customers where organization_id = tests.id('ours') order by name$$,
  $$values ('Known', 5::numeric(14, 2)), ('Same', 7)$$, 'A failed batch leaves no customer.');
select is((select count(*) from public.batches where organization_id = tests.id('ours')), 0::bigint,
  'A failed batch leaves no batch row.');
select is((select processed_at from public.uploads where id = tests.id('upload')), null,
  'After a failed batch the upload can be processed again.');

-- A complete batch
select tests.act_as('operator');
insert into tests.results values ('disconnect', public.process_batch(tests.id('ours'), tests.id('upload'),
  action => 'disconnect', send_sms => true,
  skipped => '[{"row": 9, "reason": "no phone"}]'));
select is(answer - 'batch_id', '{"created": 2, "updated": 1, "unchanged": 1, "actions": 4, "messages_queued": 3,
  "skipped": [{"row": 9, "reason": "no phone"}, {"row": 6,
    "reason": "The number has opted out: no text was queued."}]}',
  'The answer has the counts and each skipped row.') from tests.results where name = 'disconnect';
select is(public.list_batches(tests.id('ours'), 50, 0) #>> '{rows,0,created_by_name}', 'Operator',
  'The list of batches names who processed each.');
select is(public.list_batches(tests.id('ours'), 50, 0) ->> 'total', '1', 'The list has their number.');
select tests.act_as('postgres');
select results_eq($$select name, account_number, phone, status, arrears, currency from public.customers
  where organization_id = tests.id('ours') order by name$$,
  $$values ('Known Changed', 'K1', '+233244000001', 'disconnected', 50::numeric(14, 2), 'GHS'),
    ('New', 'N1', '+233244000005', 'disconnected', -1234.5, 'GHS'),
    ('New Warned', 'N2', '+233244000009', 'disconnected', 1, 'GHS'),
      ('Same', 'S1', '+233244000002', 'disconnected', 7, 'GHS')$$,
  'Existing accounts are changed, new ones added, all with the status of the action.');
select results_eq($$select name from public.customers where organization_id = tests.id('theirs')$$, array['stranger'],
  'Another organization''s customer with the same account number is unchanged.');
select results_eq($$select action, source, performed_by, count(*) from public.customer_actions
  where organization_id = tests.id('ours') group by 1, 2, 3 order by 1$$,
  $$values ('disconnect', 'batch', tests.id('operator'), 4::bigint), ('sms_sent', 'batch', tests.id('operator'), 3)$$,
    'Each customer has its actions.');
select results_eq($$select status, count(*) from public.messages where organization_id = tests.id('ours')
  and purpose = 'disconnection' group by 1 order by 1$$,
  $$values ('queued', 3::bigint), ('suppressed', 1)$$,
    'Each customer has a text; the one to a number that opted out is suppressed.');
select is((select body from public.messages where to_number = '+233244000005'),
  'Dear New, account N1 has been disconnected because GHS -1,234.50 is unpaid. Please pay to be reconnected. '
    || 'Ours Power',
  'The text has the new amount.');
select results_eq($$select kind, upload_id, file_name, action, send_sms, counts ->> 'created',
  jsonb_array_length(skipped), created_by from public.batches
  where organization_id = tests.id('ours')$$, $$values ('upload', tests.id('upload'), 'arrears.xlsx', 'disconnect',
    true, '2', 2, tests.id('operator'))$$,
  'The batch keeps its counts.');
select results_eq($$select processed_at is not null, rows, batch_id is not null from public.uploads
  where id = tests.id('upload')$$, $$values (true, '[]'::jsonb, true)$$,
  'The upload is marked as processed and its rows are deleted.');
select tests.act_as('viewer');
select is(jsonb_array_length(public.list_uploads(tests.id('ours'), -1, -1) -> 'rows'), 0, 'Uploads are listed by the page.');
select is(public.batch_detail(tests.id('ours'), (answer ->> 'batch_id')::uuid) -> 'delivery',
  '{"queued": 3, "suppressed": 1}', 'A batch has the delivery state of its texts.')
from tests.results where name = 'disconnect';
select tests.act_as('postgres');

-- Once
select is(tests.outcome('operator', $$select public.process_batch(tests.id('ours'), tests.id('upload'))$$), 'PT409',
  'An upload is processed once.');
update public.uploads set processed_at = null, expires_at = now() where id = tests.id('upload');
select is(tests.outcome('operator', $$select public.process_batch(tests.id('ours'), tests.id('upload'))$$), 'PT409',
  'An expired upload cannot be processed.');
select tests.act_as('operator', '{"idempotency-key": "once"}');
insert into tests.results values ('first', public.process_batch(tests.id('ours'), customers => tests.rows())),
  ('repeated', public.process_batch(tests.id('ours'), customers => tests.rows()));
select is((select count(distinct answer ->> 'batch_id') from tests.results where name in ('first', 'repeated')),
  1::bigint,
  'A repeat with the same Idempotency-Key gets the first answer.');
select is((select answer -> 'updated' from tests.results where name = 'first'), '1',
  'A status in the sheet is applied.');
select tests.act_as('operator');
select results_eq($$select name, status from public.customers where organization_id = tests.id('ours') order by name$$,
  $$values ('Known Changed', 'disconnected'), ('New', 'disconnected'), ('New Warned', 'warned'),
    ('Same', 'disconnected')$$,
  'Without a status an existing customer keeps theirs.');
select is(public.process_batch(tests.id('ours'),
  customers => '[{"row": 1, "name": "Fresh", "account_number": "F1", "phone": "+233244000006", "arrears": 0}]')
    -> 'created', '1',
  'A batch of rows needs no upload.');
select is((select status from public.customers where account_number = 'F1'), 'connected',
  'Without a status a new customer is connected.');
select is(public.process_batch(tests.id('ours'), customers => tests.rows()) - 'batch_id',
  '{"created": 0, "updated": 0, "unchanged": 4, "actions": 0, "messages_queued": 0, "skipped": []}',
    'The same rows again change nothing.');
select is(public.process_batch(tests.id('ours'), customers => '[]') - 'batch_id',
  '{"created": 0, "updated": 0, "unchanged": 0, "actions": 0, "messages_queued": 0, "skipped": []}',
    'An empty batch changes nothing.');

-- Who gets no text, and why; nobody gets two
select tests.act_as('postgres');
insert into public.undeliverable_numbers (organization_id, phone, is_final, reason, error_code, provider, message_id)
values (tests.id('ours'), '+233244000002', true, 'invalid', '21211', 'twilio', private.uuid_v7());
update public.sms_accounts set provider = 'twilio', sender_id = '+233244000001', number_type = 'long_code' where organization_id = tests.id('ours');
select tests.act_as('operator');
select is(public.process_batch(tests.id('ours'), send_sms => true, message => 'Hi', customers => jsonb_set(tests.rows(),
  '{2,phone}', '"+4915112345678"')) -> 'skipped', '[
  {"row": 3, "reason": "A number does not text itself: no text was queued."},
  {"row": 4, "reason": "The number cannot be reached, as its provider said before: no text was queued."},
  {"row": 5, "reason": "The organization does not text numbers of this country: no text was queued."},
  {"row": 6, "reason": "The number has opted out: no text was queued."}]', 'Each row without a text has its reason.');
select tests.act_as('postgres');
create function tests.landlord() returns jsonb language sql immutable as $$
  select jsonb_agg(jsonb_build_object('row', n, 'name', 'Landlord', 'account_number', 'L' || n, 'phone', '+233244000031',
    'arrears', 12.5, 'status', null)) from generate_series(1, 3) n
$$;
grant execute on function tests.landlord() to public;
select tests.act_as('operator');
select is(public.process_batch(tests.id('ours'), customers => tests.landlord(), send_sms => true, message => 'Pay.') - 'batch_id',
  '{"created": 3, "updated": 0, "unchanged": 0, "actions": 0, "messages_queued": 1, "skipped": [
    {"row": 2, "reason": "The same text to this number is in the list already: no text was queued."},
    {"row": 3, "reason": "The same text to this number is in the list already: no text was queued."}]}',
  'A landlord with three accounts gets a text without variables once.');
select is(public.process_batch(tests.id('ours'), customers => tests.landlord(), send_sms => true,
  message => 'Pay for {{account_number}}.') -> 'messages_queued', '3', 'And one for each account where it names the account.');
select is(tests.outcome('operator', $$select public.process_batch(tests.id('ours'), customers => tests.rows()
  || '[{"row": 7, "name": "Twice", "account_number": "n2", "phone": "+233244000009", "arrears": 1}]')$$), 'PT422',
  'An account is in a batch once, with a status or without.');

-- What a person may send in a minute
select tests.act_as('postgres');
delete from private.rate_buckets where kind = 'send';
update private.rate_limits set quota = 1 where kind = 'send';
select tests.act_as('operator');
select is(public.process_batch(tests.id('ours'), customers => tests.rows()) ->> 'updated', '1',
  'A batch without texts takes none of it.');
select is(public.process_batch(tests.id('ours'), customers => tests.rows(), send_sms => true, message => 'Hi')
  ->> 'messages_queued', '1', 'One with texts does,');
select is(public.process_batch(tests.id('ours'), customers => tests.rows(), send_sms => true, message => 'Hi') ->> 'code',
  'PT429', 'and is refused when nothing is left.');
select tests.act_as('postgres');
create function tests.total_of(wanted text) returns numeric language sql as $$
  select coalesce(sum(customers), 0) from private.customer_totals where organization_id = tests.id('ours')
    and status = wanted
$$;
select is(tests.total_of(status), count(c.id)::numeric, format('The total of %s customers is right.', status))
from unnest(array['connected', 'disconnected', 'warned']) status
left join public.customers c using (status) where c.id is null or c.organization_id = tests.id('ours') group by status;

select * from finish();
rollback;
