-- Reports in Google spreadsheets: their addresses, pauses, one writer for each, and what is erased meanwhile.
begin;
\ir support.inc
select no_plan();

select is(private.spreadsheet_id(given), expected, coalesce(given, 'nothing'))
from (values
  ('1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa', '1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa'),
  (' https://docs.google.com/spreadsheets/d/1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa ', '1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa'),
  ('https://docs.google.com/spreadsheets/d/1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa/edit#gid=0',
    '1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa'),
  ('https://docs.google.com/spreadsheets/u/1/d/1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa?usp=sharing',
    '1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa'),
  ('https://docs.google.com/spreadsheets/d/e/2PACX-1vQ1pq6xGvWcUuDkHqZl0sJ7mB2/pubhtml', null),
  ('http://docs.google.com/spreadsheets/d/1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa', null),
  ('https://docs.google.com.evil.example/spreadsheets/d/1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa', null),
  ('1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa/values/A1', null),
  ('../1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa', null),
  ('short', null),
  ('', null),
  (null, null),
  (repeat('x', 101), null)
) v (given, expected);

do $$
begin
  perform tests.arrange();
  insert into public.reports (id, organization_id, owner_id, name, source, definition)
  values (tests.remember('report', private.uuid_v7()), tests.id('ours'), tests.id('admin'), 'Report', 'leads',
    private.checked_report('{"source": "leads", "fields": ["leads.source"]}'));
end
$$;

select tests.only('{}', 'pause a run', '42501',
  $$select public.pause_report_run(gen_random_uuid(), gen_random_uuid(), 1, 'x')$$);
select tests.only('{}', 'end a run in a spreadsheet', '42501',
  $$select public.finish_spreadsheet_run(gen_random_uuid(), gen_random_uuid(), 1)$$);
select is(tests.outcome('admin', format('select public.export_report(tests.id(%L), tests.id(%L), %L, %L)', 'ours',
  'report', 'sheets', repeat('1', 44))), 'PT409', 'Without a connection nothing is written.');
select is(tests.outcome('admin', format('select public.export_report(tests.id(%L), tests.id(%L), %L)', 'ours',
  'report', 'sheets')), 'PT422', 'A spreadsheet has to be named the first time.');
select throws_ok($$insert into public.report_runs (organization_id, report_id, name, definition, format, time_zone)
  values (tests.id('ours'), tests.id('report'), 'x', '{}', 'sheets', 'UTC')$$, '23514', null,
  'A run into a spreadsheet has one.');

create function tests.queued(called text, spreadsheet text) returns uuid language sql as $$
  select tests.remember(called, (private.queue_report_run(r, tests.id('admin'), 'sheets', spreadsheet_id => spreadsheet)).id)
  from public.reports r where r.id = tests.id('report')
$$;
create function tests.claimed() returns text language plpgsql as $$
declare
  run uuid := private.claim_report_run('00000000-0000-0000-0000-000000000001') ->> 'id';
begin
  return (select t.name from tests.things t where t.id = run);
end
$$;

-- One writer
select tests.queued('first', repeat('1', 44)), tests.queued('second', repeat('1', 44)),
  tests.queued('elsewhere', repeat('2', 44));
update private.report_run_work w set last_step_at = now() - interval '1 minute' where w.run_id = tests.id('second');
select is(tests.claimed(), 'first', 'The run that was asked for first goes first.');
select is(tests.claimed(), 'elsewhere', 'Another spreadsheet does not wait for it.');
select is(tests.claimed(), null, 'The spreadsheet has one writer.');

-- A pause
select private.pause_report_run(tests.id('first'), gen_random_uuid(), 60, 'x');
select is((select w.pauses from private.report_run_work w where w.run_id = tests.id('first')), 0,
  'Only the runner that has a run lets it wait.');
update private.report_run_work w set attempts = 5 where w.run_id = tests.id('first');
select private.pause_report_run(tests.id('first'), '00000000-0000-0000-0000-000000000001', 3600, 'Google is busy.');
select ok((select w.not_before = now() + interval '1 hour' and w.runner is null and w.attempts = 0
  from private.report_run_work w where w.run_id = tests.id('first')),
  'It waits as long as Google asks for, and that is no interruption.');
select is((select private.report_run_json(r) ->> 'pause_detail' from public.report_runs r where r.id = tests.id('first')),
  'Google is busy.', 'The run says why it waits.');
select is(tests.claimed(), null, 'Meanwhile it is not claimed, and no other run of its spreadsheet.');
select is((select q.backlog from private.health_queues(tests.id('ours')) q where q.queue = 'reports'), 1::bigint,
  'Waiting for Google is no fault of ours.');
select ok((select min(extract(epoch from private.google_pause(20))) >= 480
  and max(extract(epoch from private.google_pause(20))) <= 720 from generate_series(1, 50)),
  'Without a word of Google''s a pause is ten minutes at most.');
select is(private.write_report_slice(tests.id('elsewhere'), '00000000-0000-0000-0000-000000000001', 0,
  '{"position": 5, "rows": 5, "state": {}, "cpu_ms": 1}', 1, false) ->> 'state', 'writing', 'A slice has no piece.');
select results_eq($$select w.position, w.pieces, r.rows_written from private.report_run_work w
  join public.report_runs r on r.id = w.run_id where r.id = tests.id('elsewhere')$$, 'values (5, 0, 5)',
  'The cursor moves all the same.');

-- Erasure
update public.report_runs r set status = 'writing' where r.id in (tests.id('first'), tests.id('elsewhere'));
select private.withdraw_report_files(tests.id('ours'));
select is(private.write_report_slice(tests.id('elsewhere'), '00000000-0000-0000-0000-000000000001', 5,
  '{"position": 6, "rows": 1, "state": {}, "cpu_ms": 1}', 1, false) ->> 'state', 'refused',
  'Rows that were frozen before somebody was erased are not written on.');
select is(tests.claimed(), 'second', 'A run that waits ends too, and the next one has the spreadsheet.');
select results_eq($$select r.status, r.reason from public.report_runs r
  where r.id in (tests.id('first'), tests.id('elsewhere'))$$,
  $$values ('refused', 'withdrawn'), ('refused', 'withdrawn')$$, 'Both say why.');
select is(private.reports_under_way(tests.id('ours')), false, 'The erasure waits for none of them.');

-- Rights
select private.freeze_report_run(tests.id('second'), '00000000-0000-0000-0000-000000000001');
select tests.act_as('postgres');
select is((select r.status from public.report_runs r where r.id = tests.id('second')), 'writing', 'Its rows are frozen.');
savepoint rights;
delete from public.role_permissions p where p.role_id = tests.role('admin') and p.permission = 'reports:export';
select is(private.write_report_slice(tests.id('second'), '00000000-0000-0000-0000-000000000001', 0,
  '{"position": 1, "rows": 1, "state": {}, "cpu_ms": 1}', 1, false) ->> 'state', 'refused',
  'An owner who lost the right since writes nothing more.');
select is((select r.reason from public.report_runs r where r.id = tests.id('second')), 'permission_denied',
  'The run says so.');
rollback to rights;

-- The end
select private.finish_spreadsheet_run(tests.id('second'), gen_random_uuid(), 7);
select is((select r.finished_at from public.report_runs r where r.id = tests.id('second')), null,
  'Another runner does not end it.');
select private.finish_spreadsheet_run(tests.id('second'), '00000000-0000-0000-0000-000000000001', 7);
select is((select private.report_file_json(r) ->> 'spreadsheet' from public.report_runs r where r.id = tests.id('second')),
  'https://docs.google.com/spreadsheets/d/' || repeat('1', 44) || '/edit#gid=7', 'It says where it is.');
update public.report_runs r set finished_at = now() - interval '400 days' where r.id = tests.id('second');
select is((select count(*) from private.expired_report_runs()), 0::bigint, 'There is no file of it to delete.');

-- One tenant's fault stays its own
do $$
begin
  delete from private.report_run_work;
  perform tests.queued('poisoned', repeat('3', 44)), tests.queued('healthy', repeat('4', 44));
  update public.report_runs r set definition = r.definition || '{"sorting": "no list"}' where r.id = tests.id('poisoned');
end
$$;
set local client_min_messages = error;
select is(tests.claimed(), 'healthy', 'A run that cannot be begun stops no other.');
select is((select w.attempts from private.report_run_work w where w.run_id = tests.id('poisoned')), 1,
  'It is counted as a try.');
update private.report_run_work w set attempts = 5, leased_until = now() - interval '1 second'
where w.run_id = tests.id('poisoned');
select is(tests.claimed(), null, 'It is claimed no sixth time.');
select results_eq($$select r.status, r.reason from public.report_runs r where r.id = tests.id('poisoned')$$,
  $$values ('failed', 'interrupted')$$, 'It ends as failed.');

select * from finish();
rollback;
