-- Maintenance: partitions ahead of time, retention with correct counters, and what has expired.
begin;
\ir support.inc
select plan(41);
do $$ begin perform tests.arrange(); end $$;

create function tests.partition(parent text, months integer) returns text language sql stable as $$
  select to_regclass(format('partitions.%I', parent || '_'
    || to_char((now() + make_interval(months => months)) at time zone 'UTC', 'YYYY_MM')))::text
$$;
create function tests.old_id(age interval) returns uuid language sql volatile as $$
  select private.uuid_v7(now() - age)
$$;
create view tests.wrong_totals as
  select coalesce(t.status, m.status) as status
  from (select organization_id, status, sum(messages) as n, sum(segments) as parts
    from private.message_totals group by 1, 2) t
  full join (select organization_id, status, count(*) as n, sum(segments) as parts from public.messages
    where direction = 'outbound' group by 1, 2) m
    using (organization_id, status)
  where (coalesce(t.n, 0), coalesce(t.parts, 0)) is distinct from (coalesce(m.n, 0), coalesce(m.parts, 0));

-- Partitions. On the first day of a month the nightly run may not have happened yet.
do $$
begin
  if extract(day from now() at time zone 'UTC') = 1 then
    perform private.maintain();
  end if;
end
$$;
select isnt(tests.partition(parent, months), null, format('%s has its partition for %s months ahead.', parent, months))
from unnest(array['audit_logs', 'messages', 'message_events']) parent, generate_series(0, 3) months;
do $$
declare
  last text;
begin
  foreach last in array array['audit_logs', 'messages', 'message_events'] loop
    execute 'drop table ' || tests.partition(last, 3);
  end loop;
  perform private.maintain();
end
$$;
select isnt(tests.partition(parent, 3), null, format('A missing partition of %s is created.', parent))
from unnest(array['audit_logs', 'messages', 'message_events']) parent;
do $$ begin perform private.maintain(); end $$;
select pass('maintain() can run twice.');
select is_empty($$
  select parent, months from unnest(array['audit_logs', 'messages', 'message_events']) parent, generate_series(1,
    3) months
  where pg_get_expr((select relpartbound from pg_class where oid = tests.partition(parent, months)::regclass), 0)
    not like format('%%(''%s'') TO (%%', private.uuid_v7_floor(date_trunc('month',
      now() at time zone 'UTC') at time zone 'UTC' + make_interval(months => months)))
$$, 'Months follow each other without a gap.');

-- Retention
do $$
begin
  for months in 4..14 loop
    perform private.create_month_partition('public.messages', now() - make_interval(months => months)),
      private.create_month_partition('public.message_events', now() - make_interval(months => months)),
      private.create_month_partition('public.audit_logs', now() - make_interval(months => months));
  end loop;
  perform private.create_month_partition('public.messages', now() - make_interval(months => months)),
    private.create_month_partition('public.message_events', now() - make_interval(months => months))
  from generate_series(2, 3) months;
  update public.organizations set message_retention_months = 6 where id = tests.id('ours');
  update public.organizations set message_retention_months = 24 where id = tests.id('theirs');
  insert into public.messages (id, organization_id, to_number, from_number, body, encoding, segments, status, provider)
  select tests.old_id(age), tests.id(organization), '+233244000001', 'X', organization || ' ' || age, 'GSM-7', 2,
    'delivered', 'arkesel'
  from unnest(array['ours', 'theirs']) organization, unnest(array['5 months', '7 months', '13 months']::interval[]) age;
  insert into public.message_events (id, organization_id, message_id, status, source)
  select tests.old_id(now() - private.uuid_v7_time(m.id) + interval '1 day'), m.organization_id, m.id, 'sent',
    'dispatch'
  from public.messages m where m.organization_id in (tests.id('ours'), tests.id('theirs'));
  perform private.roll_up_counters();
  perform private.maintain();
end
$$;
select set_eq($$select body from public.messages where organization_id in (tests.id('ours'), tests.id('theirs'))$$,
  array['ours 5 mons', 'theirs 5 mons', 'theirs 7 mons', 'theirs 1 year 1 mon'],
    'Each organization has its own retention of messages.');
select is((select count(*) from public.message_events where organization_id = tests.id('ours')), 1::bigint,
  'The events of deleted messages are deleted.');
select is_empty('select * from tests.wrong_totals', 'The counters match the messages.');

-- The audit log is dropped by whole months
select isnt(tests.partition('audit_logs', -14), null, 'There is an audit partition of fourteen months ago.');
update public.organizations set audit_retention_months = 12;
update public.organizations set audit_retention_months = 13 where id = tests.id('theirs');
do $$ begin perform private.maintain(); end $$;
select is(tests.partition('audit_logs', -14), null, 'A month is dropped when no organization keeps it any longer.');
select isnt(tests.partition('audit_logs', -13), null, 'A month that one organization still keeps is kept for all.');
select isnt(tests.partition('audit_logs', 0), null, 'The current month is kept.');
select isnt((select count(*) from public.audit_logs), 0::bigint, 'Its entries are kept.');

-- What has expired
do $$
begin
  insert into private.idempotency_keys (organization_id, user_id, key, fingerprint, response, created_at) values
    (tests.id('ours'), tests.id('viewer'), 'old', '', '{}', now() - interval '25 hours'), (tests.id('ours'),
      tests.id('viewer'), 'new', '', '{}', now() - interval '23 hours');
  insert into private.rate_buckets (kind, subject, tokens, updated_at) values ('send', 'old', 1,
    now() - interval '2 days'), ('send', 'new', 1, now());
  insert into public.uploads (organization_id, file_name, rows, summary, expires_at) values
    (tests.id('ours'), 'old.csv', '[1]', '{}', now() - interval '1 minute'), (tests.id('ours'), 'new.csv', '[1]', '{}',
      now() + interval '1 minute');
  insert into cron.job_run_details (jobid, runid, status, start_time, end_time)
  select jobid, 900000000 + n, 'succeeded', now() - n * interval '5 days', now() - n * interval '5 days' from cron.job,
    generate_series(1, 2) n where jobname = 'nightly-tasks';
  perform private.maintain();
end
$$;
select results_eq($$select key from private.idempotency_keys where key in ('old', 'new')$$, array['new'],
  'Keys older than a day are deleted.');
select results_eq($$select subject from private.rate_buckets where subject in ('old', 'new')$$, array['new'],
  'Buckets that are full again are deleted.');
select results_eq($$select file_name, rows from public.uploads where organization_id = tests.id('ours')
  order by file_name$$,
  $$values ('new.csv', '[1]'::jsonb), ('old.csv', '[]')$$,
    'The rows of an expired upload are deleted, its summary is kept.');
select results_eq($$select runid from cron.job_run_details where runid > 900000000$$, array[900000001::bigint],
  'The history of cron jobs is kept for a week.');

-- Who may
select is(tests.outcome(actor, call), '42501', format('%s may not do "%s".', actor, call))
from unnest(array['admin', 'service_role', 'anon']) actor, unnest(array['select private.maintain()',
  'select private.roll_up_counters()',
  'select private.create_month_partition(''public.messages'', now())',
  'select private.audit_table(''public.customers'')']) call;

select * from finish();
rollback;
