-- The consent ledger: a late record does not undo what the number has said since.
begin;
\ir support.inc
select no_plan();
do $$
begin
  perform tests.arrange();
end
$$;
create function tests.say(phone text, event text, at timestamptz, channel text default 'sms',
  place text default 'ours') returns void language sql as $$
  insert into public.consents (organization_id, phone, event, channel, source, occurred_at)
  values (tests.id(place), phone, event, channel, 'test', at)
$$;
create function tests.blocked_reason(phone text, place text default 'ours') returns text language sql as $$
  select j.blocked_reason from private.check_marketing_eligibility(tests.id(place), array[phone]) j
$$;
do $$
begin
  perform tests.say('+233244000001', 'granted', '2025-01-01'), tests.say('+233244000001', 'revoked', '2026-03-01'),
    tests.say('+233244000002', 'granted', '2025-01-01');
end
$$;
select is(tests.blocked_reason('+233244000001'), 'consent_revoked', 'A number that revoked is not texted.');
do $$ begin perform tests.say('+233244000001', 'granted', '2025-06-01'); end $$;
select is(tests.blocked_reason('+233244000001'), 'consent_revoked', 'An older consent imported later changes nothing.');
select is((select count(*) from public.consents where organization_id = tests.id('ours') and phone = '+233244000001'
  and outdated), 1::bigint, 'It is kept and marked as outdated.');
select is((select count(*) from public.consents where organization_id = tests.id('ours') and phone = '+233244000002'
  and outdated), 0::bigint, 'Other consents are not marked.');
do $$ begin perform tests.say('+233244000001', 'granted', '2026-04-01'); end $$;
select is(tests.blocked_reason('+233244000001'), null, 'A number that consents again is texted again.');
do $$ begin perform tests.say('+233244000002', 'revoked', '2026-05-01', 'call'),
tests.say('+233244000002', 'granted', '2026-04-01'); end $$;
select is(tests.blocked_reason('+233244000002'), null, 'Revoking calls does not revoke messages.');
do $$ begin perform tests.say('+233244000001', 'revoked', '2026-12-01', 'sms', 'theirs'),
tests.say('+233244000001', 'granted', '2026-06-01'); end $$;
select is(tests.blocked_reason('+233244000001'), null, 'Another organization''s ledger does not count.');
select is(public.check_numbers(tests.id('ours'), '{+233244000001}') #>> '{0,consent,event}', 'granted',
  'The number check shows the entry that counts.')
from (select tests.act_as('admin')) a;
do $$ begin perform tests.act_as('postgres'); end $$;
select * from finish();
rollback;
