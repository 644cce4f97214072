-- Senders on the platform's account: who approves them, protected names, and to whom a number's messages go.
begin;
\ir support.inc
select plan(84);
do $$
begin
  perform tests.arrange();
  update private.deployment set new_senders = 'pending' where singleton;
end
$$;
create function tests.add(actor text, organization text, number jsonb) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor, jsonb_build_object('x-organization-id', tests.id(organization)));
  answer := public.create_phone_number(tests.id(organization), number);
  perform tests.act_as('postgres');
  perform tests.remember(number ->> 'number' || ' of ' || organization, (answer ->> 'id')::uuid);
  return answer;
end
$$;
-- As tests.outcome, but what it does stays.
create function tests.done(actor text, statement text) returns boolean language plpgsql as $$
begin
  perform tests.act_as(actor);
  execute statement;
  perform tests.act_as('postgres');
  return true;
end
$$;
create function tests.operated(call text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  execute 'select to_jsonb(' || call || ')' into answer;
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.sender_status(name text) returns text language sql as $$
  select a.status from public.sms_accounts a where a.id = tests.id(name)
$$;

-- Protected names
select is(private.protected_name_reason(name) is not null, protected, name)
from (values ('MTN', true), ('mtn gh', true), ('M-T-N', true), ('MtnGhana', true), ('GH POLICE', true), ('P0LICE', true),
  ('GCB', true), ('GCBInfo', true), ('StanbicBank', true), ('PayPa1', true), ('W.H.O', true), ('OTP', true),
  ('FoodBank', true), ('MyAlerts', true),
  ('University', false), ('Virginia', false), ('Purchase', false), ('Gazelle', false), ('Footprint', false),
  ('Atlas', false), ('Global', false), ('Grace', false), ('DemoPower', false), ('Acme', false), ('Calvary', false))
  as n (name, protected);
select is(tests.outcome('admin', format('select public.create_phone_number(%L, %L)', tests.id('ours'),
  '{"provider": "arkesel", "number": "GH P0LICE"}')), 'PT422', 'A protected name is refused,');
select is(tests.outcome('admin', format($$insert into public.sms_accounts (organization_id, provider, sender_id)
  values (%L, 'arkesel', 'MTN')$$, tests.id('ours'))), 'PT422', 'by the Data API too.');
insert into public.organizations (id, name, country, time_zone, currency)
values (tests.remember('police', private.uuid_v7()), 'Ghana Police', 'GH', 'Africa/Accra', 'GHS');
select is((select sender_id from public.sms_accounts where organization_id = tests.id('police')), 'Notice',
  'An organization whose name is protected starts with a neutral sender.');

-- Pending until approved
select is(tests.add('admin', 'ours', '{"provider": "arkesel", "number": "OurPower"}') ->> 'status', 'pending',
  'A new name is pending.');
select is(tests.add('admin', 'ours', '{"provider": "twilio", "number": "+15005550801"}') ->> 'status', 'pending',
  'A new number is pending.');
select is(tests.add('outsider', 'theirs', '{"provider": "twilio", "number": "+15005550801"}') ->> 'status', 'pending',
  'Another organization may ask for the same number, and learns nothing of the first.');
select ok(tests.done('admin', format($$update public.sms_accounts set status = 'active' where id = %L$$,
  tests.id('OurPower of ours'))), 'An admin who activates it directly');
select is(tests.sender_status('OurPower of ours'), 'pending', 'changes nothing.');
select ok(tests.done('admin', format($$select public.update_phone_number(%L, %L, '{"status": "active"}')$$,
  tests.id('ours'), tests.id('OurPower of ours'))), 'Nor does the endpoint,');
select is(tests.sender_status('OurPower of ours'), 'pending', 'for it stays pending.');
select is(tests.outcome('admin', format($$update public.sms_accounts set approved_at = now() where id = %L$$,
  tests.id('OurPower of ours'))), '42501', 'Nobody approves a sender of their own.');
select is(tests.outcome('admin', format($$select public.send_message(%L, null, '+233244000001', 'Hello', 'custom', 'OurPower')$$,
  tests.id('ours'))), 'PT409', 'Nothing is sent from it.');
create function tests.receive(id text, "to" text, signed_by uuid[] default null) returns boolean language sql as $$
  select (public.record_inbound('twilio', id, '+12025550111', "to", 'STOP', '[]', null, '{}', signed_by)
    ->> 'known')::boolean
$$;
select is(tests.receive('S1', '+15005550801'), false, 'Inbound messages of the number go to nobody,');
select ok(tests.done('admin', format($$update public.sms_accounts set status = 'disabled' where id = %L$$,
  tests.id('+15005550801 of ours'))), 'not even');
select is(tests.receive('S2', '+15005550801'), false, 'once it is disabled.');

-- Operators
select is(tests.outcome('admin', call), '42501', format('An admin may not call %s.', call))
from unnest(array[$$select public.list_senders()$$, $$select public.approve_sender(tests.id('OurPower of ours'), 'me')$$,
  $$select public.refuse_sender(tests.id('OurPower of ours'), 'me', 'x')$$,
  $$select public.assign_sender(tests.id('ours'), 'arkesel', 'MTN', 'me')$$]) call;
select is(tests.operated($$public.list_senders('{"status": "pending", "search": "ourpower"}')$$) #>> '{rows,0,id}',
  tests.id('OurPower of ours')::text, 'Operators list what is pending.');
select is(tests.operated($$public.approve_sender(tests.id('OurPower of ours'), 'Olu')$$) ->> 'status', 'active',
  'They approve a name,');
select is((select after ->> 'approved_by' from public.audit_logs where organization_id = tests.id('ours')
  and resource = 'sms_accounts' and action = 'update' order by id desc limit 1), 'Olu', 'which is audited.');
select is(tests.outcome('admin', format($$select public.send_message(%L, null, '+233244000001', 'Hello', 'custom', 'OurPower')$$,
  tests.id('ours'))), '1', 'It sends.');
do $$ begin perform tests.add('outsider', 'theirs', '{"provider": "arkesel", "number": "ourpower"}'); end $$;
select is(tests.operated($$public.list_senders('{"status": "pending", "search": "ourpower"}')$$) #>> '{rows,0,same_name,0}',
  (select name from public.organizations where id = tests.id('ours')), 'Operators see who has the name already.');
select is(tests.outcome('service_role', $$select public.approve_sender(tests.id('ourpower of theirs'), 'Olu')$$), 'PT409',
  'A name belongs to one organization.');
select is(tests.operated($$public.approve_sender(tests.id('+15005550801 of theirs'), 'Olu')$$) ->> 'status', 'active',
  'They approve a number for one organization.');
do $$ begin perform tests.receive('S3', '+15005550801'); end $$;
select is((select organization_id from public.messages where provider_message_id = 'S3'), tests.id('theirs'),
  'From then on its messages go there.');
select is(tests.operated($$public.refuse_sender(tests.id('ourpower of theirs'), 'Olu', 'Not your name')$$) ->> 'status',
  'disabled', 'They refuse a name,');
select is((select circuit_open_reason from public.sms_accounts where id = tests.id('ourpower of theirs')), 'Not your name',
  'with a reason that its organization reads.');
select is(tests.operated($$public.assign_sender(tests.id('police'), 'arkesel', 'GHPolice', 'Olu')$$) ->> 'status', 'active',
  'They assign a protected name.');
select is(tests.outcome('service_role', call), expected, format('%s: %s', call, expected))
from (values ($$select public.approve_sender(gen_random_uuid(), 'Olu')$$, 'PT404'),
  ($$select public.approve_sender(tests.id('OurPower of ours'), ' ')$$, 'PT422'),
  ($$select public.refuse_sender(tests.id('OurPower of ours'), 'Olu', '')$$, 'PT422')) as v (call, expected);

-- Own credentials, the sandbox
select is(tests.add('admin', 'ours', '{"provider": "twilio", "number": "+15005550802",
  "credentials": {"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "sesame"}}') ->> 'status', 'active',
  'A sender on the organization''s own account needs no approval.');
select is(tests.receive('S4', '+15005550802'), false, 'What the platform''s account received is not given to it,');
select is(tests.receive('S5', '+15005550802', array[tests.id('ours')]), true, 'what its own account signed is.');
select is(tests.add('outsider', 'theirs', '{"provider": "twilio", "number": "+15005550802",
  "credentials": {"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "guess"}}') ->> 'status', 'active',
  'Another tenant may name the same account and number,');
do $$ begin perform tests.receive('S6', '+15005550802', array[tests.id('ours')]); end $$;
select is((select organization_id from public.messages where provider_message_id = 'S6'), tests.id('ours'),
  'and gets nothing that its credentials did not sign.');
select ok(tests.done('admin', format($$select public.update_phone_number(%L, %L, '{"credentials": null}')$$,
  tests.id('ours'), tests.id('+15005550802 of ours'))), 'Without its own account');
select is(tests.sender_status('+15005550802 of ours'), 'pending', 'it is pending again.');
update public.organizations set standing = 'sandbox' where id = tests.id('theirs');
select is(tests.add('outsider', 'theirs', '{"provider": "arkesel", "number": "Sandy"}') ->> 'status', 'active',
  'In the sandbox a name needs no approval,');
select is(tests.add('outsider', 'theirs', '{"provider": "twilio", "number": "+15005550803"}') ->> 'status', 'pending',
  'but a number does.');
update public.organizations set standing = 'approved' where id = tests.id('theirs');
select is(tests.sender_status('Sandy of theirs'), 'pending', 'Out of the sandbox the name needs it too.');
update private.deployment set new_senders = 'active' where singleton;
select is(tests.add('admin', 'ours', '{"provider": "arkesel", "number": "GRA"}') ->> 'status', 'active',
  'A deployment that approves all senders approves protected names too.');
-- The default sender is one that can send
update private.deployment set new_senders = 'pending' where singleton;
create function tests.default_of(organization text) returns text language sql as $$
  select a.sender_id || ' ' || a.status from public.sms_accounts a where a.organization_id = tests.id(organization) and a.is_default
$$;
do $$
begin
  insert into public.organizations (id, name, country, time_zone, currency)
  values (tests.remember('new', private.uuid_v7()), 'Newcomer', 'GH', 'Africa/Accra', 'GHS');
  delete from public.sms_accounts where organization_id = tests.id('new');
  perform tests.member('new admin', 'new', 'admin');
  perform tests.add('new admin', 'new', '{"provider": "twilio", "number": "+15005550811"}');
  perform tests.add('new admin', 'new', '{"provider": "twilio", "number": "+15005550812"}');
end
$$;
select is(tests.default_of('new'), '+15005550811 pending', 'The first is the default, even if it cannot send yet.');
select tests.operated($$public.approve_sender(tests.id('+15005550812 of new'), 'Olu')$$) \g /dev/null
select is(tests.default_of('new'), '+15005550812 active', 'The first that is approved takes its place.');
select is(tests.outcome('new admin', call), 'PT409', 'It does not go to one that cannot send: ' || call) from unnest(array[
  $$select public.create_phone_number(tests.id('new'), '{"provider": "twilio", "number": "+15005550813", "is_default": true}')$$,
  $$select public.update_phone_number(tests.id('new'), tests.id('+15005550811 of new'), '{"is_default": true}')$$]) call;
select is(tests.add('new admin', 'new', '{"provider": "twilio", "number": "+15005550813"}') ->> 'is_default', 'false',
  'Nor without being asked.');
select tests.operated($$public.approve_sender(tests.id('+15005550811 of new'), 'Olu')$$) \g /dev/null
select is(tests.default_of('new'), '+15005550812 active', 'A second approval leaves it.');
select tests.operated($$public.refuse_sender(tests.id('+15005550812 of new'), 'Olu', 'Not yours')$$) \g /dev/null
select is(tests.default_of('new'), '+15005550811 active', 'When it is refused, another that can send is.');
select is(tests.outcome('service_role', $$select public.approve_sender(tests.id('+15005550812 of new'), 'Olu')$$), 'PT409',
  'A disabled one is not approved: nothing could be sent from it.');
select tests.operated($$public.refuse_sender(tests.id('+15005550811 of new'), 'Olu', 'Not yours')$$) \g /dev/null
select is(tests.default_of('new'), '+15005550813 pending', 'or one that waits, if there is no other.');
select is(tests.outcome('new admin', $$select public.update_phone_number(tests.id('new'), tests.id('+15005550813 of new'),
  '{"is_default": true, "label": "Main"}')$$), '1', 'What is the default may be said again.');
select tests.add('new admin', 'new', '{"provider": "twilio", "number": "+15005550814", "credentials":
  {"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "sesame"}}') \g /dev/null
select is(tests.default_of('new'), '+15005550814 active', 'One that can send takes the place of one that cannot.');

-- One number of an account that two organizations have
select tests.add('admin', 'ours', '{"provider": "twilio", "number": "+15005550809", "credentials":
  {"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "sesame"}}') \g /dev/null
select tests.add('outsider', 'theirs', '{"provider": "twilio", "number": "+15005550809", "credentials":
  {"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "sesame"}}') \g /dev/null
create function tests.texted(organization text, at timestamptz) returns void language sql as $$
  insert into public.messages (id, organization_id, account_id, to_number, from_number, body, encoding, segments, status,
    provider, created_at)
  values (private.uuid_v7(at), tests.id(organization), tests.id('+15005550809 of ' || organization), '+12025550111',
    '+15005550809', 'Hi', 'GSM-7', 1, 'sent', 'twilio', at)
$$;
create function tests.opted_out() returns text language sql as $$
  select string_agg(o.name, ', ' order by o.name) from public.suppressions s
  join public.organizations o on o.id = s.organization_id
  where s.phone = '+12025550111' and s.lifted_at is null and o.id in (tests.id('ours'), tests.id('theirs'))
$$;
delete from public.suppressions where phone = '+12025550111';
select tests.texted('ours', now() - interval '2 hours') \g /dev/null
select tests.receive('S91', '+15005550809', array[tests.id('ours'), tests.id('theirs')]) \g /dev/null
select is(tests.opted_out(), (select name from public.organizations where id = tests.id('ours')),
  'A STOP is for the organization that has texted the person, not for another with the number.');
delete from public.suppressions where phone = '+12025550111';
delete from public.messages where to_number = '+12025550111' and purpose = 'opt_out_confirmation';
select tests.texted('theirs', now() - interval '1 hour') \g /dev/null
select tests.receive('S92', '+15005550809', array[tests.id('ours'), tests.id('theirs')]) \g /dev/null
select is((select organization_id from public.messages where provider_message_id = 'S92'), tests.id('theirs'),
  'A reply goes to the one that wrote last.');
select is(tests.opted_out(), (select string_agg(name, ', ' order by name) from public.organizations
  where id in (tests.id('ours'), tests.id('theirs'))), 'If both have texted them, it is for both.');
select is((select count(*) from public.consents c where c.phone = '+12025550111' and c.event = 'revoked'
  and c.organization_id = tests.id('ours') and c.message_id is null), 1::bigint, 'and in the ledger of the other too.');

select * from finish();
rollback;
