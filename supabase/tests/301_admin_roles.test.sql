-- Roles of an organization's own: who may make them, what they may hold, and what happens when one is deleted.
begin;
\ir support.inc
select plan(92);
do $$
begin
  perform tests.arrange();
  insert into public.roles (id, organization_id, key, name) values
    (tests.remember('clerks', private.uuid_v7()), tests.id('ours'), 'clerks', 'Clerks'),
    (tests.remember('keepers', private.uuid_v7()), tests.id('ours'), 'keepers', 'Keepers'),
    (tests.remember('theirs role', private.uuid_v7()), tests.id('theirs'), 'staff', 'Staff');
  insert into public.role_permissions (role_id, permission, scope) values
    (tests.id('clerks'), 'customers:read', 'organization'),
    (tests.id('keepers'), 'roles:manage', 'organization'), (tests.id('keepers'), 'leads:read', 'team');
  perform tests.person('clerk'), tests.person('keeper');
  insert into public.memberships (organization_id, user_id, role_id) values
    (tests.id('ours'), tests.id('clerk'), tests.id('clerks')),
    (tests.id('ours'), tests.id('keeper'), tests.id('keepers'));
end
$$;
create function tests.answer(actor text, call text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  execute 'select to_jsonb(' || call || ')' into answer;
  perform tests.act_as('postgres');
  return answer;
end
$$;

-- Who may
select tests.only(tests.everyone(), 'list roles', 'PT403', $$select public.list_roles(tests.id('ours'))$$);
select tests.only('{admin}', 'read the catalogue', 'PT403', $$select public.list_permissions(tests.id('ours'))$$);
select tests.only('{admin}', 'create a role', 'PT403',
  $$select public.save_role(tests.id('ours'), '{"name": "X", "permissions": {}}')$$);
select tests.only('{admin}', 'delete a role', 'PT403',
  $$select public.delete_role(tests.id('ours'), tests.id('clerks'), 'viewer')$$);

-- The catalogue
select set_eq($$select p ->> 'name' from jsonb_array_elements(tests.answer('admin',
  'public.list_permissions(tests.id(''ours''))')) p$$, 'select name from private.permissions',
  'The catalogue has every permission.');
select is((select p ->> 'own_scope' from jsonb_array_elements(tests.answer('keeper',
  'public.list_permissions(tests.id(''ours''))')) p where p ->> 'name' = 'leads:read'), 'team',
  'It says how far the caller''s own permission reaches.');

-- Creating and changing
create view tests.made as select tests.answer('admin', $$public.save_role(tests.id('ours'), '{"name": "Night shift",
  "permissions": {"leads:read": "team", "tasks:read": "own"}}')$$) as role;
select is(tests.answer('admin', $$public.save_role(tests.id('ours'), '{"name": "Night shift", "description": "N",
  "permissions": {"leads:read": "team", "tasks:read": "own"}}')$$) - array['id', 'created_at', 'updated_at'],
  '{"key": "night_shift", "name": "Night shift", "description": "N", "is_system": false, "members": 0,
    "permissions": {"leads:read": "team", "tasks:read": "own"}}', 'A role is created with a key of its name.');
select is((select role ->> 'key' from tests.made), 'night_shift_2', 'The second of a name has another key.');
do $$ begin perform tests.remember('night', (select id from public.roles where key = 'night_shift')); end $$;
select is(tests.answer('admin', $$public.save_role(tests.id('ours'),
  '{"permissions": {"leads:read": "organization"}}', tests.id('night'))$$) -> 'permissions',
  '{"leads:read": "organization"}', 'Permissions are replaced.');
select is(tests.outcome('admin', statement), code, what) from (values
  ($$select public.save_role(tests.id('ours'), '{"name": "X", "permissions": {"no:such": "own"}}')$$, 'PT422',
    'An unknown permission is refused.'),
  ($$select public.save_role(tests.id('ours'), '{"name": "X", "permissions": {"leads:read": "world"}}')$$, 'PT422',
    'An unknown scope is refused.'),
  ($$select public.save_role(tests.id('ours'), '{"name": "X", "permissions": ["leads:read"]}')$$, 'PT422',
    'Permissions are an object.'),
  ($$select public.save_role(tests.id('ours'), '{"permissions": {}}')$$, 'PT422', 'A role has a name.'),
  ($$select public.save_role(tests.id('ours'), '{}', tests.id('night'))$$, 'PT422', 'A change changes something.'),
  ($$select public.save_role(tests.id('ours'), '{"name": "X", "key": "clerks"}')$$, 'PT409', 'A key is used once.'),
  ($$select public.save_role(tests.id('ours'), '{"name": "X", "key": "admin"}')$$, 'PT409',
    'The keys of system roles are taken.'),
  ($$select public.save_role(tests.id('ours'), '{"name": "Boss"}', tests.role('admin'))$$, 'PT409',
    'System roles cannot be changed.'),
  ($$select public.delete_role(tests.id('ours'), tests.role('viewer'), 'admin')$$, 'PT409',
    'System roles cannot be deleted.'),
  ($$select public.save_role(tests.id('ours'), '{"name": "X"}', tests.id('theirs role'))$$, 'PT404',
    'Roles of another organization are not found.'),
  ($$select public.delete_role(tests.id('ours'), tests.id('theirs role'))$$, 'PT404', 'Nor deleted.'),
  ($$select public.save_role(tests.id('theirs'), '{"name": "X"}')$$, 'PT403',
    'Nobody creates a role in another organization.')) as cases (statement, code, what);

-- Rights that one lacks
select is(tests.outcome('keeper', statement), code, what) from (values
  ($$select public.save_role(tests.id('ours'), '{"name": "X", "permissions": {"leads:read": "team"}}')$$, '1',
    'One''s own permission with one''s own scope may be given.'),
  ($$select public.save_role(tests.id('ours'), '{"name": "X", "permissions": {"leads:read": "own"}}')$$, '1',
    'So it may with a narrower scope.'),
  ($$select public.save_role(tests.id('ours'), '{"name": "X", "permissions": {"leads:read": "organization"}}')$$,
    'PT403', 'A wider scope may not.'),
  ($$select public.save_role(tests.id('ours'), '{"name": "X", "permissions": {"audit:read": "own"}}')$$, 'PT403',
    'A permission that one lacks may not.'),
  ($$select public.save_role(tests.id('ours'), '{"permissions": {"leads:read": "organization"}}',
    tests.id('keepers'))$$, 'PT403', 'Nobody widens their own role.'),
  ($$select public.save_role(tests.id('ours'), '{"name": "Mine"}', tests.id('night'))$$, 'PT403',
    'A role with more rights cannot be renamed.'),
  ($$select public.save_role(tests.id('ours'), '{"permissions": {}}', tests.id('clerks'))$$, 'PT403',
    'A permission that one lacks cannot be taken from others.'),
  ($$select public.delete_role(tests.id('ours'), tests.id('clerks'), 'keepers')$$, 'PT403',
    'A role with other rights cannot be deleted.')) as cases (statement, code, what);
update public.memberships set role_id = tests.id('clerks') where user_id = tests.id('keeper');
insert into public.role_permissions (role_id, permission) values (tests.id('clerks'), 'roles:manage');
select is(tests.outcome('keeper', $$select public.delete_role(tests.id('ours'), tests.id('clerks'), 'admin')$$),
  'PT403', 'Deleting a role is no way to a role with more rights.');
update public.memberships set role_id = tests.id('keepers') where user_id = tests.id('keeper');

-- Rights in a team that one is not in: a scope alone does not say whose rows it reaches.
do $$
begin
  insert into public.teams (id, organization_id, name) values
    (tests.remember('north', private.uuid_v7()), tests.id('ours'), 'North'),
    (tests.remember('south', private.uuid_v7()), tests.id('ours'), 'South');
  insert into public.role_permissions (role_id, permission) values
    (tests.id('keepers'), 'keys:manage'), (tests.id('keepers'), 'members:manage');
  update public.memberships set team_id = tests.id('north') where user_id = tests.id('keeper');
  insert into public.roles (id, organization_id, key, name) values
    (tests.remember('helpers', private.uuid_v7()), tests.id('ours'), 'helpers', 'Helpers');
  insert into public.role_permissions (role_id, permission, scope) values (tests.id('helpers'), 'leads:read', 'own');
end
$$;
select tests.answer('keeper', format('public.create_api_key(tests.id(''ours''), %L)', jsonb_build_object('name', 'Robot',
  'role', 'helpers', 'team_id', tests.id('south')))) is null as done;
create function tests.widen() returns table (statement text, door text) language sql as $$
  values ($s$select public.save_role(tests.id('ours'), '{"permissions": {"leads:read": "team"}}',
      tests.id('helpers'))$s$, 'PATCH'),
    ($s$update public.role_permissions set scope = 'team' where role_id = tests.id('helpers')$s$, 'the Data API')
$$;
select is(tests.outcome('keeper', w.statement), 'PT403', format(
  'A role of a key in another team is not widened to that team''s rows by %s.', w.door)) from tests.widen() w;
delete from public.role_permissions where role_id = tests.id('helpers');
select is(tests.outcome('keeper', $$insert into public.role_permissions (role_id, permission, scope)
  values (tests.id('helpers'), 'leads:read', 'team')$$), 'PT403', 'Nor by a new permission.');
insert into public.role_permissions (role_id, permission, scope) values (tests.id('helpers'), 'leads:read', 'own');
select is(tests.outcome('admin', w.statement), '1', format('Who has it everywhere may by %s.', w.door))
from tests.widen() w;
update public.memberships set team_id = tests.id('north') where role_id = tests.id('helpers');
select is(tests.outcome('keeper', w.statement), '1', format('In one''s own team one may by %s.', w.door))
from tests.widen() w;
delete from public.memberships where role_id = tests.id('helpers');

-- The limit
select is(tests.outcome('admin', format($$insert into public.roles (organization_id, key, name)
  select tests.id('ours'), 'many_' || n, 'Many' from generate_series(1, %s) n$$, wanted)), code, what) from (values
  ((select 100 - count(*) from public.roles where organization_id = tests.id('ours')), (
    select (100 - count(*))::text from public.roles where organization_id = tests.id('ours')), 'There is room for 100 roles.'),
  ((select 101 - count(*) from public.roles where organization_id = tests.id('ours')), 'PT422',
    'At the Data API there are no more either.')) as cases (wanted, code, what);

-- Effect with the next statement
select is(tests.outcome('clerk', $$select public.list_customers(tests.id('ours'), '{}', 'name', 50, 0)$$), '1',
  'The clerk may read customers.');
select tests.answer('admin', $$public.save_role(tests.id('ours'), '{"permissions": {"tasks:read": "own"}}',
  tests.id('clerks'))$$) is null as done;
select is(tests.outcome('clerk', $$select public.list_customers(tests.id('ours'), '{}', 'name', 50, 0)$$), 'PT403',
  'After the change no more.');

-- Deleting
select tests.act_as('admin');
select tests.invite('ours', 'new@tests.example', 'clerks') is null as done;
select tests.act_as('postgres');
select is(tests.outcome('admin', $$select public.delete_role(tests.id('ours'), tests.id('clerks'))$$), 'PT409',
  'A role in use is not deleted.');
select is(tests.outcome('admin', $$select public.delete_role(tests.id('ours'), tests.id('clerks'), 'clerks')$$),
  'PT422', 'It is not replaced by itself.');
select is(tests.outcome('admin', $$select public.delete_role(tests.id('ours'), tests.id('clerks'), 'staff')$$),
  'PT422', 'Nor by a role of another organization.');
select tests.answer('admin', $$(select 1 from public.delete_role(tests.id('ours'), tests.id('clerks'),
  'viewer'))$$) is null as done;
select is((select role_id from public.memberships where user_id = tests.id('clerk')), tests.role('viewer'),
  'Its holders get the other role.');
select is((select role_id from public.invitations where email = 'new@tests.example'), tests.role('viewer'),
  'So do those who are invited.');
select ok(not exists (select from public.roles where id = tests.id('clerks')), 'The role is gone.');
select is(tests.outcome('admin', $$select public.delete_role(tests.id('ours'), tests.id('clerks'))$$), 'PT404',
  'It cannot be deleted twice.');

select * from finish();
rollback;
