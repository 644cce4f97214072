-- Numbers that cannot be reached: what marks them, what is not sent to them, who lifts the mark.
begin;
\ir support.inc
select no_plan();
do $$
begin
  update public.sms_accounts set status = 'disabled';
  perform tests.arrange();
  update public.organizations set marketing_consent = 'not_required', allowed_countries = '{US,GH}',
    quiet_hours_start = null, quiet_hours_end = null;
  update public.sms_accounts set is_default = false where organization_id in (tests.id('ours'), tests.id('theirs'));
  insert into public.sms_accounts (organization_id, provider, sender_id, is_default)
  values (tests.id('ours'), 'twilio', '+12025550106', true), (tests.id('theirs'), 'twilio', '+12025550107', true);
end
$$;
-- A message that was sent, and what its provider then says.
create function tests.fails(error_code text, status text default 'undelivered', organization text default 'ours',
  phone text default '+12025550101', provider text default 'twilio')
returns uuid language plpgsql as $$
declare
  message uuid;
begin
  insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
    provider, provider_message_id, attempts)
  select a.organization_id, a.id, fails.phone, a.sender_id, 'Text', 'GSM-7', 1, 'sent', fails.provider,
    gen_random_uuid()::text, 1
  from public.sms_accounts a where a.organization_id = tests.id(organization) and a.sender_id like '+1202%'
  returning id into message;
  perform private.apply_receipt(m, m.provider_message_id, fails.status, fails.error_code, 'x', 'callback')
  from public.messages m where m.id = message;
  return message;
end
$$;
create function tests.blocked(phone text default '+12025550101', organization text default 'ours')
returns text language sql stable as $$
  select coalesce(e.blocked_reason, 'none')
  from private.check_marketing_eligibility(tests.id(organization), array[blocked.phone]) e
$$;
create function tests.clear() returns void language sql as $$
  delete from public.messages;
  delete from public.undeliverable_numbers;
  delete from public.suppressions;
$$;
grant execute on all functions in schema tests to public;

select tests.clear();
do $$ begin perform tests.fails(code, status) from (values ('30005', 'undelivered')) v (code, status); end $$;
select results_eq('select phone, is_final, error_code, until from public.undeliverable_numbers',
  $$values ('+12025550101', true, '30005', null::timestamptz)$$, 'A number that does not exist is marked for good.');
select is(tests.blocked(), 'undeliverable', 'Campaigns leave it out, and say why.');
select is(tests.blocked(organization => 'theirs'), 'none', 'What one organization learned does not bind another.');
select is(private.blocked_reason(tests.id('ours'), '+12025550101'), 'undeliverable', 'Single messages are refused.');

create function tests.effect(error_code text, provider text default 'twilio') returns text language plpgsql as $$
begin
  perform tests.clear();
  perform tests.fails(error_code, provider => effect.provider);
  return tests.blocked();
end
$$;
select is(tests.effect(code, provider), effect, format('%s of %s: %s', code, provider, effect))
from (values ('21211', 'twilio', 'undeliverable'), ('21214', 'twilio', 'undeliverable'),
  ('21614', 'twilio', 'undeliverable'), ('21635', 'twilio', 'undeliverable'), ('30006', 'twilio', 'undeliverable'),
  ('invalid_number', 'arkesel', 'undeliverable'), ('30003', 'twilio', 'none'), ('30007', 'twilio', 'none'),
  ('30008', 'twilio', 'none'), ('21408', 'twilio', 'none'), ('NOT_DELIVERED', 'arkesel', 'none')
) v (code, provider, effect);

-- A telephone that is off
do $$ begin perform tests.clear(), tests.fails('30003'), tests.fails('30003'); end $$;
select is(tests.blocked(), 'none', 'A telephone that was off twice is tried again.');
do $$ begin perform tests.fails('30003'); end $$;
select is(tests.blocked(), 'undeliverable', 'After three times campaigns leave it out.');
select is(private.blocked_reason(tests.id('ours'), '+12025550101'), null, 'Single messages are still sent to it.');
select is((select u.until from public.undeliverable_numbers u), now() + interval '30 days', 'For thirty days.');
update public.undeliverable_numbers set until = now() - interval '1 second';
select is(tests.blocked(), 'none', 'Then they try it again.');
do $$ begin perform tests.fails('30003'); end $$;
select is(tests.blocked(), 'undeliverable', 'One more failure leaves it out again.');
do $$ begin
  perform tests.clear(), tests.fails('30003'), tests.fails('30003'), tests.fails(null, 'delivered'),
    tests.fails('30003');
end $$;
select is(tests.blocked(), 'none', 'A message that arrived in between counts.');
do $$ begin
  perform tests.clear(), tests.fails('30003'), tests.fails('30003'), tests.fails('30003'), tests.fails('30006');
end $$;
select results_eq('select is_final, until from public.undeliverable_numbers', $$values (true, null::timestamptz)$$,
  'What is final overrides what may pass.');

-- Sending
do $$ begin perform tests.clear(), tests.fails('30006'); end $$;
select tests.act_as('operator');
select results_eq($$select answer ->> 'status', answer ->> 'error_code' from public.send_message(tests.id('ours'),
  to_number => '+12025550101', message => 'Hello') answer$$, $$values ('suppressed', 'undeliverable')$$,
  'A single message is answered with the reason.');
select tests.act_as('postgres');
do $$ begin
  perform tests.clear();
  insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
    provider)
  select a.organization_id, a.id, '+12025550101', a.sender_id, 'Queued before', 'GSM-7', 1, 'queued', a.provider
  from public.sms_accounts a where a.organization_id = tests.id('ours') and a.sender_id like '+1202%';
  perform tests.fails('30006');
  perform tests.act_as('service_role');
  perform public.exchange_dispatch_batch('[]', 50);
  perform tests.act_as('postgres');
end $$;
select results_eq($$select status, error_code from public.messages where body = 'Queued before'$$,
  $$values ('suppressed', 'undeliverable')$$, 'Nor is what was queued before.');

-- Health
do $$ begin
  perform tests.clear();
  perform tests.fails(code, phone => '+1202555010' || n)
  from (values (1, '30005'), (2, '30006'), (3, '30007')) v (n, code);
  update public.messages set campaign_id = tests.id('ours');
end $$;
select results_eq($$select known, failed, filtered from private.campaign_failures(tests.id('ours'))$$,
  $$values (1::bigint, 1::bigint, 1::bigint)$$, 'Numbers that do not exist do not count toward a campaign''s pause.');

-- The provider's answer to the request
do $$ begin
  perform tests.clear();
  insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
    provider, attempts, sending_at)
  select a.organization_id, a.id, '+12025550101', a.sender_id, 'Refused', 'GSM-7', 1, 'sending', a.provider, 1, now()
  from public.sms_accounts a where a.organization_id = tests.id('ours') and a.sender_id like '+1202%';
  perform private.record_outcomes(jsonb_build_array(jsonb_build_object('id', m.id, 'attempt', 1, 'kind', 'rejected',
    'code', '21614', 'message', 'not mobile', 'opt_out', false))) from public.messages m;
end $$;
select is(tests.blocked(), 'undeliverable', 'A refusal of the request marks the number, too.');

-- Lifting
do $$ begin perform tests.clear(), tests.fails('30005'); end $$;
select is(tests.outcome(actor, format('select public.lift_undeliverable(%L, ''+12025550101'', ''Checked'')',
  tests.id('ours'))), outcome, format('%s: %s', actor, outcome)) from (values
  ('operator', 'PT403'), ('viewer', 'PT403'), ('outsider', 'PT403'), ('anon', '42501'),
  ('admin', '1')) v (actor, outcome);
do $$ begin
  perform tests.act_as('admin');
  perform public.lift_undeliverable(tests.id('ours'), '+12025550101', 'Checked');
  perform tests.act_as('postgres');
end $$;
select is(tests.blocked(), 'none', 'A number that a person lifted is texted again.');
select results_eq('select lifted_by, lifted_reason from public.undeliverable_numbers',
  $$values (tests.id('admin'), 'Checked')$$, 'The row says who lifted it and why.');
select is(tests.outcome('admin', format('select public.lift_undeliverable(%L, ''+12025550101'', ''Again'')',
  tests.id('ours'))), 'PT404', 'There is nothing more to lift.');
select is(tests.outcome('admin', format('select public.lift_undeliverable(%L, ''+12025550101'', %L)',
  tests.id('ours'), reason)), 'PT422', 'A reason is needed.') from unnest(array['', '  ', repeat('x', 501)]) reason;
do $$ begin
  perform private.apply_receipt(m, m.provider_message_id, 'failed', '30006', 'late', 'callback') from public.messages m;
end $$;
select is(tests.blocked(), 'none', 'A late report about a message from before does not mark it again.');
do $$ begin perform tests.clear(), tests.fails('30005'); perform tests.act_as('service_role');
  perform public.record_inbound('twilio', 'SM1', '+12025550101', '+12025550106', 'I am here');
  perform tests.act_as('postgres');
end $$;
select is(tests.blocked(), 'none', 'A number that writes exists.');

-- Access
do $$ begin perform tests.clear(), tests.fails('30005'); end $$;
select tests.only('{admin,campaign_manager,operator,viewer}', 'read the numbers', '0',
  'select 1 from public.undeliverable_numbers');
select tests.only('{}', 'write the numbers', '42501', 'update public.undeliverable_numbers set reason = ''x''');
select tests.act_as('viewer');
select is(public.list_undeliverable(tests.id('ours'), '{"state": "active"}') -> 'total', '1',
  'The list has the number.');
select is(public.list_undeliverable(tests.id('ours'), '{"state": "lifted"}') -> 'total', '0', 'It was not lifted.');
select is(public.check_numbers(tests.id('ours'), '{+12025550101}') -> 0 -> 'undeliverable' ->> 'error_code', '30005',
  'A check of the number says it, too.');
select tests.act_as('postgres');

select * from finish();
rollback;
