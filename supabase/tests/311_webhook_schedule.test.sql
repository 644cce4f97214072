-- Webhooks out: the whole schedule of tries, with the clock moved.
begin;
\ir support.inc
select plan(55);
\ir webhooks.inc
do $$
begin
  perform tests.arrange();
  perform tests.subscribe('hook', 'ours', 'admin', '{"events": ["customer.created", "customer.updated"]}');
  perform tests.customer('customer', 'ours', 'A1');
end
$$;
create table tests.schedule (try integer primary key, delay interval);
insert into tests.schedule values (1, '5 seconds'), (2, '5 minutes'), (3, '30 minutes'), (4, '2 hours'), (5, '5 hours'),
  (6, '10 hours'), (7, '14 hours'), (8, '20 hours'), (9, '24 hours');
grant all on all functions in schema tests to public;

-- Jitter
create table tests.delays as
  select s.try, s.delay, private.webhook_retry_delay(s.try) as drawn from tests.schedule s, generate_series(1, 400);
select ok(min(drawn) >= 0.8 * delay and max(drawn) <= 1.2 * delay, format('After try %s: %s, 20 %% more or less.', try,
  delay)) from tests.delays group by try, delay order by try;
select ok(min(drawn) < 0.85 * delay and max(drawn) > 1.15 * delay and count(distinct drawn) > 100,
  format('Tries after the %sth are spread.', try)) from tests.delays group by try, delay order by try;

-- All tries of one delivery
create function tests.delivery() returns private.webhook_deliveries language sql as $$
  select d from private.webhook_deliveries d where d.endpoint_id = tests.id('hook') order by d.seq limit 1
$$;
-- Fails the next try at the moment that it is due: what is claimed just before, when it is due, and whether the delay is
-- that of the schedule.
create function tests.fails(try integer) returns text language plpgsql as $$
declare
  early text;
  due text;
begin
  perform tests.later((tests.delivery()).next_attempt_at - now() - interval '1 millisecond');
  early := tests.step();
  perform tests.later('1 millisecond');
  -- The rest of an endpoint that fails is shorter than any delay but the first ones.
  update private.webhook_states set cooldown_until = null where true;
  due := tests.step();
  perform tests.step(tests.ended('hook', '{"status": 500, "answer": "no"}'), 0);
  return concat_ws('; ', early, due, (tests.delivery()).attempts, (tests.delivery()).status, (
    select (tests.delivery()).next_attempt_at - now() between 0.8 * s.delay and 1.2 * s.delay
    from tests.schedule s where s.try = fails.try));
end
$$;
create function tests.wanted(try integer) returns text language sql as $$
  select format('nothing; hook customer.created; %s; pending; t', try)
$$;
update private.webhook_states set last_success_at = now() where true;
select is(tests.step(), 'hook customer.created', 'The first try is made at once.');
select tests.step(tests.ended('hook', '{"status": 500}'), 0) \g /dev/null
select ok((tests.delivery()).next_attempt_at - now() between '4 seconds' and '6 seconds', 'The second is after 5 s.');
update public.customers set status = 'warned' where id = tests.id('customer');
select is(tests.fails(try), tests.wanted(try), format('Try %s is made when it is due, and not before.', try))
from generate_series(2, 4) try;
select is(tests.fails(5), tests.wanted(5), 'Try 5 is the last one that later changes of the object wait for.');
update private.webhook_states set cooldown_until = null where true;
select is(tests.step(), 'hook customer.updated', 'Then the order is no longer kept.');
select tests.step(tests.ended('hook', '{"status": 204}'), 0) \g /dev/null
select is(tests.state('hook') ->> 'failing_since', null, 'A success ends the row of failures.');
select is(tests.fails(try), tests.wanted(try), format('Try %s is made when it is due, and not before.', try))
from generate_series(6, 9) try;
select is(tests.fails(10), 'nothing; hook customer.created; 10; failed', 'After try 10 it has failed.');
select tests.later('30 days') \g /dev/null
select is(tests.step(), 'nothing', 'It is not tried again.');
select is(jsonb_array_length((tests.delivery()).tries), 10, 'All tries are shown.');
select is((select string_agg(distinct t ->> 'status', ',') from jsonb_array_elements((tests.delivery()).tries) t), '500',
  'With what was answered.');
select is(tests.state('hook') ->> 'status', 'active', 'One delivery that fails for 75 hours disables nothing.');
select ok(sum(delay) between interval '74 hours' and interval '77 hours', 'The schedule lasts about three days.')
from tests.schedule;
select is(tests.as_admin(format('public.redeliver_webhook(tests.id(''ours''), %L)', (tests.delivery()).id)) ->> 'status',
  'pending', 'It may be sent again by hand,');
select is(tests.step(), 'hook customer.created', 'at once,');
select tests.step(tests.ended('hook', '{"status": 500}'), 0) \g /dev/null
select is((tests.delivery()).status, 'pending', 'and has the whole schedule before it if that fails.');

-- What the receiver asks for
create function tests.pause(outcome jsonb) returns interval language plpgsql as $$
begin
  delete from private.webhook_deliveries where true;
  update private.webhook_states set cooldown_until = null, failures = 0, failing_since = null where true;
  update public.customers set status = case status when 'warned' then 'connected' else 'warned' end
  where id = tests.id('customer');
  perform tests.step();
  perform tests.step(tests.ended('hook', outcome), 0);
  return (tests.delivery()).next_attempt_at - now();
end
$$;
select ok(tests.pause(outcome) between least and most, what) from (values
  ('{"status": 503, "retry_after_seconds": 3600}'::jsonb, interval '1 hour', interval '1 hour', 'Retry-After counts.'),
  ('{"status": 503, "retry_after_seconds": 1}', '4 seconds', '6 seconds', 'It does not shorten a delay.'),
  ('{"status": 503, "retry_after_seconds": -5}', '4 seconds', '6 seconds', 'Nor does one in the past.'),
  ('{"status": 429, "retry_after_seconds": 9999999}', '1 day', '1 day', 'It counts up to a day.'),
  ('{"error": "No answer within 10 s."}', '4 seconds', '6 seconds', 'Without an answer the schedule counts.'))
  as cases (outcome, least, most, what);

-- 410
select is(tests.pause('{"status": 410}') is null, false, 'An answer 410 is recorded.');
select is((tests.delivery()).status, 'failed', 'It ends the delivery at the first try.');
select is(tests.state('hook') ->> 'disabled_reason', 'gone', 'And the endpoint.');
update public.customers set status = 'connected' where id = tests.id('customer');
update public.customers set status = 'warned' where id = tests.id('customer');
select is(tests.step(), 'nothing', 'Nothing is sent any more.');

-- Five days of failures
select tests.as_admin('public.update_webhook(tests.id(''ours''), tests.id(''hook''), ''{"status": "active"}'')') \g /dev/null
delete from private.webhook_deliveries where true;
delete from public.notifications where kind = 'webhook_disabled';
create function tests.fail_for(amount interval) returns text language plpgsql as $$
begin
  insert into public.customers (organization_id, name, account_number, phone, currency)
  select tests.id('ours'), 'N', 'N' || gen_random_uuid(), '+233244000001', 'GHS' from generate_series(1, 8);
  perform tests.later(amount);
  for n in 1..8 loop
    update private.webhook_states set cooldown_until = null where true;
    update private.webhook_deliveries set next_attempt_at = now() where status = 'pending';
    perform tests.step();
    perform tests.step(tests.ended('hook', '{"status": 500}'), 0);
  end loop;
  return tests.state('hook') ->> 'status';
end
$$;
select is(tests.fail_for('0'), 'active', 'Failures of an hour');
select is(tests.fail_for('24 hours'), 'active', 'or a day');
select is(tests.fail_for('47 hours'), 'active', 'or three');
select is(tests.fail_for('47 hours'), 'active', 'or four disable nothing,');
select is(tests.fail_for('3 hours'), 'disabled', 'five days do.');
select is(tests.state('hook') ->> 'disabled_reason', 'failing', 'It says why.');
select is((select count(*) from public.notifications n where n.kind = 'webhook_disabled'
  and n.user_id = tests.id('admin')), 1::bigint, 'An admin is told once.');

select * from finish();
rollback;
