-- What bounds an organization's sending, what goes first, and what people see of a message that waits.
begin;
\ir support.inc
select no_plan();
do $$
begin
  update public.sms_accounts set status = 'disabled';
  update public.messages set status = 'failed' where status in ('sending', 'queued');
  perform tests.arrange();
  update public.organizations set country = 'GH', allowed_countries = null, marketing_consent = 'not_required'
  where id in (tests.id('ours'), tests.id('theirs'));
  perform tests.remember('sender of ' || name, (select id from public.sms_accounts where organization_id = tests.id(name)))
  from unnest(array['ours', 'theirs']) name;
end
$$;
create function tests.queue(body text, organization text default 'ours', phone text default '+233244000001',
  purpose text default 'custom', batch uuid default null, campaign uuid default null, category text default 'service',
  sender uuid default null) returns uuid language plpgsql as $$
declare
  message uuid;
begin
  insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status, provider,
    purpose, batch_id, campaign_id, category)
  select tests.id(organization), a.id, phone, a.sender_id, queue.body, 'GSM-7', 1, 'queued', a.provider, queue.purpose, batch, campaign,
    queue.category
  from public.sms_accounts a where a.id = coalesce(sender, tests.id('sender of ' || organization))
  returning id into message;
  return tests.remember(body, message);
end
$$;
create function tests.claim(batch_size integer default 50) returns text[] language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.exchange_dispatch_batch('[]', batch_size);
  perform tests.act_as('postgres');
  return array(select m ->> 'body' from jsonb_array_elements(answer -> 'messages') m order by 1);
end
$$;
create function tests.message(name text) returns public.messages language sql stable as $$
  select m from public.messages m where m.id = tests.id(name)
$$;
create function tests.waits(name text, out reason text, out until timestamptz) language plpgsql as $$
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', tests.id('admin'))::text, true);
  select w.reason, w.until into reason, until from private.message_wait(tests.message(name)) w;
  perform tests.act_as('postgres');
end
$$;
create function tests.wait(name text) returns text language sql as $$ select w.reason from tests.waits(name) w $$;
create function tests.clear() returns void language sql as $$
  delete from public.message_events;
  delete from public.messages;
  delete from public.notifications;
  delete from private.daily_spending;
  delete from private.send_rate_buckets;
  update public.organizations set standing = 'approved', daily_spending_limit = null, max_segments_per_day = null, allowed_countries = null
  where id in (tests.id('ours'), tests.id('theirs'));
  update public.sms_accounts set status = 'active', per_second = null, segment_price = null
  where id in (tests.id('sender of ours'), tests.id('sender of theirs'));
$$;
grant execute on all functions in schema tests to public;

-- What is stored
select throws_ok(format('select tests.queue(%L, phone => %L)', 'x', phone), '23514', null, format('%L is no number to text.', phone))
from unnest(array['233244000001', '+233244000001 ', '0244000001', 'abc', '', '+1', '+0244000001']) phone;
select throws_ok($$select tests.queue('')$$, '23514', null, 'A message says something.');
select throws_ok($$select tests.queue(repeat('x', 1601))$$, '23514', null, 'It has at most 1,600 characters,');
select throws_ok($$select tests.queue(repeat('😀', 801))$$, '23514', null, 'counted as providers count: an emoji is two.');
select lives_ok($$select tests.queue(repeat('😀', 800))$$, '800 emoji fit.');
select tests.clear() \g /dev/null

-- What goes first
do $$
begin
  insert into public.batches (id, organization_id, kind) values (tests.remember('batch', private.uuid_v7()), tests.id('ours'), 'sms');
  perform tests.queue('bulk ' || n, batch => tests.id('batch'), phone => '+23324400' || (1000 + n)) from generate_series(1, 300) n;
  perform tests.queue('written', phone => '+233244002001');
  perform tests.queue('confirmation', phone => '+233244002002', purpose => 'opt_out_confirmation');
  insert into public.suppressions (organization_id, phone, source) values (tests.id('ours'), '+233244002002', 'reply');
end
$$;
select is(tests.claim(1), '{confirmation}', 'A confirmation goes before three hundred bulk messages,');
select is(tests.claim(1), '{written}', 'and what a person wrote goes next.');
select is(cardinality(tests.claim(50)), 50, 'Then the bulk goes on.');
do $$
begin
  perform tests.clear();
  update public.sms_accounts set per_second = 1 where id = tests.id('sender of ours');
  perform tests.queue('bulk ' || n, batch => tests.id('batch'), phone => '+23324400' || (1000 + n)) from generate_series(1, 50) n;
  perform tests.queue('confirmation', phone => '+233244002002', purpose => 'opt_out_confirmation');
end
$$;
select is(tests.claim(50), '{confirmation}', 'A number that sends one a second spends it on the confirmation.');
select is(tests.wait('bulk 7'), 'rate', 'The others wait for the rate.');

-- Shares
do $$
begin
  perform tests.clear();
  perform tests.queue('ours ' || n, batch => tests.id('batch'), phone => '+23324400' || (1000 + n)) from generate_series(1, 200) n;
  perform tests.queue('of theirs', 'theirs');
end
$$;
select ok('of theirs' = any (tests.claim(10)), 'A backlog of one organization delays no other.');
do $$
begin
  perform tests.clear();
  insert into public.sms_accounts (organization_id, provider, sender_id)
  select tests.id('ours'), 'arkesel', 'S' || n from generate_series(1, 60) n;
  perform tests.queue('ours ' || a.sender_id || n, sender => a.id, phone => '+23324400' || (1000 + n))
  from public.sms_accounts a, generate_series(1, 3) n where a.organization_id = tests.id('ours');
  perform tests.queue('of theirs ' || n, 'theirs', phone => '+23324400' || (1000 + n)) from generate_series(1, 10) n;
end
$$;
select is((select count(*) from unnest(tests.claim(20)) m where m like 'of theirs%'), 10::bigint,
  'Sixty senders of one organization get no more than its share.');

-- Countries
do $$ begin perform tests.clear(), tests.queue('home'), tests.queue('abroad', phone => '+12125550100'), tests.queue('satellite', phone => '+88216555000'); end $$;
select is(tests.claim(), '{home}', 'By default an organization texts its own country.');
select results_eq($$select status, error_code from public.messages where body in ('abroad', 'satellite') order by body$$,
  $$values ('suppressed', 'country_not_allowed'), ('suppressed', 'country_not_allowed')$$, 'Other numbers are refused when they are claimed.');
select tests.act_as('operator') \g /dev/null
select is(tests.outcome('operator', format('select public.send_message(%L, to_number => %L, message => %L)', tests.id('ours'), phone, 'Hi')), wanted,
  format('send_message to %s: %s', phone, wanted))
from (values ('+233244000001', '1'), ('+12125550100', 'PT422'), ('233244000001', 'PT422'), ('+233244000001 ', 'PT422'), ('', 'PT422')) v (phone, wanted);
select is(jsonb_array_length(public.send_bulk(tests.id('ours'), 'Hi', '[{"position": 0, "to": "+233244000001"}, {"position": 1, "to": "233244000002"},
  {"position": 2, "to": "+12125550100"}]') -> 'invalid'), 2, 'send_bulk says which numbers it does not take.');
select is(tests.outcome('operator', format('select public.send_bulk(%L, %L, (select jsonb_agg(jsonb_build_object(''position'', n, ''to'',
  ''+2332'' || (40000000 + n))) from generate_series(0, 10000) n), maximum => 1000000)', tests.id('ours'), 'Hi')), 'PT422', 'Ten thousand at most, whatever the caller says.');
select tests.act_as('postgres') \g /dev/null
update public.organizations set allowed_countries = '{GH,CA}' where id = tests.id('ours');
select ok('+16135550100' ~ private.phone_pattern_of(o) and '+12125550100' !~ private.phone_pattern_of(o), 'Canada is allowed, the United States are not.')
from public.organizations o where o.id = tests.id('ours');
select throws_ok(format('update public.organizations set allowed_countries = %L', c), '23514', null, format('%s is no list of countries.', c))
from unnest(array['{}', '{gh}', '{001}', '{GHA}']) c;

-- Rates of sending hold at the Data API
create function tests.bulk(size integer) returns text language sql as $$
  select public.send_bulk(tests.id('ours'), 'Hi', (
    select jsonb_agg(jsonb_build_object('position', n, 'to', '+2332' || (40000000 + n))) from generate_series(0, size - 1) n)) ->> 'code'
$$;
grant execute on all functions in schema tests to public;
select tests.clear() \g /dev/null
insert into public.conversations (id, organization_id, provider, sender, phone, last_message_id, last_message_at, last_direction, last_preview)
values (tests.remember('thread', private.uuid_v7()), tests.id('ours'), 'twilio', '+15550001111', '+233244000001', private.uuid_v7(), now(), 'inbound', 'Hi');
delete from private.rate_buckets where kind = 'send';
update private.rate_limits set quota = 3 where kind = 'send';
select tests.act_as('operator') \g /dev/null
select is(tests.bulk(150), null, 'A bulk of 150 takes two tokens,');
select is(public.send_message(tests.id('ours'), to_number => '+233244000001', message => 'Hi') ->> 'code', null, 'a message one,');
select is(public.send_message(tests.id('ours'), to_number => '+233244000001', message => 'Hi') ->> 'code', 'PT429', 'and then there is none left:');
select is(tests.bulk(1), 'PT429', 'for bulks neither,');
select is(public.start_conversation(tests.id('ours'), '+233244000001', 'Hi') ->> 'code', 'PT429', 'for conversations neither,');
select is(public.reply_to_conversation(tests.id('ours'), tests.id('thread'), 'Hi') ->> 'code', 'PT429', 'new or not.');
select tests.act_as('postgres') \g /dev/null
select is((select count(*) from public.messages where created_by = tests.id('operator')), 151::bigint, 'What is refused is not queued.');

-- Budget
do $$
begin
  perform tests.clear();
  update public.sms_accounts set segment_price = 0.1 where id = tests.id('sender of ours');
  update public.organizations set daily_spending_limit = 0.25 where id = tests.id('ours');
  perform tests.queue('text ' || n, phone => '+23324400' || (1000 + n)) from generate_series(1, 3) n;
  perform tests.queue('confirmation', phone => '+233244002002', purpose => 'opt_out_confirmation');
end
$$;
select is(tests.claim(), '{confirmation,"text 1"}', 'The limit covers two messages; a confirmation is one of them.');
select is(tests.wait('text 2'), 'budget', 'The others wait for the budget,');
select is((tests.message('text 2')).send_after, (current_date + 1)::timestamp at time zone 'Africa/Accra', 'until midnight.');
select is((select count(*)::integer from public.notifications where title = 'The daily spending limit is reached' and user_id = tests.id('admin')), 1, 'The admin is notified,');
do $$ begin perform tests.queue('text 4', phone => '+233244001004'), tests.claim(); end $$;
select is((select count(*)::integer from public.notifications where title = 'The daily spending limit is reached' and user_id = tests.id('admin')), 1, 'once a day.');
do $$ begin perform tests.queue('another confirmation', phone => '+233244002002', purpose => 'opt_out_confirmation'); end $$;
select is(tests.claim(), '{"another confirmation"}', 'Confirmations go out although nothing is left.');
update public.organizations set daily_spending_limit = 10 where id = tests.id('ours');
select is(tests.claim(), '{"text 2","text 3","text 4"}', 'A higher limit counts at once.');
select is(tests.claim(), '{}', 'Nothing goes out twice.');

-- The limits of the platform's operators
do $$
begin
  perform tests.clear();
  perform public.limit_organization(tests.id('ours'), '{"max_segments_per_day": 2}', 'Olu Operator', 'New here');
  perform tests.queue('text ' || n, phone => '+23324400' || (1000 + n)) from generate_series(1, 3) n;
end
$$;
select is(tests.claim(), '{"text 1","text 2"}', 'An operator''s limit covers two segments.');
select is(tests.wait('text 3'), 'budget', 'The third waits for the budget.');
select is((select n.body from public.notifications n where n.title = 'The daily spending limit is reached' and n.user_id = tests.id('admin')
  order by n.id desc limit 1), 'Today''s messages have used what the platform''s limit of 2 segments allows. What is queued waits until '
  'midnight, or until the limit is raised.', 'The admin reads whose limit it is.');
select tests.act_as('admin') \g /dev/null
select throws_ok($$update public.organizations set max_segments_per_day = 1000 where id = tests.id('ours')$$, '42501', null,
  'An admin cannot raise it,');
select throws_ok($$update public.organizations set permitted_countries = null where id = tests.id('ours')$$, '42501', null,
  'nor change the permitted countries,');
select throws_ok($$select public.limit_organization(tests.id('ours'), '{"max_segments_per_day": null}', 'Me', null)$$, '42501', null,
  'nor do what operators do.');
update public.organizations set daily_spending_limit = 1000 where id = tests.id('ours');
select tests.act_as('postgres') \g /dev/null
select is(tests.claim(), '{}', 'A limit of their own lifts it not.');
select public.limit_organization(tests.id('ours'), '{"max_segments_per_day": 3}', 'Olu Operator') \g /dev/null
select is(tests.claim(), '{"text 3"}', 'A higher one counts at once.');
do $$
begin
  perform tests.clear();
  update public.sms_accounts set credentials_secret_id = vault.create_secret('{"api_key": "own"}') where id = tests.id('sender of ours');
  perform tests.queue('text ' || n, phone => '+23324400' || (1000 + n)) from generate_series(1, 3) n;
  perform public.limit_organization(tests.id('ours'), '{"max_segments_per_day": 0}', 'Olu Operator');
end
$$;
select is(cardinality(tests.claim()), 3, 'A provider account of the organization''s own is not the platform''s to limit.');
do $$
begin
  update public.sms_accounts set credentials_secret_id = null where id = tests.id('sender of ours');
  update public.organizations set allowed_countries = '{GH,NG}' where id = tests.id('ours');
  perform public.limit_organization(tests.id('ours'), '{"max_segments_per_day": null, "permitted_countries": ["GH", "KE", "GH"]}', 'Olu Operator');
end
$$;
select is((select array_agg(p ~ private.phone_pattern_of(o)) from unnest('{+233244000001,+2348031234567,+254712345678}'::text[]) p),
  '{t,f,f}', 'Countries must be allowed and permitted.') from public.organizations o where o.id = tests.id('ours');
select results_eq($$select a.after ->> 'max_segments_per_day', a.after ->> 'limits_changed_by', a.after ->> 'limits_reason' from public.audit_logs a
  where a.organization_id = tests.id('ours') and a.resource = 'organizations' and a.after ->> 'limits_changed_by' is not null
    and a.before ->> 'limits_changed_by' is null order by a.id limit 1$$, $$values ('2', 'Olu Operator', 'New here')$$,
  'The audit log has the change, the operator and the reason.');
update public.organizations set max_segments_per_day = null, permitted_countries = null, allowed_countries = null,
  daily_spending_limit = null where id = tests.id('ours');

-- Whose price counts
do $$
begin
  perform tests.clear();
  update public.sms_accounts set segment_price = 0 where id = tests.id('sender of ours');
  update public.organizations set daily_spending_limit = 0.12 where id = tests.id('ours');
  perform tests.queue('text ' || n, phone => '+23324400' || (1000 + n)) from generate_series(1, 3) n;
end
$$;
select is(tests.claim(), '{"text 1","text 2"}', 'A price of 0 lifts no limit on the platform''s account: the default counts.');
do $$
begin
  perform tests.clear();
  update public.sms_accounts set segment_price = 0, credentials_secret_id = vault.create_secret('{"api_key": "priced"}')
  where id = tests.id('sender of ours');
  update public.organizations set daily_spending_limit = 0.12 where id = tests.id('ours');
  perform tests.queue('text ' || n, phone => '+23324400' || (1000 + n)) from generate_series(1, 3) n;
end
$$;
select is(cardinality(tests.claim()), 3, 'On its own account an organization knows what it pays.');
update public.sms_accounts set credentials_secret_id = null, segment_price = null where id = tests.id('sender of ours');
create function tests.price(currency text, price numeric default null) returns numeric language plpgsql as $$
declare
  organization public.organizations;
  account public.sms_accounts;
begin
  select * into organization from public.organizations o where o.id = tests.id('ours');
  select * into account from public.sms_accounts a where a.id = tests.id('sender of ours');
  organization.currency := currency;
  account.segment_price := price;
  return private.segment_price(organization, account);
end
$$;
select is(tests.price(currency, price), wanted, format('%s in %s costs %s.', coalesce(price::text, 'No price'), currency, wanted))
from (values ('GHS', null, 0.05), ('GHS', 0.01, 0.05), ('GHS', 0.2, 0.2), ('XOF', null, 60), ('TZS', 0, 265), ('ZZZ', null, 100),
  ('ZZZ', 1, 100), ('ZZZ', 250, 250)) v (currency, price, wanted);

-- Standing
do $$
begin
  perform tests.clear();
  update public.organizations set standing = 'sandbox' where id = tests.id('ours');
  update public.profiles set phone = '+233244009001', phone_confirmed_at = now() where id = tests.id('viewer');
  update public.profiles set phone = '+233244009002' where id = tests.id('admin');
  perform tests.queue('confirmation', phone => '+233244002002', purpose => 'opt_out_confirmation');
  perform tests.queue('stranger'), tests.queue('member', phone => '+233244009001'), tests.queue('unconfirmed', phone => '+233244009002');
end
$$;
select is(tests.claim(), '{confirmation,member}', 'In the sandbox only confirmed numbers of members are texted, and who opts out is answered.');
select is(tests.wait('stranger'), 'sandbox', 'The others wait, and say why.');
update public.organizations set standing = 'approved' where id = tests.id('ours');
select is(tests.claim(), '{stranger,unconfirmed}', 'They go out when the organization is approved.');
do $$
begin
  perform tests.clear();
  update public.organizations set standing = 'suspended' where id = tests.id('ours');
  perform tests.queue('text'), tests.queue('of theirs', 'theirs');
end
$$;
select is(tests.claim(), '{"of theirs"}', 'Nothing is sent for a suspended organization.');
select is((tests.message('text')).wait_reason, 'suspended', 'It says why.');
do $$
begin
  perform tests.clear();
  update public.organizations set standing = 'sandbox' where id = tests.id('ours');
  update public.sms_accounts set credentials_secret_id = vault.create_secret('{"api_key": "own"}') where id = tests.id('sender of ours');
  perform tests.queue('own account');
end
$$;
select is(tests.claim(), '{"own account"}', 'A sender with credentials of its own is not the platform''s to restrict.');
update public.sms_accounts set credentials_secret_id = null where id = tests.id('sender of ours');

-- What has waited too long
create function tests.queue_old(body text, age interval, phone text default '+233244000001', purpose text default 'custom',
  campaign uuid default null) returns void language sql as $$
  insert into public.messages (id, organization_id, account_id, to_number, from_number, body, encoding, segments, status, provider,
    purpose, campaign_id, created_at, send_after)
  select tests.remember(queue_old.body, private.uuid_v7(now() - age)), tests.id('ours'), a.id, phone, a.sender_id, queue_old.body,
    'GSM-7', 1, 'queued', a.provider, queue_old.purpose, campaign, now() - age, now() - age
  from public.sms_accounts a where a.id = tests.id('sender of ours')
$$;
create function tests.outcome_of(name text) returns text language sql as $$
  select m.status || coalesce(' ' || m.error_code, '') from public.messages m where m.id = tests.id(name)
$$;
do $$
begin
  perform tests.clear();
  update public.organizations set standing = 'sandbox' where id = tests.id('ours');
  perform tests.queue_old('disconnected tomorrow', '73 hours'), tests.queue_old('disconnected today', '71 hours');
  perform tests.queue_old('asked for again', '73 hours');
  insert into public.message_events (organization_id, message_id, status, source)
  values (tests.id('ours'), tests.id('asked for again'), 'queued', 'person');
end
$$;
update public.organizations set standing = 'approved' where id = tests.id('ours');
select is(tests.claim(), '{"asked for again","disconnected today"}', 'An approval sends what was written in the last three days,');
select is(tests.outcome_of('disconnected tomorrow'), 'canceled expired', 'and cancels what is older.');
select is((select string_agg(e.status, ', ') from public.message_events e where e.message_id = tests.id('disconnected tomorrow')),
  'canceled', 'Its events say so.');
do $$
begin
  perform tests.clear();
  insert into public.campaigns (id, organization_id, name, status, audience, started_at)
  values (tests.remember('resumed', private.uuid_v7()), tests.id('ours'), 'C', 'running', '{}', now());
  update public.sms_accounts set status = 'disabled' where id = tests.id('sender of ours');
  perform tests.queue_old('old', '73 hours'), tests.queue_old('young', '71 hours');
  perform tests.queue_old('of a campaign', '73 hours', campaign => tests.id('resumed'));
  perform private.cancel_outdated_messages();
end
$$;
select is(tests.outcome_of(name), wanted, name || ': ' || wanted) from (values ('old', 'canceled expired'), ('young', 'queued'),
  ('of a campaign', 'queued')) v (name, wanted);
update public.sms_accounts set status = 'active' where id = tests.id('sender of ours');
delete from public.campaigns where id = tests.id('resumed');

-- Why a message waits
do $$ begin perform tests.clear(), tests.queue('text'); end $$;
update public.sms_accounts set status = 'circuit_open', circuit_open_until = now() + interval '5 minutes' where id = tests.id('sender of ours');
select results_eq($$select * from tests.waits('text')$$, $$values ('circuit_open', now() + interval '5 minutes')$$, 'An open circuit is told, and until when.');
do $$ begin perform tests.clear(); end $$;
update public.organizations set quiet_hours_start = (now() at time zone time_zone)::time - interval '1 minute',
  quiet_hours_end = (now() at time zone time_zone)::time + interval '1 hour' where id = tests.id('ours');
do $$ begin perform tests.queue('at night'), tests.claim(); end $$;
select is(tests.wait('at night'), 'quiet_hours', 'Quiet hours are told.');
select ok((select until > now() + interval '50 minutes' from tests.waits('at night')), 'And when they end.');
select is(tests.wait('text'), null, 'Of what is not queued nothing is told.');
select tests.act_as('operator') \g /dev/null
select is(public.message_status(tests.id('ours'), tests.id('at night')) ->> 'wait_reason', 'quiet_hours', 'A person asks for the message and reads why.');
select is(public.list_messages(tests.id('ours'), '{"status": "queued"}', 10, 0) #>> '{rows,0,wait_reason}', 'quiet_hours', 'So does the list.');
select tests.act_as('postgres') \g /dev/null

-- Why a target waits
do $$
begin
  perform tests.clear();
  update public.organizations set quiet_hours_start = null, quiet_hours_end = null where id = tests.id('ours');
  insert into public.campaigns (id, organization_id, name, status, audience, started_at)
  values (tests.remember('campaign', private.uuid_v7()), tests.id('ours'), 'C', 'running', '{}', now());
  insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone, status, send_after, wait_reason) values
    (tests.id('ours'), tests.id('campaign'), 1, gen_random_uuid(), '+233244000001', 'pending', now() + interval '1 hour', 'review'),
    (tests.id('ours'), tests.id('campaign'), 2, gen_random_uuid(), '+233244000002', 'pending', now(), null),
    (tests.id('ours'), tests.id('campaign'), 3, gen_random_uuid(), '+233244000003', 'excluded', now(), null);
end
$$;
create function tests.target_waits() returns text[] language plpgsql as $$
declare
  rows jsonb;
begin
  perform tests.act_as('admin');
  rows := public.list_targets(tests.id('ours'), tests.id('campaign'), '{}', 0, 10, 0) -> 'rows';
  perform tests.act_as('postgres');
  return array(select coalesce(r ->> 'wait_reason', '-') from jsonb_array_elements(rows) r);
end
$$;
select is(tests.target_waits(), '{review,-,-}', 'A target says what it waits for.');
update public.campaigns set status = 'paused' where id = tests.id('campaign');
select is(tests.target_waits(), '{paused,paused,-}', 'A pause is a reason.');
update public.campaigns set status = 'running' where id = tests.id('campaign');
update public.organizations set daily_spending_limit = 1 where id = tests.id('ours');
insert into private.daily_spending (organization_id, day, amount, exhausted) select tests.id('ours'), current_date, 1, true;
select is(tests.target_waits(), '{budget,budget,-}', 'So is a budget that is spent.');

select * from finish();
rollback;
