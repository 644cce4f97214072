-- Analytics: who may read figures and alerts, and that no role reads the counters or sets another's thresholds.
begin;
\ir support.inc
select plan(92);
do $$
begin
  perform tests.arrange();
  insert into public.campaigns (id, organization_id, name, audience) values
    (tests.remember('campaign', private.uuid_v7()), tests.id('ours'), 'Open day', '{"filter": {}}'),
    (tests.remember('theirs campaign', private.uuid_v7()), tests.id('theirs'), 'Closed day', '{"filter": {}}');
  insert into public.campaign_alerts (organization_id, campaign_id, kind, cases, sample, threshold) values
    (tests.id('ours'), tests.id('campaign'), 'opt_out_rate', 9, 100, 0.03),
    (tests.id('theirs'), tests.id('theirs campaign'), 'failure_rate', 20, 100, 0.1);
  insert into public.sms_accounts (id, organization_id, provider, sender_id) values
    (tests.remember('number', private.uuid_v7()), tests.id('ours'), 'twilio', '+15550001234');
end
$$;

select tests.only('{admin,campaign_manager,viewer}', 'read a campaign''s analytics', 'PT403',
  $$select public.campaign_analytics(tests.id('ours'), tests.id('campaign'))$$);
select tests.only('{admin,campaign_manager,viewer}', 'read the dashboard', 'PT403',
  $$select public.sms_dashboard(tests.id('ours'))$$);
select tests.only('{admin,campaign_manager,viewer}', 'see an alert', '0',
  $$select from public.campaign_alerts where campaign_id = tests.id('campaign')$$);
select tests.only('{}', 'write alerts', '42501', $$update public.campaign_alerts set cases = 0$$);
select tests.only('{admin}', 'set what alerts are about', '0',
  $$update public.organizations set alert_opt_out_rate = 0.05, alert_failure_rate = null, alert_after = 50
    where id = tests.id('ours')$$);

select is(tests.outcome('admin', call), refusal, format('%s is refused with %s.', call, refusal))
from (values
  ($$select public.campaign_analytics(tests.id('ours'), tests.id('theirs campaign'))$$, 'PT404'),
  ($$select public.sms_dashboard(tests.id('ours'), null, null, tests.id('theirs campaign'))$$, 'PT404'),
  ($$select public.sms_dashboard(tests.id('theirs'))$$, 'PT403'),
  ($$select public.sms_dashboard(tests.id('ours'), '2026-11-02', '2026-11-01')$$, 'PT422'),
  ($$select public.sms_dashboard(tests.id('ours'), '2026-01-01', '2026-04-03')$$, 'PT422'),
  ($$select public.sms_dashboard(tests.id('ours'), 'infinity')$$, 'PT422'),
  ($$update public.organizations set alert_opt_out_rate = 0 where id = tests.id('ours')$$, '23514'),
  ($$update public.organizations set alert_after = 1 where id = tests.id('ours')$$, '23514'),
  ($$select from private.campaign_responses$$, '42501'),
  ($$select from private.message_outcome_totals$$, '42501'),
  ($$select private.evaluate_campaign_alerts()$$, '42501'),
  ($$select private.campaign_message_answered(tests.id('ours'), tests.id('number'), '+233244000001', now())$$,
    '42501')) as c (call, refusal);

-- Which message a reply answers: the latest campaign message of 72 hours, from the number that was replied to.
insert into public.sms_accounts (id, organization_id, provider, sender_id)
values (tests.remember('other number', private.uuid_v7()), tests.id('ours'), 'twilio', '+15550001235');
create function tests.text(name text, sender text, campaign uuid, ago interval, state text default 'delivered')
returns uuid language sql as $$
  insert into public.messages (id, organization_id, account_id, campaign_id, to_number, from_number, body, encoding,
    segments, status, provider, created_at)
  select tests.remember(name, (left(private.uuid_v7_floor(now() - ago)::text, 15)
    || substr(gen_random_uuid()::text, 16))::uuid), tests.id('ours'), tests.id(sender), campaign, '+233244000001',
    sender, 'x', 'GSM-7', 1, state, 'twilio', now() - ago
  returning id
$$;
create function tests.answers(sender text) returns text language sql as $$
  select coalesce((
    select t.name from tests.things t
    where t.id = private.campaign_message_answered(tests.id('ours'), tests.id(sender), '+233244000001', now())), 'none')
$$;
select is(tests.answers('number'), 'none', 'A number that got no message answers none.');
select tests.text('old', 'number', tests.id('campaign'), '73 hours') \g /dev/null
select is(tests.answers('number'), 'none', 'After three days a reply no longer answers a message.');
select tests.text('first', 'number', tests.id('campaign'), '71 hours') \g /dev/null
select is(tests.answers('number'), 'first', 'Within three days it does.');
select tests.text('service', 'number', null, '1 hour') \g /dev/null
select is(tests.answers('number'), 'first', 'A reply does not answer a message outside campaigns.');
select tests.text('second', 'other number', tests.id('campaign'), '2 hours') \g /dev/null
select is(tests.answers('number'), 'first', 'The number that was replied to takes precedence over a newer message.');
select is(tests.answers('other number'), 'second', 'A reply to the other number answers its message.');
select tests.text('third', 'number', tests.id('campaign'), '30 minutes', 'failed') \g /dev/null
select is(tests.answers('number'), 'first', 'A message that was never sent cannot be answered.');

-- What is counted, without a request.
create function tests.say(body text) returns void language sql as $$
  select public.record_inbound('twilio', 'SM' || replace(gen_random_uuid()::text, '-', ''), '+233244000001',
    '+15550001234', body)
$$;
create function tests.figures() returns text language sql as $$
  select concat_ws(' ', x -> 'replied', x -> 'opted_out', x -> 'answers')
  from (select private.sms_dashboard(tests.id('ours'), null, null,
    tests.id('campaign')) -> 'period' -> 'campaign_texts' as x) f
$$;
select tests.act_as('admin');
select set_config('role', 'postgres', true) \g /dev/null
select tests.say('How much is it?') \g /dev/null
select is(tests.figures(), '1 0 1', 'A reply counts.');
select tests.say('And when?') \g /dev/null
select is(tests.figures(), '1 0 2', 'A second reply to the same message does not count as another recipient.');
select tests.say('STOP') \g /dev/null
select is(tests.figures(), '1 1 3', 'An opt-out counts beside the reply before it.');
select tests.say('STOP') \g /dev/null
select is(tests.figures(), '1 1 4', 'Once.');

-- Rolling up: the figures are the same at any time, and later changes are added to rolled-up rows.
create function tests.month() returns jsonb language sql as $$
  select private.sms_dashboard(tests.id('ours'), null, null, null) - 'alerts'
$$;
create temporary table told as select tests.month() as figures;
select private.roll_up_counters() \g /dev/null
select is(tests.month(), (select figures from told), 'Rolling up changes no figure.');
select is_empty('select from private.message_outcome_totals where not rolled_up
  union all select from private.target_totals where not rolled_up
  union all select from private.suppression_totals where not rolled_up', 'Rolling up leaves no delta.');
update public.messages set status = 'undelivered', error_code = '30003', price = 0.01 where id = tests.id('second');
update public.messages set status = 'sent' where id = tests.id('service');
update told set figures = tests.month();
select is(figures #>> '{period,campaign_texts,undelivered}', '1', 'A late report counts at once.') from told;
select private.roll_up_counters() \g /dev/null
select is(tests.month(), (select figures from told), 'A late report changes no figure when it is rolled up.');
select is((select count(*) from private.message_outcome_totals where organization_id = tests.id('ours')
  and campaign_id is not null and status = 'delivered'
  and messages = 0), 1::bigint, 'What it took the text from has come to nothing,');
select private.compact_counters() \g /dev/null
select is_empty('select from private.message_outcome_totals where messages = 0 and status is not null union all
  select from private.message_day_totals where messages = 0 and status is not null', 'and is removed at night.');
select is(tests.month(), (select figures from told), 'Removing it changes no figure.');
update public.organizations set time_zone = 'Pacific/Kiritimati' where id = tests.id('ours');
update told set figures = tests.month();
select private.roll_up_counters() \g /dev/null
select is(tests.month(), (select figures from told), 'Days of another time zone agree with a recount.');
delete from public.messages where id = tests.id('first');
select is(tests.figures(), '0 0 0', 'Deleting an answered message removes its replies from the counts.');

select * from finish();
rollback;
