-- The admin's console: bulk actions, teams.
begin;
\ir support.inc
select plan(83);
do $$
begin
  perform tests.arrange();
  perform tests.member('second', 'ours', 'admin'), tests.member('one', 'ours', 'counselor'),
    tests.member('two', 'ours', 'counselor');
  insert into public.teams (id, organization_id, name) values
    (tests.remember('north', private.uuid_v7()), tests.id('ours'), 'North'),
    (tests.remember('south', private.uuid_v7()), tests.id('ours'), 'South'),
    (tests.remember('east', private.uuid_v7()), tests.id('theirs'), 'East');
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
create function tests.bulk(actor text, people text[], action text, reassign_to text default null) returns text[]
language sql as $$
  select array(
    select coalesce(r ->> 'code', 'done')
    from jsonb_array_elements(tests.answer(actor, format('public.bulk_change_users(%L, %L, %L, %L)', tests.id('ours'),
      array(select coalesce(tests.id(p), gen_random_uuid()) from unnest(people) p), action, reassign_to))) r)
$$;

-- Who may
select tests.only('{admin}', 'change people in bulk', 'PT403',
  $$select public.bulk_change_users(tests.id('ours'), array[tests.id('one')], 'activate')$$);
select tests.only('{admin}', 'list teams', 'PT403', $$select public.list_teams(tests.id('ours'), '{}', 50, 0)$$);
select tests.only('{admin}', 'create a team', 'PT403', $$select public.save_team(tests.id('ours'), 'West')$$);
select tests.only('{admin}', 'delete a team', 'PT403',
  $$select public.delete_team(tests.id('ours'), tests.id('south'))$$);

-- E-mail addresses
select is(tests.outcome('admin', format($$select public.update_user(tests.id('ours'), tests.id('one'), %L)$$, change)),
  code, what) from (values
  ('{"email": "other@tests.example", "role": "viewer"}', 'PT403', 'Nobody changes the address of another person.'),
  ('{"email": null}', 'PT403', 'Nor takes it away.'),
  ('{"email": " One@tests.example ", "role": "viewer"}', '1', 'It may be sent along as it is.')
  ) as cases (change, code, what);

-- Bulk actions
select is(tests.bulk('admin', '{one,nobody,outsider,two}', 'deactivate'), '{done,not_found,not_found,done}',
  'Each person has an answer; unknown ones and those of another organization are not found.');
select is((select array_agg(distinct status) from public.memberships
  where user_id in (tests.id('one'), tests.id('two'))), '{suspended}', 'The others are suspended.');
select is(tests.bulk('admin', '{one,one}', 'activate'), '{done}', 'Who is named twice has one answer.');
select is(tests.bulk('admin', '{admin}', 'deactivate'), '{own_account}', 'A bulk action does not include oneself.');
select is(tests.bulk('admin', '{admin}', 'delete', 'none'), '{own_account}', 'Nor does it delete oneself.');
select is(tests.bulk('admin', '{second,outsider}', 'deactivate'), '{done,not_found}', 'Another admin is suspended.');
update public.memberships set status = 'active' where user_id = tests.id('second');
update public.memberships set status = 'suspended' where user_id = tests.id('admin');
select is(tests.outcome('admin', $$select public.bulk_change_users(tests.id('ours'), array[tests.id('one')],
  'activate')$$), 'PT403', 'A suspended admin changes nobody.');
update public.memberships set status = 'active' where user_id = tests.id('admin');
insert into public.roles (id, organization_id, key, name)
values (tests.remember('hr', private.uuid_v7()), tests.id('ours'), 'people_team', 'People team');
insert into public.role_permissions (role_id, permission) values (tests.id('hr'), 'members:manage');
select tests.person('clerk');
insert into public.memberships (organization_id, user_id, role_id)
values (tests.id('ours'), tests.id('clerk'), tests.id('hr'));
select is(tests.bulk('clerk', '{admin,second}', 'delete', 'none'), '{role_exceeds_own,role_exceeds_own}',
  'Nobody removes people with more permissions.');
update public.memberships set status = 'suspended' where user_id = tests.id('second');
select is(tests.bulk('admin', '{one,two}', 'delete', 'none'), '{done,done}', 'People are removed.');
select throws_ok($$update public.memberships set status = 'suspended'
  where organization_id = tests.id('ours') and status = 'active'$$, 'PT409', null,
  'One statement over all members cannot suspend the last admins.');
select throws_ok($$delete from auth.users where id = tests.id('admin')$$, 'PT409', null,
  'Deleting the account of the last admin is refused.');
select is(tests.outcome('admin', format('select public.bulk_change_users(%L, %L, %L, %L)', tests.id('ours'), people,
  action, reassign)), 'PT422', 'Bad input is refused: ' || coalesce(action, 'null') || coalesce(' ' || reassign, ''))
from (values ('{}'::uuid[], 'activate', null), (array[null::uuid], 'activate', null),
  (array[gen_random_uuid()], 'promote', null), (array[gen_random_uuid()], null, null),
  (array[gen_random_uuid()], 'activate', 'none'), (array[gen_random_uuid()], 'delete', 'somebody'),
  (array_fill(gen_random_uuid(), array[101]), 'activate', null)) as bad (people, action, reassign);

-- Teams
update public.memberships set team_id = tests.id('north') where user_id = tests.id('counselor');
select is(tests.answer('admin', $$public.list_teams(tests.id('ours'), '{"search": "NOR"}', 50, 0)$$)
  #> '{rows,0,members}', '1', 'A team is listed with its number of members.');
select is(tests.answer('admin', $$public.list_teams(tests.id('ours'), '{}', 50, 0)$$) -> 'total', '2',
  'Teams of another organization are not listed.');
select is(tests.outcome('admin', statement), code, what) from (values
  ($$select public.save_team(tests.id('ours'), 'North')$$, 'PT409', 'A name is used once.'),
  ($$select public.save_team(tests.id('ours'), 'South', tests.id('north'))$$, 'PT409', 'So it is in renaming.'),
  ($$select public.save_team(tests.id('ours'), ' ')$$, 'PT422', 'A team has a name.'),
  ($$select public.save_team(tests.id('ours'), E'a\u0007b')$$, 'PT422', 'A name is plain text.'),
  ($$select public.save_team(tests.id('ours'), 'X', tests.id('east'))$$, 'PT404', 'Teams of others are not found.'),
  ($$select public.save_team(tests.id('theirs'), 'X')$$, 'PT403', 'Nor is one created in another organization.'),
  ($$select public.delete_team(tests.id('ours'), tests.id('east'), 'none')$$, 'PT404', 'Nor deleted.'),
  ($$select public.delete_team(tests.id('ours'), tests.id('north'))$$, 'PT409', 'A team with members is not deleted.'),
  ($$select public.delete_team(tests.id('ours'), tests.id('north'), tests.id('north')::text)$$, 'PT422',
    'Members cannot move to the deleted team.'),
  ($$select public.delete_team(tests.id('ours'), tests.id('north'), tests.id('east')::text)$$, 'PT422',
    'Members cannot move to another organization''s team.')) as cases (statement, code, what);
insert into public.leads (id, organization_id, first_name, assigned_to)
values (tests.remember('lead', private.uuid_v7()), tests.id('ours'), 'Ama', tests.id('counselor'));
select tests.answer('admin', format('(select 1 from public.delete_team(%L, %L, %L))', tests.id('ours'),
  tests.id('north'), tests.id('south'))) is null as done;
select is((select team_id from public.memberships where user_id = tests.id('counselor')), tests.id('south'),
  'Members move to the other team.');
select is((select team_id from public.leads where id = tests.id('lead')), tests.id('south'),
  'Their leads move with them.');

select * from finish();
rollback;
