-- Two spellings of one mobile number: an opt-out under one counts for the other.
begin;
\ir support.inc
select no_plan();
do $$
begin
  perform tests.arrange();
  insert into public.sms_accounts (organization_id, provider, sender_id)
  values (tests.id('ours'), 'twilio', '+12025550106');
end
$$;
select is(private.phone_spellings(phone), spellings, phone)
from (values ('+541123456789', '{+541123456789,+5491123456789}'::text[]),
  ('+5491123456789', '{+5491123456789,+541123456789}'), ('+525512345678', '{+525512345678,+5215512345678}'),
  ('+5215512345678', '{+5215512345678,+525512345678}'), ('+551181234567', '{+551181234567,+5511981234567}'),
  ('+5511981234567', '{+5511981234567,+551181234567}'), ('+22997123456', '{+22997123456,+2290197123456}'),
  ('+2290197123456', '{+2290197123456,+22997123456}'), ('+551121234567', '{+551121234567}'),
  ('+12025550101', '{+12025550101}'), ('+233244000001', '{+233244000001}'), ('+52155123', '{+52155123}')
) v (phone, spellings);
select is(private.phone_spellings(s[2]), array[s[2], s[1]], format('%s leads back.', s[2]))
from (select private.phone_spellings(p) from unnest(array['+541123456789', '+525512345678', '+551181234567',
  '+22997123456']) p) v (s);

create function tests.reply(body text, from_number text) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.record_inbound('twilio', gen_random_uuid()::text, from_number, '+12025550106', body);
  perform tests.act_as('postgres');
  return answer ->> 'meaning';
end
$$;
create function tests.suppressed() returns text[] language sql stable as $$
  select array(select s.phone from public.suppressions s
    where s.organization_id = tests.id('ours') and s.lifted_at is null and s.phone ~ '^\+54' order by 1)
$$;
grant execute on all functions in schema tests to public;

do $$ begin perform tests.reply('STOP', '+5491123456789'); end $$;
select is(tests.suppressed(), '{+541123456789,+5491123456789}', 'STOP suppresses both spellings.');
do $$ begin perform tests.reply('START', '+541123456789'); end $$;
select is(tests.suppressed(), '{}', 'START lifts both.');
select tests.act_as('admin');
do $$ begin perform public.create_suppression(tests.id('ours'), '{"phone": "+541123456789"}'); end $$;
select tests.act_as('postgres');
select is(tests.suppressed(), '{+541123456789,+5491123456789}', 'So does a person.');
select tests.act_as('admin');
do $$ begin perform public.lift_suppression(tests.id('ours'), (
  select s.id from public.suppressions s where s.phone = '+5491123456789' and s.lifted_at is null), 'Mistake'); end $$;
select tests.act_as('postgres');
select is(tests.suppressed(), '{}', 'And lifts both.');
select is((select count(*) from public.suppressions s where s.phone like '+54%' and s.lifted_reason = 'Mistake'),
  2::bigint, 'Both say why.');

-- Replies come from the spelling that was texted
insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
  provider)
select a.organization_id, a.id, '+541123456789', a.sender_id, 'Text', 'GSM-7', 1, 'delivered', a.provider
from public.sms_accounts a where a.sender_id = '+12025550106';
do $$ begin perform tests.reply('not interested', '+5491123456789'); end $$;
select ok(private.needs_review(tests.id('ours'), '+541123456789'),
  'A reply that needs review holds the number that was texted.');
select is((select count(*) from public.conversations c where c.organization_id = tests.id('ours')
  and c.phone = '+541123456789'), 1::bigint, 'It is in the conversation of that number.');

select * from finish();
rollback;
