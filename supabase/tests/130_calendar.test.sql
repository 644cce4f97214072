-- Business hours: who may read and change them, and the deadlines they give.
begin;
\ir support.inc
select plan(120);
do $$
begin
  perform tests.arrange();
end
$$;

create function tests.hours(organization text, week jsonb, holidays text[] default '{}',
  time_zone text default null) returns void
language plpgsql as $$
begin
  delete from public.calendars where organization_id = tests.id(organization);
  insert into public.calendars (organization_id, time_zone) values (tests.id(organization), time_zone);
  insert into public.calendar_periods (organization_id, weekday, opens, closes)
  select tests.id(organization), w.weekday, w.opens, w.closes from private.week_periods(week) w;
  insert into public.calendar_holidays (organization_id, day) select tests.id(organization), d::date
    from unnest(holidays) d;
end
$$;

-- Monday to Friday, the same hours each day.
create function tests.weekdays(hours jsonb) returns jsonb language sql immutable as $$
  select jsonb_object_agg(d, hours) from unnest(array['mon', 'tue', 'wed', 'thu', 'fri']) d
$$;

create function tests.deadline(start timestamptz, minutes integer) returns timestamptz language sql stable as $$
  select private.deadline_after(tests.id('ours'), start, minutes)
$$;

-- Rights
select policies_are('calendars', array['members read their organization''s calendar']);
select policies_are('calendar_periods', array['members read their organization''s opening hours']);
select policies_are('calendar_holidays', array['members read their organization''s holidays']);
do $$
begin
  perform tests.hours('ours', '{"mon": [["09:00", "17:00"]]}', '{2026-12-25}');
  perform tests.hours('theirs', '{"mon": [["09:00", "17:00"]]}', '{2026-12-25}');
end
$$;
select tests.only(tests.everyone(), 'see its calendar', '0', $$select from public.calendars
  where organization_id = tests.id('ours')$$);
select tests.only(tests.everyone(), 'see its holidays', '0', $$select from public.calendar_holidays
  where organization_id = tests.id('ours')$$);
select tests.only('{admin}', 'change the calendar', 'PT403',
  $$select public.set_calendar(tests.id('ours'), '{"week": {"mon": [["09:00", "17:00"]]}}')$$);
select tests.only('{admin,manager,counselor,campaign_manager,viewer}', 'ask for the calendar', 'PT403',
  $$select public.lead_calendar(tests.id('ours'))$$);
select tests.only('{}', 'write the calendar directly', '42501', $$update public.calendars set enabled = false$$);
select tests.only('{}', 'write opening hours directly', '42501', $$delete from public.calendar_periods$$);
select is(tests.outcome('admin', $$select public.set_calendar(tests.id('theirs'),
  '{"week": {"mon": [["09:00", "17:00"]]}}')$$), 'PT403',
  'Nobody changes another organization''s calendar.');
select is(tests.outcome('postgres', $$insert into public.calendar_periods (organization_id, weekday, opens, closes)
  values (tests.id('ours'), 2, '17:00', '09:00')$$), '23514', 'A period ends after it begins.');

-- Deadlines in Accra, where it is always UTC
do $$
begin
  perform tests.hours('ours', tests.weekdays('[["09:00", "17:00"]]'), '{2026-11-25,2026-12-25}');
end
$$;
select is(tests.deadline('2026-11-20 16:30+00', 60), '2026-11-23 09:30+00',
  'An hour after Friday 16:30 is Monday 09:30.');
select is(tests.deadline('2026-11-20 16:00+00', 60), '2026-11-20 17:00+00',
  'Minutes that fit exactly end at the close of the day.');
select is(tests.deadline('2026-11-23 07:00+00', 30), '2026-11-23 09:30+00',
  'A start before the opening counts from it.');
select is(tests.deadline('2026-11-23 17:00+00', 30), '2026-11-24 09:30+00',
  'A start at the close counts from the next opening.');
select is(tests.deadline('2026-11-21 12:00+00', 30), '2026-11-23 09:30+00',
  'A start at the weekend counts from Monday.');
select is(tests.deadline('2026-11-25 10:00+00', 30), '2026-11-26 09:30+00',
  'A start on a holiday counts from the day after.');
select is(tests.deadline('2026-11-24 16:45+00', 30), '2026-11-26 09:15+00', 'A holiday between does not count.');
select is(tests.deadline('2026-11-20 16:30:20.5+00', 60), '2026-11-23 09:30:20.5+00',
  'Seconds and fractions are kept.');
select is(tests.deadline('2026-11-23 10:00+00', 0), '2026-11-23 10:00+00',
  '0 minutes is the start itself while it is open.');
select is(tests.deadline('2026-11-23 17:00+00', 0), '2026-11-24 09:00+00',
  '0 minutes at the close is the next opening.');
select is(tests.deadline('2026-11-20 16:30+00', 2400), '2026-11-30 16:30+00',
  'A working week with a holiday takes a day more.');
select is(private.working_minutes_between(tests.id('ours'), '2026-11-20 16:30+00', '2026-11-23 09:30+00'), 60.00,
  'Working minutes between two instants are counted.');
select is(private.working_minutes_between(tests.id('ours'), '2026-11-23 09:30+00', '2026-11-20 16:30+00'), 0.00,
  'There are none when the end is before the start.');

do $$
begin
  perform tests.hours('ours', tests.weekdays('[["09:00", "12:00"], ["13:00", "17:00"]]'));
end
$$;
select is(tests.deadline('2026-11-23 11:30+00', 60), '2026-11-23 13:30+00',
  'The pause between two periods does not count.');
select is(tests.deadline('2026-11-23 12:30+00', 60), '2026-11-23 14:00+00',
  'A start in the pause counts from its end.');

do $$
begin
  perform tests.hours('ours', '{"sat": [["00:00", "24:00"]], "sun": [["00:00", "24:00"]]}');
end
$$;
select is(tests.deadline('2026-11-21 23:00+00', 120), '2026-11-22 01:00+00',
  'Periods that touch at midnight are continuous.');
select is(tests.deadline('2026-11-22 23:00+00', 61), '2026-11-28 00:01+00', 'A day ends at 24:00.');

-- Daylight saving. New York: 2026-03-08 02:00 -> 03:00, 2026-11-01 02:00 -> 01:00.
do $$
begin
  perform tests.hours('ours', '{"sun": [["00:00", "06:00"]], "mon": [["09:00", "17:00"]]}',
    time_zone => 'America/New_York');
end
$$;
select is(tests.deadline('2026-03-08 01:30-05', 60), '2026-03-08 03:30-04',
  'The hour that spring skips does not count.');
select is(tests.deadline('2026-03-08 00:00-05', 360), '2026-03-09 10:00-04',
  'In spring the night has one working hour less.');
select is(tests.deadline('2026-11-01 00:30-04', 120), '2026-11-01 01:30-05',
  'The hour that autumn repeats counts twice.');
select is(tests.deadline('2026-11-01 00:00-04', 421), '2026-11-02 09:01-05',
  'In autumn the night has one working hour more.');
select is(tests.deadline('2026-03-06 16:30-05', 360), '2026-03-09 10:00-04',
  'Local hours stay local across the change.');
do $$
begin
  perform tests.hours('ours', '{"sun": [["02:30", "04:00"]]}', time_zone => 'America/New_York');
end
$$;
select is(tests.deadline('2026-03-08 00:00-05', 30), '2026-03-08 03:30-04',
  'An opening time that spring skips is the instant of the change.');
do $$
begin
  perform tests.hours('ours', '{"sun": [["00:00", "01:30"]]}', time_zone => 'America/New_York');
end
$$;
select is(tests.deadline('2026-11-01 00:00-04', 100), '2026-11-01 01:10-05',
  'After a closing time that autumn repeats, the half hour between is closed.');
do $$
begin
  perform tests.hours('ours', '{"sun": [["00:00", "02:00"]]}', time_zone => 'America/Havana');
end
$$;
select is(tests.deadline('2026-03-08 00:00-05', 60), '2026-03-08 02:00-04',
  'A change at midnight moves the day''s beginning.');
select is(tests.deadline('2026-11-01 00:00-04', 120), '2026-11-01 01:00-05',
  'A change back to midnight lengthens the day.');

-- No calendar, and calendars without open time
do $$
begin
  perform tests.hours('ours', '{"mon": [["09:00", "17:00"]]}');
  update public.calendars set enabled = false where organization_id = tests.id('ours');
end
$$;
select is(tests.deadline('2026-11-21 12:00+00', 90), '2026-11-21 13:30+00', 'A disabled calendar is ignored.');
do $$
begin
  delete from public.calendars where organization_id = tests.id('ours');
end
$$;
select is(tests.deadline('2026-11-21 12:00+00', 90), '2026-11-21 13:30+00',
  'Without a calendar wall-clock time counts.');
select is(private.working_minutes_between(tests.id('ours'), '2026-11-21 12:00+00', '2026-11-21 13:15+00'), 75.00,
  'Without a calendar all minutes count.');
do $$
begin
  perform tests.hours('ours', '{"mon": [["09:00", "17:00"]]}', array(
    select d::date::text from generate_series(date '2026-11-23', date '2037-01-01', interval '7 days') d));
end
$$;
select is(tests.deadline('2026-11-20 12:00+00', 1), null, 'Without open time for ten years there is no deadline.');

-- Invalid calendars
create function tests.refuses(calendar jsonb) returns text language sql as $$
  select tests.outcome('admin', format('select public.set_calendar(tests.id(''ours''), %L)', calendar))
$$;
select is(tests.refuses('{"week": {}}'), 'PT422', 'A calendar with no open time is refused.');
select is(tests.refuses('{"week": {"mon": []}}'), 'PT422', 'A calendar whose days have no periods is refused.');
select is(tests.refuses('{"week": {"mon": [["09:00", "12:00"], ["11:59", "13:00"]]}}'), 'PT422',
  'Periods that overlap are refused.');
select is(tests.refuses('{"week": {"mon": [["09:00", "12:00"], ["09:00", "12:00"]]}}'), 'PT422',
  'A repeated period is refused.');
select is(tests.refuses('{"week": {"mon": [["12:00", "09:00"]]}}'), 'PT422',
  'A period that ends before it begins is refused.');
select is(tests.refuses('{"week": {"mon": [["09:00", "09:00"]]}}'), 'PT422', 'An empty period is refused.');
select is(tests.refuses('{"week": {"noday": [["09:00", "12:00"]]}}'), 'PT422', 'An unknown day is refused.');
select is(tests.refuses('{"week": {"mon": [["09:00", "12:00"]]}, "time_zone": "Mars/Olympus"}'), 'PT422',
  'An unknown time zone is refused.');
select is(tests.refuses(
  '{"week": {"mon": [["09:00", "12:00"]]}, "holidays": [{"date": "2026-12-25"}, {"date": "2026-12-25"}]}'), 'PT422',
  'A repeated holiday is refused.');
select is(tests.refuses(jsonb_build_object('week', '{"mon": [["09:00", "12:00"]]}'::jsonb, 'holidays', (
  select jsonb_agg(jsonb_build_object('date', d::date))
    from generate_series(now(), now() + interval '1000 days', interval '1 day') d))),
  'PT422', 'More than 1,000 holidays are refused.');
select is(tests.refuses(jsonb_build_object('week', '{"mon": [["09:00", "12:00"]]}'::jsonb, 'holidays', (
  select jsonb_agg(jsonb_build_object('date', d::date))
    from generate_series(now(), now() + interval '999 days', interval '1 day') d))),
  'PT422', 'Holidays that leave no open time within a year are refused.');
select is(tests.refuses('{"week": {"mon": [["09:00", "12:00"], ["12:00", "24:00"]]}}'), '1',
  'Periods may touch, and end at 24:00.');
select is(tests.refuses('{"week": null}'), '1', 'week null removes the calendar.');

select * from finish();
rollback;
