-- Broadcasts: what is sent to which channel, and who may listen.
begin;
\ir support.inc
select plan(59);
do $$
begin
  perform tests.arrange();
  perform tests.remember('our team', private.uuid_v7()), tests.remember('other team', private.uuid_v7());
  insert into public.teams (id, organization_id, name)
  values (tests.id('our team'), tests.id('ours'), 'Our team'), (tests.id('other team'), tests.id('ours'), 'Other team');
  update public.memberships set team_id = tests.id('our team')
  where organization_id = tests.id('ours') and user_id in (tests.id('manager'), tests.id('counselor'),
    tests.id('campaign_manager'));
end
$$;
create function tests.lead(name text, assigned_to text default null,
  created_by text default null) returns uuid language plpgsql as $$
declare
  lead uuid;
begin
  insert into public.leads (organization_id, first_name, assigned_to, created_by)
  values (tests.id('ours'), lead.name, tests.id(lead.assigned_to), tests.id(lead.created_by)) returning id into lead;
  return tests.remember(lead.name, lead);
end
$$;
-- The broadcasts since the last call: '<topic by name> <change>'.
create table tests.seen (id uuid);
create function tests.broadcasts() returns setof text language plpgsql as $$
begin
  return query
    select concat_ws(' ', split_part(m.topic, ':', 1), (select t.name from tests.things t
      where t.id::text = split_part(m.topic, ':', 2)),
      coalesce(m.payload ->> 'change', m.event), m.payload ->> 'count')
    from realtime.messages m
    where m.private and m.extension = 'broadcast' and m.event in ('lead', 'notification') and m.id not in (select s.id
      from tests.seen s)
      and exists (select from tests.things t where t.id::text = split_part(m.topic, ':', 2))
    order by 1;
  insert into tests.seen select m.id from realtime.messages m;
end
$$;
create function tests.reads(actor text, topic text,
  extension text default 'broadcast') returns text language plpgsql as $$
declare
  message uuid := gen_random_uuid();
begin
  insert into realtime.messages (id, topic, extension, private) values (message, reads.topic, reads.extension, true);
  perform set_config('realtime.topic', reads.topic, true);
  return tests.outcome(actor, format('select from realtime.messages where id = %L', message));
end
$$;
grant execute on all functions in schema tests to public;

-- Who may listen
select policies_are('realtime', 'messages',
  array['people listen to their own channel and to what they may read']);
select is(tests.reads(actor, 'organization:' || tests.id('ours') || ':leads'),
  case when actor in ('admin', 'campaign_manager', 'viewer') then '1' else '0' end,
    format('%s and the channel of all leads', actor))
from unnest(tests.everyone() || array['suspended', 'outsider']) actor;
select is(tests.reads(actor, 'team:' || tests.id('our team') || ':leads'),
  case when actor in ('manager', 'campaign_manager') then '1' else '0' end, format('%s and the channel of a team',
    actor))
from unnest(tests.everyone() || array['suspended', 'outsider']) actor;
select is(tests.reads('manager', 'team:' || tests.id('other team') || ':leads'), '0',
  'A manager cannot listen to another team''s leads.');
select is(tests.reads(actor, 'user:' || tests.id('viewer')), case when actor = 'viewer' then '1' else '0' end,
  format('%s and the viewer''s own channel', actor))
from unnest(tests.everyone() || array['suspended', 'outsider']) actor;
select is(tests.reads('anon', topic), '0', format('anon cannot listen to %s.', split_part(topic, ':', 1)))
from unnest(array['organization:' || tests.id('ours') || ':leads', 'user:' || tests.id('viewer')]) topic;
select is(tests.reads('admin', topic), '0', format('%s is not a topic.', topic))
from unnest(array['organization:' || tests.id('ours'), 'organization:' || upper(tests.id('ours')::text) || ':leads',
  'user:' || tests.id('admin') || ':leads', 'user:', 'campaign:' || tests.id('ours'), ':', '']) topic;
select is(tests.reads('viewer', 'user:' || tests.id('viewer'), 'presence'), '1',
  'Presence is allowed where broadcasts are.');
select is(tests.reads('viewer', 'user:' || tests.id('viewer'), 'postgres_changes'), '0',
  'No other extension is allowed.');
do $$ begin perform set_config('realtime.topic', 'user:' || tests.id('viewer'), true); end $$;
select is(tests.outcome('viewer', format($$insert into realtime.messages (topic, extension, private) values ('user:%s',
  'broadcast', true)$$, tests.id('viewer'))),
  '42501', 'Users cannot send to a channel.');

-- What is broadcast
select is(count(*)::integer, 0, 'There is no broadcast at first.') from tests.broadcasts();
do $$ begin perform tests.lead('free'), tests.lead('held', 'counselor', 'admin'); end $$;
select results_eq('select * from tests.broadcasts()', array['organization ours created', 'organization ours created',
  'team our team created',
  'user admin created', 'user counselor created'],
    'A new lead is broadcast to all channels whose listeners may see it.');
update public.leads set sla_next_at = now(), sla_deadline = now() where id = tests.id('held');
select is_empty('select * from tests.broadcasts()', 'A new deadline alone is not broadcast.');
update public.leads set sla_status = 'breached', sla_started_at = now(), sla_deadline = now()
  where id = tests.id('free');
select results_eq('select * from tests.broadcasts()', array['organization ours updated'],
  'A new SLA status is broadcast.');
update public.leads set assigned_to = tests.id('suspended') where id = tests.id('held');
select results_eq('select * from tests.broadcasts()', array['organization ours updated', 'team our team removed',
  'user admin updated',
  'user counselor removed'], 'Channels that lose a lead get "removed"; a suspended person gets nothing.');
update public.leads set deleted_at = now() where id = tests.id('held');
select results_eq('select * from tests.broadcasts()', array['organization ours deleted', 'user admin deleted'],
  'A deletion is broadcast.');
update public.leads set first_name = 'Changed' where id = tests.id('held');
select is_empty('select * from tests.broadcasts()', 'Changes of a deleted lead are not broadcast.');
update public.leads set deleted_at = null where id = tests.id('held');
select results_eq('select * from tests.broadcasts()', array['organization ours created', 'user admin created'],
  'A restored lead is broadcast as created.');
do $$ begin perform tests.lead('many', 'counselor', 'counselor'); perform tests.broadcasts(); end $$;
insert into public.leads (organization_id, first_name, assigned_to) select tests.id('ours'), 'L', tests.id('counselor')
  from generate_series(1, 100);
select is(count(*)::integer, 300, 'A hundred leads are broadcast one by one.') from tests.broadcasts();
insert into public.leads (organization_id, first_name, assigned_to)
select tests.id('ours'), 'L', case when n > 50 then tests.id('counselor') end from generate_series(1, 101) n;
select results_eq('select * from tests.broadcasts()', array['organization ours many 101', 'team our team many 51',
  'user counselor many 51'],
  'More than a hundred leads are broadcast as a count.');
update public.leads set assigned_to = tests.id('manager') where organization_id = tests.id('ours')
  and assigned_to = tests.id('counselor');
select results_eq('select * from tests.broadcasts()', array['organization ours many 152', 'team our team many 152',
  'user counselor many 152',
  'user manager many 152'], 'So are their changes, also to channels that lose them.');
do $$
begin
  perform private.notify(array_agg(row(tests.id('ours'), tests.id(p), 'system', 'e', 'T', 'B', '{"x": 1}',
    null)::private.notification))
  from unnest(array['viewer', 'manager']) p;
end
$$;
select results_eq('select * from tests.broadcasts()', array['user manager notification', 'user viewer notification'],
  'Notifications are broadcast to their person.');

-- A broadcast that fails
create or replace function private.broadcast_leads(groups jsonb) returns void language plpgsql as $$
begin
  raise exception 'no Realtime';
end
$$;
select lives_ok($$insert into public.leads (organization_id, first_name) values (tests.id('ours'), 'Written')$$,
  'A write does not fail when its broadcast fails.');
select is((select count(*) from public.leads where first_name = 'Written')::integer, 1, 'The row is written.');
select is_empty('select * from tests.broadcasts()', 'There is no broadcast.');

select * from finish();
rollback;
