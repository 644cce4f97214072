-- The audit log: what is written, who may read it, and that nobody can change it.
begin;
\ir support.inc
select plan(73);
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
$$, array['batches', 'calendar_holidays', 'calendar_periods', 'calendars', 'campaign_alerts', 'campaigns', 'customers',
  'dnc_lists', 'interactions',
  'invitations', 'lead_fields', 'lead_imports', 'lead_settings', 'leads', 'memberships', 'organizations',
  'pipeline_stages', 'reply_reviews', 'reply_rules', 'role_permissions', 'roles', 'sms_accounts',
  'students', 'suppressions', 'tasks', 'teams', 'template_variants', 'templates', 'uploads'],
  'These tables are audited, in insert, update and delete.');

select tests.act_as('operator', '{"x-request-id": "req-1", "x-forwarded-for": "203.0.113.7, 10.0.0.1"}');
insert into public.customers (organization_id, name, account_number, phone, arrears, currency)
values (tests.id('ours'), 'Kofi', 'K1', '+233244000002', 10, 'GHS');
update public.customers set name = 'Kofi Mensah', arrears = 20.5 where account_number = 'K1';
update public.customers set name = name where account_number = 'K1';
delete from public.customers where account_number = 'K1';
select tests.act_as('postgres');

select results_eq($$
  select action, actor_id, impersonator_id, request_id, ip, before ->> 'name', after ->> 'name', changed
  from tests.entries('customers') where coalesce(after, before) ->> 'account_number' = 'K1'
$$, $$values
  ('insert', tests.id('operator'), null::uuid, 'req-1', '203.0.113.7', null, 'Kofi', '{}'::text[]),
  ('update', tests.id('operator'), null, 'req-1', '203.0.113.7', 'Kofi', 'Kofi Mensah', '{arrears,name,search_text}'),
  ('delete', tests.id('operator'), null, 'req-1', '203.0.113.7', 'Kofi Mensah', null, '{}')
$$, 'Each change is logged once, with actor, values and origin; an update without a change is not logged.');
select is((select before -> 'arrears' from tests.entries('customers', 'update') order by id desc limit 1), '10.00',
  'before contains the old row.');

-- Impersonation
select tests.act_as('operator', '{"x-client-ip": "198.51.100.1", "x-forwarded-for": "203.0.113.7"}',
  jsonb_build_object('act', jsonb_build_object('sub', tests.id('admin'))));
update public.customers set name = 'Ama B.' where id = tests.id('ama');
select tests.act_as('postgres');
select results_eq($$select actor_id, impersonator_id, ip from tests.entries('customers', 'update')
  where resource_id = tests.id('ama')$$,
  $$values (tests.id('operator'), tests.id('admin'), '198.51.100.1')$$, 'An impersonated change records both people.');

-- Many entries rows, no request
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
select lives_ok($$select public.invite_member(tests.id('ours'), 'new@tests.example', 'viewer')$$,
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
select is(private.masked('{"a": null, "b": 1, "c": 2}', '{a,b,x}'), '{"a": null, "b": "***", "c": 2}'::jsonb,
  'A mask hides values, but not that a value is null.');

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
