-- Tasks, interactions and timeline: visibility by scope, derived columns, and reminders that are sent once.
begin;
\ir support.inc
select plan(390);

-- A lead for each kind of visibility. manager and counselor are in team north; lead 'south' belongs to another team.
create function tests.lead(name text, organization text, holder text default null, team text default null,
  creator text default null)
returns uuid language sql as $$
  insert into public.leads (organization_id, first_name, assigned_to, team_id, created_by)
  values (tests.id(organization), initcap(name), tests.id(holder), tests.id(team), tests.id(creator))
  returning tests.remember(name, id)
$$;
create function tests.task(name text, organization text, lead text default null, assignee text default null,
  creator text default null,
  due_at timestamptz default null)
returns uuid language sql as $$
  insert into public.tasks (organization_id, lead_id, title, assigned_to, created_by, due_at)
  values (tests.id(organization), tests.id(lead), name, tests.id(assignee), tests.id(creator), due_at)
  returning tests.remember(name, id)
$$;
create function tests.around(lead text) returns void language sql as $$
  insert into public.interactions (organization_id, lead_id, type) select organization_id, id, 'call' from public.leads
    where id = tests.id(lead);
  insert into public.lead_history (organization_id, lead_id, to_status) select organization_id, id, status
    from public.leads where id = tests.id(lead);
  insert into public.lead_assignments (organization_id, lead_id, to_user) select organization_id, id, assigned_to
    from public.leads where id = tests.id(lead);
  insert into public.students (organization_id, lead_id, first_name) select organization_id, id, 'Kofi'
    from public.leads where id = tests.id(lead);
$$;

do $$
declare
  team text;
begin
  perform tests.arrange();
  foreach team in array array['north', 'south team'] loop
    insert into public.teams (organization_id, name) values (tests.id('ours'), team)
      returning tests.remember(team, id) into strict team;
  end loop;
  update public.memberships set team_id = tests.id('north')
  where organization_id = tests.id('ours') and user_id in (tests.id('manager'), tests.id('counselor'));
  perform tests.member('colleague', 'ours', 'counselor');
  update public.memberships set team_id = tests.id('north') where user_id = tests.id('colleague');
  perform tests.lead('held', 'ours', 'counselor'), tests.lead('made', 'ours', null, null, 'counselor'),
    tests.lead('mate', 'ours', 'colleague'), tests.lead('south', 'ours', null, 'south team'),
      tests.lead('gone', 'ours', 'counselor'),
    tests.lead('foreign', 'theirs', 'outsider');
  perform tests.around(l) from unnest(array['held', 'made', 'mate', 'south', 'gone', 'foreign']) l;
  perform tests.task('held task', 'ours', 'held'), tests.task('mate task', 'ours', 'mate'),
    tests.task('south task', 'ours', 'south'),
    tests.task('given task', 'ours', 'south', 'counselor', 'admin'),
      tests.task('bare task', 'ours', null, 'colleague', 'colleague'),
    tests.task('admin task', 'ours', null, 'admin', 'admin'), tests.task('gone task', 'ours', 'gone', 'counselor'),
    tests.task('foreign task', 'theirs', 'foreign', 'outsider');
  update public.leads set deleted_at = now() where id = tests.id('gone');
end
$$;

select policies_are('interactions', array['those who see the lead and interactions read them']);
select policies_are('tasks', array['people read tasks within the scope of their permission']);

-- Child rows of a lead are visible with the lead: own, team, organization
create function tests.sees(actor text, statement text) returns text[] language plpgsql as $$
declare
  seen text[];
begin
  perform tests.act_as(actor);
  execute format('select array_agg(s.name order by s.name) from (%s) s (name)', statement) into seen;
  perform tests.act_as('postgres');
  return coalesce(seen, '{}');
exception when others then
  perform tests.act_as('postgres');
  return array[sqlstate];
end
$$;
create table tests.visibility (actor text, leads text[], interactions text[], tasks text[]);
insert into tests.visibility
select a, l, case when a in ('admin', 'manager', 'counselor', 'colleague', 'campaign_manager', 'viewer', 'outsider')
  then l else '{}' end, t
from (values
  ('admin', '{Held,Made,Mate,South}'::text[],
    '{admin task,bare task,given task,held task,mate task,south task}'::text[]),
  ('campaign_manager', '{Held,Made,Mate,South}', '{admin task,bare task,given task,held task,mate task,south task}'),
  ('viewer', '{Held,Made,Mate,South}', '{admin task,bare task,given task,held task,mate task,south task}'),
  ('manager', '{Held,Made,Mate}', '{bare task,given task,held task,mate task}'),
  ('counselor', '{Held,Made}', '{given task,held task}'),
  ('colleague', '{Mate}', '{bare task,mate task}'),
  ('operator', '{}', '{}'), ('marketing_agent', '{}', '{}'), ('technical_agent', '{}', '{}'), ('suspended', '{}', '{}'),
  ('outsider', '{Foreign}', '{foreign task}')) v (a, l, t);
grant select on tests.visibility to public;

select is(tests.sees(actor, format('select l.first_name from public.%I r join public.leads l on l.id = r.lead_id',
  under)), leads,
  format('%s sees %s of these leads: %s.', actor, under, leads))
from tests.visibility, unnest(array['lead_history', 'lead_assignments', 'students']) under;
select is(tests.sees(actor, 'select l.first_name from public.interactions i join public.leads l on l.id = i.lead_id'),
  interactions,
  format('%s sees interactions of these leads: %s.', actor, interactions))
from tests.visibility;
select is(tests.sees(actor, format(
    'select distinct unnest(array(select t.first_name from public.leads t where t.id = r.lead_id)) from public.%I r',
      under)), leads,
  format('%s sees no more of them when a lead is embedded in %s.', actor, under))
from tests.visibility, unnest(array['lead_history', 'lead_assignments', 'students']) under;
select is(tests.sees(actor, 'select title from public.tasks'), tasks, format('%s sees these tasks: %s.', actor, tasks))
  from tests.visibility;
select is(tests.sees(actor, $$select t ->> 'title' from jsonb_array_elements(public.list_tasks(tests.id('ours'), '{}',
  'due_at', 200, 0) -> 'rows') t$$),
  case when actor in ('operator', 'marketing_agent', 'technical_agent', 'suspended', 'outsider') then '{PT403}'
    else tasks end,
  format('The list shows %s the same tasks.', actor))
from tests.visibility;
select is(tests.outcome(actor, format('select public.get_task(tests.id(''ours''), tests.id(%L))', t)),
  case when actor in ('operator', 'marketing_agent', 'technical_agent', 'suspended', 'outsider') then 'PT403'
    when t = any (tasks) then '1' else 'PT404' end, format('%s and %s.', actor, t))
from tests.visibility, unnest(array['held task', 'mate task', 'south task', 'given task', 'bare task', 'gone task',
  'foreign task']) t;
select is(tests.outcome(actor, format(call, format('tests.id(''ours''), tests.id(%L)', lower(l)))),
  case when actor in ('operator', 'marketing_agent', 'technical_agent', 'suspended', 'outsider') then 'PT403'
    when l = any (leads) then '1' else 'PT404' end, format('%s and the %s of lead %s.', actor, what, l))
from tests.visibility, unnest(array['Held', 'Made', 'Mate', 'South', 'Gone', 'Foreign']) l,
  (values ('timeline', 'select public.lead_timeline(%s, 50)'),
    ('interactions', 'select public.list_interactions(%s, 50, 0)')) v (what, call);
select is(tests.outcome('anon', 'select from public.' || t), '42501', format('anon reads no %s.', t))
from unnest(array['tasks', 'interactions', 'students', 'lead_history', 'lead_assignments']) t;

-- Writing
select is(tests.outcome(actor, statement), '42501', format('%s does not %s.', actor, statement))
from unnest(array['admin', 'counselor', 'service_role']) actor, unnest(array[
  'update public.tasks set title = ''x''', 'delete from public.tasks',
    'insert into public.tasks (organization_id, title) values (tests.id(''ours''), ''x'')',
  'update public.interactions set body = ''x''', 'delete from public.interactions', 'delete from public.lead_history',
    'delete from public.lead_assignments',
  'select private.run_task_reminders()']) statement;
select throws_ok('update public.interactions set body = ''x''', '42501', null,
  'Not even the owner can change interactions.');
select is(tests.outcome(actor,
  format($$select public.create_task(tests.id('ours'),
    jsonb_build_object('title', 'x', 'lead_id', tests.id(%L)))$$, lead)),
  wanted, format('%s and a task on the lead %s: %s.', actor, lead, wanted))
from (values ('admin', 'south', '1'), ('manager', 'mate', '1'), ('manager', 'south', 'PT404'),
  ('counselor', 'held', '1'), ('counselor', 'mate', 'PT404'),
  ('counselor', 'gone', 'PT404'), ('counselor', 'foreign', 'PT404'), ('viewer', 'held', 'PT403'),
    ('operator', 'held', 'PT403'),
  ('outsider', 'held', 'PT403')) v (actor, lead, wanted);
select is(tests.outcome(actor,
  format('select public.create_interaction(tests.id(''ours''), tests.id(%L), ''{"type": "note"}'')', lead)),
  wanted, format('%s and an interaction with the lead %s: %s.', actor, lead, wanted))
from (values ('admin', 'south', '1'), ('manager', 'mate', '1'), ('manager', 'south', 'PT404'),
  ('counselor', 'made', '1'), ('counselor', 'mate', 'PT404'),
  ('counselor', 'gone', 'PT404'), ('viewer', 'held', 'PT403'), ('outsider', 'held', 'PT403')) v (actor, lead, wanted);
select is(tests.outcome(actor,
  format('select public.update_task(tests.id(''ours''), tests.id(%L), ''{"title": "x"}'')', task)),
  wanted, format('%s changes %s: %s.', actor, task, wanted))
from (values ('admin', 'south task', '1'), ('manager', 'mate task', '1'), ('manager', 'south task', 'PT404'),
  ('counselor', 'given task', '1'),
  ('counselor', 'mate task', 'PT404'), ('counselor', 'gone task', 'PT404'), ('viewer', 'held task', 'PT403')) v (actor,
    task, wanted);
select is(tests.outcome('admin', $$select public.create_task(tests.id('ours'),
  jsonb_build_object('title', 'x', 'assigned_to', tests.id(person)))
  from unnest(array['suspended']) person$$), 'PT422', 'A task cannot be assigned to a suspended member.');
select is(tests.outcome('admin', $$select public.create_task(tests.id('ours'),
  jsonb_build_object('title', 'x', 'assigned_to', tests.id('outsider')))$$),
  'PT422', 'A task cannot be assigned to a stranger.');
select is(tests.outcome('admin', $$select public.update_task(tests.id('ours'), tests.id('held task'),
  jsonb_build_object('assigned_to', null))$$),
  '1', 'An unassigned task can be changed without an assignee.');
select is(tests.outcome('admin', $$select public.update_task(tests.id('ours'), tests.id('given task'),
  jsonb_build_object('assigned_to', null))$$),
  'PT422', 'A task cannot be unassigned.');
select tests.act_as('admin');
select is(public.update_task(tests.id('ours'), tests.id('held task'),
  jsonb_build_object('organization_id', tests.id('theirs'), 'lead_id', tests.id('south'),
  'version', 77, 'created_by', tests.id('viewer'), 'title', 'held task')) #>> '{task,version}', '1',
    'Other columns cannot be set by the caller.');
select tests.act_as('postgres');

-- A role with different scopes: all leads, but only own interactions and tasks
do $$
begin
  insert into public.roles (id, organization_id, key, name)
    values (tests.remember('mixed role', private.uuid_v7()), tests.id('ours'), 'mixed', 'Mixed');
  insert into public.role_permissions (role_id, permission, scope)
    values (tests.id('mixed role'), 'leads:read', 'organization'),
    (tests.id('mixed role'), 'interactions:read', 'own'), (tests.id('mixed role'), 'tasks:read', 'own'),
      (tests.id('mixed role'), 'tasks:write', 'own');
  perform tests.member('mixed', 'ours', 'viewer');
  update public.memberships set role_id = tests.id('mixed role') where user_id = tests.id('mixed');
  perform tests.lead('mixed lead', 'ours', 'mixed');
  perform tests.around('mixed lead'), tests.task('mixed task', 'ours', 'mixed lead');
end
$$;
select is(tests.sees('mixed',
  'select l.first_name from public.interactions i join public.leads l on l.id = i.lead_id'), '{Mixed Lead}',
  'leads:read alone does not show interactions.');
select is(tests.sees('mixed', 'select title from public.tasks'), '{mixed task}',
  'leads:read alone does not show tasks.');
select is(tests.sees('mixed', $$select t ->> 'title' from jsonb_array_elements(public.list_tasks(tests.id('ours'),
  '{}', 'due_at', 200, 0) -> 'rows') t$$),
  '{mixed task}', 'The list does not show them either.');
select is(tests.outcome('mixed', $$select public.get_task(tests.id('ours'), tests.id('held task'))$$), 'PT404',
  'A single task is not found.');
select is(tests.outcome('mixed', $$select public.list_interactions(tests.id('ours'), tests.id('held'), 50, 0)$$),
  'PT403', 'The lead''s interactions cannot be listed.');
select is(tests.sees('mixed', $$select distinct e ->> 'kind'
  from jsonb_array_elements(public.lead_timeline(tests.id('ours'), tests.id('held'), 50) -> 'rows') e$$),
  '{assignment,lead_created,stage_change,student_added}', 'The timeline leaves them out.');

-- Reminders
do $$
begin
  perform tests.task('due', 'ours', 'held', 'counselor', 'admin', now() + interval '10 minutes'),
    tests.task('later', 'ours', null, 'counselor', 'admin', now() + interval '2 hours'),
    tests.task('on deleted', 'ours', 'gone', 'counselor', 'admin', now()),
    tests.task('to suspended', 'ours', null, 'suspended', 'admin', now());
end
$$;
select is(private.run_task_reminders(), 2, 'Due reminders are claimed.');
select is(private.run_task_reminders(), 0, 'They are claimed once.');
select bag_eq($$select user_id, data ->> 'task_title' as task, data ->> 'lead_name' as lead, data ->> 'lead_id' as id
  from public.notifications where kind = 'task_due'$$,
  $$values (tests.id('counselor'), 'due', 'Held', tests.id('held')::text),
    (tests.id('admin'), 'to suspended', null::text, null::text)$$,
    'The assignee is notified, and of the task of somebody who is suspended those who may assign it.');
select is((select version from public.tasks where id = tests.id('due')), 1, 'A reminder does not raise the version.');
select is(private.run_task_reminders(now() + interval '3 hours'), 1, 'A late run catches up.');
update public.leads set deleted_at = null where id = tests.id('gone');
select is(private.run_task_reminders(), 1, 'The task of a restored lead gets its reminder.');
update public.tasks set due_at = due_at + interval '1 minute' where id = tests.id('due');
select is(private.run_task_reminders(), 1, 'Another due time sets the reminder again.');
select is((select count(*) from public.notifications where kind = 'task_due' and data ->> 'task_title' = 'due'),
  2::bigint, 'The second reminder is sent.');
update public.tasks set status = 'done' where id = tests.id('due');
select results_eq($$select completed_at is not null, remind_at is null, version from public.tasks
  where id = tests.id('due')$$,
  $$values (true, true, 3)$$, 'A done task has a completion time and no reminder.');

-- Clocks
update public.leads set sla_status = 'running', sla_started_at = now() - interval '1 hour',
  sla_deadline = now() + interval '1 hour'
where id in (tests.id('held'), tests.id('mate'));
select tests.act_as('counselor');
do $$
begin
  perform public.create_interaction(tests.id('ours'), tests.id('held'), '{"type": "note"}'),
    public.create_interaction(tests.id('ours'), tests.id('held'), '{"type": "sms", "direction": "inbound"}');
end
$$;
select tests.act_as('postgres');
select is((select sla_responded_at from public.leads where id = tests.id('held')), null,
  'A note or an inbound text is no response.');
select tests.act_as('manager');
select lives_ok($$select public.create_interaction(tests.id('ours'), tests.id('mate'), '{"type": "call"}')$$,
  'A manager can log a call with a lead of the team.');
select tests.act_as('counselor');
select lives_ok($$select public.create_interaction(tests.id('ours'), tests.id('held'),
  '{"type": "email", "occurred_at": "2020-01-01T00:00:00Z"}')$$,
  'The assignee can log an e-mail of the past.');
select tests.act_as('postgres');
select is((select sla_responded_at from public.leads where id = tests.id('mate')), null,
  'Only the assignee answers the clock.');
select is((select sla_responded_at - sla_started_at from public.leads where id = tests.id('held')), interval '0',
  'A contact before the start counts as of the start of the clock.');

select * from finish();
rollback;
