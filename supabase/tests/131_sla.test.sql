-- The response clock: when it starts, stops and moves, what its job does, and who is notified.
begin;
\ir support.inc
select plan(157);
do $$
declare
  role_key text;
begin
  perform tests.arrange();
  insert into public.teams (id, organization_id, name)
    values (tests.remember('north', private.uuid_v7()), tests.id('ours'), 'North'),
    (tests.remember('south', private.uuid_v7()), tests.id('ours'), 'South');
  update public.memberships set team_id = tests.id('north')
    where user_id in (tests.id('manager'), tests.id('counselor'));
  perform tests.member('colleague', 'ours', 'counselor'), tests.member('southerner', 'ours', 'counselor');
  update public.memberships set team_id = tests.id('south') where user_id = tests.id('southerner');
end
$$;

create function tests.lead(name text, holder text default null,
  organization text default 'ours') returns uuid language plpgsql as $$
declare
  lead uuid;
begin
  insert into public.leads (organization_id, first_name, assigned_to, created_by)
  values (tests.id(organization), name, tests.id(holder), tests.id('campaign_manager')) returning id into lead;
  return tests.remember(name, lead);
end
$$;

create function tests.set(lead text, change text) returns void language plpgsql as $$
begin
  execute format('update public.leads set %s where id = tests.id(%L)', change, lead);
end
$$;

create function tests.settings(change text) returns void language plpgsql as $$
begin
  execute format('update public.lead_settings set %s where organization_id = tests.id(''ours'')', change);
end
$$;

-- The clock in a line: its status, and the minutes from its start to its deadline and to its next processing.
create function tests.clock(lead text) returns text language sql stable as $$
  select concat_ws(' ', coalesce(l.sla_status, 'none'),
    extract(epoch from l.sla_deadline - l.sla_started_at)::integer / 60,
    extract(epoch from l.sla_next_at - l.sla_started_at)::integer / 60)
  from public.leads l where l.id = tests.id(lead)
$$;

-- Moves the start of the lead's clock back by that many minutes.
create function tests.age(lead text, minutes integer) returns void language plpgsql as $$
begin
  alter table public.leads disable trigger record_sla;
  update public.leads set sla_started_at = sla_started_at - make_interval(mins => minutes),
    sla_deadline = sla_deadline - make_interval(mins => minutes),
      sla_next_at = sla_next_at - make_interval(mins => minutes)
  where id = tests.id(lead);
  alter table public.leads enable trigger record_sla;
end
$$;

create function tests.events(lead text) returns text language sql stable as $$
  select string_agg(e.event, ' ' order by e.id) from public.sla_events e where e.lead_id = tests.id(lead)
$$;

create function tests.notified(lead text, wanted text) returns text[] language sql stable as $$
  select coalesce(array_agg(distinct t.name order by t.name), '{}')
  from public.notifications n join tests.things t on t.id = n.user_id
  where n.kind = wanted and n.data ->> 'lead_id' = tests.id(lead)::text
$$;

-- Starting and stopping
do $$ begin perform tests.lead('nobody''s'), tests.lead('held', 'counselor'); end $$;
select is(tests.clock('nobody''s'), 'none', 'An unassigned lead has no clock.');
select is(tests.clock('held'), 'running 120 90',
  'The clock of an assigned lead runs for the organization''s minutes, with a reminder before.');
do $$ begin perform tests.set('nobody''s', 'assigned_to = tests.id(''counselor'')'); end $$;
select is(tests.clock('nobody''s'), 'running 120 90', 'Assigning starts the clock.');
do $$ begin perform tests.set('nobody''s', 'assigned_to = null'); end $$;
select is(tests.clock('nobody''s'), 'none', 'Unassigning stops the clock.');
select is(tests.events('nobody''s'), 'started stopped', 'Both are recorded.');
do $$ begin perform tests.settings('clock_starts = ''creation'''), tests.lead('created'); end $$;
select is(tests.clock('created'), 'running 120 90', 'With clock_starts = creation the clock starts with the lead.');
do $$ begin perform tests.age('created', 10), tests.set('created', 'assigned_to = tests.id(''counselor'')'); end $$;
select is((select sla_started_at < now() from public.leads where id = tests.id('created')), true,
  'The first assignment does not restart it.');
do $$ begin perform tests.set('created', 'assigned_to = null'); end $$;
select is(tests.clock('created'), 'running 120 90', 'It continues when the lead is unassigned.');
do $$ begin perform tests.settings('clock_starts = ''assignment'''), tests.set('held', 'status = ''lost'''); end $$;
select is(tests.clock('held'), 'none', 'Closing stops the clock.');
do $$ begin perform tests.set('held', 'status = ''new'''); end $$;
select is(tests.clock('held'), 'running 120 90', 'Reopening starts the stopped clock.');
do $$ begin perform tests.set('held', 'deleted_at = now()'); end $$;
select is(tests.clock('held'), 'none', 'Deleting stops the clock.');
do $$ begin perform tests.set('held', 'deleted_at = null'); end $$;
select is(tests.clock('held'), 'running 120 90', 'Restoring starts the stopped clock.');
do $$ begin perform tests.settings('sla_minutes = 0'), tests.lead('free', 'counselor'); end $$;
select is(tests.clock('free'), 'none', 'With 0 minutes there is no clock.');
do $$ begin perform tests.settings('sla_minutes = 20'), tests.lead('tight', 'counselor'); end $$;
select is(tests.clock('tight'), 'due_soon 20 20', 'When the reminder time is past at the start, the lead is due soon.');
select is(tests.notified('tight', 'sla_reminder'), '{}', 'Nobody is reminded of a lead that was just assigned.');
do $$ begin perform tests.settings('sla_minutes = 120'); end $$;
select throws_ok($$update public.leads set sla_next_at = now() where id = tests.id('free')$$, '23514', null,
  'sla_next_at requires a running clock.');

-- Stages
do $$
begin
  update public.pipeline_stages set sla_minutes = 60 where organization_id = tests.id('ours') and key = 'contacted';
  update public.pipeline_stages set sla_minutes = 0 where organization_id = tests.id('ours') and key = 'proposal';
  perform tests.lead('mover', 'counselor'), tests.age('mover', 5), tests.set('mover', 'status = ''contacted''');
end
$$;
select is(tests.clock('mover'), 'running 60 30', 'A stage with its own minutes starts a clock with them.');
do $$ begin perform tests.age('mover', 10), tests.set('mover', 'sla_responded_at = now()'); end $$;
select is(tests.clock('mover'), 'met 60', 'A response stops it.');
do $$ begin perform tests.set('mover', 'status = ''new'''), tests.set('mover', 'status = ''qualified'''); end $$;
select is(tests.clock('mover'), 'met 60', 'A stage without its own minutes starts no clock after that.');
do $$ begin perform tests.set('mover', 'status = ''contacted'''); end $$;
select is(tests.clock('mover'), 'running 60 30', 'A stage with its own minutes starts an unanswered clock.');
do $$ begin perform tests.age('mover', 10), tests.set('mover', 'status = ''new'''); end $$;
select is(tests.clock('mover'), 'running 120 90', 'A running clock counts the minutes of the lead''s stage.');
do $$ begin perform tests.set('mover', 'status = ''proposal'''); end $$;
select is(tests.clock('mover'), 'none', 'A stage with 0 minutes stops it.');
do $$ begin perform tests.set('mover', 'status = ''qualified'''); end $$;
select is(tests.clock('mover'), 'running 120 90', 'Leaving that stage unanswered starts the clock.');

-- Reassignment
do $$
begin
  perform tests.lead('passed on', 'counselor'), tests.age('passed on', 40),
    tests.set('passed on', 'assigned_to = tests.id(''colleague'')');
end
$$;
select is((select sla_started_at from public.leads where id = tests.id('passed on')), now(),
  'Reassigning restarts the clock.');
do $$
begin
  perform tests.age('passed on', 200), private.run_sla(now());
  perform tests.set('passed on', 'assigned_to = tests.id(''counselor'')');
end
$$;
select is(tests.clock('passed on'), 'running 120 90', 'It also restarts a breached clock that nobody answered.');
select is(tests.events('passed on'), 'started started breach started', 'The breach stays on record.');
do $$
begin
  perform tests.age('passed on', 5), tests.set('passed on', 'sla_responded_at = now()');
  perform tests.set('passed on', 'assigned_to = tests.id(''colleague'')');
end
$$;
select is(tests.clock('passed on'), 'met 120', 'An answered clock stays answered.');
do $$
begin
  perform tests.settings('on_reassignment = ''keep''');
  perform tests.lead('kept', 'counselor'), tests.age('kept', 40),
    tests.set('kept', 'assigned_to = tests.id(''colleague'')');
end
$$;
select is((select sla_started_at from public.leads where id = tests.id('kept')), now() - interval '40 minutes',
  'With on_reassignment = keep the clock is kept.');
do $$ begin perform tests.settings('on_reassignment = ''restart'''); end $$;

-- Deadlines given by a person
do $$
begin
  perform tests.lead('promised');
  perform set_config('signalbox.deadline', (now() + interval '3 days')::text, true);
  perform tests.set('promised', 'assigned_to = tests.id(''counselor'')');
  perform set_config('signalbox.deadline', '', true);
end
$$;
select is(tests.clock('promised'), 'running 4320 4290', 'A given deadline is the deadline.');
do $$ begin perform tests.settings('sla_minutes = 240'); end $$;
select is(tests.clock('promised'), 'running 4320 4290', 'Settings do not change it.');
select is(tests.clock('kept'), 'running 240 210', 'Settings change every other running clock.');
do $$ begin perform tests.settings('reminder_minutes = 60'); end $$;
select is(tests.clock('promised'), 'running 4320 4260', 'The reminder time follows the setting.');
do $$ begin perform tests.settings('sla_minutes = 120, reminder_minutes = 30'),
  tests.set('promised', 'assigned_to = tests.id(''colleague'')'); end $$;
select is(tests.clock('promised'), 'running 120 90', 'The next assignee gets the usual response time.');

-- The job
do $$
begin
  perform tests.lead('near', 'counselor'), tests.lead('gone', 'counselor'), tests.lead('won', 'counselor'),
    tests.lead('late', 'counselor'),
    tests.lead('fresh', 'counselor');
  perform tests.age('near', 95), tests.age('late', 121), tests.age('gone', 130), tests.age('won', 130);
  perform tests.set('gone', 'deleted_at = now()'), tests.set('won', 'status = ''won''');
  perform private.run_sla();
end
$$;
select is(tests.clock('near'), 'due_soon 120 120', 'A lead near its deadline is due soon.');
select is(tests.notified('near', 'sla_reminder'), '{counselor}', 'The assignee is reminded.');
select is(tests.clock('late'), 'breached 120', 'A missed deadline is a breach, also when the reminder was missed too.');
select is((select sla_breached_at from public.leads where id = tests.id('late')), now(),
  'The lead has the time when the breach was found.');
select is(tests.notified('late', 'sla_reminder'), '{}', 'There is no reminder after the deadline.');
select is(tests.notified('late', 'sla_breach'), '{campaign_manager,counselor,manager}',
  'Assignee, creator and the team''s manager are notified of the breach.');
select is(tests.clock('fresh'), 'running 120 90', 'A lead that is not due is unchanged.');
select is(tests.clock('gone') || tests.clock('won'), 'nonenone', 'Deleted and closed leads have no clock.');
select is(tests.notified('gone', 'sla_breach') || tests.notified('won', 'sla_breach'), '{}',
  'Nobody is notified of deleted and closed leads.');
select is(private.run_sla(), 0, 'The next run finds nothing.');
select is((select count(*) from public.notifications n where n.data ->> 'lead_id' = tests.id('late')::text), 3::bigint,
  'Nobody is notified twice.');
select is((select count(*) from public.emails e where e.lead_id = tests.id('late') and e.kind = 'sla_breach'),
  3::bigint, 'Each gets one e-mail.');
select is((select n.body from public.notifications n where n.user_id = tests.id('counselor')
  and n.data ->> 'lead_id' = tests.id('late')::text),
  format('late, assigned to Counselor, should have been answered by %s (Africa/Accra).',
    to_char((now() - interval '1 minute') at time zone 'Africa/Accra', 'FMDay, FMDD FMMonth YYYY, HH24:MI')),
  'The text names the lead, its holder and the deadline in the organization''s zone.');
select is(private.run_sla(now() + interval '30 minutes') > 0, true, 'A later run processes further clocks.');
select is(tests.clock('near'), 'breached 120', 'A lead with a reminder is breached after its deadline.');
select is(tests.events('near'), 'started reminder breach', 'Each event happens once.');
do $$ begin perform tests.lead('southern', 'southerner'), tests.age('southern', 121), private.run_sla(); end $$;
select is(tests.notified('southern', 'sla_breach'), '{admin,campaign_manager,southerner}',
  'Without a manager in the team the admins are notified.');
do $$
begin
  update public.memberships set status = 'suspended' where user_id = tests.id('southerner');
  perform tests.lead('orphan', 'southerner'), tests.age('orphan', 121), private.run_sla();
end
$$;
select is(tests.notified('orphan', 'sla_breach'), '{admin,campaign_manager}', 'A suspended assignee is not notified.');
do $$
begin
  perform tests.settings('clock_starts = ''creation'''), tests.lead('open'), tests.age('open', 95), private.run_sla();
  perform tests.settings('clock_starts = ''assignment''');
end
$$;
select is(tests.notified('open', 'sla_reminder'), '{admin}',
  'For an unassigned lead those who may assign are reminded.');

-- A lead that makes the run fail does not block others.
create function tests.fail() returns trigger language plpgsql as $$
begin
  raise exception 'poison';
end
$$;
create trigger zz_fail before update on public.leads for each row
  when (new.first_name = 'poison' and new.sla_status = 'breached') execute function tests.fail();
do $$
begin
  perform tests.lead('poison', 'counselor'), tests.lead('victim', 'counselor'), tests.age('poison', 500),
    tests.age('victim', 121);
  perform set_config('client_min_messages', 'error', true), private.run_sla(),
    set_config('client_min_messages', 'warning', true);
end
$$;
select is(tests.clock('victim') || ' ' || tests.clock('poison'), 'breached 120 running 120 90',
  'A lead that makes a batch fail is skipped.');
do $$ begin perform tests.set('poison', 'deleted_at = now()'); end $$;

-- Responses
do $$ begin perform tests.lead('in time', 'counselor'), tests.age('in time', 121),
  tests.set('in time', 'sla_responded_at = now() - interval ''2 minutes'''); end $$;
select is(tests.clock('in time'), 'met 120', 'A response counts at its own time, before the breach was found.');
select is((select (e.met, e.response_minutes)::text from public.sla_events e where e.lead_id = tests.id('in time')
  and e.event = 'response'), '(t,119)',
  'Its time is recorded.');
do $$ begin perform tests.lead('overdue', 'counselor'), tests.age('overdue', 121),
  tests.set('overdue', 'sla_responded_at = now()'); end $$;
select is(tests.clock('overdue'), 'breached 120', 'A response after the deadline is a breach.');
select is(tests.events('overdue'), 'started breach response', 'Breach and response are recorded.');
select is(tests.notified('overdue', 'sla_breach'), '{campaign_manager,counselor,manager}',
  'The breach is notified although no run found it.');
do $$ begin perform tests.set('late', 'sla_responded_at = now()'); end $$;
select is(tests.clock('late'), 'breached 120', 'A breached lead stays breached when it is answered.');
select is((select (e.met, e.response_minutes)::text from public.sla_events e where e.lead_id = tests.id('late')
  and e.event = 'response'), '(f,121)',
  'Its late response is recorded.');

select is((select count(*) from public.audit_logs a where a.resource_id = tests.id('victim')
  and a.after ->> 'sla_status' = 'breached'), 0::bigint,
  'Changes by the job are not in the audit log.');
select is((select count(*) from public.audit_logs a where a.resource_id = tests.id('overdue')
  and 'sla_responded_at' = any (a.changed)), 1::bigint,
  'Changes by people are in the audit log.');

-- The calendar
do $$
begin
  perform tests.lead('weekend', 'counselor');
  update public.leads set sla_started_at = '2026-11-20 16:30+00' where id = tests.id('weekend');
  perform tests.settings('sla_minutes = 60');
  perform tests.act_as('admin');
  perform public.set_calendar(tests.id('ours'), '{"week": {"mon": [["09:00", "17:00"]], "fri": [["09:00", "17:00"]]}}');
  perform tests.act_as('postgres');
end
$$;
select is((select l.sla_deadline from public.leads l where l.id = tests.id('weekend')), '2026-11-23 09:30+00',
  'A new calendar changes the deadlines.');
do $$
begin
  update public.organizations set time_zone = 'Asia/Dubai' where id = tests.id('ours');
end
$$;
select is((select l.sla_deadline from public.leads l where l.id = tests.id('weekend')), '2026-11-23 06:00+00',
  'Another time zone changes the deadlines.');
do $$
begin
  perform tests.act_as('admin');
  perform public.set_calendar(tests.id('ours'), '{}');
  perform tests.act_as('postgres');
end
$$;
select is((select l.sla_deadline from public.leads l where l.id = tests.id('weekend')), '2026-11-20 17:30+00',
  'Without a calendar deadlines are wall-clock time again.');
select is((select count(*) from private.sla_recomputations r where r.organization_id = tests.id('ours') and not r.again
  and r.due_at > now()), 1::bigint,
  'A second round follows a minute later, for clocks that started in between.');
do $$
begin
  update private.sla_recomputations set due_at = now();
  perform private.recompute_sla_clocks();
end
$$;
select is((select count(*) from private.sla_recomputations), 0::bigint,
  'After the second round the recomputation is complete.');
do $$ begin perform tests.settings('sla_minutes = 0'); end $$;
select is(tests.clock('weekend'), 'none', 'With 0 minutes running clocks are removed.');

-- Rights
select policies_are('sla_events', array['those who see the lead read its clock''s events']);
do $$ begin perform tests.settings('sla_minutes = 120'), tests.lead('seen', 'counselor'); end $$;
select tests.only('{admin,manager,counselor,campaign_manager,viewer}', 'see the events of a clock', '0',
  $$select from public.sla_events where lead_id = tests.id('seen')$$);
select is(tests.outcome('colleague', $$select from public.sla_events where lead_id = tests.id('seen')$$), '0',
  'Events of a lead outside the scope are not visible.');
select tests.only('{}', 'change the events of a clock', '42501', $$update public.sla_events set event = 'stopped'$$);
select tests.only('{}', 'delete the events of a clock', '42501', $$delete from public.sla_events$$);
select is(tests.outcome('service_role', $$delete from public.sla_events$$), '42501',
  'The service role may not delete them.');
select is(tests.outcome('postgres', $$update public.sla_events set met = true, response_minutes = 0
  where lead_id = tests.id('seen')$$), '42501',
  'Not even the owner can change them.');
select tests.only('{admin}', 'change the lead settings', 'PT403',
  $$select public.update_lead_settings(tests.id('ours'), '{"sla_minutes": 5}')$$);
select tests.only('{admin,manager,counselor,campaign_manager,viewer}', 'read the lead settings', 'PT403',
  $$select public.read_lead_settings(tests.id('ours'))$$);
select tests.only('{}', 'run the clocks', '42501', $$select private.run_sla()$$);
select tests.only('{}', 'request a recomputation of clocks', '42501',
  $$select private.request_sla_recomputation(tests.id('ours'))$$);
select is(tests.outcome('admin', $$select public.update_lead_settings(tests.id('ours'), '{"sla_minutes": -1}')$$),
  '23514', 'Settings have bounds.');

select * from finish();
rollback;
