-- People confirm their phone numbers by a code that is texted to them.
begin;
\ir support.inc
select plan(38);
do $$
begin
  perform tests.arrange();
  insert into public.sms_accounts (id, organization_id, provider, sender_id, credentials_secret_id, is_default) values
    (tests.remember('own', private.uuid_v7()), tests.id('ours'), 'twilio', '+15005550071', vault.create_secret('{}'),
      false)
  on conflict do nothing;
end
$$;
create function tests.request(phone text default '+233244000001',
  actor text default 'viewer') returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.request_phone_code(tests.id('ours'), phone);
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.confirm(code text, actor text default 'viewer') returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.confirm_phone(code);
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.code() returns text language sql as $$
  select c.code from private.phone_confirmations c where c.user_id = tests.id('viewer')
$$;
create function tests.profile() returns text language sql as $$
  select concat_ws(' ', p.phone, p.phone_confirmed_at is not null) from public.profiles p
    where p.id = tests.id('viewer')
$$;

-- Asking
select is(tests.request() ->> 'phone', '+233244000001', 'A member asks for a code, whatever their role.');
select ok(tests.code() ~ '^\d{6}$', 'The code has six digits.');
select results_eq($$select to_number, body, purpose, a.credentials_secret_id is null from public.messages m
    join public.sms_accounts a on a.id = m.account_id where m.purpose = 'phone_confirmation'$$,
  $$values ('+233244000001', 'Your Signalbox code: ######. Valid for 10 minutes.', 'phone_confirmation', true)$$,
  'The message has no code for others to read, and goes through the platform''s account.');
select is(private.with_phone_code(m.id, m.body), 'Your Signalbox code: ' || tests.code() || '. Valid for 10 minutes.',
  'The text that goes out has it.')
from public.messages m where m.purpose = 'phone_confirmation';
select is((select body from jsonb_to_recordset(jsonb_build_array(private.claimed_message_json(m))) as c (body text)),
  'Your Signalbox code: ' || tests.code() || '. Valid for 10 minutes.', 'Dispatchers get the text with the code.')
from public.messages m where m.purpose = 'phone_confirmation';
-- Texts are looked up by what they say.
create function tests.looked_up(messages jsonb) returns text language sql as $$
  select m.value ->> 'body' from jsonb_array_elements(messages -> 'messages') m
  join private.phone_confirmations c on c.message_id = (m.value ->> 'id')::uuid
$$;
update public.messages set status = 'sending', sending_at = now() - interval '20 minutes', attempts = 1
where purpose = 'phone_confirmation';
select is(tests.looked_up(public.claim_unknown_outcomes(60, 1000)), 'Your Signalbox code: ' || tests.code()
  || '. Valid for 10 minutes.', 'A provider is asked about the text that it got,');
update public.messages set status = 'sent', sent_at = now() - interval '1 day', lookup_until = null
where purpose = 'phone_confirmation';
select is(tests.looked_up(public.claim_for_reconciliation(60, 1000)), 'Your Signalbox code: ' || tests.code()
  || '. Valid for 10 minutes.', 'also when it had accepted it.');
select is(tests.outcome(actor, 'select from private.phone_confirmations'), '42501', format('%s cannot read codes.',
  actor))
from unnest(array['viewer', 'admin', 'service_role']) actor;
select is(tests.outcome('viewer', format('select public.request_phone_code(tests.id(''ours''), %L)', phone)), 'PT422',
  format('%L is refused.', phone))
from unnest(array['0244000001', '', null, '+1', '+3711234567']) phone;
select is(tests.outcome(actor, $$select public.request_phone_code(tests.id('ours'), '+233244000001')$$), expected,
  format('%s: %s', actor, expected))
from (values ('outsider', 'PT403'), ('suspended', 'PT403'), ('anon', '42501')) as v (actor, expected);
select is(tests.outcome('operator', $$select public.send_message(tests.id('ours'), to_number => '+233244000001',
  message => 'Hi', purpose => 'phone_confirmation')$$),
  'PT422', 'Nobody sends texts of their own as confirmations.');

-- Confirming
select is(tests.confirm('nonsense') ->> 'code', 'PT422', 'A wrong code is refused.');
select is((select attempts from private.phone_confirmations where user_id = tests.id('viewer')), 1,
  'The attempt counts.');
select is(tests.profile(), 'f', 'The number is not confirmed.');
select is(tests.outcome('admin', format('select public.confirm_phone(%L)', tests.code())), 'PT409',
  'Another person''s code is no use.');
select is(tests.confirm(tests.code()) ->> 'phone', '+233244000001', 'The code confirms the number.');
select is(tests.profile(), '+233244000001 t', 'The profile has it.');
select is(tests.outcome('viewer', $$select public.confirm_phone('000000')$$), 'PT409', 'A code works once.');
select ok(private.sending_restriction(o, false, '+233244000001') is null, 'The sandbox lets texts to it pass.')
from (select * from public.organizations where id = tests.id('ours')) o;
select is(tests.request('+233244000002') ->> 'code', null, 'Another number may be asked for.');
select is(tests.profile(), '+233244000001 t', 'Until it is confirmed the old one stays.');
do $$ begin perform tests.confirm('x') from generate_series(1, 5); end $$;
select is(tests.outcome('viewer', format('select public.confirm_phone(%L)', tests.code())), 'PT409',
  'After five wrong attempts the code is dead.');
do $$ begin perform tests.request('+233244000002'); update private.phone_confirmations set expires_at = now()
  where user_id = tests.id('viewer'); end $$;
select is(tests.outcome('viewer', format('select public.confirm_phone(%L)', tests.code())), 'PT409',
  'After ten minutes too.');
select is(tests.outcome('viewer', $$update public.profiles set phone = '+233244000009'$$), '42501',
  'Nobody writes their number directly.');
select is(tests.outcome('viewer', 'select public.remove_phone()'), '1', 'A number can be removed.');

-- Limits
select is(tests.request('+233244000002') ->> 'code', null, 'A number gets three texts.');
select is(tests.request('+233244000002', actor) ->> 'code', 'PT429', format('A fourth is refused, also to %s.', actor))
from unnest(array['viewer', 'admin']) actor;
select results_eq($$select status, error_code from public.messages where to_number = '+233244000002'
  and purpose = 'phone_confirmation' order by id$$,
  $$values ('canceled', 'superseded'), ('canceled', 'superseded'), ('queued', null)$$,
  'A text that no code belongs to any more is not sent.');
select is((select count(*) from public.message_events e join public.messages m on m.id = e.message_id
  where m.to_number = '+233244000002' and e.status = 'canceled'), 2::bigint, 'Its history says so.');

select * from finish();
rollback;
