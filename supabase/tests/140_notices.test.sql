-- Notices and the e-mail outbox: who may see what, and what becomes of an e-mail whatever the mail server does.
begin;
\ir support.inc
select plan(101);
do $$
begin
  delete from public.emails;
  delete from private.mail_outage;
  perform tests.arrange();
  delete from public.emails;
end
$$;
create function tests.mail(name text, kind text default 'system', due timestamptz default now(), organization text default 'ours', person text default 'viewer')
returns uuid language plpgsql as $$
declare
  email uuid;
begin
  insert into public.emails (organization_id, user_id, kind, to_address, event_key, next_attempt_at, data)
  values (tests.id(organization), tests.id(person), mail.kind, mail.name || '@tests.example', 'test:' || mail.name, due,
    jsonb_build_object('title', mail.name, 'secret', 'sesame'))
  returning id into email;
  return tests.remember(mail.name, email);
end
$$;
create function tests.email(name text) returns public.emails language sql stable as $$
  select e from public.emails e where e.id = tests.id(name)
$$;
create function tests.step(outcomes jsonb, batch_size integer, provider text default 'smtp', retry integer default 100) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.exchange_email_batch(outcomes, batch_size, provider, retry, 300);
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.claim(batch_size integer default 10, provider text default 'smtp') returns text[] language sql as $$
  select coalesce(array_agg(split_part(e ->> 'to', '@', 1) order by e ->> 'to'), '{}') from jsonb_array_elements(tests.step('[]', batch_size, provider) -> 'emails') e
$$;
create function tests.report(name text, kind text, more jsonb default '{}') returns void language sql as $$
  select tests.step(jsonb_build_array(jsonb_build_object('id', tests.id(name), 'claim', (tests.email(name)).claim, 'kind', kind, 'reason', 'because') || more), 0)
$$;
create function tests.due(name text) returns void language sql as $$
  update public.emails set next_attempt_at = now() - interval '1 second' where id = tests.id(name)
$$;
create function tests.state(name text) returns text language sql as $$
  select concat_ws(' ', (tests.email(name)).status, (tests.email(name)).attempts)
$$;
create function tests.listed() returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin');
  answer := public.list_emails(tests.id('ours'), '{}', 10, 0);
  perform tests.act_as('postgres');
  return answer::text;
end
$$;
grant execute on all functions in schema tests to public;

-- Who sees what
select policies_are('public', 'emails', array['those who manage e-mails read their organization''s']);
select policies_are('public', 'notification_preferences', array['people read their own preferences']);
do $$ begin perform tests.mail('seen'); end $$;
select tests.only(array['admin'], 'see the e-mails', '0', $$select id, status, last_error from public.emails$$);
select is(tests.outcome('admin', $$select data from public.emails$$), '42501', 'What is in an e-mail is nobody''s to read.');
select is(tests.outcome('service_role', $$select data from public.emails$$), '42501', 'Nor does the service role read it, but by claiming it.');
select is(tests.outcome('service_role', $$select * from private.email_secrets$$), '42501', 'Tokens are nobody''s to read.');
select is(tests.outcome(role, statement), '42501', format('%s may not %s', role, statement))
from unnest(array['admin', 'service_role']) role, unnest(array[
  $$update public.emails set status = 'queued'$$, $$delete from public.emails$$,
  $$insert into public.notification_preferences (organization_id, user_id, kind) values (tests.id('ours'), auth.uid(), 'system')$$,
  $$insert into public.notifications (organization_id, user_id, kind, title) values (tests.id('ours'), auth.uid(), 'x', 'x')$$]) statement;
select is(tests.outcome('admin', $$select public.list_emails(tests.id('ours'), '{}', 10, 0)$$), '1', 'Admins list the e-mails.');
select is(tests.outcome(actor, $$select public.list_emails(tests.id('ours'), '{}', 10, 0)$$), 'PT403', format('%s may not list the e-mails.', actor))
from unnest(array['manager', 'viewer', 'operator', 'suspended', 'outsider']) actor;
select is(tests.outcome('anon', $$select public.list_emails(tests.id('ours'), '{}', 10, 0)$$), '42501', 'anon may not list the e-mails.');
select is(tests.outcome(actor, $$select public.list_notifications(tests.id('ours'), '{}', 10, 0)$$), '1', format('%s sees its own notifications.', actor))
from unnest(tests.everyone()) actor;
select is(tests.outcome(actor, $$select public.list_notifications(tests.id('ours'), '{}', 10, 0)$$), 'PT403', format('%s sees no notifications here.', actor))
from unnest(array['suspended', 'outsider']) actor;
select is(tests.outcome('admin', $$select public.exchange_email_batch('[]', 1, 'smtp', 1, 1)$$), '42501', 'Only jobs take the outbox''s steps.');
select unalike(tests.listed(), '%sesame%', 'The list does not tell what is in an e-mail.');

-- Being told
do $$
begin
  perform private.notify(array_agg(row(tests.id('ours'), tests.id(p), 'assignment', 'event', 'T', null, null, null)::private.notification))
  from unnest(array['viewer', 'suspended', 'outsider']) p, generate_series(1, 2);
  perform private.notify_admins(tests.id('ours'), 'message_held', 'T', 'B');
end
$$;
select results_eq($$select user_id, kind from public.notifications where organization_id = tests.id('ours') order by kind$$,
  $$values (tests.id('viewer'), 'assignment'), (tests.id('admin'), 'message_held')$$, 'Active members are told, once for an event.');
select results_eq($$select to_address, kind from public.emails where event_key <> 'test:seen' order by kind$$,
  $$values ('viewer@tests.example', 'assignment'), ('admin@tests.example', 'system')$$, 'They are mailed as well, a notice of no kind of its own as system.');
do $$
begin
  perform tests.act_as('admin');
  perform public.notification_preferences(tests.id('ours'), '[{"kind": "system", "email": false}]');
  perform tests.act_as('postgres');
  perform private.notify_admins(tests.id('ours'), 'sender_circuit_open', 'T', 'B');
end
$$;
select is((select count(*) from public.notifications where kind = 'sender_circuit_open')::integer, 1, 'In the application still,');
select is((select count(*) from public.emails where event_key like 'sender_circuit_open%')::integer, 0, 'but by e-mail no longer.');

-- Sending
do $$ begin delete from public.emails; end $$;
select is(tests.step('[]', 5), '{"emails": [], "next_due_at": null}', 'An empty queue says that nothing is due.');
do $$ begin perform tests.mail('one'), tests.mail('two', due => now() + interval '30 seconds'); end $$;
select is(tests.claim(), array['one'], 'What is due is claimed.');
select is(tests.claim(), '{}', 'It is claimed once.');
select is(tests.state('one'), 'sending 1', 'It is marked before it goes out.');
select is((tests.step('[]', 5) ->> 'next_due_at')::timestamptz, (tests.email('two')).next_attempt_at, 'A sender hears when the next falls due.');
do $$ begin perform tests.report('one', 'accepted', '{"provider_message_id": "250 ok"}'); end $$;
select is(tests.state('one'), 'sent 1', 'What is accepted is sent.');
select ok((tests.email('one')).sent_at is not null and (tests.email('one')).provider_message_id = '250 ok', 'Its time and the server''s word are kept.');
do $$ begin perform tests.report('one', 'retry'); end $$;
select is(tests.state('one'), 'sent 1', 'A later outcome changes nothing.');

do $$ begin perform tests.mail('flaky'); perform tests.claim(); perform tests.report('flaky', 'retry'); end $$;
select is(tests.state('flaky'), 'queued 1', 'What was not accepted is tried again.');
select ok((tests.email('flaky')).next_attempt_at - now() between interval '74 seconds' and interval '126 seconds', 'The first wait is about the base.');
do $$ begin perform tests.due('flaky'); perform tests.claim(); perform tests.report('flaky', 'retry'); end $$;
select ok((tests.email('flaky')).next_attempt_at - now() between interval '374 seconds' and interval '626 seconds', 'The second is about five times that.');
do $$ begin perform tests.due('flaky'); perform tests.claim(); perform tests.report('flaky', 'retry'); end $$;
select is(tests.state('flaky'), 'failed 3', 'The third try is the last.');
select is((tests.email('flaky')).last_error, 'because', 'The reason is kept.');

do $$ begin perform tests.mail('unknown'); perform tests.claim(); perform tests.report('unknown', 'rejected'); end $$;
select is(tests.state('unknown'), 'failed 1', 'What is refused for good fails at once.');
do $$ begin perform tests.mail('doubtful'); perform tests.claim(); perform tests.report('doubtful', 'doubt'); end $$;
select is(tests.state('doubtful'), 'failed 1', 'What may have been sent is not sent again.');
do $$ begin perform tests.mail('slow'); perform tests.claim(); perform tests.report('slow', 'throttled', '{"retry_after_seconds": 7}'); end $$;
select is(tests.state('slow'), 'queued 0', 'Being told to slow down costs no try.');
select is((tests.email('slow')).next_attempt_at, now() + interval '7 seconds', 'It waits as long as was asked.');

-- Senders that die
do $$
begin
  delete from public.emails;
  perform tests.mail('crashed');
  perform tests.claim();
  update public.emails set sending_at = now() - interval '299 seconds' where id = tests.id('crashed');
end
$$;
select is(tests.claim(), '{}', 'Within its lease an e-mail is left alone.');
update public.emails set sending_at = now() - interval '301 seconds' where id = tests.id('crashed');
select is(tests.claim(), '{}', 'After it, an e-mail without idempotency key is not sent again.');
select alike(tests.state('crashed') || ' ' || (tests.email('crashed')).last_error, 'failed 1 %may have been sent%', 'It fails and says why.');
do $$ begin perform tests.report('crashed', 'accepted'); end $$;
select is(tests.state('crashed'), 'sent 1', 'If its sender was only slow, it counts as sent after all.');
do $$
begin
  perform tests.mail('keyed');
  perform tests.claim(10, 'resend');
  update public.emails set sending_at = now() - interval '301 seconds' where id = tests.id('keyed');
end
$$;
select is(tests.claim(10, 'resend'), array['keyed'], 'With an idempotency key it is tried again.');
select is(tests.state('keyed'), 'sending 2', 'That is a second try.');
update public.emails set sending_at = now() - interval '23 hours 1 minute' where id = tests.id('keyed');
select is(tests.claim(10, 'resend'), '{}', 'Not when the provider may have forgotten the key.');
select is(tests.state('keyed'), 'failed 2', 'Then a person decides.');
do $$
begin
  perform tests.mail('overtaken');
  perform tests.claim(10, 'resend');
  update public.emails set sending_at = now() - interval '301 seconds' where id = tests.id('overtaken');
  perform tests.claim(10, 'resend');
  perform tests.step(jsonb_build_array(jsonb_build_object('id', tests.id('overtaken'), 'claim', 1, 'kind', 'retry', 'reason', 'late')), 0);
end
$$;
select is(tests.state('overtaken'), 'sending 2', 'The outcome of a try that was given up does not count.');

-- Outages
do $$
begin
  delete from public.emails;
  perform tests.mail('probe', due => now() - interval '1 minute'), tests.mail('waiting');
  perform tests.claim(1);
  perform tests.report('probe', 'outage');
end
$$;
select is(tests.claim(), '{}', 'While the mail server is away, e-mails wait.');
select is(tests.state('waiting'), 'queued 0', 'Waiting costs no try.');
select is((tests.step('[]', 5, retry => 100) ->> 'next_due_at')::timestamptz, now() + interval '50 seconds', 'The wait is told.');
update private.mail_outage set resume_at = now();
do $$ begin perform tests.mail('third'); end $$;
select is(cardinality(tests.claim()), 1, 'Then one e-mail probes.');
select is(cardinality(tests.claim()), 0, 'Only one.');
do $$ begin perform tests.report(name, 'outage') from unnest(array['waiting', 'third']) name where (tests.email(name)).status = 'sending'; end $$;
select is((select resume_at - now() from private.mail_outage), interval '100 seconds', 'Still away: the next wait is longer.');
update public.emails set next_attempt_at = now() - interval '25 hours' where id = tests.id('probe');
update private.mail_outage set resume_at = now();
do $$ begin perform tests.claim(); end $$;
select alike(tests.state('probe') || ' ' || (tests.email('probe')).last_error, 'failed 1 %could not be reached for a day: because%', 'After a day an e-mail fails, visibly.');
do $$ begin perform tests.report(name, 'accepted') from unnest(array['waiting', 'third']) name where (tests.email(name)).status = 'sending'; end $$;
select is_empty($$select from private.mail_outage$$, 'An accepted e-mail ends the outage.');

-- Whether anybody still needs it
do $$
declare
  invited jsonb;
begin
  delete from public.emails;
  perform tests.mail('to-the-suspended', person => 'suspended'), tests.mail('to-nobody', person => 'nobody'), tests.mail('needed');
  perform tests.act_as('admin');
  invited := public.invite_member(tests.id('ours'), 'new@tests.example', 'viewer');
  perform public.invite_member(tests.id('ours'), 'new@tests.example', 'manager');
  invited := public.invite_member(tests.id('ours'), 'late@tests.example', 'viewer');
  perform tests.act_as('postgres');
  update public.invitations set expires_at = now() where id = (invited ->> 'id')::uuid;
end
$$;
select is(tests.claim(), array['needed', 'new'], 'Only what somebody needs is claimed.');
select is((select count(*) from public.emails where status = 'canceled')::integer, 4, 'The rest is canceled, with a reason.');
select is((select count(*) from private.email_secrets)::integer, 2, 'The replaced invitation''s token is gone already.');
do $$ begin perform private.purge_notifications(); end $$;
select is((select count(*) from private.email_secrets)::integer, 1, 'At night the expired one''s goes too.');
do $$
begin
  perform tests.remember('new', (select id from public.emails where to_address = 'new@tests.example' and status = 'sending'));
  perform tests.report('new', 'accepted');
end
$$;
select is((select count(*) from private.email_secrets)::integer, 0, 'A token goes with its e-mail.');

-- A mountain of one tenant
do $$
begin
  delete from public.emails;
  perform tests.mail('many' || n, due => now() - interval '1 hour') from generate_series(1, 20) n;
  perform tests.mail('single', organization => 'theirs', person => 'outsider');
end
$$;
select ok('single' = any (tests.claim(4)), 'Another tenant''s e-mail does not wait behind it.');

-- Sending again
do $$
begin
  delete from public.emails;
  perform tests.mail(status) from unnest(array['queued', 'sending', 'sent', 'failed', 'canceled']) status;
  update public.emails set status = split_part(to_address, '@', 1), attempts = 3, last_error = 'because';
end
$$;
select is(tests.outcome('admin', format($$select public.resend_email(tests.id('ours'), tests.id(%L), %L)$$, status, force)), outcome,
  format('Sending again what is %s, %s force: %s.', status, case when force then 'with' else 'without' end, outcome))
from (values ('failed', false, '1'), ('failed', true, '1'), ('sent', false, 'PT409'), ('sent', true, '1'), ('queued', true, 'PT409'),
  ('sending', true, 'PT409'), ('canceled', true, 'PT409')) as v (status, force, outcome);
select is(tests.outcome('outsider', $$select public.resend_email(tests.id('theirs'), tests.id('failed'))$$), 'PT404', 'Another organization''s e-mail is not there.');
select is(tests.outcome('manager', $$select public.resend_email(tests.id('ours'), tests.id('failed'))$$), 'PT403', 'A manager may not.');
do $$
begin
  perform tests.act_as('admin');
  perform public.resend_email(tests.id('ours'), tests.id('failed')), public.resend_email(tests.id('ours'), tests.id('sent'), true);
  perform tests.act_as('postgres');
end
$$;
select is(tests.state('failed') || ' ' || (tests.email('failed')).edition, 'queued 0 0', 'A failed one gets three more tries, as the same e-mail.');
select is(tests.state('sent') || ' ' || (tests.email('sent')).edition, 'queued 0 1', 'A sent one goes out as a new one.');

-- Retention
do $$
begin
  delete from public.emails;
  delete from public.notifications;
  perform tests.mail('old'), tests.mail('young'), tests.mail('stuck');
  update public.emails set status = 'sent' where event_key <> 'test:stuck';
  update public.emails set created_at = now() - interval '25 months' where event_key <> 'test:young';
end
$$;
select lives_ok($$select private.purge_notifications()$$, 'The night''s work runs.');
select results_eq($$select to_address from public.emails order by 1$$, $$values ('stuck@tests.example'), ('young@tests.example')$$,
  'E-mails go when messages would.');

select * from finish();
rollback;
