-- Invitations cannot be used to mail strangers at will, and end with the rights of the inviter.
begin;
\ir support.inc
select plan(51);
do $$
begin
  perform tests.arrange();
  perform tests.member('second admin', 'ours', 'admin');
  insert into public.teams (id, organization_id, name) values
    (tests.remember('north', private.uuid_v7()), tests.id('ours'), 'North'),
    (tests.remember('south', private.uuid_v7()), tests.id('ours'), 'South');
end
$$;
create function tests.answer(actor text, email text, headers jsonb default '{}',
  invitee jsonb default '{}') returns jsonb
language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor, headers);
  answer := public.invite_user(case when actor = 'outsider' then tests.id('theirs') else tests.id('ours') end,
    jsonb_build_object('email', email, 'role', 'viewer') || invitee);
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.mails(email text) returns bigint language sql stable as $$
  select count(*) from public.emails e where e.to_address = email and e.kind = 'invitation'
$$;

-- Budgets
update private.rate_limits set quota = 3 where kind = 'invite';
update private.rate_limits set quota = 4 where kind = 'invite_organization';
select is(tests.answer('admin', 'p' || n || '@tests.example') ->> 'email', 'p' || n || '@tests.example',
  'Within the budget people are invited.')
from generate_series(1, 3) n;
select is(tests.answer('admin', 'p4@tests.example') ->> 'code', 'PT429', 'A person has a budget.');
select is(tests.mails('p4@tests.example'), 0::bigint, 'A refused invitation is not mailed.');
select is(tests.answer('second admin', 'p4@tests.example') ->> 'code', null,
  'Another person has a budget of their own.');
select is(tests.answer('second admin', 'p5@tests.example') -> 'details' #>> '{}' like '%invite_organization%', true,
  'The organization has a budget for all of its people.');
update private.rate_limits set quota = 1000 where kind in ('invite', 'invite_organization');
delete from private.rate_buckets;
select is(tests.answer('admin', 'target@tests.example') ->> 'code', null, 'An address may be invited three times.')
  from generate_series(1, 3);
select is(tests.answer(actor, 'Target@tests.example') ->> 'code', 'PT429',
  format('A fourth e-mail is refused, also to %s of any organization.', actor))
from unnest(array['admin', 'second admin', 'outsider']) actor;
select is(tests.answer('admin', 'target@tests.example', invitee => '{"send_invite": false}') ->> 'code', null,
  'An invitation that is not mailed does not count for the address.');
create table tests.first as select tests.answer('admin', 'key@tests.example', '{"idempotency-key": "k"}') as answer;
select is(tests.answer('admin', 'key@tests.example', '{"idempotency-key": "k"}') ->> 'id', (select answer ->> 'id'
  from tests.first),
  'A repeat gets the first answer.');
select is((select tokens from private.rate_buckets where kind = 'invite_recipient'
  and subject = private.token_hash('key@tests.example'))::integer, 2,
  'A repeat takes no tokens.');

-- Who may invite whom
update auth.users set email_confirmed_at = null where id = tests.id('second admin');
select is(tests.outcome('second admin', $$select tests.invite('ours', 'new@tests.example', 'viewer')$$), 'PT403',
  'An inviter must have confirmed their own address.');
update auth.users set email_confirmed_at = now() where id = tests.id('second admin');
update public.organizations set standing = 'sandbox' where id = tests.id('ours');
select is(tests.answer('admin', 'stranger@tests.example') -> 'invite_sent', 'false',
  'In the sandbox no stranger is mailed.');
select ok(tests.answer('admin', 'stranger@tests.example') ->> 'token' is not null, 'The admin gets the token.');
select is(tests.mails('stranger@tests.example'), 0::bigint, 'Nothing is queued.');
create function tests.account_code(invitee jsonb) returns text language sql as $$
  select tests.outcome('admin', format('select public.invite_user(tests.id(''ours''), %L)',
    jsonb_build_object('email', 'account@tests.example', 'role', 'viewer') || invitee))
$$;
select is(tests.account_code('{"account": true}'), 'PT403', 'Nor is there an account at once.');
update public.organizations set standing = 'approved' where id = tests.id('ours');

-- Accounts that are created at once
select is(tests.account_code(invitee), code, what) from (values
  ('{"account": true}'::jsonb, '1', 'An approved organization creates accounts,'),
  ('{"account": true, "status": "suspended"}', '1', 'suspended ones too.'),
  ('{"status": "suspended"}', 'PT422', 'An invitation is for active members.'),
  ('{"account": true, "status": "gone"}', 'PT422', 'A status is one of two.'),
  ('{"account": "yes"}', 'PT422', 'Whether there is an account is true or false.')) as cases (invitee, code, what);
update private.deployment set registration = 'closed' where singleton;
select is(tests.account_code('{"account": true}'), 'PT403', 'Where nobody registers, nobody gets an account at once,');
select is(tests.account_code('{}'), '1', 'but people who have one are invited.');
update private.deployment set registration = 'invitation' where singleton;
create table tests.created as select tests.answer('admin', 'account@tests.example',
  invitee => '{"account": true, "status": "suspended"}') as answer;
select is(tests.mails('account@tests.example'), 0::bigint, 'An account at once is not mailed.');
insert into auth.users (id, email, raw_user_meta_data)
select tests.remember('account', gen_random_uuid()), 'account@tests.example',
  jsonb_build_object('invitation_token', answer ->> 'token') from tests.created;
select is((select status from public.memberships where user_id = tests.id('account')), 'suspended',
  'It is suspended from its first moment.');
update private.deployment set registration = 'open' where singleton;

-- Names
select is(tests.outcome('admin', format('select public.invite_user(tests.id(''ours''), %L)',
    jsonb_build_object('email', 'n@tests.example', 'role', 'viewer', 'full_name', name))), '23514',
      'A name is one line of plain text.')
from unnest(array[E'A\r\nBcc: x', E'\u202Eevil', E'A\tB']) name;

-- The end of the inviter
create function tests.after(change text, actor text default 'postgres') returns text language plpgsql as $$
declare
  invitation jsonb;
  result text;
begin
  invitation := tests.answer('second admin', 'accomplice@tests.example');
  perform tests.act_as(actor);
  execute change;
  perform tests.act_as('service_role');
  begin
    result := public.check_registration('accomplice@tests.example', invitation ->> 'token');
  exception when others then
    result := sqlstate;
  end;
  perform tests.act_as('postgres');
  result := case when result = tests.id('ours')::text then 'valid' else result end || ' ' || (
    select count(*) from public.invitations i where i.id = (invitation ->> 'id')::uuid);
  raise exception using errcode = 'TEST0', message = result;
exception when sqlstate 'TEST0' then
  return sqlerrm;
end
$$;
delete from private.rate_buckets;
select is(tests.after('select 1'), 'valid 1', 'An invitation of an active admin is valid.');
select is(tests.after(change, 'admin'), 'PT422 0', format('Withdrawn by: %s', left(change, 60)))
from unnest(array[
  $$select public.remove_user(tests.id('ours'), tests.id('second admin'), 'none')$$,
  $$select public.update_user(tests.id('ours'), tests.id('second admin'), '{"status": "suspended"}')$$,
  $$select public.update_user(tests.id('ours'), tests.id('second admin'), '{"role": "manager"}')$$,
  $$delete from public.memberships where user_id = tests.id('second admin')$$,
  $$update public.memberships set status = 'suspended' where user_id = tests.id('second admin')$$]) change;
select is(tests.after($$delete from auth.users where id = tests.id('second admin')$$), 'PT422 0',
  'It ends with the inviter''s account.');
select is(tests.after($$update public.organizations set standing = 'suspended' where id = tests.id('ours')$$),
  'PT422 1',
  'A suspended organization takes nobody in.');
-- A role that loses permissions after the invitation
insert into public.roles (id, organization_id, key, name) values (tests.remember('hr', private.uuid_v7()),
  tests.id('ours'), 'hr', 'HR');
insert into public.role_permissions (role_id, permission, scope)
select tests.id('hr'), p.permission, 'organization' from public.role_permissions p
  where p.role_id = tests.role('admin');
update public.memberships set role_id = tests.id('hr') where id = tests.id('second admin@ours');
select is(tests.after('select 1'), 'valid 1', 'A role of the organization''s own may invite too.');
select is(tests.after(format($$delete from public.role_permissions where role_id = tests.id('hr')
  and permission = %L$$, permission)), 'PT422 1',
  format('Without %s an earlier invitation is not valid.', permission))
from unnest(array['members:manage', 'customers:read']) permission;

-- Teams
delete from public.role_permissions where role_id = tests.id('hr') and permission not in ('members:manage',
  'members:read', 'notifications:read');
insert into public.role_permissions (role_id, permission, scope)
select tests.id('hr'), p.permission, 'team' from public.role_permissions p
where p.role_id = tests.role('manager') and p.permission not in ('members:manage', 'members:read',
  'notifications:read');
update public.memberships set team_id = tests.id('north') where id = tests.id('second admin@ours');
delete from public.role_permissions where role_id = tests.role('manager') and permission in ('leads:duplicate',
  'leads:import', 'leads:hold', 'reports:read', 'reports:export');
select is(tests.outcome('second admin', format('select public.invite_user(tests.id(''ours''), %L)',
    jsonb_build_object('email', 't@tests.example', 'role', 'manager', 'team_id', tests.id(team)))), expected,
  format('A member with the scope team invites a manager into %s: %s', coalesce(team, 'no team'), expected))
from (values ('north', '1'), ('south', 'PT403'), (null, '1')) as v (team, expected);

-- E-mails that wait while an organization loses its standing
do $$
begin
  delete from public.emails;
  perform tests.answer('admin', 'waiting@tests.example');
  insert into public.emails (organization_id, user_id, kind, to_address, event_key)
  values (tests.id('ours'), tests.id('viewer'), 'system', 'viewer@tests.example', 'test');
end
$$;
create function tests.claimed(standing text) returns text language plpgsql as $$
declare
  answer text;
begin
  update public.organizations set standing = claimed.standing where id = tests.id('ours');
  perform tests.act_as('service_role');
  select string_agg(e ->> 'to', ' ' order by e ->> 'to') into answer
  from jsonb_array_elements(public.exchange_email_batch('[]', 10, 'smtp', 1, 300) -> 'emails') e;
  perform tests.act_as('postgres');
  raise exception using errcode = 'TEST0', message = coalesce(answer, 'none');
exception when sqlstate 'TEST0' then
  return sqlerrm;
end
$$;
select is(tests.claimed('approved'), 'viewer@tests.example waiting@tests.example',
  'An approved organization mails invitations and members.');
select is(tests.claimed('sandbox'), 'viewer@tests.example', 'In the sandbox only members are mailed.');
select is(tests.claimed('suspended'), 'none', 'Nothing is mailed for a suspended organization.');
update auth.users set email_confirmed_at = null where id = tests.id('viewer');
select is(tests.claimed('sandbox'), 'none', 'In the sandbox only confirmed addresses are mailed.');

select * from finish();
rollback;
