-- Senders, templates, suppressions, messages and notifications: who sees and changes them, and totals that are right.
begin;
\ir support.inc
select plan(425);
do $$
begin
  perform tests.arrange();
  perform tests.customer('ama', 'ours', 'A1'), tests.customer('stranger', 'theirs', 'S1');
  perform tests.remember('sender', (select id from public.sms_accounts where organization_id = tests.id('ours'))),
    tests.remember('their sender', (select id from public.sms_accounts where organization_id = tests.id('theirs'))),
    tests.remember('template', (select id from public.templates where organization_id = tests.id('ours')
      and kind = 'warning'));
  insert into public.suppressions (organization_id, phone, source)
  values (tests.id('ours'), '+233244000099', 'import'), (tests.id('theirs'), '+233244000099', 'import');
  insert into public.messages (id, organization_id, account_id, to_number, from_number, body, encoding, segments,
    status, provider, send_after)
  values (tests.remember('message', private.uuid_v7()), tests.id('ours'), tests.id('sender'), '+233244000001', 'Ours',
    'Hello', 'GSM-7', 1, 'queued', 'arkesel', now() + interval '1 day');
  insert into public.message_events (organization_id, message_id, status, source)
  values (tests.id('ours'), tests.id('message'), 'sending', 'dispatch');
  insert into public.notifications (id, organization_id, user_id, kind, title)
  values (tests.remember('notification', private.uuid_v7()), tests.id('ours'), tests.id('viewer'), 'test', 'Look');
end
$$;

-- A new organization
select results_eq($$select provider, sender_id, is_default, status from public.sms_accounts
  where organization_id = tests.id('ours')$$, $$values ('arkesel', 'OursPower', true, 'active')$$,
  'A new organization can text under its name.');
select results_eq($$select kind from public.templates where organization_id = tests.id('ours') order by kind$$,
  array['connection', 'disconnection', 'warning'], 'A new organization has the built-in templates.');
insert into public.organizations (name, country) values ('Los Angeles Water', 'US'), ('الماء', 'EG');
select is((select count(*) from public.sms_accounts a join public.organizations o on o.id = a.organization_id
  where o.country = 'US'
  and o.name = 'Los Angeles Water'), 0::bigint, 'In North America a new organization gets no alphanumeric sender.');
select is((select sender_id from public.sms_accounts a join public.organizations o on o.id = a.organization_id
  where o.name = 'الماء'), 'Notice', 'An organization name without Latin letters gets a sender too.');

-- Rights
select policies_are('sms_accounts', array['those who may read messages read the senders', 'admins add senders',
  'admins change senders']);
select policies_are('templates', array['those who may read templates read their organization''s',
  'those who may write templates add them', 'those who may write templates change them',
  'those who may write templates delete them']);
select policies_are('suppressions', array['those who may read suppressions read their organization''s',
  'those who may suppress numbers add them']);
select policies_are('public', 'messages', array['those who may read messages read their organization''s']);
select policies_are('message_events', array['those who may read messages read their events']);
select policies_are('notifications',
  array['people read their own notifications', 'people mark their own notifications']);

select tests.only('{admin,operator,campaign_manager,viewer}', 'see senders', '0', $$select from public.sms_accounts
  where id = tests.id('sender')$$);
select tests.only('{admin}', 'add a sender', '42501', $$insert into public.sms_accounts (organization_id, provider,
  sender_id)
  values (tests.id('ours'), 'arkesel', 'Second')$$);
select tests.only('{admin}', 'disable a sender', '0', $$update public.sms_accounts set status = 'disabled'
  where id = tests.id('sender')$$);
select tests.only('{}', 'rename a sender', '42501', $$update public.sms_accounts set sender_id = 'Other'
  where id = tests.id('sender')$$);
select tests.only('{}', 'point a sender at other credentials', '42501',
  $$update public.sms_accounts set credentials_secret_id = gen_random_uuid() where id = tests.id('sender')$$);
select tests.only('{}', 'delete a sender', '42501', $$delete from public.sms_accounts where id = tests.id('sender')$$);
select tests.only('{admin}', 'give a sender credentials', 'PT404',
  $$select public.set_sms_credentials(tests.id('sender'), '{"api_key": "k"}')$$);

select tests.only('{admin,operator,campaign_manager,viewer}', 'see templates', '0', $$select from public.templates
  where id = tests.id('template')$$);
select tests.only('{admin,campaign_manager}', 'add a template', '42501',
  $$insert into public.templates (organization_id, name, body)
  values (tests.id('ours'), 'Reminder', 'Dear {{name}}')$$);
select tests.only('{admin,campaign_manager}', 'change a template', '0', $$update public.templates set body = 'Pay'
  where id = tests.id('template')$$);
select tests.only('{admin,campaign_manager}', 'delete a template', '0', $$delete from public.templates
  where id = tests.id('template')$$);

select tests.only('{admin,operator,campaign_manager,viewer}', 'see suppressed numbers', '0',
  $$select from public.suppressions where organization_id = tests.id('ours')$$);
select tests.only('{admin,campaign_manager}', 'suppress a number', '42501',
  $$insert into public.suppressions (organization_id, phone, source)
  values (tests.id('ours'), '+233244000098', 'manual')$$);
select tests.only('{}', 'pretend that a number opted out itself', '42501',
  $$insert into public.suppressions (organization_id, phone, source)
  values (tests.id('ours'), '+233244000098', 'reply')$$);
select tests.only('{}', 'change a suppression', '42501', $$update public.suppressions set lifted_at = now()$$);
select tests.only('{}', 'delete a suppression', '42501', $$delete from public.suppressions$$);

select tests.only('{admin,operator,campaign_manager,viewer}', 'see messages', '0', $$select from public.messages
  where id = tests.id('message')$$);
select tests.only('{admin,operator,campaign_manager,viewer}', 'list messages', 'PT403',
  $$select public.list_messages(tests.id('ours'), '{}', 50, 0)$$);
select tests.only('{}', 'write a message past the functions', '42501', $$insert into public.messages
  (organization_id, to_number, from_number, body, encoding, segments, status, provider)
  values (tests.id('ours'), '+233244000001', 'Ours', 'Hi', 'GSM-7', 1, 'queued', 'arkesel')$$);
select tests.only('{}', 'change a message', '42501', $$update public.messages set body = 'x'$$);
select tests.only('{}', 'delete a message', '42501', $$delete from public.messages$$);
select tests.only('{admin,operator,campaign_manager,viewer}', 'see what happened to a message', '0',
  $$select from public.message_events where message_id = tests.id('message')$$);
select tests.only('{}', 'write an event', '42501', $$insert into public.message_events (organization_id, message_id,
  status, source)
  values (tests.id('ours'), tests.id('message'), 'delivered', 'callback')$$);
select tests.only('{}', 'change an event', '42501', $$update public.message_events set status = 'x'$$);
select tests.only('{}', 'delete an event', '42501', $$delete from public.message_events$$);
select tests.only('{}', 'reach a partition', '42501',
  format('select from partitions.messages_%s', to_char(now() at time zone 'UTC', 'YYYY_MM')));

select tests.only('{viewer}', 'see this notification', '0', $$select from public.notifications
  where id = tests.id('notification')$$);
select tests.only('{viewer}', 'mark this notification as read', '0',
  $$update public.notifications set read_at = now() where id = tests.id('notification')$$);
select tests.only('{}', 'rewrite a notification', '42501', $$update public.notifications set title = 'x'$$);
select tests.only('{}', 'write a notification', '42501', $$insert into public.notifications (organization_id, user_id,
  kind, title)
  values (tests.id('ours'), tests.id('viewer'), 'x', 'x')$$);
select tests.only('{}', 'delete a notification', '42501', $$delete from public.notifications$$);
update public.memberships set status = 'suspended' where id = tests.id('viewer@ours');
select is(tests.outcome('viewer', $$select from public.notifications$$), '0',
  'A suspended person does not even see their own notifications.');
update public.memberships set status = 'active' where id = tests.id('viewer@ours');

-- Lists
select tests.act_as('viewer');
select is(public.list_messages(tests.id('ours'), filters, 50, 0) ->> 'total', total,
  format('Listing messages by %s finds %s.', filters, total))
from (values ('{}'::jsonb, '1'), ('{"status": "queued"}', '1'), ('{"status": "sent"}', '0'),
  ('{"direction": "inbound"}', '0'), ('{"to": "+233244000001"}', '1'),
  ('{"to": "+233244000009"}', '0'), ('{"from": "2000-01-01"}', '1'), ('{"before": "2000-01-01"}', '0'),
  ('{"status": "x'' or true --"}', '0')) v (filters, total);
select tests.act_as('postgres');

-- Another organization
select is(tests.outcome('admin', $$insert into public.sms_accounts (organization_id, provider, sender_id)
  values (tests.id('theirs'), 'arkesel', 'X')$$), '42501', 'No sender in another organization.');
select is(tests.outcome('admin', $$insert into public.suppressions (organization_id, phone, source)
  values (tests.id('theirs'), '+233244000098', 'manual')$$), '42501',
  'No number is suppressed in another organization.');
select is(tests.outcome('admin', $$select public.set_sms_credentials(tests.id('their sender'), '{"api_key": "k"}')$$),
  'PT404', 'Another organization''s sender is not found.');
select is(tests.outcome('admin', $$select public.list_messages(tests.id('theirs'), '{}', 50, 0)$$), 'PT403',
  'Another organization''s messages cannot be listed.');
select tests.act_as('outsider');
select is(public.message_status(tests.id('ours'), tests.id('message')), null,
  'Another organization''s message is not found.');
select is(public.message_status(tests.id('theirs'), tests.id('message')), null,
  'Nor under the caller''s own organization.');
select tests.act_as('postgres');
select throws_ok(statement, '23503', null, format('%s of another organization cannot be named by a message.', what))
from (values
  ('A customer', $$update public.messages set customer_id = tests.id('stranger') where id = tests.id('message')$$),
  ('A sender', $$update public.messages set account_id = tests.id('their sender') where id = tests.id('message')$$)) v (
    what, statement);

-- Values
select throws_ok(format(
  'insert into public.sms_accounts (organization_id, provider, sender_id) values (tests.id(''ours''), %L, %L)',
  provider, sender), '23514', null, format('%s is no %s sender.', sender, provider))
from (values ('arkesel', 'Twelve chars'), ('arkesel', ''), ('arkesel', 'Ümlaut'), ('twilio', 'Name'),
  ('twilio', '0244'), ('other', 'X')) v (provider, sender);
select lives_ok(format(
  'insert into public.sms_accounts (organization_id, provider, sender_id) values (tests.id(''ours''), ''twilio'', %L)',
  sender), format('%s is a Twilio sender.', sender)) from unnest(array['+12025550106', '12345']) sender;
select throws_ok($$insert into public.sms_accounts (organization_id, provider, sender_id)
  values (tests.id('theirs'), 'twilio', '+12025550106')$$, '23505', null, 'A number belongs to one organization.');
select throws_ok($$insert into public.sms_accounts (organization_id, provider, sender_id, is_default)
  values (tests.id('ours'), 'arkesel', 'Second', true)$$, '23505', null, 'There is one default sender.');
select throws_ok($$insert into public.templates (organization_id, kind, name, body)
  values (tests.id('ours'), 'warning', 'W2', 'x')$$, '23505', null,
  'There is one template of each kind.');
select throws_ok($$insert into public.templates (organization_id, name, body)
  values (tests.id('ours'), 'Bad', 'Dear {{first_name}}')$$, 'PT422', null,
  'A template with an unknown variable is refused.');
insert into public.templates (organization_id, name, body)
values (tests.id('ours'), 'Loose', 'Dear {{ name }}, {{arrears  }}');
select is((select body from public.templates where name = 'Loose'), 'Dear {{name}}, {{arrears}}',
  'Variables are kept in their normal form.');
select throws_ok($$insert into public.suppressions (organization_id, phone, source)
  values (tests.id('ours'), '+233244000099', 'manual')$$, '23505', null,
  'A number is suppressed once.');
update public.suppressions set lifted_at = now() where organization_id = tests.id('ours');
select lives_ok($$insert into public.suppressions (organization_id, phone, source)
  values (tests.id('ours'), '+233244000099', 'manual')$$,
  'A number whose suppression was lifted can be suppressed again.');

-- Credentials
select tests.act_as('admin');
select lives_ok($$select public.set_sms_credentials(tests.id('sender'), '{"api_key": "first"}')$$,
  'An admin gives a sender credentials.');
select lives_ok($$select public.set_sms_credentials(tests.id('sender'), '{"api_key": "second"}')$$,
  'An admin replaces the credentials.');
select throws_ok($$select public.set_sms_credentials(tests.id('sender'), '{"account_sid": "AC1"}')$$, 'PT422', null,
  'Credentials of another provider are refused.');
select throws_ok($$select decrypted_secret from vault.decrypted_secrets$$, '42501', null,
  'No role can read credentials back.');
select tests.act_as('postgres');
select is((select string_agg(s.decrypted_secret, ' ') from vault.decrypted_secrets s
  join public.sms_accounts a on a.credentials_secret_id = s.id
  where a.id = tests.id('sender')), '{"api_key": "second"}', 'Only the latest credentials are kept in the Vault.');

-- Totals
create function tests.wrong_totals() returns setof text language sql as $$
  select coalesce(t.status, m.status)
  from (select organization_id, status, sum(messages) as n, sum(segments) as parts from private.message_totals
    group by 1, 2) t
  full join (select organization_id, status, count(*) as n, sum(segments) as parts from public.messages
    where direction = 'outbound' group by 1, 2) m
    using (organization_id, status)
  where (coalesce(t.n, 0), coalesce(t.parts, 0)) is distinct from (coalesce(m.n, 0), coalesce(m.parts, 0))
$$;
create table tests.mistakes (step integer, choice integer, wrong text);
select setseed(0.5);
do $$
declare
  choice integer;
  organization text;
  statuses constant text[] := array['queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed', 'canceled',
    'suppressed'];
begin
  for step in 1..150 loop
    choice := floor(random() * 6);
    organization := (array['ours', 'theirs'])[1 + floor(random() * 2)];
    if choice <= 1 then
      insert into public.messages (organization_id, direction, to_number, from_number, body, encoding, segments, status,
        provider)
      select tests.id(organization), (array['outbound', 'inbound'])[1 + floor(random() * 1.2)], '+233244000001', 'X',
        'x', 'GSM-7', 1 + floor(random() * 4), statuses[1 + floor(random() * 8)], 'arkesel'
      from generate_series(1, 8);
    elsif choice <= 3 then
      update public.messages set status = statuses[1 + floor(random() * 8)],
        segments = segments + floor(random() * 2)::integer where random() < 0.3;
    elsif choice = 4 then
      delete from public.messages where random() < 0.1;
    else
      perform private.roll_up_counters();
    end if;
    insert into tests.mistakes select step, choice, w from tests.wrong_totals() w;
  end loop;
end
$$;
select is_empty('select * from tests.mistakes', 'After each of 150 random changes the totals equal a recount.');
select ok((select count(*) > 100 from public.messages), 'The random changes left something to count.');
select tests.act_as('viewer');
select is((public.customers_dashboard(tests.id('ours')) #>> '{sms,failed}')::bigint,
  (select count(*) from public.messages where organization_id = tests.id('ours') and direction = 'outbound'
    and status in ('failed', 'undelivered')),
  'The dashboard''s message counts equal a recount.');
select tests.act_as('postgres');
do $$ begin perform private.roll_up_counters(); end $$;
select is_empty('select tests.wrong_totals()', 'Rolling up changes no sum.');
delete from public.organizations where id = tests.id('ours');
select is_empty('select tests.wrong_totals()', 'The totals of a deleted organization are gone.');

select * from finish();
rollback;
