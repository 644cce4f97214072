-- Conversations: who may read and change them, and how messages, leads and people affect them.
begin;
\ir support.inc
select plan(92);
do $$
begin
  perform tests.arrange();
  insert into public.sms_accounts (id, organization_id, provider, sender_id) values
    (tests.remember('sender', private.uuid_v7()), tests.id('ours'), 'twilio', '+15550001111'),
    (tests.remember('their sender', private.uuid_v7()), tests.id('theirs'), 'twilio', '+15550002222');
  perform public.record_inbound('twilio', 'SM1', '+233244000001', '+15550001111', 'Hello'),
    public.record_inbound('twilio', 'SM2', '+233244000001', '+15550002222', 'Hello, you');
  perform tests.remember('talk', (select id from public.conversations where organization_id = tests.id('ours'))),
    tests.remember('their talk', (select id from public.conversations where organization_id = tests.id('theirs')));
end
$$;

-- Rights
select policies_are('conversations', array['those who may read conversations read their organization''s']);
select tests.only('{admin,operator,campaign_manager,viewer}', 'see conversations', '0',
  $$select from public.conversations where id = tests.id('talk')$$);
select tests.only('{}', 'write conversations directly', '42501', $$update public.conversations set unread = 0
  where id = tests.id('talk')$$);
select is(tests.outcome(actor, $$select public.list_conversations(tests.id('ours'), '{}', 50, 0)$$), answer,
  format('%s lists: %s.', actor, answer))
from (values ('admin', '1'), ('operator', '1'), ('campaign_manager', '1'), ('viewer', '1'), ('manager', 'PT403'),
  ('counselor', 'PT403'), ('suspended', 'PT403'), ('outsider', 'PT403'), ('anon', '42501'),
  ('service_role', '42501')) as wanted (actor, answer);
select is(tests.outcome(actor, $$select public.set_conversation_status(tests.id('ours'), tests.id('talk'), 'closed')$$),
  answer, format('%s closes: %s.', actor, answer))
from (values ('admin', '1'), ('operator', '1'), ('campaign_manager', '1'), ('viewer', 'PT403'), ('manager', 'PT403'),
  ('outsider', 'PT403'), ('anon', '42501')) as wanted (actor, answer);
select is(tests.outcome(actor, $$select public.assign_conversation(tests.id('ours'), tests.id('talk'),
  tests.id('operator'))$$), answer, format('%s assigns: %s.', actor, answer))
from (values ('admin', '1'), ('operator', '1'), ('viewer', 'PT403'), ('outsider', 'PT403')) as wanted (actor, answer);
select is(tests.outcome(actor, $$select public.read_conversation(tests.id('ours'), tests.id('talk'))$$), answer,
  format('%s marks as read: %s.', actor, answer))
from (values ('operator', '1'), ('viewer', 'PT403'), ('outsider', 'PT403')) as wanted (actor, answer);
select is(tests.outcome(actor, $$select public.reply_to_conversation(tests.id('ours'), tests.id('talk'), 'Hi')$$),
  answer, format('%s replies: %s.', actor, answer))
from (values ('operator', '1'), ('viewer', 'PT403'), ('counselor', 'PT403'), ('outsider', 'PT403'),
  ('anon', '42501')) as wanted (actor, answer);
select is(tests.outcome('admin', format('select public.%s', call)), 'PT404',
  format('Another organization''s conversation is not found: %s.', call))
from unnest(array[
  $$get_conversation(tests.id('ours'), tests.id('their talk'), 50)$$,
  $$reply_to_conversation(tests.id('ours'), tests.id('their talk'), 'Hi')$$,
  $$assign_conversation(tests.id('ours'), tests.id('their talk'))$$,
  $$set_conversation_status(tests.id('ours'), tests.id('their talk'), 'closed')$$,
  $$read_conversation(tests.id('ours'), tests.id('their talk'))$$]) call;
select is(tests.outcome('admin', $$select public.set_conversation_status(tests.id('ours'), tests.id('talk'), 'lost')$$),
  'PT422', 'There is no third status.');
select is(tests.outcome('admin',
  format('select public.assign_conversation(tests.id(''ours''), tests.id(''talk''), tests.id(%L))', person)), 'PT422',
  format('A conversation cannot be assigned to %s.', person))
from unnest(array['outsider', 'suspended', 'counselor']) person;

-- Texts
create function tests.talk() returns public.conversations language sql stable as $$
  select c from public.conversations c where c.id = tests.id('talk')
$$;
select is((tests.talk()).unread, 1, 'The first message is unread.');
select is(public.record_inbound('twilio', 'SM1', '+233244000001', '+15550001111', 'Hello') ->> 'duplicate', 'true',
  'A repeat is recognized.');
select is((tests.talk()).unread, 1, 'A repeat counts once.');
do $$
begin
  perform tests.act_as('admin');
  perform public.assign_conversation(tests.id('ours'), tests.id('talk'), tests.id('operator')),
    public.set_conversation_status(tests.id('ours'), tests.id('talk'), 'closed');
  perform tests.act_as('postgres');
  perform public.record_inbound('twilio', 'SM3', '+233244000001', '+15550001111', 'Again');
end
$$;
select results_eq($$select (t).status, (t).unread, (t).last_preview, (t).closed_by from tests.talk() t$$,
  $$values ('open', 2, 'Again', null::uuid)$$, 'A message reopens a closed conversation.');
select is((select count(*) from public.notifications n where n.user_id = tests.id('operator')
  and n.kind = 'conversation'), 1::bigint,
  'The assignee is notified of the assignment; further unread messages are not notified.');
insert into public.messages (organization_id, direction, account_id, to_number, from_number, body, encoding, segments,
  status, provider)
select tests.id('ours'), 'inbound', tests.id('sender'), '+15550001111', '+23324400000' || (n % 2 + 3), 'Many ' || n,
  'GSM-7', 1, 'received', 'twilio'
from generate_series(1, 10) n;
select results_eq($$select phone, unread from public.conversations where organization_id = tests.id('ours')
  and last_preview like 'Many%' order by 1$$, $$values ('+233244000003', 5), ('+233244000004', 5)$$,
  'Messages of one statement count each.');
insert into public.messages (organization_id, campaign_id, account_id, to_number, from_number, body, encoding, segments,
  status, provider, created_by)
values (tests.id('ours'), gen_random_uuid(), tests.id('sender'), '+233244000001', '+15550001111', 'Sale', 'GSM-7', 1,
  'sent', 'twilio', tests.id('admin'));
select is((tests.talk()).last_preview, 'Again', 'A campaign does not change a conversation.');
select tests.act_as('operator');
select is(public.get_conversation(tests.id('ours'), tests.id('talk'), 50) #>> '{messages,0,body}', 'Sale',
  'Its message is in the thread.');
select tests.act_as('postgres');

-- Leads and customers
do $$
begin
  perform tests.customer('ama', 'ours', 'A1', '+233244000001');
  perform tests.customer('stranger', 'theirs', 'S1', '+233244000003');
end
$$;
select is((tests.talk()).customer_id, tests.id('ama'), 'A new customer with the number is linked.');
select is_empty($$select from public.conversations where organization_id = tests.id('ours') and phone = '+233244000003'
  and customer_id is not null$$, 'Another organization''s customer is not linked.');
insert into public.leads (id, organization_id, first_name, phone) values
  (tests.remember('lead', private.uuid_v7()), tests.id('ours'), 'Efua', '+233244000001');
select is((tests.talk()).lead_id, tests.id('lead'), 'A new lead with the number is linked.');
update public.leads set phone = '+233244000009' where id = tests.id('lead');
select is((tests.talk()).lead_id, tests.id('lead'),
  'A lead that changes its number keeps its conversation while no other lead has the number.');
insert into public.leads (id, organization_id, first_name, phone) values
  (tests.remember('other', private.uuid_v7()), tests.id('ours'), 'Kofi', '+233244000001');
select is((tests.talk()).lead_id, tests.id('other'), 'The lead that has the number now takes precedence.');
update public.leads set deleted_at = now(), merged_into = tests.id('lead') where id = tests.id('other');
select is((tests.talk()).lead_id, tests.id('lead'), 'A conversation follows a merge.');
update public.leads set deleted_at = now() where id = tests.id('lead');
select is((tests.talk()).lead_id, null::uuid, 'A deleted lead is not linked.');
update public.customers set phone = '+233244000004' where id = tests.id('ama');
select is((tests.talk()).customer_id, tests.id('ama'),
  'A customer that changes its number keeps its conversation, too,');
select is((select customer_id from public.conversations where organization_id = tests.id('ours')
  and phone = '+233244000004'), tests.id('ama'), 'and is linked under its new number.');
select is(tests.outcome('admin', $$select public.reply_to_conversation(tests.id('ours'), tests.id('talk'),
  'You owe {{arrears}}')$$), 'PT422', 'The new owner of the old number does not see what the customer owes.');
select is(tests.outcome('admin',
  format($$select public.reply_to_conversation(tests.id('ours'), %L, 'You owe {{arrears}}')$$, (
  select id from public.conversations where organization_id = tests.id('ours') and phone = '+233244000004'))), '1',
    'Under the new number the variables are filled in.');
delete from public.customers where id = tests.id('ama');
select is((tests.talk()).customer_id, null::uuid, 'Nor is a deleted customer.');
delete from public.memberships where organization_id = tests.id('ours') and user_id = tests.id('operator');
select is((tests.talk()).assigned_to, null::uuid, 'Conversations of a member who leaves become unassigned.');
select results_eq($$select count(*) from public.audit_logs where resource = 'conversations'
  and organization_id = tests.id('ours')$$, array[2::bigint], 'The audit log has changes by people, not by messages.');

-- What providers report beside the status
insert into public.messages (id, organization_id, account_id, to_number, from_number, body, encoding, segments, status,
  provider, provider_message_id)
values (tests.remember('sent', private.uuid_v7()), tests.id('ours'), tests.id('sender'), '+233244000005',
  '+15550001111', 'Hi', 'GSM-7', 1, 'sent', 'twilio', 'SM9');
create function tests.report(status text, facts jsonb) returns jsonb language sql as $$
  select public.record_receipt('twilio', 'SM9', status, facts => facts)
$$;
select is(tests.report('delivered',
  '{"price": "-0.0075", "currency": "USD", "segments": 2, "reported": {"A": "1"}}') ->> 'changed', 'true',
    'A report is new.');
select is(tests.report('delivered',
  '{"price": "-0.0075", "currency": "USD", "segments": 2, "reported": {"A": "1"}}') ->> 'changed', 'false',
    'A repeated report is not new.');
select is(tests.report('sent', '{"reported": {"B": "2"}}') ->> 'known', 'true', 'A late report is applied.');
select results_eq($$select status, price, price_currency, segments, reported from public.messages
  where id = tests.id('sent')$$, $$values ('delivered', 0.0075::numeric(12, 5), 'USD', 2,
  '{"A": "1", "B": "2"}'::jsonb)$$, 'All reported fields are kept.');

-- Numbers of other countries
select tests.act_as('postgres');
select is(tests.outcome('admin', format('select public.start_conversation(tests.id(''ours''), %L, ''Hi'')', number)), 'PT422',
  'No conversation is started with ' || number) from unnest(array['+4915112345678', '0244000001']) number;
do $$
begin
  perform public.record_inbound('twilio', 'SM abroad', '+4915112345678', '+15550001111', 'Hello from abroad');
  perform tests.remember('abroad', (select id from public.conversations where phone = '+4915112345678'));
end
$$;
select is(tests.outcome('admin', $$select public.reply_to_conversation(tests.id('ours'), tests.id('abroad'), 'Hi')$$), 'PT422',
  'A country that the organization does not text is not answered.');

select * from finish();
rollback;
