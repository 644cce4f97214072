-- The audit log: what is written, who may read it, and that nobody can change it.
begin;
\ir support.inc
select plan(103);
do $$
begin
  perform tests.arrange();
  perform tests.customer('ama', 'ours', 'A1');
end
$$;
create function tests.entries(resource text,
  action text default null) returns setof public.audit_logs language sql stable as $$
  select * from public.audit_logs a
  where a.organization_id = tests.id('ours') and a.resource = entries.resource
    and (entries.action is null or a.action = entries.action)
  order by a.id
$$;

select policies_are('audit_logs', array['those who may read the audit log read their organization''s']);
select tests.only('{admin}', 'read the audit log', '0',
  $$select from public.audit_logs where resource = 'customers' and resource_id = tests.id('ama')$$);
select tests.only('{}', 'write the audit log', '42501',
  $$insert into public.audit_logs (organization_id, action, resource) values (tests.id('ours'), 'insert',
    'customers')$$);
select tests.only('{}', 'change the audit log', '42501', $$update public.audit_logs set actor_id = null$$);
select tests.only('{}', 'delete from the audit log', '42501', $$delete from public.audit_logs$$);

-- Nobody can change it
select is(tests.outcome('service_role', statement), '42501', format('The service role cannot do "%s".', statement))
from unnest(array['insert into public.audit_logs (action, resource) values (''insert'', ''x'')',
  'update public.audit_logs set ip = null', 'delete from public.audit_logs', 'truncate public.audit_logs']) statement;
select is(tests.outcome('postgres', statement), '42501', format('The owner cannot do "%s".', statement))
from unnest(array['update public.audit_logs set ip = null', 'delete from public.audit_logs',
  'truncate public.audit_logs']) statement;
select is(tests.outcome('postgres', format('delete from %s', p.inhrelid::regclass)), '42501',
  'The owner cannot delete from a single month either.')
from pg_inherits p where inhparent = 'public.audit_logs'::regclass
  and inhrelid::regclass::text like '%' || to_char(now() at time zone 'UTC', 'YYYY_MM');

-- What is written
select set_eq($$
  select t.tgrelid::regclass::text from pg_trigger t where t.tgfoid = 'private.audit'::regproc
  group by 1 having count(*) = 3
  union all
  select t.tgrelid::regclass::text from pg_trigger t where t.tgfoid = 'private.audit_row'::regproc
    and t.tgtype & 28 = 28
$$, array['campaign_numbers', 'campaign_templates', 'lead_holders', 'notification_preferences', 'batches',
  'calendar_holidays', 'calendar_periods', 'calendars', 'campaign_alerts', 'campaigns', 'customers',
  'dnc_lists', 'interactions',
  'invitations', 'lead_fields', 'lead_imports', 'lead_settings', 'leads', 'memberships', 'organizations',
  'pipeline_stages', 'report_links', 'report_recipients', 'report_schedules',
  'report_settings', 'reports', 'reply_reviews', 'reply_rules',
  'role_permissions', 'roles', 'sms_accounts', 'students', 'suppressions', 'tasks', 'teams', 'template_variants',
  'templates', 'undeliverable_numbers', 'uploads', 'api_keys', 'churn_settings', 'client_contacts', 'client_factors',
  'client_interactions', 'client_issues', 'client_links', 'client_segments', 'clients', 'exchange_rates',
  'incident_types', 'notes', 'plays', 'recommendations', 'webhook_endpoints'],
  'These tables are audited, in insert, update and delete.');

select tests.act_as('operator', tests.from_function('req-1', '203.0.113.7'));
insert into public.customers (organization_id, name, account_number, phone, arrears, currency)
values (tests.id('ours'), 'Kofi', 'K1', '+233244000002', 10, 'GHS');
update public.customers set name = 'Kofi Mensah', arrears = 20.5 where account_number = 'K1';
update public.customers set name = name where account_number = 'K1';
delete from public.customers where account_number = 'K1';
select tests.act_as('postgres');

select results_eq($$
  select action, actor_id, impersonator_id, via, request_id, ip, before ->> 'name', after ->> 'name', changed
  from tests.entries('customers') where coalesce(after, before) ->> 'account_number' = 'K1'
$$, $$values
  ('insert', tests.id('operator'), null::uuid, 'function', 'req-1', '203.0.113.7', null, 'Kofi', '{}'::text[]),
  ('update', tests.id('operator'), null, 'function', 'req-1', '203.0.113.7', 'Kofi', 'Kofi Mensah',
    '{arrears,name,search_text}'),
  ('delete', tests.id('operator'), null, 'function', 'req-1', '203.0.113.7', 'Kofi Mensah', null, '{}')
$$, 'Each change is logged once, with actor, values and origin; an update without a change is not logged.');
select is((select before -> 'arrears' from tests.entries('customers', 'update') order by id desc limit 1), '10.00',
  'before contains the old row.');

-- Impersonation
insert into private.impersonations (id, organization_id, admin_id, target_id, reason)
values (tests.remember('impersonation', private.uuid_v7()), tests.id('ours'), tests.id('admin'), tests.id('operator'),
  'Ticket');
select tests.act_as('operator', tests.from_function('req-2', '198.51.100.1'),
  jsonb_build_object('act', jsonb_build_object('sub', tests.id('admin')), 'session_id', tests.id('impersonation')));
update public.customers set name = 'Ama B.' where id = tests.id('ama');
select tests.act_as('postgres');
select results_eq($$select actor_id, impersonator_id, ip from tests.entries('customers', 'update')
  where resource_id = tests.id('ama')$$,
  $$values (tests.id('operator'), tests.id('admin'), '198.51.100.1')$$, 'An impersonated change records both people.');
select is(tests.outcome('operator', $$update public.customers set name = 'X' where id = tests.id('ama')$$,
  claims => claims), 'PT401',
  format('A token with the claim %s is refused.', claims))
from unnest(array['{"act": "admin"}', '{"act": {"sub": "admin"}}', '{"act": {}}', '{"act": null}',
  '{"act": ["x"]}']::jsonb[])
  claims;
select is(tests.outcome('operator', 'select from public.customers', claims => '{"act": {"sub": 1}}'), 'PT401',
  'Such a token cannot read either.');

-- Where from: only what is proven
create function tests.origin(headers jsonb) returns text language plpgsql as $$
declare
  answer text;
begin
  perform tests.act_as('operator', headers);
  update public.customers set name = name || '.' where id = tests.id('ama');
  perform tests.act_as('postgres');
  select concat_ws(' ', a.via, coalesce(a.request_id, '-'), coalesce(a.ip, '-')) into answer
  from tests.entries('customers', 'update') a order by a.id desc limit 1;
  return answer;
end
$$;
select is(tests.origin(tests.from_function('r-1', '2001:db8::1')), 'function r-1 2001:db8::1',
  'A signed origin is recorded.');
select is(tests.origin(tests.from_function('r-1', null)), 'function r-1 -', 'A function may not know the address.');
select is(tests.origin(headers), 'data_api - -', format('%s proves nothing.', left(headers::text, 60)))
from unnest(array['{"x-client-ip": "8.8.8.8", "x-request-id": "forged"}', '{"x-forwarded-for": "9.9.9.9, 1.1.1.1"}',
  '{"cf-connecting-ip": "6.6.6.6"}',
    '{"x-client-ip": "8.8.8.8", "x-request-id": "r-1", "x-request-signature": "00"}']::jsonb[]
  || (tests.from_function('r-1', '8.8.8.8') || '{"x-client-ip": "9.9.9.9"}')
  || (tests.from_function('r-1', '8.8.8.8') || '{"x-request-id": "r-2"}')) headers;
select is(tests.origin(tests.from_function(repeat('r', 101), repeat('8', 60))), 'function - -',
  'A request id or address in another form is not recorded.');
update private.deployment set trusted_ip_header = 'cf-connecting-ip' where singleton;
select is(tests.origin('{"cf-connecting-ip": "6.6.6.6", "x-forwarded-for": "9.9.9.9"}'), 'data_api - 6.6.6.6',
  'The header that the deployment trusts is recorded.');
select is(tests.origin('{"cf-connecting-ip": "nonsense"}'), 'data_api - -', 'An address must be one.');
update private.deployment set trusted_ip_header = null where singleton;

-- Accounts, and what is no change of a table
create function tests.events(action text) returns setof public.audit_logs language sql stable as $$
  select * from public.audit_logs a where a.action = events.action and a.organization_id in (tests.id('ours'),
    tests.id('theirs'))
$$;
do $$
begin
  insert into public.memberships (organization_id, user_id, role_id)
  values (tests.id('theirs'), tests.id('viewer'), tests.role('viewer'));
  insert into auth.sessions (id, user_id, created_at, updated_at)
  values (tests.remember('session', gen_random_uuid()), tests.id('viewer'), now(), now());
  update auth.users set encrypted_password = 'secret hash' where id = tests.id('viewer');
  update auth.users set encrypted_password = 'secret hash' where id = tests.id('viewer');
end
$$;
select set_eq($$select organization_id, actor_id, resource, resource_id, via from tests.events('sign_in')$$,
  $$values (tests.id('ours'), tests.id('viewer'), 'sessions', tests.id('session'), 'auth'),
    (tests.id('theirs'), tests.id('viewer'), 'sessions', tests.id('session'), 'auth')$$,
  'A sign-in is in the log of each of the person''s organizations.');
select set_eq($$select organization_id, resource_id, after from tests.events('password_changed')$$,
  $$values (tests.id('ours'), tests.id('viewer'), null::jsonb), (tests.id('theirs'), tests.id('viewer'), null)$$,
  'A new password is logged once, without its hash.');
select tests.act_as('viewer');
update public.profiles set full_name = 'Vera Viewer' where id = tests.id('viewer');
select tests.act_as('postgres');
select set_eq($$select organization_id, actor_id, before, after from public.audit_logs where resource = 'profiles'
  and action = 'update'
    and resource_id = tests.id('viewer')$$,
  $$select o, tests.id('viewer'), '{"full_name": "Viewer"}'::jsonb as before,
    '{"full_name": "Vera Viewer"}'::jsonb as after
    from unnest(array[tests.id('ours'), tests.id('theirs')]) o$$, 'A person''s own new name is logged.');
select tests.act_as('admin');
do $$
begin
  perform public.notification_preferences(tests.id('ours'), '[{"kind": "system", "email": false}]');
  perform public.export_leads(tests.id('ours'), '{"search": "+233244000001", "status": "new"}');
  perform public.export_audit_logs(tests.id('ours'), '{}');
  perform public.export_audit_logs(tests.id('ours'), jsonb_build_object('before_id', gen_random_uuid()));
  perform public.export_customers(tests.id('ours'), '{"status": "warned"}');
  perform public.export_customers(tests.id('ours'), '{"status": "warned"}', gen_random_uuid());
end
$$;
select tests.act_as('postgres');
select is((select count(*) from tests.entries('notification_preferences', 'insert')), 1::bigint,
  'Preferences are logged.');
select results_eq($$select resource, after, actor_id from tests.events('exported') order by resource$$,
  $$values ('audit_logs', null::jsonb, tests.id('admin')), ('customers', '{"status": "warned"}', tests.id('admin')),
    ('leads', '{"search": "***", "status": "new"}', tests.id('admin'))$$,
  'Exports are logged once, with their filters and without the search term.');
select tests.act_as('admin');
do $$
begin
  perform public.export_leads(tests.id('ours'), '{"status": "won"}', gen_random_uuid());
  perform public.export_customers(tests.id('ours'), '{"status": "connected"}', gen_random_uuid());
  perform public.export_clients(tests.id('ours'), '{"search": "x"}', gen_random_uuid());
  perform public.export_audit_logs(tests.id('ours'), jsonb_build_object('action', 'insert', 'before_id', gen_random_uuid()));
  perform tests.act_as('postgres');
  update private.exports_begun set begun_at = now() - interval '1 hour' where export like 'leads:%';
  perform tests.act_as('admin');
  perform public.export_leads(tests.id('ours'), '{"status": "won"}', gen_random_uuid());
end
$$;
select tests.act_as('postgres');
select results_eq($$select resource, count(*) from tests.events('exported') group by 1 order by 1$$,
  $$values ('audit_logs', 2::bigint), ('clients', 1), ('customers', 2), ('leads', 3)$$,
  'An export that begins in the middle is logged like any other.');
update private.rate_limits set quota = 1 where kind = 'export';
delete from private.rate_buckets where kind = 'export';
select tests.act_as('admin');
select is(public.export_leads(tests.id('ours'), jsonb_build_object('status', n), gen_random_uuid()) ->> 'code',
  wanted, 'It takes a token too.') from (values ('new', null), ('lost', 'PT429')) as t (n, wanted);
select tests.act_as('postgres');
update private.rate_limits set quota = 1000 where kind = 'export';
delete from private.rate_buckets where kind = 'export';
select is(tests.outcome('technical_agent', $$select public.export_customers(tests.id('ours'))$$), 'PT403',
  'Nobody exports what they may not read.');
select is(tests.outcome('admin', $$select public.export_customers(tests.id('ours'),
  jsonb_build_object('note', repeat('x', 3000)))$$), 'PT422', 'Filters of an export are small.');
do $$
begin
  insert into public.lead_holders (organization_id, user_id, capacity) values (tests.id('ours'), tests.id('counselor'),
    5);
  update public.lead_holders set capacity = 6 where user_id = tests.id('counselor');
  update public.lead_holders set last_turn = 6 where user_id = tests.id('counselor');
end
$$;
select results_eq($$select action, changed, resource_id from tests.entries('lead_holders')$$,
  $$values ('insert', '{}'::text[], tests.id('counselor')), ('update', '{capacity}', tests.id('counselor'))$$,
  'Capacities are logged; turns are not.');
do $$
begin
  insert into public.sms_accounts (id, organization_id, provider, sender_id)
  values (tests.remember('sender', private.uuid_v7()), tests.id('ours'), 'twilio', '+15005550077');
  perform tests.act_as('admin');
  perform public.set_sms_credentials(tests.id('sender'),
    '{"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "sesame"}');
  perform public.set_sms_credentials(tests.id('sender'),
    '{"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "sesame2"}');
  perform tests.act_as('postgres');
end
$$;
select results_eq($$select resource_id, after from tests.events('credentials_replaced')$$,
  $$values (tests.id('sender'), null::jsonb), (tests.id('sender'), null)$$,
    'Replaced credentials are logged, without them.');
select is_empty($$select from public.audit_logs a where a::text like '%sesame%' or a::text like '%secret hash%'$$,
  'No entry has a secret.');

-- Many rows, no request
update public.customers set arrears = arrears + 1 where organization_id = tests.id('ours');
insert into public.customers (organization_id, name, account_number, phone, currency)
select tests.id('ours'), 'Row ' || n, 'R' || n, '+233244000003', 'GHS' from generate_series(1, 50) n;
select is((select count(*) from tests.entries('customers', 'insert') where after ->> 'name' like 'Row %'), 50::bigint,
  'A statement with many rows writes one entry for each.');
select is((select count(distinct resource_id) from tests.entries('customers', 'insert')
  where after ->> 'name' like 'Row %'), 50::bigint,
  'Each entry has its own row''s id.');
select results_eq($$select actor_id, request_id, ip from tests.entries('customers', 'insert')
  where after ->> 'name' = 'Row 1'$$,
  $$values (null::uuid, null::text, null::text)$$, 'A change outside a request has no actor.');
delete from public.customers where false;
select pass('A statement that changes no row does not fail.');

-- Masks
select tests.act_as('admin');
select lives_ok($$select tests.invite('ours', 'new@tests.example', 'viewer')$$,
  'A person is invited.');
select tests.act_as('postgres');
select is((select after ->> 'token_hash' from tests.entries('invitations', 'insert')), '***',
  'The token''s hash is masked.');
select is((select after ->> 'email' from tests.entries('invitations', 'insert')), 'new@tests.example',
  'Other values are not masked.');
update public.invitations set token_hash = 'other' where organization_id = tests.id('ours');
select results_eq($$select before ->> 'token_hash', after ->> 'token_hash', changed from tests.entries('invitations',
  'update')$$,
  $$values ('***', '***', '{token_hash}'::text[])$$, 'The log shows that a masked value changed, but not the values.');
create table tests.masked (id uuid, organization_id uuid, secret text, empty text, shown text);
select private.audit_table('tests.masked', 'secret', 'empty');
insert into tests.masked values (gen_random_uuid(), tests.id('ours'), 'a', null, 'b');
select is((select after - array['id', 'organization_id'] from tests.entries('masked', 'insert')),
  '{"secret": "***", "empty": null, "shown": "b"}', 'A mask hides values, but not that a value is null.');

-- Tenancy
update public.organizations set name = 'Ours Renamed' where id = tests.id('ours');
update public.memberships set status = 'suspended' where id = tests.id('viewer@ours');
select results_eq($$select resource_id, changed from tests.entries('organizations', 'update')$$,
  $$values (tests.id('ours'), '{name}'::text[])$$, 'Changes of an organization are in its own log.');
select results_eq($$select resource_id, changed from tests.entries('memberships', 'update')$$,
  $$values (tests.id('viewer@ours'), '{status}'::text[])$$, 'A suspension is in the log.');
delete from public.organizations where id = tests.id('theirs');
select ok(exists(select from public.audit_logs where organization_id = tests.id('theirs') and action = 'delete'
  and resource = 'organizations'),
  'The log of a deleted organization stays.');

select * from finish();
rollback;
