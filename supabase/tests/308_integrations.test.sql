-- Integrations: who may, what is stored where, senders as integrations, failing and recovering, telling once.
begin;
\ir support.inc
select plan(103);
select tests.arrange() \g /dev/null
insert into public.sms_accounts (id, organization_id, provider, sender_id)
values (tests.remember('sender', private.uuid_v7()), tests.id('ours'), 'twilio', '+15005550101'),
  (tests.remember('other sender', private.uuid_v7()), tests.id('theirs'), 'twilio', '+15005550102');
create function tests.as_admin(call text, actor text default 'admin') returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  execute 'select to_jsonb(' || call || ')' into answer;
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.connect_call(type text, changes jsonb default '{}', organization text default 'ours') returns text
language sql as $$
  select format('public.connect_integration(tests.id(%L), %L, %L, %L)', organization, type,
    given.credentials::jsonb || coalesce(changes -> 'credentials', '{}'), given.config::jsonb || coalesce(changes -> 'config', '{}'))
  from (values
    ('google_sheets', jsonb_build_object('client_email', 'r@p.iam.gserviceaccount.com', 'token_uri', 'https://evil.example',
      'private_key', E'-----BEGIN PRIVATE KEY-----\nc2VzYW1l\n-----END PRIVATE KEY-----\n')::text, '{}'),
    ('resend', '{"api_key": "sesame"}', '{"from_email": "office@acme.example"}'),
    ('smtp', '{"username": "office", "password": "sesame"}',
      '{"host": "mail.acme.example", "port": 587, "from_email": "office@acme.example"}'),
    ('twilio', '{"account_sid": "AC5ec5ec5ec5ec5ec5ec5ec5ec5ec5ec5e", "auth_token": "sesame"}',
      '{"senders": ["+15005550101"]}'),
    ('arkesel', '{"api_key": "sesame"}', '{"senders": ["ACMEPOWER"]}')
  ) as given (type, credentials, config) where given.type = connect_call.type
$$;
create function tests.integration(wanted text, organization text default 'ours') returns jsonb language sql as $$
  select private.integration_json(tests.id(organization), t) from private.integration_types t where t.type = wanted
$$;
create function tests.used(type text, error text) returns void language plpgsql as $$
begin
  perform tests.act_as('service_role');
  perform public.record_integration_result(tests.id('ours'), type, error);
  perform tests.act_as('postgres');
end
$$;
create function tests.told() returns bigint language sql as $$
  select count(*) from public.notifications where kind = 'integration_failing' and user_id = tests.id('admin')
$$;
grant all on all functions in schema tests to public;

-- Who may
select tests.only('{admin}', 'list integrations', 'PT403', $$select public.list_integrations(tests.id('ours'))$$);
select tests.only('{admin}', 'connect one', 'PT403', 'select ' || tests.connect_call('google_sheets'));
select tests.as_admin(tests.connect_call('google_sheets')) \g /dev/null
select tests.as_admin(tests.connect_call('google_sheets', '{}', 'theirs'), 'outsider') \g /dev/null
select tests.only('{admin}', 'disconnect one', 'PT403',
  $$select public.disconnect_integration(tests.id('ours'), 'google_sheets')$$);
select tests.only('{admin}', 'read the rows of their organization', '0',
  $$select id from public.integrations where organization_id = tests.id('ours')$$);
select is(tests.outcome('admin', 'select secret_id from public.integrations'), '42501', 'Nobody sees which secret it is.');
select is(tests.outcome(actor, 'update public.integrations set config = ''{}'' where true'), '42501',
  actor || ' may not write the table.') from unnest(array['admin', 'service_role']) actor;
select is(tests.outcome('admin', call), '42501', 'People may not call ' || call)
from unnest(array['select public.integration_credentials(tests.id(''ours''), ''google_sheets'')',
  'select public.record_integration_result(tests.id(''ours''), ''google_sheets'', ''x'')',
  'select private.integration_credentials(tests.id(''ours''), ''google_sheets'')']) call;
select results_eq($$select p.closed_to from private.permissions p where p.name = 'integrations:manage'$$,
  $$values (array['api_key', 'impersonation'])$$, 'It is closed to API keys and impersonation.');

-- What is stored
select is(v.decrypted_secret::jsonb, '{"client_email": "r@p.iam.gserviceaccount.com",
  "private_key": "-----BEGIN PRIVATE KEY-----\nc2VzYW1l\n-----END PRIVATE KEY-----\n"}'::jsonb,
  'The Vault has the key, without an address to call.')
from public.integrations i join vault.decrypted_secrets v on v.id = i.secret_id
where i.organization_id = tests.id('ours');
select is(tests.integration('google_sheets') - 'last_sync', '{"type": "google_sheets", "name": "Google Sheets",
  "status": "connected", "config": {"client_email": "r@p.iam.gserviceaccount.com"}, "last_error": null}'::jsonb,
  'The admin sees the address to share spreadsheets with.');
select is((select array_agg(x ->> 'type') from jsonb_array_elements(tests.as_admin(
  'public.list_integrations(tests.id(''ours''))')) x where x ->> 'status' = 'not_connected'),
  '{twilio,arkesel,smtp,resend}', 'The others are listed as not connected.');
select is(tests.as_admin('public.integration_credentials(tests.id(''ours''), ''google_sheets'')', 'service_role')
  ->> 'client_email', 'r@p.iam.gserviceaccount.com', 'A worker gets settings and secrets together.');
select is(tests.as_admin('public.integration_credentials(tests.id(''ours''), ''smtp'')', 'service_role'), null,
  'And null of what is not connected.');
select is(tests.outcome('admin', 'select ' || tests.connect_call(type, wrong)), 'PT422', type || ' refuses ' || wrong)
from (values ('google_sheets', '{"credentials": {"private_key": "sesame"}}'::jsonb),
  ('google_sheets', '{"credentials": {"client_email": "x"}}'), ('resend', '{"credentials": {"api_key": "a\u0007"}}'),
  ('resend', '{"config": {"from_email": "a b@c.example"}}'), ('smtp', '{"config": {"host": "a b"}}'),
  ('smtp', '{"config": {"port": "587"}}'), ('smtp', '{"config": {"port": 587.5}}'),
  ('smtp', '{"config": {"port": 99999}}'), ('smtp', '{"credentials": {"password": "a\nb"}}'),
  ('smtp', '{"config": {"from_email": "a@b.example>\r\nRCPT TO:<c@d.example"}}'),
  ('twilio', '{"credentials": {"account_sid": "AC1"}}'), ('twilio', '{"config": {"senders": ["hello"]}}'),
  ('twilio', '{"config": {"senders": []}}'), ('arkesel', '{"config": {"senders": null}}'),
  ('arkesel', '{"config": {"senders": ["ELEVENLETTERS"]}}')) as w (type, wrong);
select is(tests.outcome('admin', 'select public.connect_integration(tests.id(''ours''), ''fax'', ''{}'')'), 'PT404',
  'There is no such type.');

-- One mail server
select tests.as_admin(tests.connect_call('resend')) \g /dev/null
select is(tests.outcome('admin', 'select ' || call), 'PT409', 'Two mail servers are refused: ' || call)
from unnest(array[tests.connect_call('smtp'), 'public.begin_integration_check(tests.id(''ours''), ''smtp'')']) call;
select is(tests.as_admin('public.begin_integration_check(tests.id(''ours''), ''resend'')') ->> 'to',
  'admin@tests.example', 'A mail server''s test goes to the person who connects it.');
create temporary table first_account as
  select i.id, i.secret_id from public.integrations i where i.type = 'resend';
select tests.as_admin(tests.connect_call('resend', '{"credentials": {"api_key": "other"}}')) \g /dev/null
select is((select count(*) from public.integrations i join first_account f using (id)), 0::bigint,
  'Other credentials make it another connection,');
select is((select count(*) from vault.secrets v join first_account f on f.secret_id = v.id), 0::bigint,
  'and those before are gone.');
select tests.as_admin('public.disconnect_integration(tests.id(''ours''), ''resend'')') \g /dev/null
select is(tests.outcome('admin', 'select public.disconnect_integration(tests.id(''ours''), ''resend'')'), 'PT404',
  'It can be disconnected once.');
select results_eq($$select action, after ->> 'type' from public.audit_logs where resource = 'integrations'
    and organization_id = tests.id('ours') order by id$$,
  $$values ('connected', 'google_sheets'), ('connected', 'resend'), ('connected', 'resend'),
    ('disconnected', 'resend')$$, 'All of that is audited,');
select is_empty($$select from public.audit_logs a where a::text ~ 'sesame|PRIVATE KEY|c2VzYW1l'$$, 'without a secret.');

-- Senders as integrations
select is(tests.integration('twilio') ->> 'status', 'not_connected',
  'A sender on the platform''s account is no integration.');
select is(tests.outcome('admin', 'select public.connect_integration(tests.id(''ours''), ''twilio'',
  ''{"account_sid": "AC5ec5ec5ec5ec5ec5ec5ec5ec5ec5ec5e", "auth_token": "sesame"}'')'), 'PT422',
  'Which senders use the account must be said at first.');
select tests.as_admin(tests.connect_call('twilio', '{"config": {"senders": ["+15005550101", "+15005550103"]}}')) \g /dev/null
select is(tests.integration('twilio') -> 'config', '{"senders": ["+15005550101", "+15005550103"],
  "account_sids": ["AC5ec5ec5ec5ec5ec5ec5ec5ec5ec5ec5e"]}'::jsonb, 'One got the credentials, the other was added.');
select is((select count(*) from public.sms_accounts a where a.organization_id = tests.id('ours')
  and a.provider_account is not null), 2::bigint, 'The credentials are those of the senders.');
select is_empty($$select from public.integrations where type in ('twilio', 'arkesel')$$, 'There is no second copy.');
select private.open_circuit(tests.id('sender'), 'Authenticate') \g /dev/null
select is(tests.integration('twilio') - 'config' - 'name' - 'last_sync',
  '{"type": "twilio", "status": "failing", "last_error": "Authenticate"}'::jsonb, 'A sender that is refused shows.');
select tests.as_admin('public.connect_integration(tests.id(''ours''), ''twilio'',
  ''{"account_sid": "AC5ec5ec5ec5ec5ec5ec5ec5ec5ec5ec5f", "auth_token": "sesame"}'')') \g /dev/null
select is(tests.integration('twilio') - 'name' - 'last_sync', '{"type": "twilio", "status": "connected",
  "config": {"senders": ["+15005550101", "+15005550103"], "account_sids": ["AC5ec5ec5ec5ec5ec5ec5ec5ec5ec5ec5f"]},
  "last_error": null}'::jsonb, 'New credentials replace those of all, and close their circuits.');
select is(tests.integration('twilio', 'theirs') ->> 'status', 'not_connected', 'Nobody else''s changed.');
insert into public.sms_accounts (organization_id, provider, sender_id) values (tests.id('theirs'), 'twilio', '+15005550103');
select tests.as_admin('public.disconnect_integration(tests.id(''ours''), ''twilio'')') \g /dev/null
select results_eq($$select sender_id, status, credentials_secret_id from public.sms_accounts
  where organization_id = tests.id('ours') and provider = 'twilio' order by sender_id$$,
  $$values ('+15005550101', 'active', null::uuid), ('+15005550103', 'disabled', null)$$,
  'Without credentials they are on the platform''s account, unless the number is somebody else''s there.');
select tests.as_admin(tests.connect_call('arkesel')) \g /dev/null
select is(tests.integration('arkesel') -> 'config', '{"senders": ["ACMEPOWER"]}'::jsonb, 'A new name is added.');

-- Failing and recovering
select tests.used('google_sheets', E'Google answers\n403.') \g /dev/null
select tests.used('google_sheets', 'Google answers 403.') \g /dev/null
select is(tests.integration('google_sheets') ->> 'status', 'failing', 'A use that fails shows,');
select is(tests.integration('google_sheets') ->> 'last_error', 'Google answers 403.', 'with the reason.');
select is(tests.told(), 1::bigint, 'The admins are told once.');
select is(tests.integration('google_sheets', 'theirs') ->> 'status', 'connected', 'Nobody else''s fails.');
select tests.used('google_sheets', null) \g /dev/null
select is(tests.integration('google_sheets') - 'config' - 'name' - 'last_sync',
  '{"type": "google_sheets", "status": "connected", "last_error": null}'::jsonb, 'A success ends it.');
select tests.used('google_sheets', 'Google answers 403.') \g /dev/null
select is(tests.told(), 1::bigint, 'A new outage within an hour is not told,');
update public.integrations set admins_notified_at = now() - interval '61 minutes', failing_since = now() - interval '5 minutes'
where type = 'google_sheets' and organization_id = tests.id('ours');
select tests.used('google_sheets', 'Google answers 403.') \g /dev/null
select is(tests.told(), 2::bigint, 'unless it lasts.');
select tests.used('smtp', 'x') \g /dev/null
select is(tests.told(), 2::bigint, 'What is not connected cannot fail.');
update private.rate_limits set quota = 1 where kind = 'connect_integration';
select tests.as_admin('public.begin_integration_check(tests.id(''theirs''), ''google_sheets'')', 'outsider') \g /dev/null
select is(tests.as_admin('public.begin_integration_check(tests.id(''theirs''), ''google_sheets'')', 'outsider') ->> 'code',
  'PT429', 'Nobody tries credentials out by the hundred.');
select * from finish();
rollback;
