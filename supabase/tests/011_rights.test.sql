-- Nobody gives or takes rights that exceed their own: by a role, a permission, a scope or a team.
begin;
\ir support.inc
select plan(43);
do $$
declare
  name text;
begin
  perform tests.arrange();
  insert into public.teams (id, organization_id, name) values
    (tests.remember('north', private.uuid_v7()), tests.id('ours'), 'North'),
    (tests.remember('south', private.uuid_v7()), tests.id('ours'), 'South');
  foreach name in array array['hr', 'auditor', 'reader', 'idle'] loop
    insert into public.roles (id, organization_id, key, name)
    values (tests.remember(name, private.uuid_v7()), tests.id('ours'), name, name);
  end loop;
  insert into public.role_permissions (role_id, permission, scope) values
    (tests.id('hr'), 'members:manage', 'organization'), (tests.id('hr'), 'members:read', 'organization'),
    (tests.id('hr'), 'roles:manage', 'organization'), (tests.id('hr'), 'leads:read', 'team'),
    (tests.id('auditor'), 'audit:read', 'organization'), (tests.id('auditor'), 'leads:read', 'organization'),
    (tests.id('auditor'), 'members:read', 'organization'),
    (tests.id('reader'), 'leads:read', 'team'), (tests.id('idle'), 'members:read', 'organization');
  perform tests.member('hr manager', 'ours', 'viewer'), tests.member('an auditor', 'ours', 'viewer'),
    tests.member('a reader', 'ours', 'viewer'), tests.member('an idle', 'ours', 'viewer');
  update public.memberships set role_id = tests.id('hr'), team_id = tests.id('north')
    where user_id = tests.id('hr manager');
  update public.memberships set role_id = tests.id('auditor') where user_id = tests.id('an auditor');
  update public.memberships set role_id = tests.id('reader'), team_id = tests.id('north')
    where user_id = tests.id('a reader');
  update public.memberships set role_id = tests.id('idle') where user_id = tests.id('an idle');
end
$$;
create function tests.both(change text, expected text, assertion text) returns setof text language plpgsql as $$
begin
  return next extensions.is(tests.outcome('hr manager', change), expected, assertion);
  return next extensions.is(tests.outcome('admin', change), '1', 'An admin may: ' || assertion);
end
$$;

-- Taking
select tests.both($$delete from public.role_permissions where role_id = tests.id('auditor')
  and permission = 'audit:read'$$, 'PT403',
  'Nobody takes a permission that they do not have.');
select tests.both($$update public.role_permissions set scope = 'own' where role_id = tests.id('auditor')
  and permission = 'audit:read'$$,
  'PT403', 'Nobody narrows a permission that they do not have.');
select tests.both($$update public.role_permissions set scope = 'team' where role_id = tests.id('auditor')
  and permission = 'leads:read'$$,
  'PT403', 'Nobody narrows a scope that is wider than their own.');
select tests.both($$delete from public.role_permissions where role_id = tests.id('reader')
  and permission = 'leads:read'$$, '1',
  'A permission within one''s own may be taken.');
select tests.both($$update public.roles set name = 'Nobody' where id = tests.id('auditor')$$, 'PT403',
  'Nobody renames a role with more permissions.');
select tests.both($$update public.roles set name = 'Lazy' where id = tests.id('idle')$$, '1',
  'A role within one''s own may be renamed.');
insert into public.roles (id, organization_id, key, name) values (tests.remember('unused', private.uuid_v7()),
  tests.id('ours'), 'unused', 'Unused');
insert into public.role_permissions (role_id, permission) values (tests.id('unused'), 'audit:read');
select tests.both($$delete from public.roles where id = tests.id('unused')$$, 'PT403',
  'Nobody deletes a role with more permissions.');
delete from public.role_permissions where role_id = tests.id('unused');
select tests.both($$delete from public.roles where id = tests.id('unused')$$, '1',
  'A role within one''s own may be deleted.');
select tests.both($$update public.memberships set status = 'suspended' where user_id = tests.id('an auditor')$$,
  'PT403',
  'Nobody suspends a member with more permissions.');

-- Teams
select tests.both($$update public.memberships set team_id = tests.id('south') where user_id = tests.id('hr manager')$$,
  'PT403',
  'Nobody moves themselves to another team.');
select tests.both($$select public.update_user(tests.id('ours'), tests.id('hr manager'), jsonb_build_object('team_id',
  tests.id('south')))$$,
  'PT403', 'Nobody moves themselves to another team over the function.');
select tests.both($$update public.memberships set team_id = tests.id('south') where user_id = tests.id('a reader')$$,
  'PT403',
  'Nobody moves others to a team whose rows they may not read themselves.');
select tests.both($$update public.memberships set team_id = null where user_id = tests.id('a reader')$$, '1',
  'Others may be taken out of one''s own team.');
select tests.both($$update public.memberships set team_id = tests.id('south') where user_id = tests.id('an idle')$$,
  '1',
  'A member without permissions of the scope team may be moved anywhere.');
select tests.both($$update public.memberships set role_id = tests.id('reader') where user_id = tests.id('an idle')$$,
  '1',
  'A role within one''s own may be given.');
do $$ begin update public.memberships set team_id = tests.id('south') where user_id in (tests.id('an idle'),
  tests.id('a reader')); end $$;
select tests.both($$update public.memberships set role_id = tests.id('reader') where user_id = tests.id('an idle')$$,
  'PT403',
  'A role of scope team is not given to a member of another team.');
select tests.both($$delete from public.memberships where user_id = tests.id('a reader')$$, 'PT403',
  'A member of another team with permissions of scope team is not removed.');
select tests.both($$delete from public.teams where id = tests.id('south')$$, 'PT403',
  'A team is not deleted if that takes rights beyond one''s own.');
select is(tests.outcome('admin', $$update public.memberships set team_id = tests.id('south')
  where user_id = tests.id('admin')$$), '1',
  'An admin may join any team.');

-- Names
select is(tests.outcome('admin', format(statement, E'X\r\nBcc: a@b.example')), '23514', format('Plain text only: %s',
  left(statement, 50)))
from unnest(array['update public.organizations set name = %L where id = tests.id(''ours'')',
  'update public.profiles set full_name = %L where id = tests.id(''admin'')',
  'update public.teams set name = %L where id = tests.id(''north'')',
    'update public.roles set name = %L where id = tests.id(''idle'')',
  'update public.roles set description = %L where id = tests.id(''idle'')',
  'insert into public.teams (organization_id, name) values (tests.id(''ours''), %L)']) statement;

select * from finish();
rollback;
