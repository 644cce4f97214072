-- The people of an organization: who may list, invite, change and remove them, and what happens to their open work.
begin;
\ir support.inc
select plan(126);
do $$
begin
  perform tests.arrange();
  perform tests.member('leaver', 'ours', 'counselor'), tests.member('successor', 'ours', 'counselor'),
    tests.member('busy',
    'ours', 'counselor');
  perform tests.member('both', 'ours', 'counselor');
  insert into public.memberships (organization_id, user_id, role_id) values (tests.id('theirs'), tests.id('both'),
    tests.role('viewer'));
  insert into public.teams (id, organization_id, name) values
    (tests.remember('north', private.uuid_v7()), tests.id('ours'), 'North'), (tests.remember('east',
      private.uuid_v7()), tests.id('theirs'), 'East');
end
$$;
create function tests.lead(name text, holder text, stage text default 'new') returns uuid language plpgsql as $$
declare
  lead uuid;
begin
  insert into public.leads (organization_id, first_name, assigned_to, created_by, status)
  values (tests.id('ours'), name, tests.id(holder), tests.id('admin'), stage) returning id into lead;
  return tests.remember(name, lead);
end
$$;
select tests.lead('open 1', 'leaver'), tests.lead('open 2', 'leaver'), tests.lead('won 1', 'leaver', 'won'),
  tests.lead('deleted', 'leaver'),
  tests.lead('other', 'busy');
update public.leads set deleted_at = now() where id = tests.id('deleted');
insert into public.tasks (id, organization_id, title, assigned_to, created_by, status) values
  (tests.remember('task', private.uuid_v7()), tests.id('ours'), 'Call', tests.id('leaver'), tests.id('admin'), 'open'),
  (tests.remember('done', private.uuid_v7()), tests.id('ours'), 'Called', tests.id('leaver'), tests.id('admin'),
    'done');

-- Rights
select tests.only('{admin}', 'list people', 'PT403', $$select public.list_users(tests.id('ours'), '{}', 50, 0)$$);
select tests.only(tests.everyone(), 'see a colleague', 'PT403', $$select public.get_user(tests.id('ours'),
  tests.id('successor'))$$);
select tests.only('{admin}', 'list invitations', 'PT403', $$select public.list_invitations(tests.id('ours'), 50, 0)$$);
select tests.only('{admin}', 'invite a person', 'PT403',
  $$select public.invite_user(tests.id('ours'), '{"email": "new@tests.example", "role": "viewer"}')$$);
select tests.only('{admin}', 'change a person', 'PT403', $$select public.update_user(tests.id('ours'),
  tests.id('successor'), '{"status": "suspended"}')$$);
select tests.only('{admin}', 'remove a person', 'PT403', $$select public.remove_user(tests.id('ours'),
  tests.id('leaver'), 'none')$$);
select tests.only('{}', 'reassign open work directly', '42501', $$select private.reassign_open_work(tests.id('ours'),
  tests.id('leaver'), null)$$);

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
select is(tests.answer('admin', $$public.get_user(tests.id('ours'), tests.id('leaver'))$$) -> 'open_leads', '2',
  'An admin sees the number of a person''s open leads.');
select is(tests.answer('viewer', $$public.get_user(tests.id('ours'), tests.id('leaver'))$$) -> 'open_leads', 'null',
  'A colleague does not see it.');
select is(tests.answer('leaver', $$public.get_user(tests.id('ours'), tests.id('leaver'))$$) -> 'open_leads', '2',
  'The person sees it.');
delete from public.role_permissions where role_id = tests.role('viewer') and permission = 'members:read';
select is(tests.answer('viewer', $$public.get_user(tests.id('ours'), tests.id('viewer'))$$) ->> 'email',
  'viewer@tests.example',
  'Everybody may see themselves, whatever their role.');
select is(tests.outcome('viewer', $$select public.get_user(tests.id('ours'), tests.id('admin'))$$), 'PT403',
  'Seeing others needs the permission.');

-- Another organization
select is(tests.outcome('admin', statement), 'PT404', 'People of another organization are not found: ' || statement)
from unnest(array[$$select public.get_user(tests.id('ours'), tests.id('outsider'))$$,
  $$select public.update_user(tests.id('ours'), tests.id('outsider'), '{"status": "suspended"}')$$,
  $$select public.remove_user(tests.id('ours'), tests.id('outsider'), 'none')$$,
  $$select public.get_user(tests.id('ours'), gen_random_uuid())$$]) statement;
select is(tests.outcome('admin', $$select public.update_user(tests.id('ours'), tests.id('successor'),
  jsonb_build_object('team_id', tests.id('east')))$$),
  'PT422', 'Nobody can be moved to another organization''s team.');
select is(tests.outcome('admin', $$select public.invite_user(tests.id('ours'), jsonb_build_object('email', 'a@b.c',
  'role', 'viewer', 'team_id', tests.id('east')))$$),
  'PT422', 'Nobody can be invited into another organization''s team.');
select is(tests.outcome('admin', $$select public.remove_user(tests.id('ours'), tests.id('leaver'),
  tests.id('outsider')::text)$$), 'PT422',
  'Leads cannot be reassigned to people of another organization.');

-- Changes
select is(tests.outcome('admin', $$select public.update_user(tests.id('ours'), tests.id('both'),
  '{"full_name": "Somebody Else"}')$$), 'PT403',
  'An admin cannot rename a person who belongs to other organizations too.');
select is(tests.answer('admin', $$public.update_user(tests.id('ours'), tests.id('both'),
  '{"full_name": "Both"}')$$) ->> 'full_name', 'Both',
  'The same name changes nothing.');
select is(tests.answer('admin', $$public.update_user(tests.id('ours'), tests.id('successor'),
  '{"full_name": "New Name"}')$$) ->> 'full_name', 'New Name',
  'An admin may rename a person who belongs to this organization alone.');
select results_eq($$select actor_id, before, after from public.audit_logs where organization_id = tests.id('ours')
  and resource = 'profiles'$$,
  $$values (tests.id('admin'), '{"full_name": "Successor"}'::jsonb, '{"full_name": "New Name"}'::jsonb)$$,
    'The audit log has the new name.');
select is(tests.outcome('admin', $$select public.update_user(tests.id('ours'), tests.id('admin'),
  '{"role": "viewer"}')$$), 'PT409',
  'The last admin cannot get another role.');
select is(tests.outcome('admin', $$select public.update_user(tests.id('ours'), tests.id('admin'),
  '{"status": "suspended"}')$$), 'PT409',
  'The last admin cannot be suspended.');
select is(tests.outcome('admin', $$select public.remove_user(tests.id('ours'), tests.id('admin'), 'none')$$), 'PT409',
  'The last admin cannot be removed.');
select is(tests.outcome('admin', $$select public.update_user(tests.id('ours'), tests.id('successor'),
  '{"role": "no_such"}')$$), 'PT422', 'An unknown role is refused.');
select is(tests.answer('admin', $$public.update_user(tests.id('ours'), tests.id('busy'), jsonb_build_object('team_id',
  tests.id('north')))$$) ->> 'team_name',
  'North', 'A person is moved to a team.');
select is((select team_id from public.leads where id = tests.id('other')), tests.id('north'),
  'Their leads move with them.');
select is(tests.answer('admin', $$public.update_user(tests.id('ours'), tests.id('busy'),
  '{"team_id": null, "status": "suspended"}')$$) - array['updated_at', 'created_at', 'last_sign_in_at', 'id', 'email',
    'full_name', 'role_name'],
  '{"role": "counselor", "status": "suspended", "team_id": null, "team_name": null, "open_leads": 1}',
    'A suspended person keeps their leads.');
select ok(not private.may_hold_leads(tests.id('ours'), tests.id('busy')), 'A suspended person gets no new leads.');

-- A member with members:manage and fewer permissions than an admin
insert into public.roles (id, organization_id, key, name) values (tests.remember('hr', private.uuid_v7()),
  tests.id('ours'), 'people_team', 'People team');
insert into public.role_permissions (role_id, permission) values (tests.id('hr'), 'members:manage'), (tests.id('hr'),
  'members:read');
select tests.person('clerk');
insert into public.memberships (organization_id, user_id, role_id) values (tests.id('ours'), tests.id('clerk'),
  tests.id('hr'));
select is(tests.outcome('clerk', $$select public.update_user(tests.id('ours'), tests.id('clerk'),
  '{"role": "admin"}')$$), 'PT403',
  'Nobody can give themselves more permissions.');
select is(tests.outcome('clerk', $$select public.invite_user(tests.id('ours'),
  '{"email": "x@tests.example", "role": "admin"}')$$), 'PT403',
  'Nobody can invite a person with more permissions.');
select is(tests.outcome('clerk', $$select public.remove_user(tests.id('ours'), tests.id('admin'), 'none')$$), 'PT403',
  'Nobody can remove a person with more permissions.');

-- Leaving
select is(tests.outcome('admin', $$select public.remove_user(tests.id('ours'), tests.id('leaver'))$$), 'PT409',
  'Removing a person with open leads needs reassign_to.');
select is(tests.outcome('admin', $$select public.remove_user(tests.id('ours'), tests.id('leaver'),
  tests.id('leaver')::text)$$), 'PT422', 'reassign_to cannot be the removed person.');
select is(tests.outcome('admin', $$select public.remove_user(tests.id('ours'), tests.id('leaver'),
  tests.id('busy')::text)$$), 'PT422', 'reassign_to cannot be a suspended person.');
select is(tests.outcome('admin', $$select public.remove_user(tests.id('ours'), tests.id('leaver'),
  tests.id('viewer')::text)$$), 'PT422', 'reassign_to cannot be a person without leads:hold.');
select is((select count(*) from public.leads where assigned_to = tests.id('leaver')), 4::bigint,
  'A refused removal changes nothing.');
select tests.answer('admin', $$(select 1 from public.remove_user(tests.id('ours'), tests.id('leaver'),
  tests.id('successor')::text))$$) is null as done;
select results_eq($$select l.first_name, p.email from public.leads l join public.profiles p on p.id = l.assigned_to
    where l.organization_id = tests.id('ours') and l.first_name <> 'other' order by 1$$,
  $$values ('deleted', 'successor@tests.example'), ('open 1', 'successor@tests.example'), ('open 2',
    'successor@tests.example'),
    ('won 1', 'leaver@tests.example')$$,
  'Open leads are reassigned, deleted ones too; closed ones stay.');
select set_eq($$select from_user, to_user, method, assigned_by from public.lead_assignments
  where organization_id = tests.id('ours')$$,
  $$values (tests.id('leaver'), tests.id('successor'), 'departure', tests.id('admin'))$$,
    'The reassignment is in the history.');
select results_eq($$select title, assigned_to from public.tasks where organization_id = tests.id('ours') order by 1$$,
  $$values ('Call', tests.id('successor')), ('Called', tests.id('leaver'))$$,
    'Open tasks are reassigned, done ones stay.');
select is((select count(*) from public.memberships where user_id = tests.id('leaver')), 0::bigint,
  'The membership is deleted.');
select is((select full_name from public.profiles where id = tests.id('leaver')), 'Leaver',
  'The account and its name stay.');
select is(tests.outcome('leaver', $$select public.get_user(tests.id('ours'), tests.id('leaver'))$$), 'PT403',
  'Access ends at once.');
select is(tests.outcome('admin', $$select public.remove_user(tests.id('ours'), tests.id('leaver'), 'none')$$), 'PT404',
  'Nobody can be removed twice.');
select tests.answer('admin', $$(select 1 from public.remove_user(tests.id('ours'), tests.id('successor'),
  'none'))$$) is null as done;
select is((select count(*) from public.leads where organization_id = tests.id('ours') and assigned_to is null),
  3::bigint, 'Leads can be left unassigned.');
select is((select count(*) from public.lead_holders where user_id = tests.id('successor')), 0::bigint,
  'The lead holder settings are deleted.');
select ok(exists (select from public.audit_logs where organization_id = tests.id('ours') and resource = 'memberships'
  and action = 'delete'
  and actor_id = tests.id('admin')), 'The audit log has the removal.');

select * from finish();
rollback;
