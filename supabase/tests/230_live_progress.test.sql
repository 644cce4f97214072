-- Live progress: who may listen, what is broadcast, how often, and that no write depends on it.
begin;
\ir support.inc
select plan(64);
do $$
begin
  perform tests.arrange();
  insert into public.campaigns (id, organization_id, name) values
    (tests.remember('campaign', private.uuid_v7()), tests.id('ours'), 'Ours'),
    (tests.remember('gone', private.uuid_v7()), tests.id('ours'), 'Gone'),
    (tests.remember('foreign', private.uuid_v7()), tests.id('theirs'), 'Theirs');
  update public.campaigns set deleted_at = now() where id = tests.id('gone');
end
$$;
create function tests.hears(actor text, campaign text) returns text language plpgsql as $$
declare
  message uuid := gen_random_uuid();
  topic text := 'campaign:' || tests.id(campaign);
begin
  insert into realtime.messages (id, topic, extension, private) values (message, topic, 'broadcast', true);
  perform set_config('realtime.topic', topic, true);
  return tests.outcome(actor, format('select from realtime.messages where id = %L', message));
end
$$;
-- What was broadcast of the campaign since the last check: its version, status and the number sent.
create table tests.seen (id uuid);
create function tests.news() returns setof text language plpgsql as $$
begin
  return query
    select concat_ws(' ', m.payload ->> 'version', m.payload ->> 'status', m.payload -> 'targets' ->> 'sent')
    from realtime.messages m
    where m.topic = 'campaign:' || tests.id('campaign') and m.private and m.event = 'progress'
      and m.id not in (select s.id from tests.seen s)
    order by (m.payload ->> 'version')::bigint;
  insert into tests.seen select m.id from realtime.messages m;
end
$$;
create function tests.add(status text, amount integer) returns void language sql as $$
  insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone, status)
  select tests.id('ours'), tests.id('campaign'), coalesce((select max(t.position) from public.campaign_targets t),
    0) + n, gen_random_uuid(), '+23324'
    || lpad((coalesce((select max(t.position) from public.campaign_targets t), 0) + n)::text, 7, '0'), add.status
  from generate_series(1, amount) n
$$;
-- Moves the campaign's times back by this interval.
create function tests.pass(span interval) returns void language sql as $$
  update private.campaign_progress set computed_at = computed_at - span where campaign_id = tests.id('campaign');
  update private.campaign_progress_dirty set dirty_until = dirty_until - span where campaign_id = tests.id('campaign')
$$;
create function tests.dirty_marks() returns integer language sql as $$
  select count(*)::integer from private.campaign_progress_dirty where campaign_id = tests.id('campaign')
$$;
grant execute on all functions in schema tests to public;

-- Who may listen, and who may read
select is(tests.hears(actor, 'campaign'), case when actor in ('admin', 'campaign_manager', 'viewer') then '1'
  else '0' end, format('%s and the channel of a campaign', actor))
from unnest(tests.everyone() || array['suspended', 'outsider', 'anon']) actor;
select is(tests.hears('admin', 'foreign'), '0', 'Another organization''s channel cannot be joined.');
select is(tests.hears('outsider', 'foreign'), '1', 'Members of its organization may join a campaign''s channel.');
select is(tests.hears('admin', 'gone'), '0', 'A deleted campaign has no channel.');
select is(tests.hears('admin', 'ours'), '0', 'A channel without a campaign cannot be joined.');
select tests.only(array['admin', 'campaign_manager', 'viewer'], 'read a campaign''s progress', 'PT403',
  format('select public.campaign_progress(%L, %L)', tests.id('ours'), tests.id('campaign')));
select is(tests.outcome('admin', format('select public.campaign_progress(%L, %L)', tests.id('ours'),
  tests.id(campaign))), 'PT404', format('A campaign that is %s is not found.', campaign))
from unnest(array['gone', 'foreign']) campaign;
select is(tests.outcome('service_role', format('select public.campaign_progress(%L, %L)', tests.id('ours'),
  tests.id('campaign'))), '42501', 'Jobs may not read progress.');

-- What is broadcast, and how often
select is(tests.dirty_marks(), 0, 'A draft is not marked as dirty.');
do $$ begin perform tests.add('pending', 10); perform tests.news(); end $$;
select is(tests.dirty_marks(), 1, 'A campaign whose figures change is marked as dirty.');
do $$ begin perform tests.add('sent', 2); perform tests.add('sent', 3); end $$;
select is(tests.dirty_marks(), 1, 'Further changes add no further mark.');
select is_empty('select * from tests.news()', 'Writers broadcast nothing themselves.');
do $$ begin perform private.broadcast_campaign_progress(); end $$;
select results_eq('select * from tests.news()', array['2 draft 5'], 'The job broadcasts all changes at once.');
do $$ begin perform tests.add('sent', 1); perform private.broadcast_campaign_progress(); end $$;
select is_empty('select * from tests.news()', 'Within the same second nothing is broadcast.');
do $$ begin perform tests.pass('1 second'); perform private.broadcast_campaign_progress(); end $$;
select results_eq('select * from tests.news()', array['3 draft 6'],
  'The last change is broadcast when the second is over.');
do $$ begin perform tests.pass('1 second'); perform private.broadcast_campaign_progress(); end $$;
select is_empty('select * from tests.news()', 'Without a change nothing is broadcast.');
do $$ begin perform tests.pass('0.9 seconds'); perform tests.add('sent',
  1); perform private.broadcast_campaign_progress(); end $$;
select results_eq('select * from tests.news()', array['4 draft 7'],
  'A run that starts early waits for the second to end.');
do $$ begin perform tests.pass('1 second'); end $$;
insert into private.target_totals select tests.id('ours'), tests.id('campaign'), s, null, n
from generate_series(1, 100), unnest(array['sent', 'sent'], array[1, -1]) as d (s, n);
do $$ begin perform private.roll_up_counters(); perform private.broadcast_campaign_progress(); end $$;
select is_empty('select * from tests.news()', 'Rolling up changes nothing visible.');
select is(private.campaign_state(tests.id('campaign')) -> 'targets',
  '{"total": 17, "pending": 10, "sent": 7, "excluded": 0, "canceled": 0}',
  'The figures agree with the targets.');

-- Status
update public.campaigns set status = 'running' where id = tests.id('campaign');
do $$ begin perform tests.add('sent', 1); end $$;
select is_empty('select * from tests.news()', 'A status is told at the end of its transaction,');
set constraints all immediate;
select results_eq('select * from tests.news()', array['5 running 8'],
  'A change of status is broadcast at once, with its figures.');
update public.campaigns set status = 'paused', status_reason = 'Why' where id = tests.id('campaign');
select results_eq('select * from tests.news()', array['6 paused 8'],
  'The next change of status is broadcast at once, too.');
update public.campaigns set name = 'Renamed' where id = tests.id('campaign');
select is_empty('select * from tests.news()', 'Other columns are not broadcast.');

-- Expiry
do $$ begin perform tests.pass('2 minutes'); perform private.broadcast_campaign_progress(); end $$;
select is(tests.dirty_marks(), 0, 'Without changes the mark expires.');
do $$ begin perform tests.add('sent', 1); end $$;
select is(tests.dirty_marks(), 1, 'A late change marks it again.');
do $$ begin perform tests.pass('1 second'); perform private.broadcast_campaign_progress(); end $$;
select results_eq('select * from tests.news()', array['7 paused 9'], 'It is told.');
do $$ begin perform tests.add('sent',
  1); perform tests.pass('1 hour'); perform private.broadcast_campaign_progress(); end $$;
select results_eq('select * from tests.news()', array['8 paused 10'],
  'A change is broadcast even if nothing ran for an hour afterwards.');
select is(tests.dirty_marks(), 0, 'Then the mark expires.');
do $$ begin perform tests.add('sent', 1); perform private.broadcast_campaign_progress(); end $$;
select is(tests.dirty_marks(), 1, 'A mark stays while its campaign could not be computed.');
do $$ begin delete from private.campaign_progress_dirty; perform tests.pass(
  '1 second'); perform private.broadcast_progress(tests.id('campaign'),
  '0'); perform tests.news(); perform tests.pass('1 second'); perform tests.add('sent', 1); delete
    from private.campaign_progress_dirty; end $$;
select is((private.progress_json(p) ->> 'version')::integer, 9, 'Where the clock stands still,')
from private.campaign_progress p where p.campaign_id = tests.id('campaign');
do $$
begin
  perform tests.act_as('viewer');
  perform public.campaign_progress(tests.id('ours'), tests.id('campaign'));
  perform tests.act_as('postgres');
end
$$;
select results_eq('select * from tests.news()', array['10 paused 12'], 'Any watcher moves it on, for all.');

-- Failures
create or replace function private.campaign_state(
  campaign_id uuid) returns jsonb language plpgsql stable set search_path = '' as $$
begin
  raise exception 'no state';
end
$$;
select lives_ok($$update public.campaigns set status = 'running' where id = tests.id('campaign')$$,
  'A status changes even if it cannot be broadcast.');
do $$ begin perform tests.pass('1 second'); end $$;
select lives_ok('select private.broadcast_campaign_progress()',
  'The job survives a campaign that it cannot broadcast.');
alter table private.campaign_progress_dirty add constraint never check (false) not valid;
delete from private.campaign_progress_dirty;
select lives_ok($$update public.campaigns set status = 'paused' where id = tests.id('campaign')$$,
  'A status changes even if it cannot be marked.');
select lives_ok($$select tests.add('sent', 1)$$, 'A change is written even if it cannot be marked.');
select is((select count(*)::integer from public.campaign_targets where campaign_id = tests.id('campaign')
  and status = 'sent'), 13, 'It is there.');

-- The job of every second runs while there is something to tell.
alter table private.campaign_progress_dirty drop constraint never;
create function tests.ticks() returns boolean language sql as $$
  select j.active from cron.job j where j.jobname = 'broadcast-campaign-progress'
$$;
update public.campaigns set status = 'canceled', finished_at = now() - interval '2 hours'
where status not in ('draft', 'scheduled') or id = tests.id('campaign');
delete from private.campaign_progress_dirty;
select private.switch_progress_job() \g /dev/null
select ok(exists (select from pg_locks l where l.locktype = 'advisory' and l.pid = pg_backend_pid()
  and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended('switch_progress_job', 0)),
  'It is not switched off while a campaign that starts switches it on.');
select is(tests.ticks(), false, 'While no campaign is under way the job of every second is off.');
update public.campaigns set status = 'running', finished_at = null where id = tests.id('campaign');
set constraints all immediate;
select is(tests.ticks(), true, 'A campaign that starts switches it on at once.');
update public.campaigns set status = 'completed', finished_at = now() where id = tests.id('campaign');
delete from private.campaign_progress_dirty;
select private.switch_progress_job() \g /dev/null
select is(tests.ticks(), true, 'It stays on for the receipts of the next hour.');
update public.campaigns set finished_at = now() - interval '2 hours' where id = tests.id('campaign');
delete from private.campaign_progress_dirty;
select private.switch_progress_job() \g /dev/null
select is(tests.ticks(), false, 'Then it goes off.');
insert into private.campaign_progress_dirty values (tests.id('campaign'), now());
select private.switch_progress_job() \g /dev/null
select is(tests.ticks(), true, 'A late receipt switches it on with the next minute.');

select * from finish();
rollback;
