-- An organization's own mail server: whose e-mails go through it, what happens when it fails, nothing twice, nobody else
-- held up.
begin;
\ir support.inc
select plan(45);
select tests.arrange() \g /dev/null
delete from public.emails where true;
delete from private.mail_outage where true;
create function tests.mail(name text, organization text default 'ours') returns uuid language plpgsql as $$
declare
  email uuid;
begin
  insert into public.emails (organization_id, user_id, kind, to_address, event_key, data)
  values (tests.id(organization), tests.id(case organization when 'ours' then 'viewer' else 'outsider' end), 'system',
    mail.name || '@tests.example', 'test:' || mail.name, jsonb_build_object('title', mail.name))
  returning id into email;
  return tests.remember(mail.name, email);
end
$$;
create function tests.email(name text) returns public.emails language sql stable as $$
  select e from public.emails e where e.id = tests.id(name)
$$;
-- What a step hands out, as 'name server'.
create function tests.step(outcomes jsonb default '[]', batch integer default 5, provider text default 'smtp')
returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.exchange_email_batch(outcomes, batch, provider, 100, 300);
  perform tests.act_as('postgres');
  return coalesce((select string_agg(concat_ws(' ', split_part(e ->> 'to', '@', 1), e #>> '{own_server,type}'), ', '
    order by e ->> 'to') from jsonb_array_elements(answer -> 'emails') e where e ->> 'to' like '%@tests.example'
    and e ->> 'to' !~ '^(admin|suspended)@'), '');
end
$$;
create function tests.ended(name text, kind text, reason text default 'because') returns jsonb language sql as $$
  select jsonb_build_array(jsonb_build_object('id', tests.id(name), 'claim', (tests.email(name)).claim, 'kind', kind,
    'reason', reason))
$$;
create function tests.state(name text) returns text language sql as $$
  select concat_ws(' ', (tests.email(name)).status, (tests.email(name)).attempts, (tests.email(name)).provider)
$$;
create function tests.connect(server text, organization text default 'ours', actor text default 'admin') returns void
language plpgsql as $$
begin
  perform tests.act_as(actor);
  perform public.connect_integration(tests.id(organization), server,
    '{"username": "u", "password": "sesame", "api_key": "sesame"}',
    '{"host": "mail.acme.example", "port": 587, "from_email": "office@acme.example"}');
  perform tests.act_as('postgres');
end
$$;
create function tests.server(organization text default 'ours') returns public.integrations language sql as $$
  select i from public.integrations i where i.organization_id = tests.id(organization) and i.type in ('smtp', 'resend')
$$;
create function tests.told() returns bigint language sql as $$
  select count(*) from public.notifications where kind = 'integration_failing' and user_id = tests.id('admin')
$$;
create function tests.no_notices() returns void language sql as $$
  delete from public.emails where event_key like 'integration_failing%'
$$;
grant all on all functions in schema tests to public;

select tests.connect('smtp') \g /dev/null
select tests.mail('a'), tests.mail('b', 'theirs') \g /dev/null
select is(tests.step(), 'a smtp, b', 'An organization''s e-mails go through its own server, others'' do not.');
select is((tests.email('a')).integration_id, (tests.server()).id, 'Which connection it was is kept.');
select is(tests.step(tests.ended('a', 'accepted') || tests.ended('b', 'accepted'), 0), '', 'Both are recorded.');
select is(tests.state('a'), 'sent 1 smtp', 'It was sent.');

-- At most three at once
select tests.mail('c' || n) from generate_series(1, 5) n \g /dev/null
select is(tests.step(), 'c1 smtp, c2 smtp, c3 smtp', 'At most three are under way to an own server,');
select is(tests.step(), '', 'in all runs together.');
select tests.mail('d', 'theirs') \g /dev/null
select is(tests.step(), 'd', 'Others'' e-mails do not wait for that.');
select is(tests.step(tests.ended('c1', 'accepted') || tests.ended('c2', 'accepted') || tests.ended('c3', 'accepted')
  || tests.ended('d', 'accepted')), 'c4 smtp, c5 smtp', 'Then come the next.');
select tests.step(tests.ended('c4', 'accepted') || tests.ended('c5', 'accepted'), 0) \g /dev/null

-- It fails
select tests.mail('e'), tests.mail('f') \g /dev/null
select is(tests.step(), 'e smtp, f smtp', 'Two go to the own server,');
select is(tests.step(tests.ended('e', 'outage') || tests.ended('f', 'outage'), 0), '', 'which is down.');
select is((tests.server()).status || ' ' || (tests.server()).last_error, 'failing because', 'It is failing.');
select is(tests.told(), 1::bigint, 'The admins are told once.');
select is((select count(*) from private.mail_outage), 0::bigint, 'The platform''s server counts as working.');
select is(tests.state('e'), 'queued 0 smtp', 'That cost the e-mail no attempt.');
select is(tests.step(), 'e, f', 'Both go through the platform''s, and so does the notice.');
select is((select count(*) from public.emails where event_key like 'integration_failing%' and status = 'sending'
  and integration_id is null), 1::bigint, 'The notice is on its way.');
select tests.step(tests.ended('e', 'accepted') || tests.ended('f', 'accepted'), 0), tests.no_notices() \g /dev/null
select is(tests.state('e') || (tests.email('e')).integration_id::text, null, 'They say that it was the platform''s.');
select is((tests.server()).status, 'failing', 'The platform''s success is not the own server''s.');

-- It is tried again
select tests.mail('g'), tests.mail('h') \g /dev/null
select is(tests.step(), 'g, h', 'Until it is tried again, all goes through the platform''s.');
select tests.step(tests.ended('g', 'accepted') || tests.ended('h', 'accepted'), 0) \g /dev/null
select tests.mail('i'), tests.mail('j') \g /dev/null
update public.integrations set retry_at = now() where true;
insert into private.mail_outage (outages, resume_at, reason) values (1, now() + interval '1 hour', 'down');
select is(tests.step(), 'i smtp', 'One tries it, whether the platform''s server works or not.');
delete from private.mail_outage where true;
select is(tests.step(), 'j', 'Meanwhile the others go through the platform''s.');
select is(tests.step(tests.ended('i', 'outage') || tests.ended('j', 'accepted'), 0) || tests.step(), 'i',
  'If it still fails, that one goes through the platform''s.');
select is((tests.server()).failures, 2, 'The pauses grow.');
select is(tests.told(), 1::bigint, 'Nobody is told again.');
select tests.step(tests.ended('i', 'accepted'), 0), tests.mail('k') \g /dev/null
update public.integrations set retry_at = now() where true;
select is(tests.step(), 'k smtp', 'The next one tries it.');
select tests.step(tests.ended('k', 'accepted'), 0) \g /dev/null
select is((tests.server()).status || coalesce((tests.server()).last_error, ''), 'connected', 'A success ends it.');
select tests.mail('l') \g /dev/null
select is(tests.step(), 'l smtp', 'From then on all goes through it again.');
select tests.step(tests.ended('l', 'rejected'), 0) \g /dev/null
select is(tests.state('l') || ' ' || (tests.server()).status, 'failed 1 smtp connected',
  'A recipient that it refuses is the recipient''s fault.');
select tests.mail('m') \g /dev/null
select tests.step() \g /dev/null
select tests.step(tests.ended('m', 'unknown'), 0) \g /dev/null
select is(tests.state('m'), 'failed 1 smtp', 'What may have been sent is not sent through another server.');

select tests.mail('q') \g /dev/null
select tests.step() \g /dev/null
select tests.step(tests.ended('q', 'retry'), 0) \g /dev/null
select is(tests.state('q'), 'queued 1 smtp', 'One that it does not take now is tried again there,');
update public.emails set next_attempt_at = now(), attempts = 2 where id = tests.id('q');
select tests.step() \g /dev/null
select is(tests.step(tests.ended('q', 'retry')), 'q', 'and at last through the platform''s.');
select tests.step(tests.ended('q', 'retry'), 0) \g /dev/null
select is(tests.state('q'), 'failed 3 smtp', 'Then it fails.');

-- A claim that has no room for an organization does not use up the try of its server
select tests.connect('smtp', 'theirs', 'outsider') \g /dev/null
update public.integrations set status = 'failing', failing_since = now(), retry_at = now() where true;
select tests.mail('r'), tests.mail('s', 'theirs') \g /dev/null
select matches(tests.step(batch => 1), '^[rs] smtp$', 'A claim of one tries one server,');
select matches(tests.step(batch => 1), '^[rs] smtp$', 'and the next the other.');
select tests.step(tests.ended('r', 'accepted') || tests.ended('s', 'accepted'), 0) \g /dev/null
delete from public.integrations where organization_id = tests.id('theirs');

-- What Resend may have accepted stays with that account
select tests.act_as('admin') \g /dev/null
select public.disconnect_integration(tests.id('ours'), 'smtp') \g /dev/null
select tests.act_as('postgres') \g /dev/null
select tests.mail('n') \g /dev/null
select is(tests.step(provider => 'resend'), 'n', 'Disconnected, all goes through the platform''s.');
select tests.step(tests.ended('n', 'retry'), 0), tests.connect('resend') \g /dev/null
update public.emails set next_attempt_at = now() where id = tests.id('n');
select is(tests.step(provider => 'resend'), 'n', 'An e-mail that the platform''s Resend may have stays there.');
select tests.step(tests.ended('n', 'accepted'), 0), tests.mail('o'), tests.mail('p') \g /dev/null
select is(tests.step(), 'o resend, p resend', 'New ones go to the own account.');
select tests.step(tests.ended('o', 'retry') || tests.ended('p', 'retry'), 0) \g /dev/null
update public.emails set next_attempt_at = now() where id in (tests.id('o'), tests.id('p'));
update public.integrations set status = 'failing', failing_since = now(), retry_at = now() + interval '1 hour' where true;
select is(tests.step(), 'o resend, p resend', 'One that it may have stays there, though it is failing.');
select tests.step(tests.ended('o', 'outage') || tests.ended('p', 'retry'), 0) \g /dev/null
select is(tests.state('o'), 'queued 2 resend', 'An outage then costs an attempt, as it does at the platform''s.');
select tests.connect('resend') \g /dev/null
update public.emails set next_attempt_at = now() where id in (tests.id('o'), tests.id('p'));
select is(tests.step(), '', 'When the account is gone, nobody can say whether it was sent:');
select is(tests.state('p') || ' ' || (tests.email('p')).last_error,
  'failed 2 resend The e-mail may have been sent by a mail server that is not connected any more.', 'a person decides.');

-- Health
create function tests.health() returns jsonb language sql as $$select private.health_integrations(tests.id('ours'))$$;
select is(tests.health() #>> '{0,type}' || ' ' || (tests.health() #>> '{0,status}'), 'resend ok', 'Health lists it.');
update public.integrations set status = 'failing', failing_since = now() - interval '1 minute' where true;
select is(tests.health() #>> '{0,status}', 'degraded', 'One that fails is degraded,');
update public.integrations set failing_since = now() - interval '2 days' where true;
select is(tests.health() #>> '{0,status}', 'down', 'after a day it is down.');
insert into public.sms_accounts (id, organization_id, provider, sender_id, credentials_secret_id)
values (tests.remember('sender', private.uuid_v7()), tests.id('ours'), 'twilio', '+15005550101', gen_random_uuid());
select private.open_circuit(tests.id('sender'), 'Authenticate') \g /dev/null
select is(tests.health() #>> '{0,type}' || ' ' || (tests.health() #>> '{0,status}'), 'twilio down',
  'So is a provider that refuses all senders.');
select * from finish();
rollback;
