-- Reading the audit log through its functions; and that nobody can change it.
begin;
\ir support.inc
select plan(100);
do $$
begin
  perform tests.arrange();
  perform tests.customer('ama', 'ours', 'A1', arrears => 10), tests.customer('stranger', 'theirs', 'S1');
end
$$;
create function tests.listed(filters jsonb, page_limit integer default 50,
  page_offset integer default 0) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin');
  answer := public.list_audit_logs(tests.id('ours'), filters, page_limit, page_offset);
  perform tests.act_as('postgres');
  return answer;
end
$$;

-- Rights
select tests.only('{admin}', 'list the audit log', 'PT403', $$select public.list_audit_logs(tests.id('ours'), '{}', 50,
  0)$$);
select tests.only('{admin}', 'export the audit log', 'PT403', $$select public.export_audit_logs(tests.id('ours'),
  '{}')$$);
select tests.only('{admin}', 'see an entry', 'PT403', $$select public.get_audit_log(tests.id('ours'),
  (select id from public.audit_logs where resource_id = tests.id('ama')))$$);
select is(tests.outcome('admin', format('select public.get_audit_log(tests.id(''ours''), %L)',
    (select id from public.audit_logs where resource_id = tests.id('stranger')))), 'PT404',
      'Another organization''s entry is not found.');
select is(tests.outcome('admin', $$select public.get_audit_log(tests.id('ours'), gen_random_uuid())$$), 'PT404',
  'An unknown entry is not found.');

-- Nobody can change it, neither the table nor a partition
select is(tests.outcome(actor, statement), '42501', format('%s cannot do "%s".', actor, statement))
from unnest(array['anon', 'admin', 'service_role']) actor,
  unnest(array['insert into public.audit_logs (action, resource) values (''insert'', ''x'')',
    'update public.audit_logs set ip = null',
    'delete from public.audit_logs', 'truncate public.audit_logs']) statement;
create table tests.month as
  select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'partitions' and c.relname = 'audit_logs_' || to_char(now() at time zone 'UTC', 'YYYY_MM');
grant select on tests.month to public;
select is(tests.outcome(actor, format(statement, (select name from tests.month))), '42501',
  format('%s cannot do "%s".', actor, format(statement, 'a month')))
from unnest(array['anon', 'admin', 'service_role']) actor,
  unnest(array['insert into %s (action, resource) values (''insert'', ''x'')', 'update %s set ip = null',
    'delete from %s', 'truncate %s',
    'select from %s', 'drop table %s']) statement;
select is(tests.outcome('postgres', format(statement, (select name from tests.month))), '42501',
  format('The owner cannot do "%s".', format(statement, 'a month')))
from unnest(array['update %s set ip = null', 'delete from %s', 'truncate %s']) statement;
select is(tests.outcome('service_role', 'alter table public.audit_logs disable trigger immutable'), '42501',
  'The service role cannot disable the trigger.');
select private.create_month_partition('public.audit_logs', now() + interval '20 months');
select is_empty($$
  select i.inhrelid::regclass from pg_inherits i where i.inhparent = 'public.audit_logs'::regclass and not exists (
    select from pg_trigger t where t.tgrelid = i.inhrelid and t.tgname = 'immutable_truncate')
$$, 'Every partition has the trigger, also one that is created later.');

-- Entries
select tests.act_as('operator', tests.from_function('req-77', '203.0.113.9'));
update public.customers set name = 'Ama Mensah', arrears = 20 where id = tests.id('ama');
delete from public.customers where id = tests.id('ama');
select tests.act_as('postgres');
select is(tests.listed(jsonb_build_object('resource_id', tests.id('ama'))) #>> '{rows,0,action}', 'delete',
  'The newest entry is first.');
select is((select jsonb_agg(r -> 'action') from jsonb_array_elements(tests.listed(jsonb_build_object('resource_id',
  tests.id('ama'))) -> 'rows') r),
  '["delete", "update", "insert"]', 'All changes of a record are found.');
select is((tests.listed(jsonb_build_object('resource_id', tests.id('ama'), 'action',
  'update')) #> '{rows,0}') - array['id', 'created_at'],
  jsonb_build_object('action', 'update', 'resource', 'customers', 'resource_id', tests.id('ama'), 'user_id',
    tests.id('operator'),
    'user_name', 'Operator', 'user_email', 'operator@tests.example', 'impersonator_id', null, 'impersonator_name', null,
    'changed', '{arrears,name,search_text}'::text[], 'via', 'function', 'request_id', 'req-77', 'ip', '203.0.113.9'),
      'An entry has the actor, the change and its origin.');
select is((tests.listed(filters) ->> 'total')::integer, expected, format('%s finds %s.', filters, expected))
from (values
  (jsonb_build_object('user_id', tests.id('operator')), 2), ('{"resource": "customers"}', 3),
    ('{"resource": "customers", "action": "delete"}', 1),
  ('{"search": "req-77"}', 2), ('{"search": "ama mensah"}', 2), ('{"search": "operator@tests"}', 2),
    ('{"search": "203.0.113.9"}', 2),
  ('{"search": "arrears", "resource": "customers", "action": "update"}', 1), ('{"search": "no such words"}', 0),
    ('{"search": "%"}', 0),
  (jsonb_build_object('search', tests.id('ama')), 3), ('{"resource": "customers", "date_from": "2999-01-01"}', 0),
  ('{"resource": "customers", "date_to": "1999-01-01"}', 0),
  (jsonb_build_object('resource', 'customers', 'date_from', to_char(now(), 'YYYY-MM-DD'), 'date_to', to_char(now(),
    'YYYY-MM-DD')), 3),
  (jsonb_build_object('resource', 'customers', 'date_from', now()), 3), (jsonb_build_object('resource', 'customers',
    'date_to', now()), 0)
) as f (filters, expected);
select is(jsonb_array_length(tests.listed('{"resource": "customers"}', 2, 2) -> 'rows'), 1,
  'The second page has the remaining rows.');
create function tests.detail() returns jsonb language plpgsql as $$
declare
  entry uuid := tests.listed(jsonb_build_object('resource_id', tests.id('ama'), 'action', 'update')) #>> '{rows,0,id}';
  answer jsonb;
begin
  perform tests.act_as('admin');
  answer := public.get_audit_log(tests.id('ours'), entry);
  perform tests.act_as('postgres');
  return answer;
end
$$;
select is(tests.detail() #> '{before,arrears}', '10.00', 'The detail has the values before.');
select is(tests.detail() #> '{after,arrears}', '20.00', 'The detail has the values after.');

-- Many entries
insert into public.audit_logs (organization_id, action, resource, changed) select tests.id('ours'), 'insert', 'many',
  '{}' from generate_series(1, 20500);
select is(tests.listed('{"resource": "many"}') - 'rows', '{"total": 10000, "total_is_capped": true}',
  'The total is capped at ten thousand and says so.');
select ok(tests.listed('{"search": "many"}') ->> 'searched_from' is not null,
  'A search that is cut off says how far back it got.');
select is(tests.listed('{"search": "mensah", "resource": "customers"}') ->> 'searched_from', null,
  'A complete search has no searched_from.');
create function tests.exported(filters jsonb, out entries bigint, out slices integer) language plpgsql as $$
declare
  slice jsonb;
  ids uuid[] := '{}';
begin
  slices := 0;
  perform tests.act_as('admin');
  loop
    slice := public.export_audit_logs(tests.id('ours'), filters);
    slices := slices + 1;
    ids := ids || array(select (r ->> 'id')::uuid from jsonb_array_elements(slice -> 'rows') r);
    exit when slice ->> 'next' is null;
    filters := filters || jsonb_build_object('before_id', slice ->> 'next');
  end loop;
  perform tests.act_as('postgres');
  entries := (select count(distinct i) from unnest(ids) i);
end
$$;
select is((select entries from tests.exported('{"resource": "many"}')), 20500::bigint,
  'An export has all entries, in slices.');
select is((select entries from tests.exported('{"search": "ama mensah"}')), 2::bigint,
  'An export with a search covers all entries.');

select * from finish();
rollback;
