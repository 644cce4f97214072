-- Idempotency, rate limits and background jobs.
begin;
\ir support.inc
select plan(55);
do $$ begin perform tests.arrange(); end $$;

create function tests.headers(key text, fingerprint text default 'f1') returns jsonb language sql as $$
  select jsonb_build_object('idempotency-key', key, 'x-idempotency-fingerprint', fingerprint, 'x-organization-id',
    tests.id('ours'))
$$;
create function tests.create_one(account text) returns jsonb language sql as $$
  select public.create_customer(tests.id('ours'), jsonb_build_object('name', 'Ama', 'account_number', account,
    'phone', '+233244000001', 'arrears', 5))
$$;
grant execute on all functions in schema tests to public;
create table tests.answers (name text, answer jsonb);
grant all on tests.answers to public;

-- Repeats
select tests.act_as('operator', tests.headers('k1'));
insert into tests.answers values ('first', tests.create_one('A1')), ('again', tests.create_one('A1'));
select is((select answer from tests.answers where name = 'again'), (select answer from tests.answers
  where name = 'first'),
  'The same key and request get the first answer.');
select is((select count(*) from public.customers where account_number = 'A1'), 1::bigint, 'The work was done once.');
select tests.act_as('postgres');
select is(tests.outcome('operator', $$select tests.create_one('A2')$$, tests.headers('k1', 'f2')), 'PT422',
  'The same key with another request is refused.');
select is(tests.outcome('operator', $$select tests.create_one('A1')$$, tests.headers('k2')), '23505',
  'Another key is another request.');
select tests.act_as('operator');
select throws_ok($$select tests.create_one('A1')$$, '23505', null, 'Without a key each request counts.');
select tests.act_as('admin', tests.headers('k1', 'f2'));
select isnt(tests.create_one('A3') ->> 'id', (select answer ->> 'id' from tests.answers where name = 'first'),
  'Another person''s key is another key.');
select tests.act_as('postgres');
select is(tests.outcome('viewer', $$select tests.create_one('A4')$$, tests.headers('k3')), '42501',
  'A key does not replace a permission.');
select is((select count(*) from private.idempotency_keys where key in ('k2', 'k3')), 0::bigint,
  'A refused request stores no key.');

update private.idempotency_keys set created_at = now() - interval '25 hours' where key = 'k1'
  and user_id = tests.id('operator');
select is(tests.outcome('operator', $$select tests.create_one('A5')$$, tests.headers('k1', 'f3')), '1',
  'After a day a key can be used again.');
update private.idempotency_keys set created_at = now() - interval '23 hours' where key = 'k1';
select is(tests.outcome('operator', $$select tests.create_one('A5')$$, tests.headers('k1', 'f3')), 'PT422',
  'Within a day it cannot.');
update public.memberships set status = 'suspended' where id = tests.id('operator@ours');
select is(tests.outcome('operator', $$select tests.create_one('A1')$$, tests.headers('k1')), 'PT403',
  'A suspended person gets no stored answers.');
select is(tests.outcome('operator', $$select tests.create_one('A1')$$, tests.headers('k1') - 'x-organization-id'),
  'PT403',
  'A suspended person gets none without the organization header either.');
update public.memberships set status = 'active' where id = tests.id('operator@ours');
select is(tests.outcome('operator', $$select private.idempotent_response(tests.id('theirs'))$$, tests.headers('k1')),
  'PT403',
  'Keys of another organization cannot be used.');
select is(tests.outcome('operator', 'select from private.idempotency_keys'), '42501', 'Users cannot read the keys.');
select is(tests.outcome('service_role', 'select from private.idempotency_keys'), '42501',
  'The service role cannot read the keys.');

-- Rate limits
insert into private.rate_limits values ('test', 10, 100, ''), ('test_organization', 3, 100, '');
create function tests.take(cost integer default 1) returns text language sql as $$
  select concat_ws(' ', t ->> 'allowed', t ->> 'remaining', t ->> 'retry_after')
  from private.take_tokens('{test}', '{someone}', cost) t
$$;
create function tests.pass_time(seconds numeric) returns void language sql as $$
  update private.rate_buckets set updated_at = updated_at - seconds * interval '1 second' where subject = 'someone'
$$;
select is(tests.take(), 'true 9 0', 'A new bucket is full.');
select is(tests.take(9), 'true 0 0', 'A bucket can be emptied.');
select is(tests.take(), 'false 0 10',
  'An empty bucket says when the next token is available: after a tenth of the window.');
select is(tests.take(5), 'false 0 50', 'More tokens take longer.');
do $$ begin perform tests.pass_time(25); end $$;
select is(tests.take(3), 'false 2 5', 'Tokens refill evenly.');
select is(tests.take(2), 'true 0 0', 'Refilled tokens can be taken; a refusal costs none.');
do $$ begin perform tests.pass_time(100000); end $$;
select is(tests.take(0), 'true 10 0', 'A bucket never holds more than its quota.');
select is(private.take_tokens('{test}', '{another}') ->> 'remaining', '9', 'Each subject has a bucket of its own.');
select is(tests.take(11), 'false 10 10', 'More tokens than the quota are never available.');
select tests.act_as('viewer');
select is(public.take_rate_limit('test') ->> 'remaining', '9', 'A person takes tokens from their own bucket.');
select is(public.take_rate_limit('test', -100) ->> 'remaining', '9',
  'A negative cost does not fill a bucket.');
select tests.act_as('operator');
select is(public.take_rate_limit('test') ->> 'remaining', '9', 'Each person has a bucket of their own.');
select tests.act_as('service_role');
select is(public.take_rate_limit_of('test', '203.0.113.7') ->> 'remaining', '9',
  'Webhooks take tokens from the bucket of an address.');
select tests.act_as('postgres');
select is(tests.outcome('viewer', $$select public.take_rate_limit_of('test', 'someone')$$), '42501',
  'Users cannot take tokens from the bucket of a subject that they name.');
select is(tests.outcome('anon', $$select public.take_rate_limit('test')$$), '42501', 'anon has no bucket.');
select is(tests.outcome('viewer', $$select public.take_rate_limit('unknown')$$), 'PT422',
  'An unknown kind is an error, not a free pass.');

-- Several buckets, and refusals that are returned
create function tests.take_both() returns text language sql as $$
  select concat_ws(' ', t ->> 'allowed', t ->> 'kind', t ->> 'remaining')
  from private.take_tokens('{test,test_organization}', '{both,both}') t
$$;
select is(tests.take_both(), 'true test_organization 2', 'The state is that of the bucket with the fewest tokens.');
do $$ begin perform tests.take_both(), tests.take_both(); end $$;
select is(tests.take_both(), 'false test_organization 0', 'One empty bucket is enough for a refusal.');
select is((select tokens from private.rate_buckets where kind = 'test' and subject = 'both')::integer, 7,
  'A refusal takes no tokens from the other buckets.');
create function tests.refusal() returns jsonb language sql security definer as $$
  select private.over_rate_limit('test_organization', 2)
$$;
grant execute on function tests.refusal() to public;
select tests.act_as('viewer');
select is(tests.refusal(), null, 'Within the limit there is no refusal.');
select is(current_setting('response.headers')::jsonb,
  '[{"RateLimit-Policy": "\"test_organization\";q=3;w=100"}, {"RateLimit": "\"test_organization\";r=1;t=1"}]',
  'The answer has the RateLimit headers.');
select is(tests.refusal() - 'details', '{"code": "PT429", "message": "Too many requests. Wait and try again.",
  "hint": "rate_limited"}', 'A refusal is returned in the form of a PostgREST error.');
select is(current_setting('response.status'), '429', 'A refusal sets the HTTP status.');
select ok(current_setting('response.headers')::jsonb @> '[{"Retry-After": "34"}]', 'A refusal says when to try again.');
select tests.act_as('postgres');
select set_config('request.jwt.claims', '', true);
select is(private.over_rate_limit('test_organization', 100), null, 'Requests without a user have no limits of users.');

-- Files cost a token of their uploader in the function itself, which the Data API calls too.
update private.rate_limits set quota = 4 where kind = 'upload';
create function tests.upload(call text) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  execute 'select public.' || call into answer;
  return coalesce(answer ->> 'code', 'stored');
end
$$;
create table tests.uploads (n integer, call text);
insert into tests.uploads values
  (1, $$create_upload(tests.id('ours'), 'x.csv', '[]', '{}')$$),
  (2, $$begin_dnc_list(tests.id('ours'), '{"name": "Limits", "kind": "internal", "calling_code": "233"}')$$),
  (3, $$begin_lead_upload(tests.id('ours'), 'x.csv')$$);
grant select on tests.uploads to public;
grant execute on function tests.upload(text) to public;
select tests.act_as('admin');
select is(tests.upload(u.call), 'stored', 'Within the limit: ' || u.call) from tests.uploads u order by u.n;
select is(public.take_rate_limit('upload') ->> 'remaining', '0', 'Each of them took a token of one bucket.');
select is(tests.upload(u.call), 'PT429', 'Beyond it: ' || u.call) from tests.uploads u order by u.n;
select is(tests.upload($$read_lead_upload(tests.id('ours'), tests.id('ours'), true)$$), 'PT429',
  'To preview a file again costs as much.');
select tests.act_as('postgres');

-- Background work
select is(tests.outcome('viewer', $$select public.invoke_job('dispatch-messages')$$), '42501',
  'Users cannot start jobs.');
delete from vault.secrets where name in ('project_url', 'jobs_secret_key');
delete from net.http_request_queue;
select private.invoke('jobs/x');
select is((select count(*) from net.http_request_queue), 0::bigint, 'Without the project''s URL nothing is sent.');
do $$
begin
  perform vault.create_secret('https://project.example', 'project_url'), vault.create_secret('sb_secret_x',
    'jobs_secret_key');
end
$$;
select tests.act_as('service_role');
select lives_ok($$select public.invoke_job('dispatch-messages')$$, 'A job starts its next run.');
select tests.act_as('postgres');
select results_eq($$select url, headers ->> 'apikey' from net.http_request_queue$$,
  $$values ('https://project.example/functions/v1/jobs/dispatch-messages', 'sb_secret_x')$$,
    'The request carries the secret key.');

-- Errors and headers
select throws_matching($$select private.problem(409, 'a_code', 'A sentence.')$$, 'A sentence',
  'A problem says what is wrong.');
select throws_ok($$select private.problem(409, 'a_code', E'Two\r\nlines.')$$, 'PT409', 'Two lines.',
  'It has no line breaks.');
select is(private.request_header('x-absent'), null, 'A missing header is null.');

select * from finish();
rollback;
