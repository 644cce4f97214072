-- Impersonation: who may act as whom, what is closed meanwhile, and what ends it.
begin;
\ir support.inc
select plan(86);
do $$
begin
  perform tests.arrange();
  perform tests.member('second', 'ours', 'admin');
  perform tests.member('both', 'ours', 'operator');
  insert into public.memberships (organization_id, user_id, role_id) values (tests.id('theirs'), tests.id('both'),
    tests.role('operator'));
  perform tests.customer('customer', 'ours', 'A1'), tests.customer('other customer', 'theirs', 'B1');
  insert into public.roles (id, organization_id, key, name) values
    (tests.remember('helpers', private.uuid_v7()), tests.id('ours'), 'helpers', 'Helpers');
  insert into public.role_permissions (role_id, permission) values
    (tests.id('helpers'), 'members:impersonate'), (tests.id('helpers'), 'customers:read');
  perform tests.person('helper');
  insert into public.memberships (organization_id, user_id, role_id) values (tests.id('ours'), tests.id('helper'),
    tests.id('helpers'));
end
$$;
create function tests.begin_acting(admin text, target text) returns jsonb language plpgsql as $$
declare
  started jsonb;
begin
  perform tests.act_as(admin);
  started := public.impersonate(tests.id('ours'), tests.id(target), 'Ticket 4711');
  perform tests.act_as('postgres');
  return jsonb_build_object('session_id', started ->> 'impersonation_id',
    'act', jsonb_build_object('sub', tests.id(admin)));
end
$$;
create table tests.acting (name text primary key, claims jsonb);

-- Who may
select tests.only('{admin}', 'impersonate a viewer', 'PT403',
  $$select public.impersonate(tests.id('ours'), tests.id('viewer'), 'Ticket 4711')$$);
select is(tests.outcome('admin', statement), code, what) from (values
  ($$select public.impersonate(tests.id('ours'), tests.id('second'), 'Ticket 4711')$$, '1', 'An admin acts as an admin.'),
  ($$select public.impersonate(tests.id('ours'), tests.id('admin'), 'Ticket 4711')$$, 'PT422', 'Not as themselves.'),
  ($$select public.impersonate(tests.id('ours'), tests.id('suspended'), 'Ticket 4711')$$, 'PT409',
    'Not as somebody suspended.'),
  ($$select public.impersonate(tests.id('ours'), tests.id('outsider'), 'Ticket 4711')$$, 'PT404',
    'Not as somebody of another organization.'),
  ($$select public.impersonate(tests.id('theirs'), tests.id('both'), 'Ticket 4711')$$, 'PT403',
    'Not in another organization.'),
  ($$select public.impersonate(tests.id('ours'), tests.id('viewer'), ' ')$$, 'PT422', 'A reason is needed.')
  ) as cases (statement, code, what);
select is(tests.outcome('helper', $$select public.impersonate(tests.id('ours'), tests.id('admin'), 'Ticket 4711')$$),
  'PT403', 'Nobody acts as somebody with more rights.');
select is(tests.outcome('helper', $$select public.impersonate(tests.id('ours'), tests.id('viewer'), 'Ticket 4711')$$),
  'PT403', 'Not even with a single right more.');

-- Acting as somebody gives no rows beyond one's own
do $$
begin
  perform tests.remember('our team', private.uuid_v7()), tests.remember('other team', private.uuid_v7());
  insert into public.teams (id, organization_id, name)
  values (tests.id('our team'), tests.id('ours'), 'Our team'), (tests.id('other team'), tests.id('ours'), 'Other team');
  insert into public.roles (id, organization_id, key, name)
  select tests.remember(k, private.uuid_v7()), tests.id('ours'), k, k from unnest(array['lone', 'coach', 'caller']) k;
  insert into public.role_permissions (role_id, permission, scope)
  select tests.id(k), p, s from (values
    ('lone', 'members:impersonate', 'organization'), ('lone', 'leads:read', 'own'),
    ('lone', 'notifications:read', 'own'),
    ('coach', 'members:impersonate', 'organization'), ('coach', 'leads:read', 'team'),
    ('coach', 'notifications:read', 'own'),
    ('caller', 'leads:read', 'own'), ('caller', 'notifications:read', 'own')) as held (k, p, s);
  insert into public.memberships (organization_id, user_id, role_id, team_id)
  select tests.id('ours'), tests.person(name), tests.id(role), tests.id(team) from (values
    ('lone', 'lone', null), ('coach', 'coach', 'our team'), ('near', 'caller', 'our team'),
    ('far', 'caller', 'other team'), ('alone', 'caller', null)) as people (name, role, team);
end
$$;
select is(tests.outcome(admin, format($$select public.impersonate(tests.id('ours'), tests.id(%L), 'Ticket 4711')$$, target)),
  code, what) from (values
  ('lone', 'near', 'PT403', 'Own rows do not cover the target''s own rows.'),
  ('coach', 'near', '1', 'Those of a team cover the own rows of its people,'),
  ('coach', 'far', 'PT403', 'not those of another team,'),
  ('coach', 'alone', 'PT403', 'nor those of somebody without a team.'),
  ('admin', 'far', '1', 'Those of the organization cover all.')) as cases (admin, target, code, what);
insert into tests.acting values ('near', tests.begin_acting('coach', 'near'));
select is(tests.outcome('near', 'select public.me()', '{}', (select a.claims from tests.acting a where a.name = 'near')),
  '1', 'The coach acts,');
update public.memberships set team_id = tests.id('other team') where user_id = tests.id('near');
select is(tests.outcome('near', 'select public.me()', '{}', (select a.claims from tests.acting a where a.name = 'near')),
  'PT401', 'until the person changes teams.');

-- Acting
insert into tests.acting values ('both', tests.begin_acting('admin', 'both'));
create function tests.acting_as(target text, statement text, claims jsonb default '{}') returns text language sql as $$
  select tests.outcome(target, statement, '{}', (select a.claims from tests.acting a where a.name = target) || claims)
$$;
grant select on tests.acting to public;
select is(tests.acting_as('both', statement), code, what) from (values
  ('select from public.customers', '1', 'The target''s rows are seen, in this organization only.'),
  ($$select public.list_customers(tests.id('theirs'), '{}', 'name', 50, 0)$$, 'PT403',
    'The target''s other organization stays closed.'),
  ($$select from public.memberships where organization_id = tests.id('theirs')$$, '0',
    'Nor is it seen that the target belongs to another one.'),
  ($$select from public.memberships where user_id = tests.id('both')$$, '1', 'Their membership here is seen.'),
  ($$select from unnest(private.my_note_inboxes())$$, '1', 'The inboxes of notes are those of this organization.'),
  ($$select where private.may_listen('user:' || tests.id('both'))$$, '0',
    'The personal channel, which carries notices of all organizations, stays closed.'),
  ($$select where private.may_listen('role:' || tests.id('theirs') || ':operator:notes')$$, '0',
    'So does a channel of the other organization,'),
  ($$select where private.may_listen('role:' || tests.id('ours') || ':operator:notes')$$, '1',
    'but not one of this organization.'),
  ($$select public.update_user(tests.id('ours'), tests.id('viewer'), '{"status": "suspended"}')$$, 'PT403',
    'Members are closed.'),
  ($$select public.create_organization('Mine')$$, 'PT403', 'Organizations are not made.'),
  ($$select public.accept_invitation('x')$$, 'PT403', 'Invitations are not accepted.'),
  ($$select public.remove_phone()$$, 'PT403', 'The phone number stays.'),
  ($$select public.request_phone_code(tests.id('ours'), '+233244000099')$$, 'PT403', 'No number is confirmed.'),
  ($$update public.profiles set full_name = 'X' where id = tests.id('both')$$, '0', 'The name stays.'),
  ($$select public.notification_preferences(tests.id('ours'), '[{"kind": "system", "email": false}]')$$, 'PT403',
    'Preferences stay.'),
  ($$select public.notification_preferences(tests.id('ours'))$$, '1', 'They may be read.')
  ) as cases (statement, code, what);
insert into public.sms_accounts (id, organization_id, provider, sender_id)
values (tests.remember('sender', private.uuid_v7()), tests.id('ours'), 'arkesel', 'OURS');
insert into tests.acting values ('second', tests.begin_acting('admin', 'second'));
select is(tests.acting_as('second', statement), code, 'Acting as an admin: ' || statement) from (values
  ($$select public.impersonate(tests.id('ours'), tests.id('viewer'), 'Ticket 4711')$$, 'PT403'),
  ($$select public.create_api_key(tests.id('ours'), '{"name": "X", "role": "viewer"}')$$, 'PT403'),
  ($$select public.save_role(tests.id('ours'), '{"name": "X"}')$$, 'PT403'),
  ($$insert into public.roles (organization_id, key, name) values (tests.id('ours'), 'mine', 'Mine')$$, '42501'),
  ($$update public.memberships set status = 'suspended' where user_id = tests.id('viewer')$$, '0'),
  ($$insert into public.teams (organization_id, name) values (tests.id('ours'), 'Mine')$$, '42501'),
  ($$select public.invite_user(tests.id('ours'), '{"email": "x@tests.example", "role": "viewer"}')$$, 'PT403'),
  ($$select public.update_settings(tests.id('ours'), '{"audit_retention_months": 12}')$$, 'PT403'),
  ($$select public.update_settings(tests.id('ours'), '{"message_retention_months": 1}')$$, 'PT403'),
  ($$update public.organizations set message_retention_months = 1 where id = tests.id('ours')$$, 'PT403'),
  ($$select public.read_notifications(tests.id('ours'))$$, 'PT403'),
  ($$select public.read_notification(tests.id('ours'), (select n.id from public.notifications n
    where n.user_id = tests.id('second') limit 1))$$, 'PT403'),
  ($$update public.notifications set read_at = now() where user_id = tests.id('second')$$, '0'),
  ($$select public.set_sms_credentials(tests.id('sender'), '{"api_key": "mine"}')$$, 'PT403'),
  ($$select public.list_audit_logs(tests.id('ours'), '{}', 50, 0)$$, '1')) as cases (statement, code);

select is(tests.outcome('second', 'select public.read_notifications(tests.id(''ours''))'), '1',
  'The person reads their notices.');

-- Both are named
do $$
begin
  perform tests.act_as('both', '{}', (select claims from tests.acting where name = 'both'));
  perform public.create_customer(tests.id('ours'),
    '{"name": "Esi", "account_number": "A2", "phone": "+233244000031", "arrears": 1}');
  perform tests.act_as('postgres');
end
$$;
select results_eq($$select actor_id, impersonator_id from public.audit_logs where resource = 'customers'
    and after ->> 'account_number' = 'A2'$$, $$values (tests.id('both'), tests.id('admin'))$$,
  'The audit log names the target and the admin.');
select results_eq($$select actor_id, after ->> 'target_id', after ->> 'reason' from public.audit_logs
    where action = 'impersonation_started' and after ->> 'target_id' = tests.id('both')::text$$,
  $$values (tests.id('admin'), tests.id('both')::text, 'Ticket 4711')$$, 'The start is in it.');
select is((select count(*) from public.notifications where user_id = tests.id('both') and kind = 'impersonation'),
  1::bigint, 'The target is notified.');
select is(tests.acting_as('both', format('select public.me() where (public.me() #>> ''{impersonator,id}'') = %L',
  tests.id('admin'))), '1', 'The token says who acts.');

-- What does not hold
select is(tests.acting_as('both', 'select from public.customers', claims), 'PT401', what) from (values
  (jsonb_build_object('act', jsonb_build_object('sub', tests.id('second'))), 'Another admin in act'),
  (jsonb_build_object('act', jsonb_build_object('sub', 'nobody')), 'Something else in act'),
  (jsonb_build_object('act', 'admin'::text), 'A text in act'),
  (jsonb_build_object('sub', tests.id('admin')), 'Another subject'),
  (jsonb_build_object('session_id', gen_random_uuid()), 'Another session')) as bad (claims, what);
select is(tests.outcome('both', 'select from public.customers', '{}',
  jsonb_build_object('act', jsonb_build_object('sub', tests.id('admin')))), 'PT401', 'No session');

-- What ends it
create function tests.ends(change text, what text) returns setof text language plpgsql as $$
begin
  begin
    execute change;
    return next is(tests.acting_as('both', 'select from public.customers'), 'PT401', what);
    raise exception using errcode = 'TEST1';
  exception when sqlstate 'TEST1' then null;
  end;
end
$$;
select tests.ends(change, what) from (values
  ($$update public.memberships set status = 'suspended' where user_id = tests.id('admin')$$, 'Suspending the admin ends it.'),
  ($$update public.memberships set role_id = tests.role('operator') where user_id = tests.id('admin')$$,
    'Taking the admin''s role ends it.'),
  ($$update public.memberships set status = 'suspended' where user_id = tests.id('both')
    and organization_id = tests.id('ours')$$, 'Suspending the target ends it.'),
  ($$update private.impersonations set started_at = now() - interval '16 minutes', expires_at = now()$$,
    'After its time it has ended.')) as changes (change, what);
select tests.ends(format($$update public.memberships set status = 'suspended' where organization_id = %1$L
    and user_id = %2$L; update public.memberships set status = 'active' where organization_id = %1$L and user_id = %2$L$$,
    tests.id('ours'), tests.id(person)), format('It does not begin again when the suspension of the %s is taken back.', what))
from (values ('admin', 'admin'), ('both', 'target')) as people (person, what);
update public.memberships set role_id = tests.id('helpers') where user_id = tests.id('admin');
select is(tests.acting_as('both', 'select from public.customers'), 'PT401', 'Fewer rights than the target''s end it.');
update public.memberships set role_id = tests.role('admin') where user_id = tests.id('admin');
select is(tests.acting_as('both', 'select from public.customers'), '2', 'It still holds otherwise.');
do $$
begin
  perform tests.act_as('both', '{}', (select claims from tests.acting where name = 'both'));
  perform public.end_impersonation(tests.id('ours'));
  perform tests.act_as('postgres');
end
$$;
select is(tests.acting_as('both', statement), 'PT401', 'Ended: ' || statement) from unnest(array[
  'select from public.customers', 'select from public.profiles', 'select from public.memberships', 'select public.me()',
  'select public.actor()', $$select public.end_impersonation(tests.id('ours'))$$]) statement;
select is((select count(*) from public.audit_logs where action = 'impersonation_ended' and actor_id = tests.id('admin')),
  1::bigint, 'The end is in the audit log.');
select is(tests.acting_as('second', 'select from public.customers'), '2', 'Another one of the same admin is still open.');
do $$
begin
  perform tests.act_as('admin');
  perform public.end_impersonation(tests.id('ours'));
  perform tests.act_as('postgres');
end
$$;
select is(tests.acting_as('second', 'select from public.customers'), 'PT401', 'The admin ends all that they have open.');

select * from finish();
rollback;
