-- API keys: their form, who may make them, what they may do, what ends them, and that they are never people.
begin;
\ir support.inc
select plan(163);
do $$
begin
  perform tests.arrange();
  insert into public.roles (id, organization_id, key, name) values
    (tests.remember('keepers', private.uuid_v7()), tests.id('ours'), 'keepers', 'Keepers');
  insert into public.role_permissions (role_id, permission) values
    (tests.id('keepers'), 'keys:manage'), (tests.id('keepers'), 'customers:read');
  perform tests.person('keeper');
  insert into public.memberships (organization_id, user_id, role_id) values
    (tests.id('ours'), tests.id('keeper'), tests.id('keepers'));
  perform tests.customer('customer', 'ours', 'A1'), tests.customer('other customer', 'theirs', 'B1');
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
-- Makes a key and remembers its account and secret.
create table tests.secrets (name text primary key, secret text);
create function tests.key(name text, actor text, input jsonb) returns jsonb language plpgsql as $$
declare
  answer jsonb := tests.answer(actor, format('public.create_api_key(%L, %L)', tests.id('ours'),
    jsonb_build_object('name', name) || input));
begin
  perform tests.remember(name, (answer ->> 'key_id')::uuid);
  insert into tests.secrets values (name, answer ->> 'api_key');
  return answer;
end
$$;
create function tests.exchange(secret text, address text default '192.0.2.7') returns jsonb language plpgsql as $$
declare
  answer jsonb;
  hash text := private.token_hash(secret);
begin
  perform tests.act_as('service_role');
  answer := public.exchange_api_key(hash, address);
  perform tests.act_as('postgres');
  return answer;
end
$$;
grant all on all functions in schema tests to public;
grant select on all tables in schema tests to public;
-- The claims of the token that a function makes for a key.
create function tests.key_claims(name text) returns jsonb language sql stable as $$
  select jsonb_build_object('token_use', 'api_key', 'session_id', (
    select s.id from private.api_key_secrets s where s.key_id = tests.id(name) order by s.id desc limit 1))
$$;
create function tests.with_key(name text, statement text) returns text language sql as $$
  select tests.outcome(name, statement, '{}', tests.key_claims(name))
$$;

-- Form
select is(private.crc32('123456789'), 3421780262, 'The checksum is CRC-32 (IEEE 802.3).');
select is(private.api_key_of('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg'),
  'sgb_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg37cCQ0', 'The known key has the known checksum.');
select ok(bool_and(private.random_base62() ~ '^[0-9A-Za-z]{43}$') and count(distinct private.random_base62()) = 50,
  'Secrets are random.') from generate_series(1, 50);

-- Who may
select tests.only('{admin}', 'list keys', 'PT403', $$select public.list_api_keys(tests.id('ours'), '{}', 50, 0)$$);
select tests.only('{admin}', 'create a key', 'PT403',
  $$select public.create_api_key(tests.id('ours'), '{"name": "X", "role": "viewer"}')$$);
select matches(tests.key('writer', 'admin', '{"role": "operator", "allowed_networks": []}') ->> 'api_key',
  '^sgb_live_[0-9A-Za-z]{49}$', 'The answer has the secret.');
select is((select tests.key('admin key', 'admin', '{"role": "admin"}') ->> 'status'), 'active', 'A key may be an admin.');
select is((select count(*) from private.api_key_secrets s, tests.secrets t
  where s::text like '%' || t.secret || '%'), 0::bigint, 'The secret is not stored.');
select is((select count(*) from public.audit_logs a, tests.secrets t
  where a::text like '%' || substr(t.secret, 15, 30) || '%'), 0::bigint, 'It is not in the audit log.');
select tests.only('{admin}', 'read keys directly', '0', $$select from public.api_keys where id = tests.id('writer')$$);
select is(tests.outcome('admin', statement), code, what) from (values
  ($$select public.create_api_key(tests.id('ours'), '{"name": " ", "role": "viewer"}')$$, 'PT422', 'A key has a name.'),
  ($$select public.create_api_key(tests.id('ours'), '{"name": "X", "role": "nobody"}')$$, 'PT422', 'And a role.'),
  ($$select public.create_api_key(tests.id('ours'), '{"name": "X", "role": "viewer", "allowed_networks": ["x"]}')$$,
    'PT422', 'Networks are networks.'),
  ($$select public.create_api_key(tests.id('ours'), '{"name": "X", "role": "viewer",
    "expires_at": "2020-01-01T00:00:00Z"}')$$, 'PT422', 'An expiry is in the future.'),
  ($$select public.create_api_key(tests.id('theirs'), '{"name": "X", "role": "viewer"}')$$, 'PT403',
    'Nobody makes a key in another organization.'),
  ($$insert into public.api_keys (id, organization_id, name) values (tests.id('admin'), tests.id('ours'), 'X')$$,
    '42501', 'Nobody writes keys directly.')) as cases (statement, code, what);

-- Rights that one lacks
select is(tests.outcome('keeper', statement), code, what) from (values
  ($$select public.create_api_key(tests.id('ours'), '{"name": "X", "role": "keepers"}')$$, '1',
    'One''s own rights may be given to a key.'),
  ($$select public.create_api_key(tests.id('ours'), '{"name": "X", "role": "viewer"}')$$, 'PT403', 'Others may not.'),
  ($$select public.rotate_api_key(tests.id('ours'), tests.id('writer'), 0)$$, 'PT403',
    'A new secret of a key with more rights is not given out.'),
  ($$select public.update_api_key(tests.id('ours'), tests.id('writer'), '{"name": "Mine"}')$$, 'PT403',
    'Nor is such a key changed.')) as cases (statement, code, what);
select tests.key('small', 'keeper', '{"role": "keepers"}') is null as done;
select is(tests.outcome('keeper', $$select public.update_api_key(tests.id('ours'), tests.id('small'),
  '{"role": "admin"}')$$), 'PT403', 'A key is not raised above oneself.');
select is(tests.outcome('outsider', format('select public.%s', call)), 'PT403', 'Another organization''s admin: ' || call)
from unnest(array[$$rotate_api_key(tests.id('ours'), tests.id('writer'), 0)$$,
  $$revoke_api_key(tests.id('ours'), tests.id('writer'))$$]) call;
select is(tests.outcome('outsider', format('select public.%s', call)), 'PT404', 'And in their own: ' || call)
from unnest(array[$$rotate_api_key(tests.id('theirs'), tests.id('writer'), 0)$$,
  $$update_api_key(tests.id('theirs'), tests.id('writer'), '{"name": "X"}')$$,
  $$revoke_api_key(tests.id('theirs'), tests.id('writer'))$$]) call;

-- What a key may do
select is(tests.with_key('writer', $$select public.list_customers(tests.id('ours'), '{}', 'name', 50, 0)$$), '1',
  'A key uses the permissions of its role.');
select is(tests.with_key('writer', $$select from public.customers$$), '1', 'It sees its organization''s rows only.');
select is(tests.with_key('writer', $$select public.list_audit_logs(tests.id('ours'), '{}', 50, 0)$$), 'PT403',
  'It has no other permissions.');
select is(tests.with_key('writer', $$select public.list_customers(tests.id('theirs'), '{}', 'name', 50, 0)$$), 'PT403',
  'It has no other organization.');
select is(tests.with_key('admin key', statement), code, what) from (values
  ($$select public.create_api_key(tests.id('ours'), '{"name": "X", "role": "viewer"}')$$, 'PT403', 'No key makes keys.'),
  ($$select public.rotate_api_key(tests.id('ours'), tests.id('admin key'), 0)$$, 'PT403', 'Nor rotates itself.'),
  ($$select from public.api_keys$$, '0', 'Nor reads keys.'),
  ($$select public.impersonate(tests.id('ours'), tests.id('viewer'), 'because')$$, 'PT403', 'Nor acts as people.'),
  ($$select public.create_organization('Mine')$$, 'PT403', 'Nor makes organizations.'),
  ($$select public.accept_invitation('x')$$, 'PT403', 'Nor joins others.'),
  ($$select public.remove_phone()$$, 'PT403', 'Nor has a phone.'),
  ($$update public.profiles set full_name = 'X' where id = tests.id('admin key')$$, '0', 'Nor renames itself.'),
  ($$select public.update_user(tests.id('ours'), tests.id('viewer'), '{"status": "suspended"}')$$, '1',
    'A key whose role may manage members does.'),
  ($$select public.invite_user(tests.id('ours'), '{"email": "k@tests.example", "role": "viewer"}')$$, '1',
    'And invites them.')) as cases (statement, code, what);

-- Nor what would outlast it
insert into public.sms_accounts (id, organization_id, provider, sender_id, credentials_secret_id)
values (tests.remember('sender', private.uuid_v7()), tests.id('ours'), 'arkesel', 'OURS',
  vault.create_secret('{"api_key": "k"}', 'sms_account_' || tests.id('sender')));
select is(tests.with_key('admin key', statement), code, what) from (values
  ($$select public.set_sms_credentials(tests.id('sender'), '{"api_key": "mine"}')$$, 'PT403',
    'No key sets credentials of a provider.'),
  ($$select public.update_phone_number(tests.id('ours'), tests.id('sender'), '{"credentials": {"api_key": "mine"}}')$$,
    'PT403', 'Not with a number.'),
  ($$select public.update_phone_number(tests.id('ours'), tests.id('sender'), '{"credentials": null}')$$, 'PT403',
    'Nor takes them away.'),
  ($$select public.update_phone_number(tests.id('ours'), tests.id('sender'), '{"label": "Bills"}')$$, '1',
    'It changes the rest of a number.'),
  ($$select public.update_settings(tests.id('ours'), '{"audit_retention_months": 12}')$$, 'PT403',
    'No key shortens the audit log.'),
  ($$update public.organizations set audit_retention_months = 12 where id = tests.id('ours')$$, 'PT403',
    'Not at the Data API either.'),
  ($$select public.update_settings(tests.id('ours'), '{"message_retention_months": 1}')$$, 'PT403',
    'No key has old messages deleted.'),
  ($$update public.organizations set message_retention_months = 1 where id = tests.id('ours')$$, 'PT403',
    'Not at the Data API either.'),
  ($$select public.update_settings(tests.id('ours'), '{"audit_retention_months": 84, "message_retention_months": 24, "alert_after": 77}')$$, '1',
    'It changes other settings.')) as cases (statement, code, what);
select is(tests.outcome('admin', statement), '1', 'An admin may: ' || statement) from unnest(array[
  $$select public.set_sms_credentials(tests.id('sender'), '{"api_key": "mine"}')$$,
  $$select public.update_settings(tests.id('ours'), '{"audit_retention_months": 12}')$$]) statement;

-- A stolen key makes no lasting administrator
do $$
begin
  perform tests.member('second admin', 'ours', 'admin');
  insert into public.roles (id, organization_id, key, name) values
    (tests.remember('plain', private.uuid_v7()), tests.id('ours'), 'plain', 'Plain');
  insert into public.role_permissions (role_id, permission) values (tests.id('plain'), 'customers:read');
end
$$;
select is(tests.with_key('admin key', statement), code, what) from (values
  ($$select public.invite_user(tests.id('ours'), '{"email": "k@tests.example", "role": "admin"}')$$, 'PT403',
    'No key invites an admin.'),
  ($$select public.invite_user(tests.id('ours'), '{"email": "k@tests.example", "role": "keepers"}')$$, 'PT403',
    'Nor somebody who would manage keys.'),
  ($$select public.update_user(tests.id('ours'), tests.id('operator'), '{"role": "admin"}')$$, 'PT403',
    'Nor makes somebody an admin.'),
  ($$update public.memberships set role_id = tests.role('admin') where user_id = tests.id('operator')$$, 'PT403',
    'Not at the Data API either.'),
  ($$select public.update_user(tests.id('ours'), tests.id('second admin'), '{"role": "viewer"}')$$, 'PT403',
    'Nor demotes an admin.'),
  ($$select public.update_user(tests.id('ours'), tests.id('second admin'), '{"status": "suspended"}')$$, 'PT403',
    'Nor suspends one.'),
  ($$select public.remove_user(tests.id('ours'), tests.id('second admin'), 'none')$$, 'PT403', 'Nor removes one.'),
  ($$select public.save_role(tests.id('ours'), '{"permissions": {"keys:manage": "organization"}}', tests.id('plain'))$$,
    'PT403', 'Nor adds what is closed to it to a role.'),
  ($$select public.save_role(tests.id('ours'), '{"permissions": {}}', tests.id('keepers'))$$, 'PT403',
    'Nor takes it from one.'),
  ($$insert into public.role_permissions (role_id, permission) values (tests.id('plain'), 'members:impersonate')$$,
    'PT403', 'Not at the Data API either.'),
  ($$select public.delete_role(tests.id('ours'), tests.id('plain'), 'admin')$$, 'PT403',
    'Nor gives a role''s holders another one.'),
  ($$select public.delete_role(tests.id('ours'), tests.id('keepers'), 'viewer')$$, 'PT403', 'Nor deletes such a role.'),
  ($$select p from jsonb_array_elements(public.list_permissions(tests.id('ours'))) p
    where p ->> 'name' in ('keys:manage', 'members:impersonate') and p ->> 'own_scope' is not null$$, '0',
    'The catalogue says that it may not give them.'),
  ($$select public.save_role(tests.id('ours'), '{"permissions": {"customers:write": "organization"}}',
    tests.id('plain'))$$, '1', 'It may give what is open to it.')) as cases (statement, code, what);
select is(tests.outcome('admin', $$select public.save_role(tests.id('ours'),
  '{"permissions": {"keys:manage": "organization"}}', tests.id('plain'))$$), '1', 'An admin may give all.');
-- An offer of a key ends when the role gets what is closed to keys.
do $$
declare
  invitation jsonb;
begin
  perform tests.person('joiner');
  perform tests.act_as('admin key', '{}', tests.key_claims('admin key'));
  invitation := public.invite_user(tests.id('ours'), '{"email": "joiner@tests.example", "role": "plain"}');
  perform tests.act_as('postgres');
  create table tests.offers as select invitation ->> 'token' as token;
  grant select on tests.offers to public;
end
$$;
select is(tests.outcome('joiner', $$select public.accept_invitation((select token from tests.offers))$$), '1',
  'What a key offers is accepted,');
insert into public.role_permissions (role_id, permission) values (tests.id('plain'), 'keys:manage');
select is(tests.outcome('joiner', $$select public.accept_invitation((select token from tests.offers))$$), 'PT422',
  'but not once the role can do what is closed to keys.');
do $$
begin
  delete from public.invitations where role_id = tests.id('plain');
  delete from public.roles where id = tests.id('plain');
  delete from public.memberships where user_id = tests.id('second admin');
end
$$;

select is(private.organization_of_key(tests.key_claims('writer') || jsonb_build_object('sub', tests.id('admin key'))),
  null, 'A secret is good for its own account only.');
select is(tests.outcome('admin', $$select from public.customers$$, '{}',
  jsonb_build_object('token_use', 'something', 'session_id', gen_random_uuid())), 'PT401',
  'A token of an unknown kind is refused.');

-- Never people
select is((select jsonb_array_length(tests.answer('admin', $$public.list_users(tests.id('ours'), '{}', 200, 0)$$)
  -> 'rows')), (select count(*)::integer from public.memberships where organization_id = tests.id('ours')
    and not is_service), 'No key is in the list of people.');
select is(tests.outcome('admin', statement), code, what) from (values
  ($$select public.get_user(tests.id('ours'), tests.id('writer'))$$, 'PT404', 'A key is no user.'),
  ($$select public.update_user(tests.id('ours'), tests.id('writer'), '{"role": "admin"}')$$, 'PT404', 'Nor changed as one.'),
  ($$select public.remove_user(tests.id('ours'), tests.id('writer'), 'none')$$, 'PT404', 'Nor removed as one.'),
  ($$select from public.memberships where user_id = tests.id('writer')$$, '0', 'Its membership is not listed.'),
  ($$update public.memberships set status = 'suspended' where user_id = tests.id('writer')$$, '0', 'Nor changed.'),
  ($$delete from public.memberships where user_id = tests.id('writer')$$, '0', 'Nor deleted.'),
  ($$select from public.profiles where id = tests.id('writer')$$, '0', 'Its profile is not listed.'),
  ($$select public.update_user(tests.id('ours'), tests.id('admin'), '{"role": "viewer"}')$$, 'PT409',
    'An admin key does not count as an admin.'),
  ($$select public.remove_user(tests.id('ours'), tests.id('admin'), 'none')$$, 'PT409', 'So the last person stays.'),
  ($$select public.create_lead(tests.id('ours'), jsonb_build_object('first_name', 'A', 'phone', '+233244000050',
    'assigned_to', tests.id('admin key')), false)$$, 'PT422', 'A key is given no leads.'),
  ($$select public.create_task(tests.id('ours'), jsonb_build_object('title', 'T', 'assigned_to',
    tests.id('admin key')))$$, 'PT422', 'Nor tasks.')) as cases (statement, code, what);
select ok(not private.may_hold_leads(tests.id('ours'), tests.id('admin key')), 'No strategy gives it leads.');
select private.notify_admins(tests.id('ours'), 'system', 'T', 'B') is null as done;
select is((select count(*) from public.notifications where user_id = tests.id('admin key')), 0::bigint,
  'It gets no notices.');
select is((select count(*) from public.emails where to_address = ''), 0::bigint, 'Nor e-mails.');

-- Exchange
select is(tests.exchange((select secret from tests.secrets where name = 'writer')) ->> 'key_id',
  tests.id('writer')::text, 'A secret is exchanged for its account.');
select is(tests.exchange('sgb_live_nothing'), null, 'An unknown one is not.');
select is(tests.outcome('admin', $$select public.exchange_api_key('x', null)$$), '42501', 'People do not exchange keys.');
update public.api_keys set allowed_networks = '{192.0.2.0/24,2001:db8::/32}' where id = tests.id('writer');
select is(tests.outcome('service_role', format('select public.exchange_api_key(%L, %L)',
  private.token_hash((select secret from tests.secrets where name = 'writer')), address)), code, coalesce(address, 'unknown') || ': ' || code)
from (values ('192.0.2.255', '1'), ('192.0.3.1', 'PT403'), ('2001:db8:1::1', '1'), ('2001:db9::1', 'PT403'),
  (null, 'PT403'), ('192.0.2.1, 10.0.0.1', 'PT403'), ('garbage', 'PT403')) as addresses (address, code);

-- A token was made for an address; narrower networks end it at once
select is(tests.outcome('writer', 'select from public.customers', '{}', tests.key_claims('writer') || claims), code,
  format('%s: %s', claims, code))
from (values ('{"address": "192.0.2.7"}'::jsonb, '1'), ('{"address": "2001:db8::1"}', '1'),
  ('{"address": "192.0.3.1"}', 'PT401'), ('{}', 'PT401'), ('{"address": "garbage"}', 'PT401')) as tokens (claims, code);
update public.api_keys set allowed_networks = '{192.0.2.0/29}' where id = tests.id('writer');
select is(tests.outcome('writer', 'select from public.customers', '{}', tests.key_claims('writer')
  || '{"address": "192.0.2.9"}'), 'PT401', 'So does an address that is taken out.');
update public.api_keys set allowed_networks = '{}' where id = tests.id('writer');
select is(tests.outcome('writer', 'select from public.customers', '{}', tests.key_claims('writer')
  || '{"address": "192.0.2.9"}'), '1', 'Without networks every address will do.');

-- Uses
select tests.act_as('service_role');
select public.record_api_key_use(tests.id('writer'), a) is null as done
from unnest(array['192.0.2.7', '192.0.2.7', '192.0.2.8']) a;
select tests.act_as('postgres');
select results_eq($$select last_used_ip from private.api_key_uses where key_id = tests.id('writer')$$,
  $$values ('192.0.2.7')$$, 'A use is written at most once a minute.');
select is((select count(*) from public.audit_logs where action = 'key_used' and actor_id = tests.id('writer')), 2::bigint,
  'The first use from each network is in the audit log.');
update private.api_key_uses set last_used_at = now() - interval '2 minutes' where key_id = tests.id('writer');
select tests.act_as('service_role');
select public.record_api_key_use(tests.id('writer'), '192.0.2.9') is null as done;
select tests.act_as('postgres');
select is((select last_used_ip from private.api_key_uses where key_id = tests.id('writer')), '192.0.2.9',
  'A minute later the next one is.');

-- What ends a key
create table tests.first_claims as select tests.key_claims('writer') as claims;
grant select on tests.first_claims to public;
select ok(tests.answer('admin', $$public.rotate_api_key(tests.id('ours'), tests.id('writer'), 3600)$$) ->> 'api_key'
  <> (select secret from tests.secrets where name = 'writer'), 'Rotating gives another secret.');
select is(tests.outcome('writer', 'select from public.customers', '{}', (select claims from tests.first_claims)), '1',
  'During the grace the first one holds.');
select is(tests.with_key('writer', 'select from public.customers'), '1', 'So does the second.');
update private.api_key_secrets set ends_at = now() where ends_at is not null;
select is(tests.outcome('writer', 'select from public.customers', '{}', (select claims from tests.first_claims)), 'PT401',
  'After the grace the first one is refused, token or not.');
select is(tests.exchange((select secret from tests.secrets where name = 'writer')), null, 'It is not exchanged either.');
update public.api_keys set expires_at = now() where id = tests.id('writer');
select is(tests.with_key('writer', 'select from public.customers'), 'PT401', 'An expired key is refused.');
update public.api_keys set expires_at = null where id = tests.id('writer');
select is(tests.with_key('writer', 'select from public.customers'), '1', 'A key that never expires holds.');
update public.memberships set status = 'suspended' where user_id = tests.id('small');
select is(tests.with_key('small', $$select public.list_customers(tests.id('ours'), '{}', 'name', 50, 0)$$), 'PT403',
  'A key without an active membership does nothing.');
select tests.answer('admin', $$(select 1 from public.revoke_api_key(tests.id('ours'), tests.id('writer')))$$) is null as done;
select is(tests.with_key('writer', statement), 'PT401', 'A revoked key is refused: ' || statement) from unnest(array[
  'select from public.customers', 'select from public.profiles', 'select from public.memberships',
  'select public.me()', 'select public.actor()']) statement;
select is(tests.outcome('admin', $$select public.revoke_api_key(tests.id('ours'), tests.id('writer'))$$), 'PT409',
  'It is revoked once.');
select is(tests.answer('admin', $$public.list_api_keys(tests.id('ours'), '{"status": "revoked"}', 50, 0)$$)
  #>> '{rows,0,name}', 'writer', 'It stays in the list.');
select is((select count(*) from public.audit_logs where resource = 'api_keys' and actor_id = tests.id('admin')
  and action in ('insert', 'update', 'rotated')), 4::bigint, 'The audit log has what was done to keys.');

-- Warnings
update public.api_keys set expires_at = now() + interval '10 days' where id = tests.id('admin key');
select private.warn_of_expiring_keys(), private.warn_of_expiring_keys();
update public.api_keys set expires_at = now() + interval '2 days' where id = tests.id('admin key');
select private.warn_of_expiring_keys(), private.warn_of_expiring_keys();
select is((select count(*) from public.notifications where user_id = tests.id('admin') and kind = 'api_key_expiring'),
  2::bigint, 'Admins are notified 14 and 3 days before, each once.');

-- What acts for a key later ends with it
do $$
declare
  hook uuid;
begin
  perform tests.key('robot', 'admin', '{"role": "admin"}');
  perform tests.act_as('robot', '{}', tests.key_claims('robot'));
  hook := public.create_webhook(tests.id('ours'), '{"url": "https://hooks.example.com/a", "events": ["*"]}') ->> 'id';
  perform public.invite_user(tests.id('ours'), '{"email": "late@tests.example", "role": "viewer"}');
  perform tests.act_as('postgres');
  perform tests.remember('hook', hook);
  update public.invitations i set token_hash = private.token_hash('late') where i.email = 'late@tests.example';
end
$$;
create function tests.later_rights() returns jsonb language sql stable as $$
  select jsonb_build_object(
    'webhook', (select private.webhook_json(e) ->> 'silent_reason' from public.webhook_endpoints e
      where e.id = tests.id('hook')),
    'delivery', private.webhook_withheld(tests.id('ours'), tests.id('robot'), 'customer.created', '{}'),
    'invitation', private.open_invitation('late', 'late@tests.example') is not null,
    'import', private.may_continue_import(jsonb_populate_record(null::public.lead_imports, jsonb_build_object(
      'organization_id', tests.id('ours'), 'kind', 'leads', 'created_by', tests.id('robot')))),
    'reports', private.still_may(tests.id('ours'), tests.id('robot'), 'reports:read'),
    'links', private.has_share_right(tests.id('ours'), tests.id('robot')),
    'files', private.scopes_of(tests.id('ours'), tests.id('robot')) ? 'reports:export',
    'recipients', private.may_send_to(tests.id('ours'), tests.id('robot'), tests.id('viewer')))
$$;
select is(tests.later_rights(), '{"webhook": null, "delivery": null, "invitation": true, "import": true,
  "reports": true, "links": true, "files": true, "recipients": true}', 'What a key made acts with its rights.');
update public.api_keys set expires_at = now() where id = tests.id('robot');
select is(tests.later_rights() -> what, answer, format('After its expiry: %s.', what)) from (values
  ('webhook', '"key_expired"'::jsonb), ('delivery', '"key_expired"'), ('invitation', 'false'), ('import', 'false'),
  ('reports', 'false'), ('files', 'false'), ('recipients', 'false')) as cases (what, answer);

select * from finish();
rollback;
