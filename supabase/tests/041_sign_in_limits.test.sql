-- Limits of sign-ins: guessing is bounded, and nobody can keep others from signing in.
begin;
\ir support.inc
select plan(25);
do $$ begin perform tests.arrange(); end $$;
update private.rate_limits set quota = 3 where kind in ('sign_in_place', 'recovery_place');
update private.rate_limits set quota = 5 where kind in ('sign_in_account', 'recovery_account');
update private.rate_limits set quota = 8 where kind = 'sign_in_address';
delete from private.rate_buckets;

create function tests.attempt(address text, outcome text, email text default 'viewer@tests.example') returns text
language plpgsql as $$
declare
  refusal jsonb;
begin
  perform tests.act_as('service_role', coalesce(tests.from_function('r', address), '{}'));
  refusal := public.begin_attempt('sign_in', email, address);
  if refusal is null then
    perform public.end_sign_in(email, outcome, address);
  end if;
  perform tests.act_as('postgres');
  return coalesce((refusal ->> 'details')::jsonb ->> 'limit', outcome);
end
$$;
create function tests.attempts(address text, outcome text, number integer, email text default 'viewer@tests.example')
returns text language sql as $$
  select string_agg(tests.attempt(address, outcome, email), ' ') from generate_series(1, number)
$$;

select is(tests.attempts('192.0.2.1', 'succeeded', 12), repeat('succeeded ', 11) || 'succeeded',
  'Sign-ins that succeed are not limited.');
select is(tests.attempts('192.0.2.66', 'failed', 4), 'failed failed failed sign_in_place',
  'Failures are limited per account and address.');
select is(tests.attempt('192.0.2.66', 'succeeded', 'admin@tests.example'), 'succeeded',
  'Another account can sign in from there.');
select is(tests.attempt('192.0.2.1', 'succeeded'), 'succeeded', 'The owner signs in from elsewhere.');
select is(tests.attempt('192.0.2.2', 'succeeded'), 'succeeded', 'Also from a place that is new.');
select is(tests.attempts('192.0.2.67', 'failed', 3), 'failed failed sign_in_account',
  'Failures from many addresses are limited per account.');
select is(tests.attempt('192.0.2.1', 'succeeded'), 'succeeded', 'The owner still signs in from a known place.');
select is(tests.attempt('192.0.2.99', 'succeeded'), 'sign_in_account', 'New places have to wait.');
select is(tests.attempts('192.0.2.1', 'failed', 4), 'failed failed failed sign_in_place',
  'A known place is limited too.');
select is(tests.attempt('192.0.2.7', 'unknown', 'admin@tests.example'), 'unknown', 'Supabase Auth may not answer.');
select is((select tokens from private.rate_buckets where kind = 'sign_in_address' and subject = '192.0.2.7')::integer,
  8,
  'Then the attempt does not count.');
delete from private.rate_buckets;
select is((select string_agg(tests.attempt('192.0.2.50', 'failed', n || '@tests.example'), ' ') from generate_series(1,
  9) n),
  repeat('failed ', 8) || 'sign_in_address', 'One password at many accounts is limited per address.');
select is(tests.attempts(null, 'failed', 6, 'new@tests.example'), repeat('failed ', 5) || 'sign_in_account',
  'Without a trusted address only the account''s wide bucket counts.');
select is(tests.attempt(null, 'succeeded', 'new@tests.example'), 'sign_in_account',
  'So it keeps the owner out as well, which is why a deployment names the header.');
select is(tests.attempt(null, 'succeeded', 'viewer@tests.example'), 'succeeded', 'Other accounts are not affected.');
select is_empty($$select from private.rate_buckets where subject like '%@%'$$, 'Accounts are kept as hashes.');
select is_empty($$select from private.sign_in_places where address like '%.%' or account like '%@%'$$, 'Places too.');

-- Audit
select set_eq($$select distinct organization_id, actor_id, resource_id, via, ip from public.audit_logs
  where action = 'sign_in_failed' and ip in ('192.0.2.66', '192.0.2.67')$$,
  $$values (tests.id('ours'), null::uuid, tests.id('viewer'), 'function', '192.0.2.66'),
    (tests.id('ours'), null, tests.id('viewer'), 'function', '192.0.2.67')$$,
      'Failed sign-ins are audited where the account belongs.');
select is((select count(*) from public.audit_logs where action = 'sign_in_failed' and ip = '192.0.2.66'), 3::bigint,
  'Refused attempts are not: they were not made.');

-- The other endpoints
create function tests.begin(attempt text, address text) returns text language plpgsql as $$
declare
  refusal jsonb;
begin
  perform tests.act_as('service_role');
  refusal := public.begin_attempt(attempt, 'viewer@tests.example', address);
  perform tests.act_as('postgres');
  return coalesce((refusal ->> 'details')::jsonb ->> 'limit', 'ok');
end
$$;
select is((select string_agg(tests.begin('recovery', '192.0.2.80'), ' ') from generate_series(1, 4)),
  'ok ok ok recovery_place',
  'Recovery e-mails are limited per account and address.');
select is(tests.begin('recovery', '192.0.2.81'), 'ok', 'The owner can still ask for one.');
select is((select string_agg(tests.begin('reset', '192.0.2.80'), ' ') from generate_series(1, 11)), repeat('ok ', 10)
  || 'reset_address',
  'New passwords are limited per address.');
select is(tests.outcome('service_role', $$select public.begin_attempt('guess', 'x', 'y')$$), 'PT422',
  'An unknown attempt is refused.');
select is(tests.outcome('viewer', call), '42501', format('Users may not call %s', call))
from unnest(array['select public.begin_attempt(''sign_in'', ''x'', ''y'')',
  'select public.end_sign_in(''x'', ''succeeded'')']) call;

select * from finish();
rollback;
