-- Organizations, people, teams, roles and memberships: who may read and change them, and what nobody may do.
begin;
\ir support.inc
select plan(490);
do $$
begin
  perform tests.arrange();
  perform tests.remember('team', private.uuid_v7()), tests.remember('their team', private.uuid_v7()),
    tests.remember('role', private.uuid_v7()), tests.remember('their role', private.uuid_v7()),
    tests.remember('unused role', private.uuid_v7());
  insert into public.teams (id, organization_id, name) values
    (tests.id('team'), tests.id('ours'), 'North'), (tests.id('their team'), tests.id('theirs'), 'North');
  insert into public.roles (id, organization_id, key, name) values
    (tests.id('role'), tests.id('ours'), 'clerk', 'Clerk'), (tests.id('their role'), tests.id('theirs'), 'clerk',
      'Clerk'),
    (tests.id('unused role'), tests.id('ours'), 'intern', 'Intern');
  insert into public.role_permissions (role_id, permission) values
    (tests.id('role'), 'customers:read'), (tests.id('role'), 'members:manage'),
    (tests.id('role'), 'members:read'), (tests.id('their role'), 'customers:read');
  perform tests.member('clerk', 'ours', 'viewer');
  update public.memberships set role_id = tests.id('role') where user_id = tests.id('clerk');
end
$$;

-- Everyone
select policies_are('organizations', array['members read their organizations', 'admins change their organization']);
select policies_are('profiles', array['people read themselves and their colleagues', 'people change themselves']);
select policies_are('teams', array['members read their teams', 'admins add teams', 'admins change teams',
  'admins delete teams']);
select policies_are('roles', array['everyone reads system roles, members their organization''s', 'admins add roles',
  'admins change roles', 'admins delete roles']);
select policies_are('role_permissions', array['everyone reads system permissions, members their organization''s',
  'admins add permissions to their roles', 'admins change permissions of their roles',
    'admins take permissions from their roles']);
select policies_are('memberships', array['people read their memberships, others as permitted',
  'admins change memberships',
  'admins remove members']);

select tests.only(tests.everyone(), 'see their organization', '0',
  $$select from public.organizations where id = tests.id('ours')$$);
select tests.only('{admin}', 'rename their organization', '0',
  $$update public.organizations set name = 'New' where id = tests.id('ours')$$);
select tests.only('{}', 'insert an organization', '42501', $$insert into public.organizations (name) values ('New')$$);
select tests.only('{}', 'delete an organization', '42501', $$delete from public.organizations
  where id = tests.id('ours')$$);
select tests.only('{}', 'choose an organization''s id', '42501',
  $$update public.organizations set id = gen_random_uuid() where id = tests.id('ours')$$);

select tests.only(tests.everyone(), 'see their colleagues', '0', $$select from public.profiles
  where id = tests.id('viewer')$$);
select tests.only('{viewer}', 'change this profile', '0',
  $$update public.profiles set full_name = 'V' where id = tests.id('viewer')$$);
select tests.only('{}', 'change an e-mail address', '42501', $$update public.profiles set email = 'x@y'
  where id = tests.id('viewer')$$);
select tests.only('{}', 'insert a profile', '42501', $$insert into public.profiles (id, email)
  values (gen_random_uuid(),
  'x@y')$$);
select tests.only('{}', 'delete a profile', '42501', $$delete from public.profiles where id = tests.id('viewer')$$);

select tests.only(tests.everyone(), 'see their teams', '0', $$select from public.teams where id = tests.id('team')$$);
select tests.only('{admin}', 'add a team', '42501',
  $$insert into public.teams (organization_id, name) values (tests.id('ours'), 'South')$$);
select tests.only('{admin}', 'rename a team', '0', $$update public.teams set name = 'South'
  where id = tests.id('team')$$);
select tests.only('{admin}', 'delete a team', '0', $$delete from public.teams where id = tests.id('team')$$);

select tests.only(tests.everyone(), 'see their organization''s roles', '0', $$select from public.roles
  where id = tests.id('role')$$);
select tests.only(tests.everyone() || '{suspended,outsider}', 'see system roles', '1',
  $$select from public.roles where id = tests.role('admin')$$);
select tests.only('{admin}', 'add a role', '42501',
  $$insert into public.roles (organization_id, key, name) values (tests.id('ours'), 'helper', 'Helper')$$);
select tests.only('{admin}', 'rename a role', '0', $$update public.roles set name = 'Helper'
  where id = tests.id('role')$$);
select tests.only('{admin}', 'delete an unused role', '0', $$delete from public.roles
  where id = tests.id('unused role')$$);
select tests.only('{}', 'add a system role', 'PT403', $$insert into public.roles (key, name) values ('helper',
  'Helper')$$);
select tests.only('{}', 'change a system role', '0', $$update public.roles set name = 'Boss'
  where id = tests.role('admin')$$);
select tests.only('{}', 'delete a system role', '0', $$delete from public.roles where id = tests.role('counselor')$$);

select tests.only(tests.everyone(), 'see the permissions of their organization''s roles', '0',
  $$select from public.role_permissions where role_id = tests.id('role') and permission = 'customers:read'$$);
select tests.only('{admin}', 'remove a permission from a role', '0',
  $$delete from public.role_permissions where role_id = tests.id('role') and permission = 'customers:read'$$);
select tests.only('{admin}', 'add a permission to a role', 'PT403',
  $$insert into public.role_permissions (role_id, permission, scope) values (tests.id('role'), 'audit:read', 'own')$$);
select tests.only('{admin}', 'change a permission''s scope', '0',
  $$update public.role_permissions set scope = 'own' where role_id = tests.id('role')
    and permission = 'customers:read'$$);
select tests.only('{}', 'add a permission to a system role', 'PT403',
  $$insert into public.role_permissions (role_id, permission) values (tests.role('viewer'), 'customers:write')$$);
select tests.only('{}', 'remove a permission from a system role', '0',
  $$delete from public.role_permissions where role_id = tests.role('viewer')$$);
select tests.only('{}', 'move a permission to another role', '42501',
  $$update public.role_permissions set role_id = tests.role('viewer') where role_id = tests.id('role')$$);

select tests.only(tests.everyone(), 'see the members of their organization', '0',
  $$select from public.memberships where id = tests.id('operator@ours')$$);
select tests.only('{admin}', 'suspend a member', '0',
  $$update public.memberships set status = 'suspended' where id = tests.id('operator@ours')$$);
select tests.only('{admin}', 'change a member''s role', '0',
  $$update public.memberships set role_id = tests.role('viewer') where id = tests.id('operator@ours')$$);
select tests.only('{admin}', 'remove a member', '0', $$delete from public.memberships
  where id = tests.id('operator@ours')$$);
select tests.only('{}', 'add a member without an invitation', '42501',
  $$insert into public.memberships (organization_id, user_id, role_id)
  values (tests.id('ours'), tests.id('outsider'), tests.role('viewer'))$$);
select tests.only('{}', 'change the person of a membership', '42501',
  $$update public.memberships set user_id = tests.id('outsider') where id = tests.id('operator@ours')$$);

-- A suspended person
select is(tests.outcome('suspended', $$select from public.memberships$$), '1',
  'Suspended people still see that they are suspended.');
select is(tests.outcome('suspended', $$select public.actor()$$), 'PT403',
  'A suspended person is no actor in the organization.');
select tests.act_as('suspended');
select is(public.me() -> 'actor', 'null', 'For a suspended person, me() has no active organization.');
select is(public.me() #>> '{memberships,0,status}', 'suspended', 'me() shows a suspended person the status.');
select tests.act_as('postgres');

-- A person in two organizations
do $$
begin
  perform tests.member('both', 'ours', 'operator'), tests.member('both', 'theirs', 'viewer');
  perform tests.customer('our customer', 'ours', 'O1'), tests.customer('their customer', 'theirs', 'T1');
end
$$;
select is(tests.outcome('operator', $$select from public.organizations$$, jsonb_build_object('x-organization-id',
  tests.id('ours'))),
  '1', 'The header with their own organization changes nothing for a member.');
select is(tests.outcome('operator', $$select from public.customers$$, jsonb_build_object('x-organization-id',
  tests.id('theirs'))),
  'PT403', 'The header with another organization is refused with 403.');
select is(tests.outcome('operator', $$select from public.customers$$, '{"x-organization-id": "'' or true"}'), 'PT403',
  'A header that is no id is refused in the same way.');
select is(tests.outcome('both', 'select from public.customers'), '2', 'A person in two organizations sees both.');
select is(tests.outcome('both', 'select from public.customers', jsonb_build_object('x-organization-id',
  tests.id('ours'))), '1',
  'The header limits what a person in two organizations sees.');
select is(tests.outcome('both', $$update public.customers set name = 'x' where organization_id = tests.id('theirs')$$),
  '0',
  'A role counts in its own organization only.');
select is(tests.outcome('both', 'select public.actor()'), 'PT400',
  'Without a default organization, one of several must be named.');
select tests.act_as('both');
select is(public.actor(tests.id('theirs')) ->> 'role', 'viewer',
  'The actor has the role in the requested organization.');
select is(public.actor(tests.id('ours')) #>> '{permissions,customers:write}', 'organization',
  'The actor''s permissions have their scopes.');
select tests.act_as('postgres');
select is(tests.outcome('outsider', $$select public.actor(tests.id('ours'))$$), 'PT403',
  'Nobody is an actor in an organization they do not belong to.');

-- No privilege escalation
select is(tests.outcome('clerk', $$update public.memberships set role_id = tests.role('admin')
  where user_id = tests.id('clerk')$$),
  'PT403', 'A member with members:manage cannot make themselves admin.');
select is(tests.outcome('clerk', $$update public.memberships set role_id = tests.role('operator')
  where id = tests.id('viewer@ours')$$),
  'PT403', 'A member with members:manage cannot give a role with more permissions than their own.');
select is(tests.outcome('clerk', $$select tests.invite('ours', 'new@tests.example', 'admin')$$),
  'PT403', 'A member with members:manage cannot invite a person with more permissions.');
select is(tests.outcome('clerk', $$update public.memberships set status = 'suspended'
  where id = tests.id('admin@ours')$$),
  'PT403', 'A member with members:manage cannot suspend a person with more permissions.');
select is(tests.outcome('clerk', $$delete from public.memberships where id = tests.id('admin@ours')$$),
  'PT403', 'A member with members:manage cannot remove a person with more permissions.');
select is(tests.outcome('admin', $$insert into public.roles (organization_id, key, name) values (tests.id('ours'),
  'admin', 'Admin')$$),
  'PT409', 'An organization''s role cannot have the key of a system role.');
select is(tests.outcome('admin', $$update public.memberships set role_id = tests.id('their role')
  where id = tests.id('viewer@ours')$$),
  'PT422', 'Another organization''s role cannot be given.');
select is(tests.outcome('admin', $$update public.memberships set team_id = tests.id('their team')
  where id = tests.id('viewer@ours')$$),
  '23503', 'Another organization''s team cannot be given.');
select is(tests.outcome('outsider', $$insert into public.role_permissions (role_id, permission)
  values (tests.id('role'), 'audit:read')$$),
  'PT403', 'A permission cannot be added to another organization''s role.');
select is(tests.outcome('outsider', $$insert into public.teams (organization_id, name) values (tests.id('ours'),
  'Spies')$$),
  '42501', 'A team cannot be added to another organization.');
select is(tests.outcome('admin', $$insert into public.role_permissions (role_id, permission) values (tests.id('role'),
  'no:such')$$),
  'PT403', 'A permission that does not exist cannot be granted.');
do $$
begin
  insert into public.role_permissions (role_id, permission, scope) values (tests.id('unused role'), 'roles:manage',
    'organization'),
    (tests.id('unused role'), 'customers:read', 'own');
  perform tests.member('intern', 'ours', 'viewer');
  update public.memberships set role_id = tests.id('unused role') where user_id = tests.id('intern');
end
$$;
select is(tests.outcome('intern', $$insert into public.role_permissions (role_id, permission)
  values (tests.id('unused role'), 'audit:read')$$),
  'PT403', 'A member with roles:manage cannot add a permission that they lack to their own role.');
select is(tests.outcome('intern', $$update public.role_permissions set scope = 'organization'
  where role_id = tests.id('unused role') and permission = 'customers:read'$$),
  'PT403', 'A member with roles:manage cannot widen a permission beyond their own scope.');
select is(tests.outcome('service_role', $$insert into public.roles (key, name) values ('helper', 'Helper')$$), '42501',
  'The service role cannot add a system role.');

-- The last admin
select is(tests.outcome('admin', $$delete from public.memberships where id = tests.id('admin@ours')$$), 'PT409',
  'The last admin cannot leave.');
select is(tests.outcome('admin', $$update public.memberships set role_id = tests.role('viewer')
  where id = tests.id('admin@ours')$$),
  'PT409', 'The last admin cannot change to another role.');
select is(tests.outcome('admin', $$update public.memberships set status = 'suspended'
  where id = tests.id('admin@ours')$$),
  'PT409', 'The last admin cannot suspend themselves.');
select is(tests.outcome('postgres', $$delete from auth.users where id = tests.id('admin')$$), 'PT409',
  'The last admin''s account cannot be deleted.');
select is(tests.outcome('postgres', $$delete from public.organizations where id = tests.id('ours')$$), '1',
  'An organization can be deleted with its last admin.');
do $$ begin perform tests.member('second admin', 'ours', 'admin'); end $$;
select is(tests.outcome('admin', $$update public.memberships set role_id = tests.role('viewer')
  where id = tests.id('admin@ours')$$),
  '1', 'One of two admins may change to another role.');

-- Values
select throws_ok(format('update public.organizations set %s where id = tests.id(''ours'')', change), '23514', null,
  format('%s is refused.', change))
from unnest(array['name = '' ''', 'country = ''Ghana''', 'currency = ''cedi''', 'time_zone = ''Mars/Olympus''',
  'time_zone = ''+05:45''', 'time_zone = ''X-00:10''', 'quiet_hours_start = ''20:00''',
    'quiet_hours_start = ''20:00'', quiet_hours_end = ''20:00''',
  'message_retention_months = 0', 'audit_retention_months = 11', 'unknown_outcome_service = ''guess''']) change;
select lives_ok(format('update public.organizations set time_zone = %L where id = tests.id(''ours'')', zone),
  format('%s is a time zone.', zone))
from unnest(array['UTC', 'Africa/Accra', 'Asia/Kathmandu', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5']) zone;
select is(private.canonical_time_zone(name), zone, format('%s is %s.', coalesce(name, 'Nothing'), coalesce(zone, 'no time zone')))
from (values ('america/new_york', 'America/New_York'), ('America/New_york', 'America/New_York'), ('ASIA/HO_CHI_MINH', 'Asia/Ho_Chi_Minh'),
  ('utc', 'UTC'), ('Mars/Olympus', null), ('est5edt', null), (null, null)) v (name, zone);
do $$
begin
  update public.organizations set time_zone = 'africa/accra' where id = tests.id('ours');
  perform tests.act_as('admin');
  perform public.set_calendar(tests.id('ours'), '{"week": {"mon": [["09:00", "17:00"]]}, "time_zone": "africa/lagos"}'),
    public.create_lead(tests.id('ours'), '{"first_name": "Zoned", "time_zone": "america/new_york"}');
  perform tests.act_as('postgres');
end
$$;
select is((select o.time_zone from public.organizations o where o.id = tests.id('ours')), 'Africa/Accra', 'An organization''s zone is stored as it is written,');
select is((select c.time_zone from public.calendars c where c.organization_id = tests.id('ours')), 'Africa/Lagos', 'a calendar''s, too,');
select is((select l.time_zone from public.leads l where l.first_name = 'Zoned'), 'America/New_York', 'and a lead''s.');

-- Ids
select is(private.uuid_v7_time(private.uuid_v7('2026-03-04 05:06:07.089+00')),
  '2026-03-04 05:06:07.089+00'::timestamptz,
  'The time of an id can be read from it.');
select ok(bool_and(id::text ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'),
  'Ids are UUIDs of version 7.')
from (select private.uuid_v7() as id from generate_series(1, 1000)) ids;
select ok(private.uuid_v7_floor('2026-03-04 05:06:07+00') <= private.uuid_v7('2026-03-04 05:06:07+00')
  and private.uuid_v7('2026-03-04 05:06:06.999+00') < private.uuid_v7_floor('2026-03-04 05:06:07+00'),
  'Ids sort by time, and the floor of a moment is below all of its ids.');
select is(count(distinct private.uuid_v7('2026-03-04 05:06:07+00')), 1000::bigint, 'Ids of one moment differ.')
  from generate_series(1, 1000);

select * from finish();
rollback;
