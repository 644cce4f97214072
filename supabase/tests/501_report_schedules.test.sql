-- Schedules of reports: their times in every zone, one run for each time, missed runs, and what follows from the end of a
-- run.
begin;
\ir support.inc
select no_plan();

create function tests.next(frequency text, at text, zone text, after text, weekdays smallint[] default '{}',
  month_day smallint default null)
returns text language plpgsql as $$
declare
  schedule public.report_schedules;
begin
  schedule.frequency := frequency;
  schedule.local_time := at::time;
  schedule.time_zone := zone;
  schedule.weekdays := weekdays;
  schedule.month_day := month_day;
  return to_char(private.next_occurrence(schedule, after::timestamptz) at time zone 'UTC', 'YYYY-MM-DD HH24:MI');
end
$$;

select is(tests.next(frequency, at, zone, after, weekdays::smallint[], month_day::smallint), expected, what)
from (values
  ('daily', '07:30', 'Africa/Accra', '2026-11-30 07:29+00', '{}', null, '2026-11-30 07:30', 'A time of today.'),
  ('daily', '07:30', 'Africa/Accra', '2026-11-30 07:30+00', '{}', null, '2026-12-01 07:30',
    'The time itself is not after it.'),
  ('daily', '02:30', 'America/New_York', '2027-03-13 12:00+00', '{}', null, '2027-03-14 07:30',
    'A time that does not exist is as long after the gap.'),
  ('daily', '01:30', 'America/New_York', '2026-10-31 12:00+00', '{}', null, '2026-11-01 05:30',
    'A time that comes twice is the first.'),
  ('daily', '01:30', 'America/New_York', '2026-11-01 05:30+00', '{}', null, '2026-11-02 06:30',
    'A time that comes twice runs once.'),
  ('daily', '00:00', 'Africa/Cairo', '2026-04-23 12:00+00', '{}', null, '2026-04-23 22:00',
    'A midnight that does not exist.'),
  ('daily', '06:00', 'Asia/Kathmandu', '2026-11-30 00:14+00', '{}', null, '2026-11-30 00:15',
    'A zone of quarter hours.'),
  ('daily', '01:45', 'Australia/Lord_Howe', '2026-04-04 00:00+00', '{}', null, '2026-04-04 14:45',
    'A clock that goes back by half an hour.'),
  ('weekdays', '07:00', 'Africa/Accra', '2026-11-27 07:00+00', '{}', null, '2026-11-30 07:00',
    'From Friday to Monday.'),
  ('weekly', '07:00', 'Africa/Accra', '2026-11-30 07:00+00', '{1}', null, '2026-12-07 07:00', 'A week later.'),
  ('weekly', '07:00', 'Africa/Accra', '2026-11-30 07:00+00', '{1,3,7}', null, '2026-12-02 07:00',
    'The next of several days.'),
  ('weekly', '23:30', 'Pacific/Auckland', '2026-11-29 00:00+00', '{1}', null, '2026-11-30 10:30',
    'The weekday is the local one.'),
  ('monthly', '07:00', 'Africa/Accra', '2027-01-31 07:00+00', '{}', 31, '2027-02-28 07:00',
    'The 31st of February is its last day.'),
  ('monthly', '07:00', 'Africa/Accra', '2027-02-28 07:00+00', '{}', 31, '2027-03-31 07:00',
    'And is the 31st again in March.'),
  ('monthly', '07:00', 'Africa/Accra', '2028-02-01 07:00+00', '{}', 30, '2028-02-29 07:00', 'A leap year.'),
  ('monthly', '07:00', 'Africa/Accra', '2026-12-01 07:00+00', '{}', 1, '2027-01-01 07:00', 'Over New Year.'),
  ('daily', '12:00', 'Pacific/Apia', '2011-12-29 22:30+00', '{}', null, '2011-12-30 22:00', 'A day that was skipped.')
) v (frequency, at, zone, after, weekdays, month_day, expected, what);

-- One run for each time
do $$
begin
  perform tests.arrange();
  insert into public.reports (id, organization_id, owner_id, name, source, definition)
  values (tests.remember('report', private.uuid_v7()), tests.id('ours'), tests.id('admin'), 'Report', 'leads',
    private.checked_report('{"source": "leads", "aggregations": [{"function": "count"}]}'));
  insert into public.report_schedules (id, organization_id, report_id, owner_id, frequency, local_time, time_zone, format,
    next_run_at)
  values (tests.remember('schedule', private.uuid_v7()), tests.id('ours'), tests.id('report'), tests.id('admin'),
    'daily', '07:00', 'Africa/Accra', 'csv', date_trunc('day', now()) + interval '7 hours' - interval '3 days');
  insert into public.report_recipients (organization_id, schedule_id, user_id)
  values (tests.id('ours'), tests.id('schedule'), tests.id('viewer'));
end
$$;
update public.report_schedules set next_run_at = now() - interval '3 days 1 hour',
  local_time = ((now() - interval '1 hour') at time zone 'UTC')::time where id = tests.id('schedule');
select private.run_report_schedules(), private.run_report_schedules();
select is((select string_agg(r.status, ', ' order by r.scheduled_for) from public.report_runs r
  where r.schedule_id = tests.id('schedule')), 'missed, missed, missed, queued',
  'Of the times that have passed the newest runs; the others are listed as missed.');
select is((select string_agg(n.title || '. ' || n.body, ' | ') from public.notifications n
  where n.user_id = tests.id('admin') and n.kind = 'report_schedule'),
  format('A scheduled report was missed: %s. Nothing ran at 3 of its times, the last of them %s (Africa/Accra). '
    'Nothing was sent for them.', (select r.name from public.reports r where r.id = tests.id('report')),
    to_char(now() - interval '25 hours', 'YYYY-MM-DD HH24:MI')), 'Its owner is told once that some were missed.');
select is((select count(*) from public.report_runs r where r.schedule_id = tests.id('schedule')
  and r.as_of <> r.scheduled_for), 0::bigint, 'A run is about its due time, however late it is.');
select ok((select s.next_run_at > now() from public.report_schedules s where s.id = tests.id('schedule')),
  'The next time is in the future.');
update public.report_schedules set next_run_at = (
  select max(r.scheduled_for) from public.report_runs r where r.schedule_id = tests.id('schedule'))
where id = tests.id('schedule');
select private.run_report_schedules();
select is((select count(*) from public.report_runs r where r.schedule_id = tests.id('schedule')), 4::bigint,
  'A time that has run does not run again, even if a clock goes back.');
update public.report_schedules set next_run_at = now() - interval '20 hours',
  local_time = ((now() - interval '20 hours') at time zone 'UTC')::time where id = tests.id('schedule');
delete from public.report_runs where schedule_id = tests.id('schedule');
select private.run_report_schedules();
select is((select string_agg(r.status, ', ') from public.report_runs r where r.schedule_id = tests.id('schedule')),
  'missed', 'What is twelve hours late is not run any more.');
select is((select count(*) from public.notifications n
  where n.user_id = tests.id('admin') and n.kind = 'report_schedule'), 2::bigint, 'Its owner is told that too.');
delete from public.notifications where kind = 'report_schedule';

-- The end of a run
create function tests.run() returns uuid language sql as $$
  select (private.queue_report_run(r, s.owner_id, s.format, s)).id
  from public.report_schedules s join public.reports r on r.id = s.report_id where s.id = tests.id('schedule')
$$;
select tests.remember('run', tests.run());
select private.claim_report_run('00000000-0000-0000-0000-000000000001');
select private.freeze_report_run(tests.id('run'), '00000000-0000-0000-0000-000000000001');
select private.finish_report_run(tests.id('run'), '00000000-0000-0000-0000-000000000001', 1, 'x', 0);
select is((select r.status from public.report_runs r where r.id = tests.id('run')), 'empty', 'It found no records.');
select is((select string_agg(e.to_address || ' ' || e.kind, ', ') from public.emails e
  where e.event_key = 'report_run:' || tests.id('run')), 'viewer@tests.example report_ready',
  'Each recipient is mailed, and nobody else.');
select private.after_scheduled_run(r) from public.report_runs r where r.id = tests.id('run');
select is((select count(*) from public.emails e where e.event_key = 'report_run:' || tests.id('run')), 1::bigint,
  'A second end of the run mails nobody again.');

update public.report_schedules set on_empty = 'skip' where id = tests.id('schedule');
select tests.remember('skipped', tests.run());
select private.claim_report_run('00000000-0000-0000-0000-000000000001');
select private.freeze_report_run(tests.id('skipped'), '00000000-0000-0000-0000-000000000001');
select private.finish_report_run(tests.id('skipped'), '00000000-0000-0000-0000-000000000001', 1, 'x', 0);
select is((select count(*) from public.emails e where e.event_key = 'report_run:' || tests.id('skipped')), 0::bigint,
  'A run without records is not mailed where the schedule says so.');

select tests.remember('handed over', tests.run());
do $$
declare
  step jsonb;
begin
  for i in 1 .. 8 loop
    perform private.claim_report_run('00000000-0000-0000-0000-000000000001');
    if i = 1 then
      perform private.freeze_report_run(tests.id('handed over'), '00000000-0000-0000-0000-000000000001');
    end if;
    step := private.write_report_slice(tests.id('handed over'), '00000000-0000-0000-0000-000000000001', 0, '{}', 1,
      true);
  end loop;
end
$$;
select is((select r.status from public.report_runs r where r.id = tests.id('handed over')), 'writing',
  'Runners that were busy and handed a run over do not count as interruptions.');
delete from public.report_runs where id = tests.id('handed over');

-- The job is started once for all that is due
select vault.create_secret('http://project.test', 'project_url') where not exists (
  select from vault.secrets s where s.name = 'project_url');
select vault.create_secret('secret', 'jobs_secret_key') where not exists (
  select from vault.secrets s where s.name = 'jobs_secret_key');
insert into public.report_schedules (organization_id, report_id, owner_id, frequency, local_time, time_zone, format,
  next_run_at)
select tests.id('ours'), tests.id('report'), tests.id('admin'), 'daily', '07:00', 'Africa/Accra', 'csv',
  now() - interval '1 minute' from generate_series(1, 5);
delete from net.http_request_queue where true;
select private.run_report_schedules();
select is((select count(*) from net.http_request_queue where url like '%/report-jobs/run-reports'), 1::bigint,
  'Five due schedules start the job once.');
select private.run_report_schedules();
select is((select count(*) from net.http_request_queue where url like '%/report-jobs/run-reports'), 1::bigint,
  'Without any it is not started.');
delete from public.report_runs where schedule_id <> tests.id('schedule');
delete from public.report_schedules where id <> tests.id('schedule');

-- The order of the job
select tests.remember('half written', tests.run()), tests.remember('new', tests.run());
update private.report_run_work w set last_step_at = now() - interval '1 minute' where w.run_id = tests.id('half written');
select is(private.claim_report_run('00000000-0000-0000-0000-000000000001') ->> 'id', tests.id('half written')::text,
  'A half-written run that has waited longer goes before a new one.');
delete from public.report_runs where id in (tests.id('half written'), tests.id('new'));

select set_config('request.jwt.claims', '', true);
select tests.member('deputy', 'ours', 'campaign_manager');
update public.report_schedules set owner_id = tests.id('deputy') where id = tests.id('schedule');
delete from public.role_permissions where role_id = tests.role('campaign_manager') and permission = 'reports:export';
select tests.remember('refused', tests.run());
select private.claim_report_run('00000000-0000-0000-0000-000000000001');
select private.freeze_report_run(tests.id('refused'), '00000000-0000-0000-0000-000000000001');
select is((select r.status || ' ' || r.reason from public.report_runs r where r.id = tests.id('refused')),
  'refused permission_denied', 'An owner who lost the right refuses the run.');
select is((select s.status || ' ' || s.pause_reason from public.report_schedules s where s.id = tests.id('schedule')),
  'paused permission_denied', 'The schedule is paused with that reason.');
select is((select count(*) from public.emails e where e.event_key = 'report_run:' || tests.id('refused')), 0::bigint,
  'Nothing is mailed to the recipients.');
select set_eq($$select user_id from public.notifications where event_key = 'report_schedule:' || tests.id('refused')$$,
  array[tests.id('admin'), tests.id('deputy')], 'Owner and admins are notified once.');

-- What may be different next time does not pause a schedule
select set_config('request.jwt.claims', '', true);
update public.report_schedules set owner_id = tests.id('admin'), status = 'active', pause_reason = null,
  next_run_at = now() - interval '1 minute' where id = tests.id('schedule');
delete from public.report_runs where schedule_id = tests.id('schedule');
update public.organizations set standing = 'suspended' where id = tests.id('ours');
select private.run_report_schedules();
select is((select count(*) from public.report_runs r where r.schedule_id = tests.id('schedule')), 0::bigint,
  'Nothing runs while the organization is suspended.');
create function tests.freeze(run text) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.remember(run, tests.run());
  perform private.claim_report_run('00000000-0000-0000-0000-000000000001');
  answer := private.freeze_report_run(tests.id(run), '00000000-0000-0000-0000-000000000001');
  perform tests.act_as('postgres');
  return (select concat_ws(' ', answer ->> 'state', r.status, r.reason, s.status)
    from public.report_runs r join public.report_schedules s on s.id = r.schedule_id where r.id = tests.id(run));
end
$$;
select is(tests.freeze('in suspension'), 'refused refused organization_suspended active',
  'A suspension does not pause the schedules.');
update public.organizations set standing = 'approved' where id = tests.id('ours');
select private.run_report_schedules();
select is((select count(*) from public.report_runs r where r.schedule_id = tests.id('schedule')
  and r.scheduled_for = now() - interval '1 minute'), 1::bigint, 'What is due runs when the suspension ends.');
delete from public.report_runs where schedule_id = tests.id('schedule');
insert into public.leads (organization_id, first_name, value, currency)
values (tests.id('ours'), 'Ama', 1, 'GHS'), (tests.id('ours'), 'Kofi', 1, 'USD');
update public.reports set definition = private.checked_report('{"source": "leads", "aggregations": [
  {"function": "sum", "field": "leads.value"}]}') where id = tests.id('report');
select is(tests.freeze('mixed'), 'refused refused mixed_currencies active',
  'What the data are like does not pause a schedule.');
create function tests.cancel() returns trigger language plpgsql as $$
begin
  raise exception using errcode = 'query_canceled';
end
$$;
create trigger cancel before insert on private.report_rows for each row execute function tests.cancel();
select is(tests.freeze('too heavy'), 'failed failed report_too_heavy active', 'A report that takes too long fails.');
drop trigger cancel on private.report_rows;
select is((select string_agg(n.event_key, ', ') from public.notifications n where n.user_id = tests.id('admin')
  and n.event_key in ('report_schedule:' || tests.id('mixed'), 'report_schedule:' || tests.id('too heavy'))),
  'report_schedule:' || tests.id('mixed'), 'Of several in a row the first is told.');

-- Changes
select tests.remember('patched', private.uuid_v7());
insert into public.report_schedules (id, organization_id, report_id, owner_id, frequency, local_time, time_zone, format,
  next_run_at)
values (tests.id('patched'), tests.id('ours'), tests.id('report'), tests.id('admin'), 'daily', '07:00', 'Africa/Accra',
  'csv', now() - interval '10 seconds');
create function tests.next_after(changes jsonb) returns timestamptz language plpgsql as $$
begin
  perform tests.act_as('admin');
  perform public.update_report_schedule(tests.id('ours'), tests.id('patched'), changes);
  perform tests.act_as('postgres');
  return (select s.next_run_at from public.report_schedules s where s.id = tests.id('patched'));
end
$$;
select is(tests.next_after('{"on_empty": "skip"}'), now() - interval '10 seconds',
  'A change loses no time that has come.');
select is(tests.next_after('{"time": "08:00"}'), now() - interval '10 seconds', 'Nor do other times.');
update public.report_schedules set next_run_at = now() + interval '90 days' where id = tests.id('patched');
select is(tests.next_after('{"format": "xlsx"}'), now() + interval '90 days', 'The next time stays where the times do.');
select ok(tests.next_after('{"time": "09:00"}') <= now() + interval '1 day', 'Other times have another next one.');
select is(tests.next_after('{"status": "paused"}'), null, 'A paused schedule has no next time.');
select ok(tests.next_after('{"status": "active"}') <= now() + interval '1 day', 'An active one has.');
update public.report_schedules set owner_id = tests.id('deputy'), status = 'paused', pause_reason = 'permission_denied',
  next_run_at = null where id = tests.id('schedule');
select is(tests.outcome('deputy', $$select public.update_report_schedule(tests.id('ours'), tests.id('schedule'),
  '{"status": "active"}')$$), 'PT403', 'Activating one''s schedule needs what making it needs.');
select is(tests.outcome('deputy', $$select public.update_report_schedule(tests.id('ours'), tests.id('schedule'),
  '{"on_empty": "send"}')$$), '1', 'Changing a paused one does not.');

-- Tables and doors
select policies_are('report_schedules', array['people read their schedules, who changes all reports all']);
select policies_are('report_recipients', array['who reads a schedule reads its recipients']);
select tests.only('{}', 'write a schedule', '42501', $$update public.report_schedules set on_empty = 'send' where true$$);
select tests.only('{}', 'write a recipient', '42501', $$delete from public.report_recipients where true$$);
select tests.only('{admin,manager,counselor,campaign_manager,operator,viewer,marketing_agent,technical_agent}',
  'list schedules', 'PT403',
  $$select public.list_report_schedules(tests.id('ours'))$$);
select tests.only('{admin}', 'hand a schedule over', 'PT403',
  $$select public.hand_over_report_schedule(tests.id('ours'), tests.id('schedule'), tests.id('admin'))$$);
select is(tests.outcome('outsider', statement), 'PT403', format('Another organization does not do "%s".', statement))
from unnest(array[
  $$select public.update_report_schedule(tests.id('ours'), tests.id('schedule'), '{"status": "active"}')$$,
  $$select public.delete_report_schedule(tests.id('ours'), tests.id('schedule'))$$,
  $$select public.run_report_schedule_now(tests.id('ours'), tests.id('schedule'))$$
]) statement;
select is(tests.outcome('admin', format('select public.update_report_schedule(tests.id(''ours''), tests.id(''schedule''), %L)',
  changes)), 'PT422', format('%s is refused.', changes))
from unnest(array['{"frequency": "hourly"}', '{"time": "7:30"}', '{"time": null, "frequency": 7}', '{"weekdays": 3}',
  '{"frequency": "weekly", "weekdays": []}', '{"frequency": "weekly", "weekdays": [8]}', '{"month_day": 32}',
  '{"frequency": "monthly"}', '{"time_zone": "Mars"}', '{"format": "doc"}', '{"on_empty": "maybe"}',
  '{"status": "gone"}', '{"recipients": "all"}', '{"recipients": [1]}', '{"recipients": ["no address"]}']) changes;
select is((private.changed_schedule(s, '{"time_zone": "asia/tokyo"}')).time_zone, 'Asia/Tokyo', 'A zone is stored as it is written.')
from public.report_schedules s where s.id = tests.id('schedule');

select * from finish();
rollback;
