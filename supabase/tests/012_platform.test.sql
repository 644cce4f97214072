-- The platform and its tenants: registration, the standing of organizations, and sessions that have ended.
begin;
\ir support.inc
select plan(68);
do $$ begin perform tests.arrange(); end $$;
update private.deployment set registration = 'open', new_organizations = 'sandbox', max_organizations_per_person = 2
  where singleton;

-- Registration
create function tests.sign_up(metadata jsonb, email text default 'new@tests.example') returns text language sql as $$
  select tests.outcome('postgres', format('insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)
    values (gen_random_uuid(), %L, now(), %L)', email, metadata))
$$;
create table tests.token as select null::text as token;
grant all on tests.token to public;
select tests.act_as('admin');
update tests.token set token = tests.invite('ours', 'new@tests.example', 'viewer') ->> 'token';
select tests.act_as('postgres');
create function tests.registers(registration text) returns text language plpgsql as $$
begin
  update private.deployment d set registration = registers.registration where d.singleton;
  return concat_ws(' ', tests.sign_up('{"organization_name": "New"}'),
    tests.sign_up(jsonb_build_object('invitation_token', (select token from tests.token))), tests.sign_up('{}'),
    tests.outcome('viewer', $a$select public.create_organization('Another')$a$),
    tests.outcome('service_role', $a$select public.check_registration('new@tests.example')$a$),
    tests.outcome('service_role', $a$select public.check_registration('new@tests.example', (select token
      from tests.token))$a$));
end
$$;
select is(tests.registers('open'), '1 1 1 1 1 1', 'Open: everybody registers, with or without an organization.');
select is(tests.registers('invitation'), 'PT403 1 1 PT403 PT403 1', 'By invitation: only with a token.');
select is(tests.registers('closed'), 'PT403 PT403 1 PT403 PT403 PT403',
  'Closed: nobody. An account alone belongs nowhere.');
update private.deployment set registration = 'open' where singleton;
create function tests.created(name text) returns uuid language plpgsql as $$
declare
  organization uuid;
begin
  perform tests.act_as('viewer');
  organization := public.create_organization(name);
  perform tests.act_as('postgres');
  return tests.remember(lower(name), organization);
end
$$;
do $$ begin perform tests.created('New One'); end $$;
select tests.act_as('viewer');
select lives_ok($$select public.create_organization('New Two')$$,
  'A person may create as many organizations as are allowed.');
select throws_ok($$select public.create_organization('New Three')$$, 'PT409', null, 'A person may not create more.');
select lives_ok($$select public.create_organization('New Two')$$, 'Asking for the same again is answered.');
select tests.act_as('postgres');
select is((select standing from public.organizations where id = tests.id('new one')), 'sandbox',
  'A new organization begins in the sandbox.');
update private.deployment set new_organizations = 'approved', max_organizations_per_person = 3 where singleton;
do $$ begin perform tests.created('New Three'); end $$;
select is((select standing from public.organizations where id = tests.id('new three')), 'approved',
  'Or approved, if the deployment says so.');

-- Operators
create function tests.call(actor text, call text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  execute 'select to_jsonb(' || call || ')' into answer;
  perform tests.act_as('postgres');
  return answer;
end
$$;
select is(tests.outcome('admin', call), '42501', format('An admin may not call %s.', call))
from unnest(array[$$select public.list_organizations()$$, $$select public.approve_organization(tests.id('ours'),
  'me')$$,
  $$select public.suspend_organization(tests.id('theirs'), 'me', 'why')$$, $$select public.change_deployment('{}',
    'me')$$]) call;
select is(tests.outcome('admin', $$update public.organizations set standing = 'approved'
  where id = tests.id('ours')$$), '42501',
  'An organization does not approve itself.');
select is(tests.call('service_role',
  $$public.list_organizations('{"standing": "sandbox", "search": "new one"}')$$) #>> '{rows,0,id}',
  tests.id('new one')::text, 'Operators list organizations by standing and name.');
select is((tests.call('service_role',
  $$public.list_organizations('{"search": "new one"}')$$) #> '{rows,0}') - array['id', 'created_at'],
  '{"name": "New One", "country": "GH", "standing": "sandbox", "standing_reason": null, "standing_changed_at": null,
    "standing_changed_by": null, "max_segments_per_day": null, "permitted_countries": null, "members": 1, "messages_30_days": 0, "admins": ["viewer@tests.example"]}',
      'They see who is behind it.');
select is(tests.call('service_role', $$public.approve_organization(tests.id('new one'), 'Olu')$$) ->> 'standing',
  'approved', 'They approve,');
select is(tests.call('service_role', $$public.suspend_organization(tests.id('new one'), 'Olu',
  'Phishing')$$) ->> 'standing', 'suspended', 'and suspend.');
select results_eq($$select before ->> 'standing', after ->> 'standing', after ->> 'standing_reason',
  after ->> 'standing_changed_by'
    from public.audit_logs where organization_id = tests.id('new one') and resource = 'organizations'
      and action = 'update' order by id$$,
  $$values ('sandbox', 'approved', null, 'Olu'), ('approved', 'suspended', 'Phishing', 'Olu')$$,
    'Both are audited, with the operator and the reason.');
select is((select count(*) from public.notifications where organization_id = tests.id('new one')
  and kind = 'organization_approved'), 1::bigint,
  'Admins are notified of the approval.');
select is(tests.outcome('service_role', call), expected, format('%s: %s', call, expected))
from (values ($$select public.suspend_organization(tests.id('ours'), 'Olu', '')$$, 'PT422'),
  ($$select public.suspend_organization(tests.id('ours'), 'Olu', null)$$, 'PT422'),
  ($$select public.suspend_organization(tests.id('ours'), '', 'x')$$, 'PT422'),
    ($$select public.approve_organization(gen_random_uuid(), 'Olu')$$, 'PT404'),
  ($$select public.approve_organization(null, 'Olu')$$, 'PT404'),
    ($$select public.change_deployment('{"registration": "maybe"}', 'Olu')$$, '23514'),
  ($$select public.change_deployment('{"unknown": 1}', 'Olu')$$, 'PT422'),
  ($$select public.change_deployment('{"max_segments_per_day": "many"}', 'Olu')$$, 'PT422'),
  ($$select public.limit_organization(tests.id('ours'), '{"max_segments_per_day": 5}', '')$$, 'PT422'),
  ($$select public.limit_organization(null, '{"max_segments_per_day": 5}', 'Olu')$$, 'PT404')) as v (call, expected);
select is(tests.outcome('service_role', format('select public.limit_organization(tests.id(''ours''), %L, ''Olu'')', l)), code, l)
from (values ('{}', 'PT422'), ('[]', 'PT422'), ('{"a": 1}', 'PT422'), ('{"max_segments_per_day": -1}', 'PT422'),
  ('{"max_segments_per_day": 1.5}', 'PT422'), ('{"max_segments_per_day": "2"}', 'PT422'),
  ('{"permitted_countries": "GH"}', 'PT422'), ('{"permitted_countries": []}', '23514'),
  ('{"permitted_countries": ["Ghana"]}', '23514'), ('{"permitted_countries": [1]}', '23514')) as v (l, code);
select is(tests.call('service_role', $$public.change_deployment('{"registration": "closed"}',
  'Olu')$$) ->> 'registration', 'closed', 'Operators change the settings.');
select is(tests.call('service_role', $$public.change_deployment('{}', 'Olu')$$) - array['updated_at'],
  '{"registration": "closed", "new_organizations": "approved", "new_senders": "active", "max_organizations_per_person": 3,
    "trusted_ip_header": null, "max_segments_per_day": null, "permitted_countries": null, "updated_by": "Olu"}',
  'Settings that are not named stay.');
select is(tests.call('service_role', $$public.change_deployment('{"max_segments_per_day": 500,
  "permitted_countries": ["NG", "GH"], "max_organizations_per_person": 9}',
  'Olu')$$) -> 'permitted_countries', '["GH", "NG"]', 'Operators set the limits of new organizations,');
select tests.remember('newer one', private.create_organization(tests.id('viewer'), 'Newer', '{}')) \g /dev/null
select results_eq($$select o.max_segments_per_day, o.permitted_countries from public.organizations o
  where o.id = tests.id('newer one')$$, $$values (500, '{GH,NG}'::text[])$$,
  'which get them.');
update private.deployment set max_segments_per_day = null, permitted_countries = null where singleton;

-- A suspended organization
update public.organizations set standing = 'suspended' where id = tests.id('ours');
select is(tests.outcome('admin', statement, headers), expected, format('%s %s: %s', statement, headers, expected))
from (values ('select public.actor()', '{}'::jsonb, 'PT403'), ('select from public.customers', '{}', '0'),
  ('select from public.organizations', '{}', '0'),
  ('select from public.customers', jsonb_build_object('x-organization-id', tests.id('ours')), 'PT403'),
  ($$select public.list_users(tests.id('ours'), '{}', 50, 0)$$, '{}', 'PT403'),
    ($$select public.list_notifications(tests.id('ours'), '{}', 50, 0)$$, '{}', 'PT403'),
  ($$update public.organizations set name = 'X' where id = tests.id('ours')$$, '{}', '0')) as v (statement, headers,
    expected);
select is(tests.call('admin', 'public.me()') #>> '{memberships,0,organization_standing}', 'suspended',
  'Its people see that it is suspended.');
select is(tests.call('admin', 'public.me()') -> 'actor', 'null', 'It has no actor.');
select throws_matching($$select tests.call('admin', 'public.actor()')$$, 'suspended', 'The refusal says why.');
select tests.act_as('postgres');
select throws_matching($$select tests.call('admin', $a$public.list_users(tests.id('ours'), '{}', 50, 0)$a$)$$,
  'suspended', 'Functions say why too.');
select tests.act_as('postgres');
select ok(not private.may_listen('organization:' || tests.id('ours') || ':leads'), 'Nobody is signed in here.');
create function tests.listens(topic text) returns boolean language plpgsql as $$
declare
  answer boolean;
begin
  perform tests.act_as('admin');
  answer := private.may_listen(topic);
  perform tests.act_as('postgres');
  return answer;
end
$$;
select ok(not tests.listens('organization:' || tests.id('ours') || ':leads'), 'Its people cannot listen to its leads.');
update public.organizations set standing = 'approved' where id = tests.id('ours');
select ok(tests.listens('organization:' || tests.id('ours') || ':leads'), 'When it is approved again they can.');

-- Sessions
do $$
begin
  insert into auth.sessions (id, user_id, created_at, updated_at)
  values (tests.remember('session', gen_random_uuid()), tests.id('operator'), now(), now());
end
$$;
create function tests.with_session(statement text, session uuid) returns text language sql as $$
  select tests.outcome('operator', statement, '{}', jsonb_build_object('session_id', session))
$$;
select is(tests.with_session(statement, tests.id('session')), '1', format('With its session a token is valid: %s',
  statement))
from unnest(array['select public.actor()', 'select public.me()', 'select from public.organizations']) statement;
select is(tests.with_session(statement, gen_random_uuid()), 'PT401',
  format('When its session has ended a token is refused: %s', statement))
from unnest(array['select public.actor()', 'select public.me()', 'select from public.organizations',
  'select from public.customers',
  'select from public.memberships', $$select public.list_notifications(tests.id('ours'), '{}', 1, 0)$$,
    $$select private.may_listen('user:' || tests.id('operator'))$$]) statement;
do $$ begin delete from auth.users where id = tests.id('counselor'); end $$;
select is(tests.outcome('counselor', 'select public.me()'), 'PT401', 'A token of a deleted account is refused.');

select * from finish();
rollback;
