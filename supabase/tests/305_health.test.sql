-- Health: thresholds, queues of one's own, snapshots, series with gaps, and thinning.
begin;
\ir support.inc
select plan(54);
do $$
begin
  perform tests.arrange();
  insert into public.emails (organization_id, kind, to_address, event_key, next_attempt_at)
  select tests.id(o), 'system', 'x@tests.example', o || n, now() - interval '20 minutes'
  from unnest(array['ours', 'theirs']) o, generate_series(1, 3) n where o = 'ours' or n = 1;
  delete from private.health_snapshots where true;
end
$$;
create function tests.answer(call text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin');
  execute 'select to_jsonb(' || call || ')' into answer;
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.queue(wanted text) returns jsonb language sql as $$
  select q from jsonb_array_elements(tests.answer('public.organization_health(tests.id(''ours''))') -> 'queues') q
  where q ->> 'name' = wanted
$$;

select tests.only('{admin}', 'see the health', 'PT403', $$select public.organization_health(tests.id('ours'))$$);
select tests.only('{admin}', 'see series', 'PT403',
  $$select public.health_series(tests.id('ours'), 'emails_backlog', 'day')$$);
select is(private.health_status('queue:emails', v), s, format('%s seconds: %s', v, s))
from (values (599, 'ok'), (600, 'degraded'), (3600, 'down'), (null, 'unknown')) as cases (v, s);
select is(tests.queue('emails') - array['oldest_waiting_at'],
  '{"name": "emails", "backlog": 3, "lag_seconds": 1200, "status": "degraded"}', 'One''s own queue is counted.');
select is(tests.queue('messages') - array['oldest_waiting_at'],
  '{"name": "messages", "backlog": 0, "lag_seconds": 0, "status": "ok"}', 'An empty queue is ok.');
-- Webhooks: what waits for the sender, not for the receiver
do $$
begin
  perform tests.answer('public.create_webhook(tests.id(''ours''),
    ''{"url": "https://hooks.example.com/a", "events": ["customer.created", "customer.updated"]}'')');
  update public.webhook_endpoints set created_at = now() - interval '1 hour' where true;
  perform tests.customer('customer', 'ours', 'A1');
  update public.customers set status = 'warned' where id = tests.id('customer');
  update private.webhook_events set created_at = now() - interval '15 minutes' where true;
end
$$;
create function tests.webhooks() returns text language sql as $$
  select concat_ws(' ', q ->> 'backlog', q ->> 'lag_seconds', q ->> 'status') from tests.queue('webhooks') q
$$;
select is(tests.webhooks(), '2 900 degraded', 'Events that are not yet deliveries wait.');
select private.fan_out_webhook_events() \g /dev/null
select is(tests.webhooks(), '2 0 ok', 'So do deliveries.');
update private.webhook_deliveries set next_attempt_at = now() - interval '2 hours' where true;
select is(tests.webhooks(), '2 7200 down', 'Those that are not sent for long are shown.');
update private.webhook_deliveries d set attempts = 1, next_attempt_at = now() + interval '5 minutes'
where d.seq = (select min(seq) from private.webhook_deliveries);
select is(tests.webhooks(), '1 0 ok', 'One that waits for an earlier one of its object is not late.');
update private.webhook_deliveries d set attempts = 5 where d.attempts = 1;
select is(tests.webhooks(), '1 7200 down', 'After five failures it does not wait any more.');
update private.webhook_states set cooldown_until = now() + interval '1 minute' where true;
select is(tests.webhooks(), '1 0 ok', 'Neither is one whose endpoint rests.');
update public.webhook_endpoints set status = 'paused' where true;
select is(tests.webhooks(), '0 0 ok', 'Nothing waits for an endpoint that is switched off.');

update private.health_thresholds set degraded_from = 2000 where name = 'queue:emails';
select is(tests.queue('emails') ->> 'status', 'ok', 'Thresholds are rows.');
select ok(not tests.answer('public.organization_health(tests.id(''ours''))')::text like '%last_error%',
  'Errors of jobs are not shown.');
select set_eq($$select j ->> 'name' from jsonb_array_elements(tests.answer(
  'public.organization_health(tests.id(''ours''))') -> 'jobs') j$$, 'select name from private.jobs', 'Every job is listed.');
insert into private.job_runs (job, succeeded_at, failures) values ('maintain', now() - interval '3 days', 0)
on conflict (job) do update set succeeded_at = excluded.succeeded_at;
select is((select status from private.health_jobs() where name = 'maintain'), 'down', 'A job that is late is down.');

select private.snapshot_health(), private.snapshot_health();
select is((select count(*) from private.health_snapshots where metric = 'snapshots'), 1::bigint,
  'Two at once take one snapshot.');
select results_eq($$select metric, value from private.health_snapshots where organization_id = tests.id('ours')
  order by metric$$, $$values ('emails_backlog', 3::float8), ('emails_lag', 1200)$$, 'It has what is not 0.');
create function tests.points(metric text, time_range text) returns setof jsonb language sql as $$
  select p from jsonb_array_elements(tests.answer(format('public.health_series(%L, %L, %L)', tests.id('ours'), metric,
    time_range)) -> 'points') p
$$;
select is((select count(*) from tests.points('emails_backlog', time_range)), n::bigint, time_range)
from (values ('day', 288), ('week', 336), ('month', 360), ('year', 365)) as ranges (time_range, n);
select results_eq($$select p -> 'value', count(*) from tests.points('emails_backlog', 'day') p group by 1 order by 2$$,
  $$values ('3'::jsonb, 1::bigint), ('null', 287)$$, 'Where there was no snapshot there is a gap.');
select results_eq($$select p -> 'value', count(*) from tests.points('messages_backlog', 'day') p group by 1 order by 2$$,
  $$values ('0'::jsonb, 1::bigint), ('null', 287)$$, 'Where there was one, and nothing to say, there is a 0.');
select is(tests.outcome('admin', format('select public.health_series(tests.id(''ours''), %L, %L)', metric, time_range)),
  'PT422', 'Refused: ' || metric || ' ' || time_range)
from (values ('nothing', 'day'), ('emails_backlog', 'century'), ('', '')) as bad (metric, time_range);

delete from private.health_snapshots where true;
insert into private.health_snapshots (organization_id, metric, taken_at, value, peak)
select o, m, date_trunc('hour', now() - interval '20 days') + n * interval '5 minutes', case m when 'snapshots' then 1
  else n end, n
from (values ('00000000-0000-0000-0000-000000000000'::uuid, 'snapshots'), (tests.id('ours'), 'emails_backlog'))
  as s (o, m), generate_series(0, 11) n where m = 'snapshots' or n >= 6;
select private.thin_health_snapshots(), private.thin_health_snapshots();
select results_eq($$select step, value, peak, samples from private.health_snapshots
  where metric = 'emails_backlog'$$, $$values ('hour', 8.5::float8, 11::float8, 6)$$, 'A week later hours are left.');
select is((select max((p ->> 'value')::numeric) from tests.points('emails_backlog', 'month') p), 4.250,
  'What was 0 counts in the average.');

select * from finish();
rollback;
