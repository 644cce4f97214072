-- Customers and actions: permissions, constraints, statuses that follow actions, and totals that equal a recount.
begin;
\ir support.inc
select plan(341);
do $$
begin
  perform tests.arrange();
  perform tests.customer('ama', 'ours', 'A1', arrears => 10.5),
    tests.customer('kofi', 'ours', 'K1', status => 'warned', arrears => -3),
    tests.customer('stranger', 'theirs', 'S1', arrears => 99);
  insert into public.customer_actions (organization_id, customer_id, action)
    values (tests.id('ours'), tests.id('ama'), 'connect');
  insert into public.batches (id, organization_id, kind)
  values (tests.remember('batch', private.uuid_v7()), tests.id('ours'), 'actions'),
    (tests.remember('their batch', private.uuid_v7()), tests.id('theirs'), 'actions');
end
$$;

-- Rights
select policies_are('customers', array['those who may read customers read their organization''s',
  'those who may write customers add them',
  'those who may write customers change them', 'those who may delete customers delete them']);
select policies_are('customer_actions', array['those who may read actions read their organization''s',
  'those who may act record actions in their own name']);
select policies_are('batches', array['those who may read actions read batches']);

select tests.only('{admin,operator,viewer}', 'see customers', '0', $$select from public.customers
  where id = tests.id('ama')$$);
select tests.only('{admin,operator}', 'add a customer', '42501',
  $$insert into public.customers (organization_id, name, account_number, phone, currency)
  values (tests.id('ours'), 'New', 'N1', '+233244000009', 'GHS')$$);
select tests.only('{admin,operator}', 'change a customer', '0', $$update public.customers set name = 'New'
  where id = tests.id('ama')$$);
select tests.only('{admin,operator}', 'delete a customer', '0', $$delete from public.customers
  where id = tests.id('ama')$$);
select tests.only('{}', 'move a customer to another organization', '42501',
  $$update public.customers set organization_id = tests.id('theirs') where id = tests.id('ama')$$);
select tests.only('{}', 'say that another added a customer', '42501', $$update public.customers
  set created_by = tests.id('viewer')$$);
select tests.only('{admin,operator,viewer}', 'see actions', '0', $$select from public.customer_actions
  where customer_id = tests.id('ama')$$);
select tests.only('{admin,operator}', 'record an action', '42501',
  $$insert into public.customer_actions (organization_id, customer_id, action)
  values (tests.id('ours'), tests.id('ama'), 'warn')$$);
select tests.only('{}', 'record that a text was sent', '42501',
  $$insert into public.customer_actions (organization_id, customer_id, action)
  values (tests.id('ours'), tests.id('ama'), 'sms_sent')$$);
select tests.only('{}', 'record an action in another''s name', '42501',
  $$insert into public.customer_actions (organization_id, customer_id, action, performed_by)
  values (tests.id('ours'), tests.id('ama'), 'warn', tests.id('viewer'))$$);
select tests.only('{}', 'change an action', '42501', $$update public.customer_actions set note = 'x'$$);
select tests.only('{}', 'delete an action', '42501', $$delete from public.customer_actions$$);
select tests.only('{admin,operator,viewer}', 'see batches', '0', $$select from public.batches
  where id = tests.id('batch')$$);
select tests.only('{}', 'write a batch', '42501', $$insert into public.batches (organization_id, kind)
  values (tests.id('ours'), 'sms')$$);
select tests.only('{admin,operator}', 'record actions as a batch', 'PT403',
  $$select public.create_actions(tests.id('ours'),
  jsonb_build_array(jsonb_build_object('customer_id', tests.id('ama'), 'action', 'warn')))$$);
select tests.only('{admin,operator}', 'record an action through the function', '42501',
  $$select public.create_action(tests.id('ours'), tests.id('ama'), 'warn')$$);
select tests.only('{admin,operator,viewer}', 'see the dashboard', 'PT403',
  $$select public.customers_dashboard(tests.id('ours'))$$);
select tests.only('{admin,operator,viewer}', 'list customers', 'PT403',
  $$select public.list_customers(tests.id('ours'), '{}', 'name', 50, 0)$$);
select tests.only('{admin,operator,viewer}', 'list actions', 'PT403',
  $$select public.list_actions(tests.id('ours'), '{}', 50, 0)$$);
select tests.only('{}', 'read the totals', '42501', $$select from private.customer_totals$$);
select tests.only('{}', 'write the totals', '42501', $$delete from private.action_totals$$);

-- Another organization
select is(tests.outcome('operator', $$insert into public.customers (organization_id, name, account_number, phone,
  currency)
  values (tests.id('theirs'), 'New', 'N1', '+233244000009', 'GHS')$$), '42501',
    'A customer cannot be put into another organization.');
select is(tests.outcome('operator', $$insert into public.customer_actions (organization_id, customer_id, action)
  values (tests.id('ours'), tests.id('stranger'), 'warn')$$), '23503',
    'An action cannot point at another organization''s customer.');
select is(tests.outcome('operator', $$select public.create_action(tests.id('ours'), tests.id('stranger'), 'warn')$$),
  'PT404',
  'Another organization''s customer is not found.');
select is(tests.outcome('operator', $$select public.create_action(tests.id('ours'), gen_random_uuid(), 'warn')$$),
  'PT404',
  'It gets the same answer as one that does not exist.');
select is(tests.outcome('operator', $$select public.create_actions(tests.id('ours'), jsonb_build_array(
  jsonb_build_object('customer_id', tests.id('ama'), 'action', 'warn'),
    jsonb_build_object('customer_id', tests.id('stranger'), 'action', 'warn')))$$),
  'PT422', 'A batch with another organization''s customer is refused.');
select is(tests.outcome('operator', $$select public.create_actions(tests.id('theirs'), '[]')$$), 'PT403',
  'No batch in another organization.');
select is(tests.outcome('operator', $$select public.list_customers(tests.id('theirs'), '{}', 'name', 50, 0)$$),
  'PT403', 'No list of another organization''s customers.');
select is(tests.outcome('operator', $$select public.list_actions(tests.id('theirs'), '{}', 50, 0)$$), 'PT403',
  'No list of another organization''s actions.');
select is(tests.outcome('operator', $$select public.customers_dashboard(tests.id('theirs'))$$), 'PT403',
  'No dashboard of another organization.');
select tests.act_as('operator');
select is((select count(*) from private.search_customers(tests.id('theirs'), 'stranger')), 0::bigint,
  'The search function checks the caller''s permission itself.');
select is(public.list_actions(tests.id('ours'), jsonb_build_object('customer_id', tests.id('stranger')), 50, 0),
  '{"rows": [], "total": 0, "next_cursor": null, "customer_known": false, "total_is_capped": false}', 'Another organization''s customer is unknown.');
select is(public.batch_detail(tests.id('theirs'), tests.id('their batch')), null,
  'Another organization''s batch is unknown.');
select tests.act_as('postgres');
select throws_ok($$insert into public.customer_actions (organization_id, customer_id, action, batch_id)
  values (tests.id('ours'), tests.id('ama'), 'warn', tests.id('their batch'))$$, '23503', null,
    'An action cannot belong to another organization''s batch.');

-- Values
select throws_ok(format('update public.customers set %s where id = tests.id(''ama'')', change), state, null,
  format('%s is refused.', change))
from (values ('name = ''''', '23514'), ('name = '' Ama''', '23514'), ('name = repeat(''x'', 256)', '23514'),
  ('account_number = ''A 1 ''', '23514'),
  ('account_number = ''{{name}}''', '23514'), ('account_number = E''A\t1''', '23514'),
    ('account_number = repeat(''1'', 51)', '23514'),
  ('account_number = ''k1''', '23505'), ('phone = ''0244000001''', '23514'), ('phone = ''+0244000001''', '23514'),
  ('status = ''gone''', '23514'), ('arrears = null', '23502'), ('arrears = 1e12', '22003'),
    ('currency = ''cedi''', '23514')) v (change, state);
select lives_ok(format('update public.customers set %s where id = tests.id(''ama'')', change),
  format('%s is accepted.', change))
from unnest(array['name = repeat(''é'', 255)', 'name = ''{{arrears}}''', 'account_number = ''No. 12/3 é''',
  'arrears = -999999999999.99',
  'account_number = ''a1''', 'name = ''Ama''', 'arrears = 10.5']) change;
select throws_ok($$insert into public.customer_actions (organization_id, customer_id, action)
  values (tests.id('ours'), tests.id('ama'), 'explode')$$,
  '23514', null, 'There are no other actions.');
select lives_ok($$do 'begin perform tests.customer(''ama2'', ''theirs'', ''A1''); end'$$,
  'Account numbers are unique within an organization only.');

-- Statuses follow actions
select tests.act_as('operator');
select is(public.create_action(tests.id('ours'), tests.id('ama'), 'disconnect', 'unpaid') ->> 'performed_by_name',
  'Operator',
  'An action has the name of its author.');
select is((select status from public.customers where id = tests.id('ama')), 'disconnected', 'The status follows.');
select is(public.create_actions(tests.id('ours'), jsonb_build_array(
  jsonb_build_object('customer_id', tests.id('ama'), 'action', 'connect'),
    jsonb_build_object('customer_id', tests.id('kofi'), 'action', 'connect'),
  jsonb_build_object('customer_id', tests.id('ama'), 'action', 'warn'))) ->> 'created', '3',
    'A batch returns the number of recorded actions.');
select is((select status from public.customers where id = tests.id('ama')), 'warned',
  'Of several actions in one batch the last decides.');
select is((select count(*) from public.customer_actions where source = 'batch' and batch_id is not null), 3::bigint,
  'Each action is marked as part of the batch.');
select is((public.list_actions(tests.id('ours'), '{}', 2, 0)) #>> '{rows,0,action}', 'warn',
  'Actions are listed newest first.');
select is(jsonb_array_length(public.list_actions(tests.id('ours'), '{}', 2, 0) -> 'rows'), 2, 'A page has its limit.');
select is((public.list_actions(tests.id('ours'), '{"action": "connect"}', 50, 0)) ->> 'total', '3',
  'Actions are filtered and counted.');
select tests.act_as('postgres');
select is(tests.outcome('operator', $$select public.create_actions(tests.id('ours'), jsonb_build_array(
  jsonb_build_object('customer_id', tests.id('ama'), 'action', 'connect'),
    jsonb_build_object('customer_id', tests.id('kofi'), 'action', 'explode')))$$),
  '23514', 'A batch with one invalid action is refused entirely.');
select lives_ok($$do '
  begin
    insert into public.roles (id, organization_id, key, name)
      values (tests.remember(''actor role'', private.uuid_v7()), tests.id(''ours''), ''actor'', ''Actor'');
    insert into public.role_permissions (role_id, permission) values (tests.id(''actor role''), ''actions:write''),
      (tests.id(''actor role''), ''customers:read''),
      (tests.id(''actor role''), ''actions:read'');
    perform tests.member(''actor'', ''ours'', ''viewer'');
    update public.memberships set role_id = tests.id(''actor role'') where user_id = tests.id(''actor'');
  end'$$, 'A role can have actions:write without customers:write.');
select tests.act_as('actor');
select lives_ok($$select public.create_action(tests.id('ours'), tests.id('ama'), 'connect')$$,
  'Its member can record actions.');
select is((select status from public.customers where id = tests.id('ama')), 'connected',
  'The status follows although the member may not edit customers.');
select is_empty($$update public.customers set status = 'warned' where id = tests.id('ama') returning id$$,
  'The member may not edit customers.');

-- Lists
select tests.act_as('viewer');
select is((select jsonb_agg(r ->> 'name') from jsonb_array_elements(public.list_customers(tests.id('ours'), filters,
  sort, 50, 0) -> 'rows') r),
  names, format('Listing %s by %s gives %s.', filters, sort, coalesce(names::text, 'nothing')))
from (values ('{}'::jsonb, 'name', '["Ama", "kofi"]'::jsonb), ('{}', '-name', '["kofi", "Ama"]'),
  ('{}', '-arrears', '["Ama", "kofi"]'),
  ('{"status": "warned"}', 'name', null), ('{"arrears_min": "0"}', 'name', '["Ama"]'),
    ('{"arrears_max": "-3"}', 'name', '["kofi"]'),
  ('{"search": "KOF"}', 'name', '["kofi"]'), ('{"search": "a1"}', 'name', '["Ama"]'),
    ('{"search": "3324400"}', 'name', '["Ama", "kofi"]'),
  ('{"search": "%"}', 'name', null), ('{"search": "_"}', 'name', null), ('{"search": "\\"}', 'name', null)) v (filters,
    sort, names);
select is(public.list_customers(tests.id('ours'), '{}', 'name', 1, 1) ->> 'total', '2',
  'The total counts what is beyond the page.');
select is(public.list_customers(tests.id('ours'), '{}', 'name', 1, 1) #>> '{rows,0,name}', 'kofi',
  'The second page continues after the first.');
select throws_ok($$select public.list_customers(tests.id('ours'), '{}', sort, 1, 1)
  from unnest(array['id; drop table x', 'search_text']) sort$$,
  'PT422', null, 'Customers cannot be sorted by other columns.');
select is(public.list_customers(tests.id('ours'),
  '{"organization_id": "x", "name) or (true": "x", "status": "warned'' or true --"}', 'name', 50, 0) ->> 'total', '0',
  'A filter is only a value; an unknown filter is ignored.');
select tests.act_as('postgres');

-- Totals equal a recount after anything
create function tests.wrong_totals() returns setof text language sql as $$
  select 'customers ' || coalesce(t.status, c.status)
  from (select organization_id, status, sum(customers) as n, sum(arrears) as owed from private.customer_totals
    group by 1, 2) t
  full join (select organization_id, status, count(*) as n, sum(arrears) as owed from public.customers group by 1, 2) c
    using (organization_id, status)
  where (coalesce(t.n, 0), coalesce(t.owed, 0)) is distinct from (coalesce(c.n, 0), coalesce(c.owed, 0))
  union all
  select 'actions ' || coalesce(t.action, a.action)
  from (select organization_id, quarter_hour, action, sum(actions) as n from private.action_totals group by 1, 2, 3) t
  full join (
    select organization_id, private.quarter_hour(created_at) as quarter_hour, action, count(*) as n
      from public.customer_actions group by 1, 2, 3
  ) a using (organization_id, quarter_hour, action)
  where coalesce(t.n, 0) <> coalesce(a.n, 0)
$$;
create function tests.random_row(n integer) returns jsonb language sql volatile as $$
  select jsonb_build_object('row', n, 'name', 'Name ' || floor(random() * 9), 'account_number', 'B' || n, 'phone',
    '+23324400000' || floor(random() * 10),
    'arrears', round((random() * 2000 - 500)::numeric, 2),
    'status', (array['connected', 'disconnected', 'warned', null])[1 + floor(random() * 4)])
$$;
create function tests.anything(step integer) returns text language plpgsql as $$
declare
  choice integer := floor(random() * 9);
  organization uuid := tests.id((array['ours', 'theirs'])[1 + floor(random() * 2)]);
begin
  perform tests.act_as('postgres');
  if choice = 0 then
    insert into public.customers (organization_id, name, account_number, phone, status, arrears, currency)
    select organization, 'Name', 'C' || step || '-' || n, '+233244000001', 'connected',
      round((random() * 100)::numeric, 2), 'GHS'
    from generate_series(1, floor(random() * 5)::integer) n;
  elsif choice = 1 then
    update public.customers set arrears = arrears + round((random() * 10 - 5)::numeric, 2),
      status = (array['connected', 'disconnected', 'warned'])[1 + floor(random() * 3)] where random() < 0.3;
  elsif choice = 2 then
    delete from public.customers where random() < 0.1;
  elsif choice in (3, 4) then
    perform private.upsert_customers(organization, (select jsonb_agg(tests.random_row(n)) from generate_series(1, 20) n
      where random() < 0.7),
      (array['connected', 'disconnected', 'warned', null])[1 + floor(random() * 4)]);
  elsif choice in (5, 6) then
    insert into public.customer_actions (organization_id, customer_id, action, created_at)
    select c.organization_id, c.id, (array['connect', 'disconnect', 'warn', 'sms_sent'])[1 + floor(random() * 4)],
      now() - random() * interval '40 days'
    from public.customers c where random() < 0.5;
  elsif choice = 7 then
    delete from public.customer_actions where random() < 0.2;
  else
    perform private.roll_up_counters();
  end if;
  return choice::text;
end
$$;
select setseed(0.20261121);
create table tests.mistakes (step integer, choice text, wrong text);
create table tests.sizes (customers bigint, actions bigint);
do $$
declare
  done text;
begin
  for step in 1..200 loop
    done := tests.anything(step);
    insert into tests.mistakes select step, done, w from tests.wrong_totals() w;
    insert into tests.sizes values ((select count(*) from public.customers),
      (select count(*) from public.customer_actions));
  end loop;
end
$$;
select is_empty($$select * from tests.mistakes$$, 'After each of 200 random changes the totals equal a recount.');
select ok((select max(customers) > 20 and max(actions) > 100 from tests.sizes), 'There were rows to count.');
do $$ begin perform private.roll_up_counters(); end $$;
select is_empty('select tests.wrong_totals()', 'The totals still equal a recount after the roll-up.');
select is_empty($$select from private.customer_totals group by organization_id, status having count(*) > 1$$,
  'The roll-up leaves one row per status.');
select is_empty($$select from private.action_totals group by organization_id, quarter_hour,
  action having count(*) > 1$$,
  'The roll-up leaves one row per quarter of an hour.');
do $$ begin perform private.roll_up_counters(); end $$;
select is_empty('select tests.wrong_totals()', 'A second roll-up changes nothing.');

-- The dashboard, in local days of the organization
create function tests.recounted_dashboard(zone text) returns jsonb language sql stable as $$
  with days as (
    select (created_at at time zone zone)::date as day, action from public.customer_actions
      where organization_id = tests.id('ours')
  ), today as (select (now() at time zone zone)::date as today)
  select jsonb_build_object(
    'total_customers', (select count(*) from public.customers where organization_id = tests.id('ours')),
    'by_status', (select jsonb_build_object('connected', count(*) filter (where status = 'connected'),
      'disconnected', count(*) filter (where status = 'disconnected'), 'warned',
        count(*) filter (where status = 'warned'))
      from public.customers where organization_id = tests.id('ours')),
    'total_arrears', (select coalesce(sum(arrears), 0)::text from public.customers
      where organization_id = tests.id('ours')),
    'actions_today', (select count(*) from days, today where day = today),
    'actions_by_day', (
      select jsonb_agg(counted.of_day order by counted.day)
      from today, generate_series(today - 29, today, interval '1 day') d (day), lateral (
        select d.day, jsonb_build_object('date', d.day::date,
          'connect', count(*) filter (where action = 'connect'), 'disconnect',
            count(*) filter (where action = 'disconnect'),
          'warn', count(*) filter (where action = 'warn'), 'sms_sent',
            count(*) filter (where action = 'sms_sent')) as of_day
        from days where days.day = d.day::date
      ) counted))
$$;
create function tests.dashboard(zone text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('postgres');
  update public.organizations set time_zone = zone where id = tests.id('ours');
  perform tests.act_as('viewer');
  answer := public.customers_dashboard(tests.id('ours'));
  perform tests.act_as('postgres');
  return answer;
end
$$;
-- A zone that goes from 01:00 back to 00:00 on the oldest day shown, and one with a change of half an hour in between.
create function tests.zone(form text, start_days_ago integer,
  end_days_ago integer) returns text language sql stable as $$
  select format(form, extract(doy from now() - start_days_ago * interval '1 day') - 1,
    extract(doy from now() - end_days_ago * interval '1 day') - 1)
$$;
-- Organizations cannot have such a zone; here it puts a change of the offset into the last thirty days.
alter table public.organizations drop constraint organizations_time_zone_known;
do $$
begin
  perform tests.customer('busy', 'ours', 'busy');
  insert into public.customer_actions (organization_id, customer_id, action, created_at)
  select tests.id('ours'), tests.id('busy'), (array['connect', 'disconnect', 'warn', 'sms_sent'])[1 + n % 4],
    now() - n * interval '10 minutes'
  from generate_series(0, 32 * 144) n;
end
$$;
select is(tests.dashboard(zone) - 'recent_actions' - 'sms', tests.recounted_dashboard(zone),
  format('The dashboard equals a recount in %s.', zone))
from unnest(array['UTC', 'Africa/Accra', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns',
  'Pacific/Chatham', 'America/Los_Angeles',
  'Pacific/Kiritimati', tests.zone('AAA0BBB-1,%s/0,%s/1', 60, 29),
    tests.zone('AAA-10:30BBB-11,%s/2,%s/2', 15, 300)]) zone;
select is(jsonb_array_length(tests.dashboard('UTC') -> 'recent_actions'), 10,
  'The dashboard shows the ten latest actions.');
select is(tests.dashboard('UTC') #>> '{recent_actions,0,customer_name}', 'busy', 'They have the customer''s name.');
delete from public.customers where id = tests.id('busy');
select is_empty('select tests.wrong_totals()', 'The actions of a deleted customer no longer count.');
select lives_ok($$delete from public.organizations where id = tests.id('ours')$$,
  'An organization is deleted with its rows.');
select is_empty('select tests.wrong_totals()', 'The totals follow.');

select * from finish();
rollback;
