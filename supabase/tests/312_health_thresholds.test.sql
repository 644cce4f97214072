-- Health: each threshold on both sides, and the series of each time range.
begin;
\ir support.inc
select plan(76);
create table tests.ages (check_name text, what text, age interval);
do $$
begin
  perform tests.arrange();
  delete from private.health_snapshots where true;
  delete from cron.job_run_details where true;
  delete from private.job_runs where true;
  update public.sms_accounts set status = 'disabled' where organization_id = tests.id('ours');
  insert into public.sms_accounts (id, organization_id, provider, sender_id)
  select tests.remember('sender ' || n, private.uuid_v7()), tests.id('ours'), 'twilio', '+1500555010' || n
  from generate_series(0, 3) n;
  insert into public.webhook_endpoints (id, organization_id, url, events, owner_id, created_at)
  values (tests.remember('hook', private.uuid_v7()), tests.id('ours'), 'https://hooks.example.com/a', '{customer.created}',
    tests.id('admin'), now() - interval '1 day');
  insert into private.webhook_states (endpoint_id) values (tests.id('hook'));
  insert into public.reports (id, organization_id, owner_id, name, source, definition)
  values (tests.remember('report', private.uuid_v7()), tests.id('ours'), tests.id('admin'), 'Report', 'leads',
    private.checked_report('{"source": "leads", "fields": ["leads.source"]}'));
end
$$;
create function tests.health() returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin');
  answer := public.organization_health(tests.id('ours'));
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.status_of(list text, wanted text) returns text language sql as $$
  select x ->> 'status' from jsonb_array_elements(tests.health() -> list) x
  where coalesce(x ->> 'name', '') = wanted or x ->> 'type' = wanted
$$;
create function tests.threshold(wanted text, which text) returns double precision language sql as $$
  select (to_jsonb(t) ->> which)::double precision from private.health_thresholds t where t.name = wanted
$$;
-- ok, degraded, degraded, down: just below and at both limits. `arrange` has the age in seconds as $1.
create function tests.sides(check_name text, list text, wanted text, arrange text) returns text language plpgsql as $$
declare
  answers text[] := '{}';
  seconds double precision;
begin
  foreach seconds in array array[tests.threshold(check_name, 'degraded_from') - 1,
    tests.threshold(check_name, 'degraded_from'), tests.threshold(check_name, 'down_from') - 1,
    tests.threshold(check_name, 'down_from')]
  loop
    execute arrange using seconds;
    answers := answers || tests.status_of(list, wanted) || (tests.health() ->> 'status');
  end loop;
  return array_to_string(answers, ' ');
end
$$;
create function tests.both() returns text language sql immutable as $$
  select 'ok ok degraded degraded degraded degraded down down'
$$;
grant all on all functions in schema tests to public;

select is((select array_agg(name order by name) from private.health_thresholds), array['database', 'integration',
  'job:failures', 'job:hourly', 'job:minute', 'job:nightly', 'provider', 'queue:emails', 'queue:imports',
  'queue:messages', 'queue:reports', 'queue:webhooks', 'service'], 'Every threshold is tested here or over HTTP.');
select is(private.health_status(t.name, t.degraded_from) || ' ' || private.health_status(t.name, t.down_from),
  'degraded down', t.name || ' is degraded and down from its limits on') from private.health_thresholds t order by t.name;
select is(private.health_status(t.name, t.degraded_from * 0.999) || ' ' || private.health_status(t.name,
  t.down_from * 0.999), 'ok degraded', t.name || ' is not before') from private.health_thresholds t order by t.name;

-- Queues: an empty one is ok, whatever waits is judged by the oldest
insert into public.messages (id, organization_id, account_id, to_number, from_number, body, encoding, segments, status,
  provider)
values (tests.remember('text', private.uuid_v7()), tests.id('ours'), tests.id('sender 0'), '+233244000001',
  '+15005550100', 'Hi', 'GSM-7', 1, 'queued', 'twilio');
select is(tests.sides('queue:messages', 'queues', 'messages', format($$
  update public.messages set send_after = now() - make_interval(secs => $1) where id = %L$$, tests.id('text'))),
  tests.both(), 'Messages');
update public.messages set status = 'sent' where id = tests.id('text');
insert into public.emails (id, organization_id, kind, to_address, event_key)
values (tests.remember('mail', private.uuid_v7()), tests.id('ours'), 'system', 'x@tests.example', 'x');
select is(tests.sides('queue:emails', 'queues', 'emails', format($$
  update public.emails set next_attempt_at = now() - make_interval(secs => $1) where id = %L$$, tests.id('mail'))),
  tests.both(), 'E-mails');
update public.emails set status = 'sent', sent_at = now() where id = tests.id('mail');
insert into public.lead_imports (id, organization_id, kind, upload_id, file_name, mapping, columns, on_duplicate, source,
  total_rows)
values (tests.remember('import', private.uuid_v7()), tests.id('ours'), 'leads', gen_random_uuid(), 'a.csv', '{}', '[]',
  'skip', 'website', 1);
select is(tests.sides('queue:imports', 'queues', 'imports', format($$
  update public.lead_imports set created_at = now() - make_interval(secs => $1) where id = %L$$, tests.id('import'))),
  tests.both(), 'Imports');
update public.lead_imports set status = 'done' where id = tests.id('import');
insert into public.report_runs (id, organization_id, report_id, owner_id, name, definition, format, time_zone)
values (tests.remember('run', private.uuid_v7()), tests.id('ours'), tests.id('report'), tests.id('admin'), 'Report', '{}',
  'csv', 'UTC');
select is(tests.sides('queue:reports', 'queues', 'reports', format($$
  update public.report_runs set created_at = now() - make_interval(secs => $1) where id = %L$$, tests.id('run'))),
  tests.both(), 'Reports');
update public.report_runs set status = 'missed', reason = 'late', finished_at = now() where id = tests.id('run');
insert into private.webhook_events (id, organization_id, type, items) values
  (tests.remember('event', private.uuid_v7()), tests.id('ours'), 'customer.created', '[{"customer_id": "x"}]');
select is(tests.sides('queue:webhooks', 'queues', 'webhooks', format($$
  update private.webhook_events set created_at = now() - make_interval(secs => $1) where id = %L$$, tests.id('event'))),
  tests.both(), 'Webhooks');
delete from private.webhook_events where true;

-- Providers and integrations
create function tests.refused(open integer) returns text language sql as $$
  update public.sms_accounts a set status = case when right(a.sender_id, 1)::integer < open then 'circuit_open'
    else 'active' end, circuit_open_until = case when right(a.sender_id, 1)::integer < open then now() + interval '1 hour' end
  where a.organization_id = tests.id('ours') and a.sender_id like '+1500555010%';
  select tests.status_of('providers', 'twilio')
$$;
select is(tests.refused(open), status, format('%s of 4 senders are refused.', open))
from (values (0, 'ok'), (1, 'degraded'), (3, 'degraded'), (4, 'down')) as senders (open, status);
select is(tests.health() ->> 'status', 'down', 'That is the health of the whole.');
select tests.refused(0) \g /dev/null
update public.sms_accounts set status = 'disabled' where organization_id = tests.id('ours');
select is(tests.health() -> 'providers', '[]', 'Disabled senders are nobody''s health.');
insert into public.integrations (id, organization_id, type, secret_id)
values (tests.remember('sheets', private.uuid_v7()), tests.id('ours'), 'google_sheets', gen_random_uuid());
select is(tests.status_of('integrations', 'google_sheets'), 'ok', 'An integration that works is ok.');
create function tests.fails_for(seconds double precision) returns text language sql as $$
  update public.integrations set status = 'failing', failing_since = now() - make_interval(secs => seconds)
  where id = tests.id('sheets');
  select tests.status_of('integrations', 'google_sheets')
$$;
select is(tests.fails_for(seconds), status, format('An integration that fails for %s s is %s.', seconds, status))
from (values (1, 'degraded'), (86399, 'degraded'), (86400, 'down')) as times (seconds, status);
update public.integrations set status = 'connected', failing_since = null where id = tests.id('sheets');

-- Jobs: tasks by their own records
select is(tests.sides('job:' || kind, 'jobs', job, format($$
    with others as (delete from private.job_runs where job <> %1$L)
    insert into private.job_runs (job, succeeded_at) values (%1$L, now() - make_interval(secs => $1))
    on conflict (job) do update set succeeded_at = excluded.succeeded_at$$, job)), tests.both(), kind)
from (values ('minute', 'import-leads'), ('nightly', 'maintain')) as jobs (kind, job);
delete from private.job_runs where true;
select is(tests.sides('job:failures', 'jobs', 'import-leads', $$
  insert into private.job_runs (job, succeeded_at, failures) values ('import-leads', now(), $1)
  on conflict (job) do update set failures = excluded.failures$$), tests.both(), 'Failures in a row');
delete from private.job_runs where true;
select is(tests.status_of('jobs', 'maintain'), 'ok', 'What has not run yet is not bad.');
-- Cron jobs by pg_cron's records
create function tests.ran(job text, status text, seconds double precision) returns void language sql as $$
  insert into cron.job_run_details (jobid, runid, command, status, start_time, end_time)
  select j.jobid, coalesce((select max(runid) from cron.job_run_details), 0) + 1, j.command, ran.status, now() - make_interval(secs => seconds), now()
    - make_interval(secs => seconds) from cron.job j where j.jobname = job
$$;
select is(tests.sides('job:' || kind, 'jobs', job, format($$
    with gone as (delete from cron.job_run_details where true) select tests.ran(%L, 'succeeded', $1)$$, job)),
  tests.both(), job)
from (values ('minute', 'sla'), ('hourly', 'reconcile-messages'), ('nightly', 'nightly-tasks')) as jobs (kind, job);
delete from cron.job_run_details where true;
update cron.job set active = true where jobname = 'broadcast-campaign-progress';
select tests.ran('broadcast-campaign-progress', 'failed', n) from generate_series(0, 1) n \g /dev/null
select is(tests.status_of('jobs', 'broadcast-campaign-progress'), 'degraded', 'A job that has only failed is degraded,');
select tests.ran('broadcast-campaign-progress', 'failed', n) from generate_series(2, 9) n \g /dev/null
select is(tests.status_of('jobs', 'broadcast-campaign-progress'), 'down', 'after ten failures down,');
select tests.ran('broadcast-campaign-progress', 'succeeded', 0) \g /dev/null
select is(tests.status_of('jobs', 'broadcast-campaign-progress'), 'ok', 'and well with the next success.');
delete from cron.job_run_details where true;
select tests.ran('broadcast-campaign-progress', 'succeeded', 3600) \g /dev/null
select is(tests.status_of('jobs', 'broadcast-campaign-progress'), 'down', 'One that is on and does not run is down.');
update cron.job set active = false where jobname = 'broadcast-campaign-progress';
select is(tests.status_of('jobs', 'broadcast-campaign-progress'), 'ok', 'One that is switched off is not late.');
delete from cron.job_run_details where true;
select is(tests.health() ->> 'status', 'ok', 'Where nothing is wrong all is ok.');

-- Series. Snapshots of 400 days, every five minutes of the last two days, every hour of what is older.
create function tests.series(metric text, time_range text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin');
  answer := public.health_series(tests.id('ours'), metric, time_range);
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.taken(at timestamptz, step text, value double precision, samples integer) returns void
language sql as $$
  insert into private.health_snapshots (organization_id, metric, taken_at, step, value, peak, samples) values
    ('00000000-0000-0000-0000-000000000000', 'snapshots', at, step, 1, 1, samples),
    (tests.id('ours'), 'emails_backlog', at, step, value, 2 * value, samples)
  on conflict on constraint health_snapshots_pkey do nothing
$$;
create table tests.ranges (time_range text, width interval, points integer);
insert into tests.ranges values ('day', '5 minutes', 288), ('week', '30 minutes', 336), ('month', '2 hours', 360),
  ('year', '1 day', 365);
create function tests.bin(time_range text, back integer) returns timestamptz language sql as $$
  select date_bin(r.width, now(), '2020-01-01 00:00+00') - back * r.width from tests.ranges r
  where r.time_range = bin.time_range
$$;
create function tests.point(time_range text, back integer) returns text language sql as $$
  select concat_ws(' ', coalesce(p ->> 'value', 'gap'), p ->> 'peak')
  from jsonb_array_elements(tests.series('emails_backlog', time_range) -> 'points') p
  where (p ->> 'at')::timestamptz = tests.bin(time_range, back)
$$;
select is((tests.series('emails_backlog', r.time_range) -> 'step_seconds')::integer, extract(epoch from r.width)::integer,
  r.time_range || ' has its step.') from tests.ranges r;
select is(jsonb_array_length(tests.series('emails_backlog', r.time_range) -> 'points'), r.points,
  r.time_range || ' has its points.') from tests.ranges r;
select ok(ordered and latest = tests.bin(time_range, 0) and first = tests.bin(time_range, points - 1),
  time_range || ' has one point after the other, up to the present one.')
from tests.ranges r, lateral (
  select bool_and(at - before = r.width) as ordered, max(at) as latest, min(at) as first
  from (
    select (p ->> 'at')::timestamptz as at, lag((p ->> 'at')::timestamptz) over (order by o) as before
    from jsonb_array_elements(tests.series('emails_backlog', r.time_range) -> 'points') with ordinality x (p, o)) a) s;
-- In each range: the oldest point, one in the middle, a gap beside it, and the present one.
do $$
declare
  r tests.ranges;
begin
  for r in select * from tests.ranges loop
    delete from private.health_snapshots where true;
    perform tests.taken(tests.bin(r.time_range, r.points - 1), case when r.time_range = 'day' then 'minutes'
      when r.time_range = 'year' then 'day' else 'hour' end, 7, 1);
    perform tests.taken(tests.bin(r.time_range, r.points), 'minutes', 1000, 1);
    perform tests.taken(tests.bin(r.time_range, 100), 'hour', 4, 3);
    perform tests.taken(tests.bin(r.time_range, 100) + r.width - interval '1 second', 'minutes', 8, 1);
    perform tests.taken(tests.bin(r.time_range, 0), 'minutes', 2, 1);
    insert into private.health_snapshots (organization_id, metric, taken_at, value, peak)
    values ('00000000-0000-0000-0000-000000000000', 'snapshots', tests.bin(r.time_range, 50), 1, 1);
    insert into tests.ages select 'points', r.time_range || ' ' || string_agg(tests.point(r.time_range, back), ', ' order by o)
    from unnest(array[r.points - 1, 100, 99, 50, 0]) with ordinality b (back, o);
  end loop;
end
$$;
select is(a.what, r.time_range || ' 7.000 14, 5.000 16, gap, 0.000 0, 2.000 4',
  r.time_range || ': averages by their weights, peaks, gaps, and zeros where nothing waited.')
from tests.ranges r join tests.ages a on a.what like r.time_range || ' %';

-- Thinning keeps what each range shows
delete from private.health_snapshots where true;
select tests.taken(now() - n * interval '1 hour', 'minutes', n % 5, 1) from generate_series(0, 410 * 24) n \g /dev/null
create table tests.before as
  select r.time_range, tests.series('emails_backlog', r.time_range) -> 'points' as points from tests.ranges r;
select private.thin_health_snapshots() \g /dev/null
select results_eq($$select step, bool_and(taken_at >= now() - oldest and taken_at < now() - youngest)
  from private.health_snapshots s join (values ('minutes', interval '8 days', interval '-1 hour'),
    ('hour', interval '91 days', interval '6 days'), ('day', interval '401 days', interval '89 days'))
    as kept (step, oldest, youngest) using (step) group by step order by 1$$,
  $$values ('day', true), ('hour', true), ('minutes', true)$$, 'Minutes for a week, hours for 90 days, days for a year.');
select is(tests.series('emails_backlog', b.time_range) -> 'points', b.points, b.time_range || ' shows the same as before.')
from tests.before b where b.time_range <> 'year';
select is((
    select count(*) from jsonb_array_elements(b.points) with ordinality x (p, o)
    join jsonb_array_elements(tests.series('emails_backlog', 'year') -> 'points') with ordinality y (q, o) using (o)
    where p <> q), 0::bigint, 'So does the year.') from tests.before b where b.time_range = 'year';

select * from finish();
rollback;
