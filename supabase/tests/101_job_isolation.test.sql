-- One tenant's fault stays its own: for each job, something of one organization fails and the work of another is done.
begin;
\ir support.inc
select plan(74);

-- Where each job shows it, or why nothing of a tenant's can fail in it.
create temporary table shown (job text, by text);
insert into shown values
  ('task-reminders', 'here'), ('run-campaign-scheduler', 'here'), ('import-dnc', 'here'),
  ('recompute-sla-clocks', 'here'), ('evaluate-campaign-alerts', 'here'), ('cool-down-numbers', 'here'),
  ('broadcast-campaign-progress', 'here'), ('minute-tasks', 'here'), ('nightly-tasks', 'here'),
  ('sla', '131_sla.test.sql'), ('dispatch-messages', '092_dispatch_isolation.test.sql'),
  ('send-emails', 'tests/unit/emails_template_test.ts'), ('import-leads', 'tests/leads/import_poisoned_test.ts'),
  ('reconcile-messages', 'tests/endurance/reconcile_unknown_test.ts'),
  ('resolve-unknown-outcomes', 'tests/endurance/reconcile_unknown_test.ts'),
  ('roll-up-counters', 'adds integers'), ('compact-counters', 'deletes'), ('maintain', 'deletes'),
  ('purge-notifications', 'deletes'), ('purge-cron-run-details', 'has no tenants'),
  ('switch-progress-job', 'has no tenants'), ('purge-reports', 'deletes'),
  ('thin-client-features', 'deletes'), ('run-reports', 'supabase/functions/report-jobs/run_reports.ts catches per run'),
  ('cancel-outdated-messages', 'private.cancel_outdated_messages'),
  ('enter-planned-movements', 'private.run_client_plans'), ('notify-of-notes', 'private.notify_of_notes'),
  ('snapshot-client-features', 'private.run_feature_snapshots'), ('link-clients', 'private.link_new_contacts'),
  ('apply-client-rules', 'private.run_client_rules'), ('train-churn-models', 'private.run_churn_training'),
  ('watch-churn-scores', 'private.watch_churn_scores'),
  ('score-clients', 'private.run_scoring'), ('send-churn-digests', 'private.send_churn_digests'),
  ('recommend-plays', 'private.run_recommendations'), ('predict-incidents', 'private.run_incident_predictions'),
  ('run-report-schedules', 'private.run_report_schedules'),
  ('warn-of-expiring-keys', 'private.warn_of_expiring_keys'), ('seal-audit-logs', 'hashes'),
  ('deliver-webhooks', 'private.fan_out_webhook_events'), ('purge-webhooks', 'deletes'),
  ('snapshot-health', 'counts'), ('thin-health-snapshots', 'deletes'),
  ('run-privacy-requests', 'private.run_privacy_requests'), ('purge-privacy-exports', 'deletes');
select set_eq('select job from shown', 'select name from private.jobs', 'Each job shows that a tenant stops no other.');

select ok(exists (select from pg_proc f where f.oid = to_regproc(s.by) and f.prosrc ~ 'loop.*exception when others.*loop'),
  s.by || ' catches what fails for one item.')
from shown s where s.by like 'private.%';

do $$ begin perform tests.arrange(); end $$;
set local client_min_messages = error;

-- Whatever writes a row of organization 'theirs' into such a table fails.
create function tests.fail() returns trigger language plpgsql as $$
begin
  raise exception 'poison';
end
$$;
create function tests.poison(tables regclass[]) returns void language plpgsql as $$
declare
  name regclass;
begin
  foreach name in array tables loop
    execute format('create trigger aa_poison before insert or update on %s for each row
      when (new.organization_id = %L) execute function tests.fail()', name, tests.id('theirs'));
  end loop;
end
$$;
create function tests.cure(tables regclass[]) returns void language plpgsql as $$
declare
  name regclass;
begin
  foreach name in array tables loop
    execute format('drop trigger aa_poison on %s', name);
  end loop;
end
$$;
-- Runs a job while rows of 'theirs' in these tables cannot be written; null, or why the job failed.
create function tests.run(command text, poisoned regclass[]) returns text language plpgsql as $$
declare
  error text;
begin
  perform tests.poison(poisoned);
  begin
    execute command;
  exception when others then
    error := sqlerrm;
  end;
  perform tests.cure(poisoned);
  return error;
end
$$;

-- Reminders of tasks
insert into public.tasks (organization_id, title, assigned_to, due_at, remind_minutes_before)
values (tests.id('theirs'), 'Theirs', tests.id('outsider'), now() - interval '2 hours', 5),
  (tests.id('ours'), 'Ours', tests.id('admin'), now() - interval '1 hour', 5);
create function tests.reminded() returns text language sql as $$
  select string_agg(t.title || case when t.remind_at is null then ' reminded' else ' due' end, ', ' order by t.title)
  from public.tasks t where t.organization_id in (tests.id('ours'), tests.id('theirs'))
$$;
select is(tests.run('select private.run_task_reminders()', '{public.notifications}'), null, 'Reminders run.');
select is(tests.reminded(), 'Ours reminded, Theirs due', 'A task that cannot be reminded of stops no other.');
select private.run_task_reminders() \g /dev/null
select is(tests.reminded(), 'Ours reminded, Theirs reminded', 'It is reminded of later.');

-- Clocks
delete from private.sla_recomputations;
insert into private.sla_recomputations (organization_id, due_at, again)
values (tests.id('theirs'), now() - interval '2 hours', false), (tests.id('ours'), now() - interval '1 hour', false);
create trigger aa_poison before delete on private.sla_recomputations for each row
  when (old.organization_id = tests.id('theirs')) execute function tests.fail();
select lives_ok('select private.recompute_sla_clocks()', 'Clocks are recomputed.');
select results_eq('select organization_id, due_at > clock_timestamp() from private.sla_recomputations',
  $$values (tests.id('theirs'), true)$$, 'Clocks that cannot be recomputed wait and stop no others.');

-- Campaigns
insert into public.campaigns (id, organization_id, name, audience, status, scheduled_at)
values (tests.remember('their campaign', private.uuid_v7()), tests.id('theirs'), 'Theirs', '{"filter": {}}', 'scheduled',
    now() - interval '1 day'),
  (tests.remember('our campaign', private.uuid_v7()), tests.id('ours'), 'Ours', '{"filter": {}}', 'scheduled',
    now() - interval '1 day');
create function tests.campaigns() returns text language sql as $$
  select string_agg(c.name || ' ' || c.status, ', ' order by c.name) from public.campaigns c
  where c.id in (tests.id('our campaign'), tests.id('their campaign'))
$$;
select is(tests.run('select private.run_campaign_scheduler()', '{public.campaigns}'), null, 'The scheduler runs.');
select is(tests.campaigns(), 'Ours paused, Theirs scheduled', 'A campaign that cannot be advanced stops no other.');
select private.run_campaign_scheduler() \g /dev/null
select is(tests.campaigns(), 'Ours paused, Theirs paused', 'It is advanced later.');

-- Alerts
alter function private.campaign_rates() rename to campaign_rates_really;
create function private.campaign_rates()
returns table (campaign_id uuid, kind text, watched boolean, cases bigint, sample bigint, threshold numeric,
  enough integer) language sql as $$
  select c.id, 'failure_rate', true, 60::bigint, 100::bigint, 0.1, 50 from public.campaigns c
  where c.id in (tests.id('our campaign'), tests.id('their campaign'))
$$;
create function tests.alerts() returns text language sql as $$
  select string_agg(c.name, ', ' order by c.name) from public.campaign_alerts a
  join public.campaigns c on c.id = a.campaign_id
$$;
select is(tests.run('select private.evaluate_campaign_alerts()', '{public.notifications}'), null, 'Alerts run.');
select is(tests.alerts(), 'Ours', 'An alert that cannot be opened stops no other.');
select private.evaluate_campaign_alerts() \g /dev/null
select is(tests.alerts(), 'Ours, Theirs', 'It is opened later.');

-- Progress
alter function private.campaign_state(uuid) rename to campaign_state_really;
create function private.campaign_state(campaign_id uuid) returns jsonb language plpgsql as $$
begin
  if campaign_id = tests.id('their campaign') then raise exception 'poison'; end if;
  return '{"changed": true}';
end
$$;
update private.campaign_progress set computed_at = '-infinity';
insert into private.campaign_progress_dirty
select tests.id(name), now() + interval '1 minute' from unnest('{our campaign,their campaign}'::text[]) name;
select lives_ok('select private.broadcast_campaign_progress()', 'Progress is broadcast.');
select is((select string_agg(c.name, ', ') from private.campaign_progress p join public.campaigns c
  on c.id = p.campaign_id where p.state = '{"changed": true}'), 'Ours', 'A state that cannot be computed stops no other.');

-- Numbers
update public.campaigns set status = 'running', started_at = now()
where id in (tests.id('our campaign'), tests.id('their campaign'));
insert into public.sms_accounts (id, organization_id, provider, sender_id, number_type)
values (tests.remember('their number', private.uuid_v7()), tests.id('theirs'), 'twilio', '+15550001111', 'long_code'),
  (tests.remember('our number', private.uuid_v7()), tests.id('ours'), 'twilio', '+15550002222', 'long_code');
insert into private.message_outcome_totals (organization_id, campaign_id, account_id, status, quarter_hour, messages)
select c.organization_id, c.id, a.id, 'failed', private.quarter_hour(now()), 100
from public.campaigns c join public.sms_accounts a on a.organization_id = c.organization_id
where a.id in (tests.id('our number'), tests.id('their number'));
create function tests.cooling() returns text language sql as $$
  select string_agg(a.sender_id, ', ' order by a.sender_id) from public.sms_accounts a where a.cooldown_until > now()
    and a.id in (tests.id('our number'), tests.id('their number'))
$$;
select is(tests.run('select private.cool_down_numbers()', '{public.notifications}'), null, 'Cooldowns run.');
select is(tests.cooling(), '+15550002222', 'A number that cannot be put on a cooldown stops no other.');
select private.cool_down_numbers() \g /dev/null
select is(tests.cooling(), '+15550001111, +15550002222', 'It is put on one later.');

-- Audience snapshots
update public.campaigns set status = 'canceled' where status = 'freezing';
insert into public.leads (organization_id, first_name, phone)
select tests.id(o), 'Ama', '+233244000109' from unnest('{ours,theirs}'::text[]) o;
update public.campaigns c set status = 'freezing', started_at = now() + interval '1 hour', frozen_at = null,
  audience = jsonb_build_object('lead_ids', (
    select jsonb_agg(l.id) from public.leads l where l.organization_id = c.organization_id and l.phone = '+233244000109'))
where c.id in (tests.id('our campaign'), tests.id('their campaign'));
create function tests.refuse() returns trigger language plpgsql as $$
begin
  raise exception using errcode = tg_argv[0], message = 'poison';
end
$$;
create function tests.refuse_targets(code text) returns void language plpgsql as $$
begin
  execute format('create trigger aa_refuse before insert on public.campaign_targets for each row
    when (new.organization_id = %L) execute function tests.refuse(%L)', tests.id('theirs'), code);
end
$$;
-- As often as a run would: until there is nothing to do.
create function tests.snapshots() returns text language plpgsql as $$
begin
  for n in 1..10 loop
    exit when public.snapshot_audience_batch(null, 100) -> 'campaign_id' = 'null';
  end loop;
  return tests.campaigns();
exception when others then
  return sqlstate;
end
$$;
create function tests.wait_for_snapshots() returns void language sql as $$
  update private.campaign_failure_checks set snapshot_retry_at = now() where snapshot_retry_at is not null;
$$;
select tests.refuse_targets('57014');
select is(tests.snapshots(), 'Ours running, Theirs freezing', 'A snapshot that takes too long stops no other,');
select results_eq($$select w.snapshot_failures, w.snapshot_retry_at > clock_timestamp()
  from private.campaign_failure_checks w where w.campaign_id = tests.id('their campaign')$$, $$values (1, true)$$,
  'and waits.');
select tests.wait_for_snapshots() \g /dev/null
drop trigger aa_refuse on public.campaign_targets;
select tests.refuse_targets('23514');
select is(tests.snapshots(), 'Ours running, Theirs freezing', 'Nor does one whose targets are refused.');
drop trigger aa_refuse on public.campaign_targets;
select tests.refuse_targets('P0001');
create function tests.fail_snapshots(times integer) returns void language plpgsql as $$
begin
  for n in 1..times loop
    perform tests.wait_for_snapshots(), tests.snapshots();
  end loop;
end
$$;
select tests.fail_snapshots(2) \g /dev/null
select is(tests.campaigns(), 'Ours running, Theirs freezing', 'It is tried five times.');
select tests.poison('{public.notifications}') \g /dev/null
select tests.fail_snapshots(1) \g /dev/null
select tests.cure('{public.notifications}') \g /dev/null
select is(tests.campaigns(), 'Ours running, Theirs paused', 'Then it is paused, though its people cannot be told.');
update public.campaigns set status = 'freezing' where id = tests.id('their campaign');
select tests.fail_snapshots(5) \g /dev/null
select is(tests.campaigns(), 'Ours running, Theirs paused', 'A resumed one has five attempts again.');
select is((select n.body from public.notifications n where n.user_id = tests.id('outsider')
    and n.event_key like 'campaign:%:unreadable:%'),
  'Its audience could not be read in five attempts. Resume it later, or cancel it and create it again.',
  'Its people are told.');
select is(c.status_reason, 'Its audience could not be read in five attempts.', 'It says why it is paused.')
from public.campaigns c where c.id = tests.id('their campaign');
drop trigger aa_refuse on public.campaign_targets;
select tests.refuse_targets('40P01');
update public.campaigns set status = 'freezing' where id = tests.id('their campaign');
select is(tests.snapshots(), '40P01', 'A deadlock is thrown: the run tries again.');
drop trigger aa_refuse on public.campaign_targets;
select tests.refuse_targets('57014');
select tests.snapshots() \g /dev/null
drop trigger aa_refuse on public.campaign_targets;
select tests.wait_for_snapshots() \g /dev/null
select is(tests.snapshots(), 'Ours running, Theirs running', 'One that works again is finished,');
select is(w.snapshot_failures, 0, 'and its failures are forgotten.') from private.campaign_failure_checks w
where w.campaign_id = tests.id('their campaign');

-- Targets of canceled campaigns
update public.campaign_targets set status = 'pending', reason = null
where campaign_id in (tests.id('our campaign'), tests.id('their campaign'));
update public.campaigns set status = 'canceled', finished_at = now()
where id in (tests.id('our campaign'), tests.id('their campaign'));
select tests.run('select public.cancel_targets_batch(100) from generate_series(1, 2)', '{public.campaign_targets}') \g /dev/null
select is((select string_agg(c.name || ' ' || t.status, ', ' order by c.name) from public.campaign_targets t
  join public.campaigns c on c.id = t.campaign_id where c.id in (tests.id('our campaign'), tests.id('their campaign'))),
  'Ours canceled, Theirs pending', 'Targets that cannot be canceled stop no others.');

-- Answers of providers
insert into public.messages (id, organization_id, account_id, to_number, from_number, body, encoding, segments, status,
  provider, provider_message_id, attempts, sending_at, sent_at)
select tests.remember(n || ' text', private.uuid_v7()), a.organization_id, a.id, '+233244000001', a.sender_id, 'Hi', 'GSM-7', 1, 'sent',
  a.provider, 'SM ' || n, 1, now() - interval '1 day', now() - interval '1 day'
from unnest('{our,their}'::text[]) n join public.sms_accounts a on a.id = tests.id(n || ' number');
select is(tests.run($$select public.record_lookups(jsonb_agg(jsonb_build_object('id', tests.id(n || ' text'), 'attempt', 1,
  'account_id', tests.id(n || ' number'), 'kind', 'other_account'))) from unnest('{our,their}'::text[]) n$$,
  '{public.messages}'), null, 'Answers are recorded.');
select is((select string_agg(m.provider_message_id, ', ') from public.messages m where m.unknown_at is not null
  and m.id in (tests.id('our text'), tests.id('their text'))), 'SM our', 'An answer that cannot be recorded stops no other.');

-- Messages that providers are asked about
create function tests.claimed(answer jsonb) returns text language sql as $$
  select string_agg(m ->> 'provider_message_id', ', ' order by m ->> 'provider_message_id')
  from jsonb_array_elements(answer -> 'messages') m
$$;
create temporary table claims (name text, answer jsonb);
grant all on claims to public;
update public.messages m set unknown_at = null, unknown_reason = null, lookup_until = null
where m.id in (tests.id('our text'), tests.id('their text'));
select is(tests.run($$insert into claims select 'reconcile', public.claim_for_reconciliation(null, 100)$$,
  '{public.messages}'), null, 'Messages without a final status are claimed.');
select is(tests.claimed(answer), 'SM our', 'One that cannot be claimed stops no other,') from claims where name = 'reconcile';
select is((select array_agg(p.account_id) from private.lookup_pauses p where p.until > now()), array[tests.id('their number')],
  'and its sender is passed over for a while.');
delete from private.lookup_pauses;
update public.messages m set status = 'sending', sent_at = null, lookup_until = null, sending_at = now() - interval '1 hour'
where m.id in (tests.id('our text'), tests.id('their text'));
select is(tests.run($$insert into claims select 'unknown', public.claim_unknown_outcomes(50, 50)$$, '{public.messages}'), null,
  'Messages with unknown outcomes are claimed.');
select is(tests.claimed(answer), 'SM our', 'One that cannot be claimed stops no other.') from claims where name = 'unknown';
delete from private.lookup_pauses;
update public.messages m set lookup_until = now() + interval '1 hour', sending_at = now() - interval '2 days'
where m.id in (tests.id('our text'), tests.id('their text'));
select is(tests.run('select public.claim_unknown_outcomes(50, 50)', '{public.messages}'), null, 'Overdue messages are held.');
select is((select string_agg(m.provider_message_id, ', ') from public.messages m where m.held_at is not null
  and m.id in (tests.id('our text'), tests.id('their text'))), 'SM our', 'One that cannot be held stops no other.');
create function tests.alerted(kind text) returns text language sql as $$
  select string_agg(distinct o.name, ', ') from public.notifications n join public.organizations o on o.id = n.organization_id
  where n.kind = alerted.kind and n.organization_id in (tests.id('ours'), tests.id('theirs'))
$$;
update public.messages m set held_at = now() where m.id = tests.id('their text');
insert into private.pending_admin_alerts (organization_id, since)
select tests.id(o), now() - interval '1 hour' from unnest('{ours,theirs}'::text[]) o
on conflict on constraint pending_admin_alerts_pkey do update set since = excluded.since, alerted_at = '-infinity';
update public.messages m set held_at = now(), unknown_at = now() where m.id in (tests.id('our text'), tests.id('their text'));
delete from public.notifications where kind in ('message_held', 'messages_unknown');
select is(tests.run('select public.claim_unknown_outcomes(50, 50)', '{public.notifications}'), null, 'Admins are alerted to held messages.');
select is(tests.alerted('message_held'), (select name from public.organizations where id = tests.id('ours')),
  'Admins who cannot be alerted stop no others.');
select is(tests.run('select private.alert_admins_of_unknown()', '{public.notifications}'), null, 'And to unknown outcomes.');
select is(tests.alerted('messages_unknown'), (select name from public.organizations where id = tests.id('ours')),
  'Again they stop no others.');
update public.sms_accounts a set credentials_secret_id = vault.create_secret(
  case a.id when tests.id('our number') then '{"account_sid": "AC"}' else 'no JSON' end)
where a.id in (tests.id('our number'), tests.id('their number'));
select is((select array_agg(k) from jsonb_object_keys(private.account_credentials(array[tests.id('our number'), tests.id('their number')])) k),
  array[tests.id('our number')::text], 'Credentials that cannot be read stop no other sender.');

-- E-mails of a sender that died
insert into public.emails (organization_id, user_id, kind, to_address, event_key, status, sending_at, provider, attempts)
values (tests.id('ours'), tests.id('admin'), 'system', 'ours@tests.example', 'lease', 'sending', now() - interval '1 hour', 'smtp', 1),
  (tests.id('theirs'), tests.id('outsider'), 'system', 'theirs@tests.example', 'lease', 'sending', now() - interval '1 hour', 'smtp', 1);
select is(tests.run($$select public.exchange_email_batch('[]', 10, 'smtp', 60, 60)$$, '{public.emails}'), null,
  'E-mails are taken back.');
select is((select string_agg(e.to_address || ' ' || e.status, ', ' order by e.to_address) from public.emails e
  where e.event_key = 'lease'), 'ours@tests.example failed, theirs@tests.example sending',
  'One that cannot be taken back stops no other.');

-- E-mails
delete from public.emails where status = 'queued';
insert into public.emails (organization_id, user_id, kind, to_address, event_key)
values (tests.id('ours'), tests.id('admin'), 'system', 'ours@tests.example', 'isolation'),
  (tests.id('theirs'), tests.id('outsider'), 'system', 'theirs@tests.example', 'isolation');
select is(tests.run($$select public.exchange_email_batch('[]', 10, 'smtp', 60, 60)$$, '{public.emails}'), null,
  'E-mails are claimed.');
select is((select string_agg(e.to_address || ' ' || e.status, ', ' order by e.to_address) from public.emails e
  where e.event_key = 'isolation'), 'ours@tests.example sending, theirs@tests.example queued',
  'E-mails that cannot be claimed stop no others.');

-- Do-not-call lists
insert into public.dnc_lists (id, organization_id, name, kind, upload_complete, pieces, updated_at)
values (tests.remember('their list', private.uuid_v7()), tests.id('theirs'), 'Theirs', 'registry', true, 1,
    now() - interval '2 hours'),
  (tests.remember('our list', private.uuid_v7()), tests.id('ours'), 'Ours', 'registry', true, 1,
    now() - interval '1 hour');
insert into private.dnc_pieces (organization_id, list_id, "position", content)
select l.organization_id, l.id, 0, '2125550100' from public.dnc_lists l
where l.id in (tests.id('our list'), tests.id('their list'));
create function tests.lists() returns text language sql as $$
  select string_agg(concat_ws(' ', name, status, numbers), ', ' order by name) from public.dnc_lists
  where id in (tests.id('our list'), tests.id('their list'))
$$;
select is(tests.run('select public.import_dnc_slice(public.claim_dnc_list()), public.import_dnc_slice(public.claim_dnc_list())',
  '{private.dnc_numbers}'), null, 'Lists are imported.');
select is(tests.lists(), 'Ours active 1, Theirs failed 0', 'A list that cannot be imported stops no other.');
-- A statement that takes too long takes everything back that it did.
update public.dnc_lists set status = 'importing', next_position = 0, numbers = 0, error = null
where id in (tests.id('our list'), tests.id('their list'));
insert into private.dnc_pieces (organization_id, list_id, "position", content)
select l.organization_id, l.id, 0, '2125550101' from public.dnc_lists l where l.id = tests.id('our list');
create function tests.slow() returns trigger language plpgsql as $$
begin
  raise exception using errcode = 'query_canceled';
end
$$;
do $$
begin
  execute format('create trigger aa_slow before delete on private.dnc_pieces for each row
    when (old.organization_id = %L) execute function tests.slow()', tests.id('theirs'));
end
$$;
create function tests.import_lists() returns void language plpgsql as $$
declare
  list uuid;
begin
  loop
    list := public.claim_dnc_list();
    exit when list is null;
    begin
      perform public.import_dnc_slice(list);
    exception when query_canceled then null;
    end;
  end loop;
  update private.dnc_list_claims set leased_until = now();
end
$$;
select tests.import_lists() \g /dev/null
select is(tests.lists(), 'Ours active 1, Theirs importing 0', 'A list that takes too long waits, and stops no other.');
select tests.import_lists() from generate_series(1, 4) \g /dev/null
select is(tests.lists(), 'Ours active 1, Theirs importing 0', 'It is tried five times.');
select tests.import_lists() \g /dev/null
select is(tests.lists(), 'Ours active 1, Theirs failed 0', 'Then it is given up.');

-- Work in slices: organizations take turns, so that a large one holds up no other
create function tests.fill() returns void language plpgsql as $$
declare
  who record;
  client uuid;
begin
  for who in select * from (values ('admin', 'ours'), ('outsider', 'theirs')) v (actor, organization) loop
    perform tests.act_as(who.actor);
    for n in 1..3 loop
      client := public.create_client(tests.id(who.organization), '{"name": "Client", "segment": "enterprise", "amount": "5"}')
        ->> 'id';
      perform public.create_client_issue(tests.id(who.organization), client, '{"type": "other", "title": "No light"}');
    end loop;
    perform tests.act_as('postgres');
  end loop;
  insert into private.churn_model_state (organization_id, phase, next_try_at)
  values (tests.id('ours'), 'requested', now()), (tests.id('theirs'), 'requested', now() - interval '1 minute');
  insert into private.recommendation_runs (organization_id, next_try_at)
  values (tests.id('ours'), now()), (tests.id('theirs'), now() - interval '1 minute');
end
$$;
select tests.fill() \g /dev/null
create table tests.slices (n integer generated always as identity, job text, organization_id uuid);
create function tests.count_slice() returns trigger language plpgsql as $$
begin
  insert into tests.slices (job, organization_id) select tg_table_name, new.organization_id
  where new.organization_id in (tests.id('ours'), tests.id('theirs'))
    and (tg_table_name <> 'recommendation_runs' or to_jsonb(new) -> 'last_client_id' <> 'null');
  return null;
end
$$;
create function tests.takes_turns(command text, runs regclass) returns boolean language plpgsql as $$
begin
  execute format('create trigger zz_slices after update on %s for each row execute function tests.count_slice()', runs);
  execute command;
  execute format('drop trigger zz_slices on %s', runs);
  return (
    select count(distinct s.organization_id) = 2 from (
      select * from tests.slices where 'private.' || job = runs::text order by n limit 2) s);
end
$$;
select ok(tests.takes_turns(command, runs), runs || ': the second slice is another organization''s.')
from (values ('select private.run_feature_snapshots(1)', 'private.feature_runs'::regclass),
  ('select private.run_churn_training()', 'private.churn_model_state'), ('select private.run_scoring(1)', 'private.scoring_runs'),
  ('select private.run_recommendations(1)', 'private.recommendation_runs'),
  ('select private.run_incident_predictions(1)', 'private.incident_models')) v (command, runs);

-- Tasks of the cron jobs
update private.jobs set command = 'select 1 / 0' where name in ('run-campaign-scheduler', 'maintain');
select private.run_task(t)
from unnest(array['run-campaign-scheduler', 'task-reminders', 'maintain', 'purge-notifications']) t \g /dev/null
select results_eq($$select job, failures from private.job_runs where job in ('run-campaign-scheduler', 'task-reminders',
  'maintain', 'purge-notifications') order by job$$,
  $$values ('maintain', 1), ('purge-notifications', 0), ('run-campaign-scheduler', 1), ('task-reminders', 0)$$,
  'A task that fails stops no other.');

select * from finish();
rollback;
