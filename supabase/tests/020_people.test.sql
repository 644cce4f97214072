-- Joining: sign-up with a new organization, and invitations that work once, in time, for one address.
begin;
\ir support.inc
select plan(119);
do $$
begin
  perform tests.arrange();
  perform tests.organization('third');
  perform tests.member('leader', 'third', 'admin');
end
$$;

select policies_are('invitations', array['admins read invitations', 'admins withdraw invitations']);

-- Signing up
do $$
begin
  insert into auth.users (id, email, raw_user_meta_data) values
    (tests.remember('owner', gen_random_uuid()), 'Owner@Tests.Example',
      '{"full_name": "Efua Owner", "organization_name": " New Water ", "country": "KE",
        "time_zone": "Africa/Nairobi", "currency": "KES"}'),
    (tests.remember('loner', gen_random_uuid()), 'loner@tests.example', null);
end
$$;
select results_eq($$select email, full_name from public.profiles where id = tests.id('owner')$$,
  $$values ('owner@tests.example', 'Efua Owner')$$, 'A sign-up creates a profile with the address in lower case.');
select results_eq($$
  select o.name, o.country, o.time_zone, o.currency, r.key, m.is_default from public.memberships m
  join public.organizations o on o.id = m.organization_id join public.roles r on r.id = m.role_id
  where m.user_id = tests.id('owner')
$$, $$values ('New Water', 'KE', 'Africa/Nairobi', 'KES', 'admin', true)$$,
  'A sign-up with an organization creates it with the person as admin.');
select is((select count(*) from public.memberships where user_id = tests.id('loner')), 0::bigint,
  'A sign-up without an organization creates no membership.');
select is(tests.outcome('loner', 'select public.actor()'), 'PT403', 'A person without memberships is no actor.');
select tests.act_as('loner');
select is(public.me() -> 'memberships', '[]', 'A person without memberships can call me().');
select tests.act_as('postgres');
select is(tests.outcome('postgres', $$insert into auth.users (id, email, raw_user_meta_data)
  values (gen_random_uuid(), 'x@tests.example', '{"organization_name": "X", "time_zone": "Nowhere"}')$$), '23514',
  'A sign-up with an unknown time zone is rolled back.');
select is(tests.outcome('postgres', $$insert into auth.users (id, email, raw_user_meta_data)
  values (gen_random_uuid(), 'x@tests.example', '{"invitation_token": "guess"}')$$), 'PT422',
  'A sign-up with an unknown invitation is rolled back.');
update auth.users set email = 'Second@Tests.Example' where id = tests.id('owner');
select is((select email from public.profiles where id = tests.id('owner')), 'second@tests.example',
  'The profile gets the account''s new address.');
do $$ begin perform tests.member('owner', 'ours', 'viewer'); end $$;
select is((select count(*) from public.memberships where user_id = tests.id('owner') and is_default), 1::bigint,
  'A second membership does not replace the default one.');
select is(tests.outcome('owner', 'select public.actor()'), '1',
  'With a default organization, none needs to be named.');

-- Inviting
select tests.only('{admin}', 'invite a person', 'PT403', $$select tests.invite('ours', 'new@tests.example',
  'viewer')$$);
create table tests.invited as select null::text as name, null::jsonb as invitation limit 0;
grant all on tests.invited to public;
select tests.act_as('admin');
insert into tests.invited values
  ('loner', tests.invite('ours', ' Loner@Tests.Example ', 'operator')),
  ('late', tests.invite('ours', 'late@tests.example', 'viewer'));
select is(tests.invite('ours', 'x@tests.example', 'viewer') - array['id', 'token', 'expires_at'],
  '{"email": "x@tests.example", "role": "viewer", "full_name": "", "team_id": null, "invite_sent": true}',
  'The answer to an invitation has its address and role.');
select ok((select length(invitation ->> 'token') >= 64 from tests.invited where name = 'loner'),
  'The token has at least 128 random bits.');
select tests.act_as('postgres');
create function tests.token(name text) returns text language sql stable as $$
  select i.invitation ->> 'token' from tests.invited i where i.name = token.name
$$;
grant execute on function tests.token(text) to public;
select is_empty($$select from public.invitations, tests.invited where token_hash = invitation ->> 'token'$$,
  'The token itself is not stored.');
select is(tests.outcome('admin', $$select tests.invite('ours', 'VIEWER@tests.example ', 'viewer')$$),
  'PT409',
  'A member cannot be invited again, however the address is written.');
select is(tests.outcome('admin', $$select tests.invite('ours', 'new@tests.example', 'emperor')$$),
  'PT422',
  'An unknown role is refused.');
select is(tests.outcome('admin', format('select tests.invite(''ours'', %L, ''viewer'')', address)), 'PT422',
  format('%L is no address.', left(address, 30)))
from unnest(array['no address', '', '@', 'a@b@c', 'a b@tests.example', E'a@tests.example\nBcc: x@tests.example',
  '<a@tests.example>',
  repeat('a', 250) || '@b.example', null]) address;
select is(tests.outcome('admin', $$select tests.invite('theirs', 'new@tests.example', 'viewer')$$),
  'PT403',
  'Nobody can invite into another organization.');

select tests.only('{admin}', 'see invitations', '0',
  $$select id from public.invitations where email = 'loner@tests.example'$$);
select tests.only('{}', 'read an invitation''s token', '42501', $$select token_hash from public.invitations$$);
select tests.only('{}', 'write an invitation', '42501', $$insert into public.invitations (organization_id, email,
  role_id, token_hash)
  values (tests.id('ours'), 'me@tests.example', tests.role('admin'), 'x')$$);
select tests.only('{}', 'extend an invitation', '42501', $$update public.invitations set expires_at = now()$$);
select tests.only('{admin}', 'withdraw an invitation', '0', $$delete from public.invitations
  where email = 'loner@tests.example'$$);

-- Accepting
select is(tests.outcome('outsider', $$select public.accept_invitation(tests.token('loner'))$$), 'PT422',
  'An invitation does not work for another person.');
select is(tests.outcome('loner', $$select public.accept_invitation('guess')$$), 'PT422', 'A guessed token is refused.');
select tests.act_as('loner');
select is(public.accept_invitation(tests.token('loner')), tests.id('ours'), 'Accepting returns the organization.');
select is(public.actor() ->> 'role', 'operator', 'A person who accepts has the offered role at once.');
select tests.act_as('postgres');
select results_eq($$select accepted_by, accepted_at is not null from public.invitations
  where email = 'loner@tests.example'$$,
  $$values (tests.id('loner'), true)$$, 'The invitation records who accepted it.');
select is(tests.outcome('loner', $$select public.accept_invitation(tests.token('loner'))$$), 'PT422',
  'An invitation works once.');
do $$
begin
  update public.invitations set expires_at = now() where email = 'late@tests.example';
  perform tests.person('late');
end
$$;
select is(tests.outcome('late', $$select public.accept_invitation(tests.token('late'))$$), 'PT422',
  'An expired invitation is refused.');
select tests.act_as('admin');
insert into tests.invited values ('first', tests.invite('ours', 'late@tests.example', 'viewer'));
insert into tests.invited values ('second', tests.invite('ours', 'Late@tests.example', 'viewer'));
select tests.act_as('postgres');
select is((select count(*) from public.invitations where email = 'late@tests.example'), 1::bigint,
  'A second invitation of an address replaces the first.');
select is(tests.outcome('late', $$select public.accept_invitation(tests.token('first'))$$), 'PT422',
  'The replaced invitation''s token no longer works.');
select is(tests.outcome('late', $$select public.accept_invitation(tests.token('second'))$$), '1',
  'The new token works.');
select tests.act_as('leader');
insert into tests.invited values ('newcomer', tests.invite('third', 'newcomer@tests.example', 'counselor'));
select tests.act_as('postgres');
do $$
begin
  insert into auth.users (id, email, raw_user_meta_data) values (tests.remember('newcomer', gen_random_uuid()),
    'Newcomer@tests.example',
    jsonb_build_object('invitation_token', tests.token('newcomer'), 'organization_name', 'Ignored'));
end
$$;
select results_eq($$select m.organization_id, r.key from public.memberships m join public.roles r on r.id = m.role_id
  where m.user_id = tests.id('newcomer')$$, $$values (tests.id('third'), 'counselor')$$,
    'A sign-up with an invitation joins only that organization.');
select is(tests.outcome('anon', $$select public.accept_invitation('x')$$), '42501',
  'anon cannot accept an invitation.');

select is(tests.outcome('viewer', $$select public.check_registration('x@tests.example', 'x')$$), '42501',
  'Users cannot check tokens without accepting.');
select tests.act_as('admin');
insert into tests.invited values ('checked', tests.invite('ours', 'checked@tests.example', 'viewer'));
select tests.act_as('service_role');
select is(public.check_registration('Checked@tests.example', tests.token('checked')), tests.id('ours'),
  'Before a sign-up an invitation is checked.');
select is(tests.outcome('service_role', $$select public.check_registration('other@tests.example',
  tests.token('checked'))$$),
  'PT422', 'It is not valid for another address.');
select is(public.check_registration('Checked@tests.example', tests.token('checked')), tests.id('ours'),
  'Checking does not use up the invitation.');
select tests.act_as('postgres');

-- Creating another organization
select is(tests.outcome('anon', $$select public.create_organization('X')$$), '42501',
  'anon cannot create an organization.');
select tests.act_as('viewer');
select is(public.create_organization('Side Job', '{"country": "KE", "currency": "KES"}'),
  public.create_organization('Side Job'),
  'A repeated request creates one organization.');
select tests.act_as('postgres');
select results_eq($$select r.key, o.country from public.memberships m join public.roles r on r.id = m.role_id
  join public.organizations o on o.id = m.organization_id where m.user_id = tests.id('viewer')
    and o.name = 'Side Job'$$,
  $$values ('admin', 'KE')$$, 'The creator is its admin.');
select results_eq($$select r.key from public.memberships m join public.roles r on r.id = m.role_id
  where m.id = tests.id('viewer@ours')$$,
  array['viewer'], 'The role in the other organization stays.');

-- Suspended people and old invitations
do $$ begin perform tests.person('gone'); end $$;
select tests.act_as('admin');
insert into tests.invited values ('gone', tests.invite('ours', 'gone@tests.example', 'viewer'));
select tests.act_as('postgres');
do $$ begin perform tests.member('gone', 'ours', 'viewer', 'suspended'); end $$;
select isnt(tests.outcome('gone', $$select public.accept_invitation(tests.token('gone'))$$), '1',
  'An older invitation does not end a suspension.');

select * from finish();
rollback;
