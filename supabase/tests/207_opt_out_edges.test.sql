-- Opt-outs where several senders, disabled senders and providers that answer STOP themselves are involved.
begin;
\ir support.inc
select no_plan();
do $$
begin
  perform tests.arrange();
  update public.organizations set marketing_consent = 'not_required', allowed_countries = '{US,GH}',
    quiet_hours_start = null, quiet_hours_end = null;
  update public.sms_accounts set is_default = false, status = 'disabled';
  insert into public.sms_accounts (organization_id, provider, sender_id, is_default)
  values (tests.id('ours'), 'twilio', '+12025550106', true), (tests.id('ours'), 'twilio', '+12025550107', false);
end
$$;
create function tests.reply(body text, from_number text default '+12025550101', to_number text default '+12025550106')
returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.record_inbound('twilio', gen_random_uuid()::text, from_number, to_number, body);
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.sent(phone text default '+12025550101', sender text default '+12025550106')
returns uuid language plpgsql as $$
declare
  message uuid;
begin
  insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
    provider, provider_message_id, attempts)
  select a.organization_id, a.id, phone, a.sender_id, 'Text', 'GSM-7', 1, 'sent', a.provider, gen_random_uuid()::text, 1
  from public.sms_accounts a where a.sender_id = sender
  returning id into message;
  return message;
end
$$;
create function tests.reported(message uuid, status text, code text default null, opt_out boolean default false)
returns void language plpgsql as $$
begin
  perform tests.act_as('service_role');
  perform public.record_receipt('twilio', m.provider_message_id, reported.status, code => reported.code,
    detail => 'x', opt_out => reported.opt_out) from public.messages m where m.id = reported.message;
  perform tests.act_as('postgres');
end
$$;
create function tests.suppressed(phone text default '+12025550101') returns boolean language sql stable as $$
  select exists (select from public.suppressions s where s.phone = suppressed.phone and s.lifted_at is null)
$$;
create function tests.clear() returns void language sql as $$
  delete from public.messages;
  delete from public.suppressions;
  delete from public.consents;
  delete from public.reply_reviews;
$$;
grant execute on all functions in schema tests to public;

-- The code of a failure may come with a later report
create function tests.told_twice(first_status text, first_code text, second_status text, second_code text)
returns text language plpgsql as $$
declare
  message uuid := tests.sent();
begin
  perform tests.reported(message, first_status, first_code);
  perform tests.reported(message, second_status, second_code);
  return (select m.status || ' ' || coalesce(m.error_code, 'none') from public.messages m where m.id = message);
end
$$;
select is(tests.told_twice(a, b, c, d), outcome, format('%s %s, then %s %s: %s', a, b, c, d, outcome))
from (values ('undelivered', null, 'undelivered', '30005', 'undelivered 30005'),
  ('failed', null, 'failed', '21610', 'failed 21610'),
  ('failed', '30007', 'failed', null, 'failed 30007'),
  ('undelivered', '30007', 'undelivered', '30005', 'undelivered 30007'),
  ('delivered', null, 'undelivered', '30005', 'delivered none')) v (a, b, c, d, outcome);

-- Twilio blocks for each sender
do $$ begin
  perform tests.clear(), tests.reply('STOP'), tests.reply('START', to_number => '+12025550107');
  perform tests.reported(tests.sent(), 'failed', '21610', true);
end $$;
select ok(not tests.suppressed(), 'Who opted in at another sender since is not opted out by the refusal of the first.');
do $$ begin perform tests.reported(tests.sent(sender => '+12025550107'), 'failed', '21610', true); end $$;
select ok(tests.suppressed(), 'The refusal of the sender that was told START counts.');
do $$ begin
  perform tests.clear(), tests.reply('START', to_number => '+12025550107');
  perform tests.reply('STOP', to_number => '+12025550107');
  update public.suppressions set lifted_at = now();
  perform tests.reported(tests.sent(), 'failed', '21610', true);
end $$;
select ok(tests.suppressed(), 'An opt-in that was taken back does not.');
do $$ begin
  perform tests.clear(), tests.reply('STOP'), tests.reply('START', to_number => '+12025550107');
  update public.messages set status = 'failed' where status = 'queued';
  insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
    provider, attempts, sending_at)
  select a.organization_id, a.id, '+12025550101', a.sender_id, 'Refused', 'GSM-7', 1, 'sending', a.provider, 1, now()
  from public.sms_accounts a where a.sender_id = '+12025550106';
  perform private.record_outcomes(jsonb_build_array(jsonb_build_object('id', m.id, 'attempt', 1, 'kind', 'rejected',
    'code', '21610', 'message', 'x', 'opt_out', true))) from public.messages m where m.body = 'Refused';
end $$;
select ok(not tests.suppressed(), 'Nor does a refusal of the request of the first sender.');

-- Disabled senders
do $$ begin
  perform tests.clear();
  update public.sms_accounts set status = 'disabled' where sender_id = '+12025550107';
  perform tests.reply('STOP', to_number => '+12025550107');
end $$;
select ok(tests.suppressed(), 'STOP to a disabled sender counts.');
select results_eq($$select status, error_code from public.messages where direction = 'outbound'$$,
  $$values ('canceled', 'sender_disabled')$$, 'Its confirmation cannot be sent, and does not wait without end.');
do $$ begin
  perform tests.clear();
  update public.sms_accounts set status = 'active' where sender_id = '+12025550107';
  perform tests.reply('STOP', to_number => '+12025550107');
  update public.sms_accounts set status = 'disabled' where sender_id = '+12025550107';
end $$;
select results_eq($$select status, error_code from public.messages where direction = 'outbound'$$,
  $$values ('canceled', 'sender_disabled')$$, 'Nor does one whose sender is disabled meanwhile.');

-- Providers that answer STOP themselves
create function tests.confirmed(phone text) returns boolean language plpgsql as $$
begin
  perform tests.reply('STOP', phone);
  return exists (
    select from public.messages m where m.to_number = phone and m.purpose = 'opt_out_confirmation');
end
$$;
create function tests.confirmation(phone text, status text, error_code text default null) returns void
language sql as $$
  update public.messages m set status = confirmation.status, error_code = confirmation.error_code
  where m.to_number = phone and m.purpose = 'opt_out_confirmation';
$$;
select tests.clear();
select ok(tests.confirmed('+12025550111'), 'The first STOP is confirmed.');
do $$ begin perform tests.confirmation('+12025550111', 'failed', '21610'); end $$;
select ok(tests.confirmed('+12025550112'), 'One refusal says nothing about others.');
do $$ begin perform tests.confirmation('+12025550112', 'failed', '21610'); end $$;
select ok(tests.confirmed('+12025550113'), 'Nor do two.');
do $$ begin perform tests.confirmation('+12025550113', 'failed', '21610'); end $$;
select ok(not tests.confirmed('+12025550114'), 'Where three are refused, the provider answers keywords itself.');
update public.messages set created_at = now() - interval '31 days';
select ok(tests.confirmed('+12025550115'), 'After thirty days it is tried again.');
do $$ begin
  perform tests.clear();
  for n in 1..9 loop
    perform tests.confirmed('+1202555012' || n);
    perform tests.confirmation('+1202555012' || n, case when n in (2, 5) then 'failed' else 'delivered' end,
      case when n in (2, 5) then '21610' end);
  end loop;
end $$;
select ok(tests.confirmed('+12025550130'), 'A few refusals among many that arrived change nothing.');

select * from finish();
rollback;
