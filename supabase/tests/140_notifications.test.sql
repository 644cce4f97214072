-- Notifications and the e-mail outbox: who may see what, and the outcome of an e-mail whatever the mail server does.
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
create function tests.mail(name text, kind text default 'system', due timestamptz default now(),
  organization text default 'ours', person text default 'viewer')
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
create function tests.step(outcomes jsonb, batch_size integer, provider text default 'smtp',
  retry integer default 100) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.exchange_email_batch(outcomes, batch_size, provider, retry, 300);
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.claim(batch_size integer default 10,
  provider text default 'smtp') returns text[] language sql as $$
  select coalesce(array_agg(split_part(e ->> 'to', '@', 1) order by e ->> 'to'), '{}')
    from jsonb_array_elements(tests.step('[]', batch_size, provider) -> 'emails') e
$$;
create function tests.report(name text, kind text, more jsonb default '{}') returns void language sql as $$
  select tests.step(jsonb_build_array(jsonb_build_object('id', tests.id(name), 'claim', (tests.email(name)).claim,
    'kind', kind, 'reason', 'because') || more), 0)
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
select is(tests.outcome('admin', $$select data from public.emails$$), '42501',
  'Nobody can read the values of an e-mail.');
select is(tests.outcome('service_role', $$select data from public.emails$$), '42501',
  'The service role reads them only by claiming the e-mail.');
select is(tests.outcome('service_role', $$select * from private.email_secrets$$), '42501',
  'Nobody can read tokens.');
select is(tests.outcome(role, statement), '42501', format('%s may not %s', role, statement))
from unnest(array['admin', 'service_role']) role, unnest(array[
  $$update public.emails set status = 'queued'$$, $$delete from public.emails$$,
  $$insert into public.notification_preferences (organization_id, user_id, kind) values (tests.id('ours'), auth.uid(),
    'system')$$,
  $$insert into public.notifications (organization_id, user_id, kind, title) values (tests.id('ours'), auth.uid(), 'x',
    'x')$$]) statement;
select is(tests.outcome('admin', $$select public.list_emails(tests.id('ours'), '{}', 10, 0)$$), '1',
  'Admins list the e-mails.');
select is(tests.outcome(actor, $$select public.list_emails(tests.id('ours'), '{}', 10, 0)$$), 'PT403',
  format('%s may not list the e-mails.', actor))
from unnest(array['manager', 'viewer', 'operator', 'suspended', 'outsider']) actor;
select is(tests.outcome('anon', $$select public.list_emails(tests.id('ours'), '{}', 10, 0)$$), '42501',
  'anon may not list the e-mails.');
select is(tests.outcome(actor, $$select public.list_notifications(tests.id('ours'), '{}', 10, 0)$$), '1',
  format('%s may list their own notifications.', actor))
from unnest(tests.everyone()) actor;
select is(tests.outcome(actor, $$select public.list_notifications(tests.id('ours'), '{}', 10, 0)$$), 'PT403',
  format('%s may not list notifications.', actor))
from unnest(array['suspended', 'outsider']) actor;
select is(tests.outcome('admin', $$select public.exchange_email_batch('[]', 1, 'smtp', 1, 1)$$), '42501',
  'Users cannot exchange e-mail batches.');
select unalike(tests.listed(), '%sesame%', 'The list does not show the values of an e-mail.');

-- Notifying
do $$
begin
  perform private.notify(array_agg(row(tests.id('ours'), tests.id(p), 'assignment', 'event', 'T', null, null,
    null)::private.notification))
  from unnest(array['viewer', 'suspended', 'outsider']) p, generate_series(1, 2);
  perform private.notify_admins(tests.id('ours'), 'message_held', 'T', 'B');
end
$$;
select results_eq($$select user_id, kind from public.notifications where organization_id = tests.id('ours')
  order by kind$$,
  $$values (tests.id('viewer'), 'assignment'), (tests.id('admin'), 'message_held')$$,
    'Active members are notified, once per event.');
select results_eq($$select to_address, kind from public.emails where event_key <> 'test:seen' order by kind$$,
  $$values ('viewer@tests.example', 'assignment'), ('admin@tests.example', 'system')$$,
    'They get an e-mail as well, of kind system where the kind has no preference.');
do $$
begin
  perform tests.act_as('admin');
  perform public.notification_preferences(tests.id('ours'), '[{"kind": "system", "email": false}]');
  perform tests.act_as('postgres');
  perform private.notify_admins(tests.id('ours'), 'sender_circuit_open', 'T', 'B');
end
$$;
select is((select count(*) from public.notifications where kind = 'sender_circuit_open')::integer, 1,
  'Without e-mail as preference the notification is in the application,');
select is((select count(*) from public.emails where event_key like 'sender_circuit_open%')::integer, 0,
  'but not sent by e-mail.');

-- Sending
do $$ begin delete from public.emails; end $$;
select is(tests.step('[]', 5), '{"emails": [], "next_due_at": null}', 'An empty queue has no next due time.');
do $$ begin perform tests.mail('one'), tests.mail('two', due => now() + interval '30 seconds'); end $$;
select is(tests.claim(), array['one'], 'An e-mail that is due is claimed.');
select is(tests.claim(), '{}', 'It is claimed once.');
select is(tests.state('one'), 'sending 1', 'It is marked as sending before it goes out.');
select is((tests.step('[]', 5) ->> 'next_due_at')::timestamptz, (tests.email('two')).next_attempt_at,
  'The sender gets the time of the next e-mail that is due.');
do $$ begin perform tests.report('one', 'accepted', '{"provider_message_id": "250 ok"}'); end $$;
select is(tests.state('one'), 'sent 1', 'An accepted e-mail is sent.');
select ok((tests.email('one')).sent_at is not null and (tests.email('one')).provider_message_id = '250 ok',
  'Its time and the server''s response are stored.');
do $$ begin perform tests.report('one', 'retry'); end $$;
select is(tests.state('one'), 'sent 1', 'A later outcome changes nothing.');

do $$ begin perform tests.mail('flaky'); perform tests.claim(); perform tests.report('flaky', 'retry'); end $$;
select is(tests.state('flaky'), 'queued 1', 'An e-mail that was not accepted is tried again.');
select ok((tests.email('flaky')).next_attempt_at - now() between interval '74 seconds' and interval '126 seconds',
  'The first delay is about the base.');
do $$ begin perform tests.due('flaky'); perform tests.claim(); perform tests.report('flaky', 'retry'); end $$;
select ok((tests.email('flaky')).next_attempt_at - now() between interval '374 seconds' and interval '626 seconds',
  'The second delay is about five times the base.');
do $$ begin perform tests.due('flaky'); perform tests.claim(); perform tests.report('flaky', 'retry'); end $$;
select is(tests.state('flaky'), 'failed 3', 'The third attempt is the last.');
select is((tests.email('flaky')).last_error, 'because', 'The reason is stored.');

do $$ begin perform tests.mail('refused'); perform tests.claim(); perform tests.report('refused', 'rejected'); end $$;
select is(tests.state('refused'), 'failed 1', 'A rejected e-mail fails at once.');
do $$ begin perform tests.mail('unknown'); perform tests.claim(); perform tests.report('unknown', 'unknown'); end $$;
select is(tests.state('unknown'), 'failed 1', 'An e-mail with an unknown outcome is not sent again.');
do $$ begin perform tests.mail('slow'); perform tests.claim(); perform tests.report('slow', 'throttled',
  '{"retry_after_seconds": 7}'); end $$;
select is(tests.state('slow'), 'queued 0', 'Throttling costs no attempt.');
select is((tests.email('slow')).next_attempt_at, now() + interval '7 seconds', 'It waits as long as the server asked.');

-- Expired leases
do $$
begin
  delete from public.emails;
  perform tests.mail('crashed');
  perform tests.claim();
  update public.emails set sending_at = now() - interval '299 seconds' where id = tests.id('crashed');
end
$$;
select is(tests.claim(), '{}', 'Within its lease an e-mail is not claimed again.');
update public.emails set sending_at = now() - interval '301 seconds' where id = tests.id('crashed');
select is(tests.claim(), '{}', 'After its lease an e-mail without idempotency key is not sent again.');
select alike(tests.state('crashed') || ' ' || (tests.email('crashed')).last_error, 'failed 1 %may have been sent%',
  'It fails with the reason.');
do $$ begin perform tests.report('crashed', 'accepted'); end $$;
select is(tests.state('crashed'), 'sent 1', 'If the sender was only slow, it counts as sent.');
do $$
begin
  perform tests.mail('keyed');
  perform tests.claim(10, 'resend');
  update public.emails set sending_at = now() - interval '301 seconds' where id = tests.id('keyed');
end
$$;
select is(tests.claim(10, 'resend'), array['keyed'], 'With an idempotency key it is tried again.');
select is(tests.state('keyed'), 'sending 2', 'That is a second attempt.');
update public.emails set sending_at = now() - interval '23 hours 1 minute' where id = tests.id('keyed');
select is(tests.claim(10, 'resend'), '{}', 'It is not tried again when the key may have expired.');
select is(tests.state('keyed'), 'failed 2', 'It fails, and a person decides.');
do $$
begin
  perform tests.mail('overtaken');
  perform tests.claim(10, 'resend');
  update public.emails set sending_at = now() - interval '301 seconds' where id = tests.id('overtaken');
  perform tests.claim(10, 'resend');
  perform tests.step(jsonb_build_array(jsonb_build_object('id', tests.id('overtaken'), 'claim', 1, 'kind', 'retry',
    'reason', 'late')), 0);
end
$$;
select is(tests.state('overtaken'), 'sending 2', 'The outcome of an expired attempt does not count.');

-- Outages
do $$
begin
  delete from public.emails;
  perform tests.mail('probe', due => now() - interval '1 minute'), tests.mail('waiting');
  perform tests.claim(1);
  perform tests.report('probe', 'outage');
end
$$;
select is(tests.claim(), '{}', 'While the circuit is open, e-mails wait.');
select is(tests.state('waiting'), 'queued 0', 'Waiting costs no attempt.');
select is((tests.step('[]', 5, retry => 100) ->> 'next_due_at')::timestamptz, now() + interval '50 seconds',
  'The next due time is the end of the wait.');
update private.mail_outage set resume_at = now();
do $$ begin perform tests.mail('third'); end $$;
select is(cardinality(tests.claim()), 1, 'After the wait one e-mail is claimed as a probe.');
select is(cardinality(tests.claim()), 0, 'Only one e-mail is claimed as a probe.');
do $$ begin perform tests.report(name, 'outage') from unnest(array['waiting', 'third']) name
  where (tests.email(name)).status = 'sending'; end $$;
select is((select resume_at - now() from private.mail_outage), interval '100 seconds',
  'After another outage the next wait is longer.');
update public.emails set next_attempt_at = now() - interval '25 hours' where id = tests.id('probe');
update private.mail_outage set resume_at = now();
do $$ begin perform tests.claim(); end $$;
select alike(tests.state('probe') || ' ' || (tests.email('probe')).last_error,
  'failed 1 %could not be reached for a day: because%', 'After a day an e-mail fails with the reason.');
do $$ begin perform tests.report(name, 'accepted') from unnest(array['waiting', 'third']) name
  where (tests.email(name)).status = 'sending'; end $$;
select is_empty($$select from private.mail_outage$$, 'An accepted e-mail closes the circuit.');

-- E-mails that nobody needs
do $$
declare
  invited jsonb;
begin
  delete from public.emails;
  perform tests.mail('to-the-suspended', person => 'suspended'), tests.mail('to-a-stranger', person => 'stranger'),
    tests.mail('needed');
  perform tests.act_as('admin');
  invited := tests.invite('ours', 'new@tests.example', 'viewer');
  perform tests.invite('ours', 'new@tests.example', 'manager');
  invited := tests.invite('ours', 'late@tests.example', 'viewer');
  perform tests.act_as('postgres');
  update public.invitations set expires_at = now() where id = (invited ->> 'id')::uuid;
end
$$;
select is(tests.claim(), array['needed', 'new'], 'Only e-mails that are still needed are claimed.');
select is((select count(*) from public.emails where status = 'canceled')::integer, 4,
  'The others are canceled.');
select is((select count(*) from private.email_secrets)::integer, 2,
  'The replaced invitation''s token is deleted at once.');
do $$ begin perform private.purge_notifications(); end $$;
select is((select count(*) from private.email_secrets)::integer, 1,
  'The nightly job deletes the expired one''s token.');
do $$
begin
  perform tests.remember('new', (select id from public.emails where to_address = 'new@tests.example'
    and status = 'sending'));
  perform tests.report('new', 'accepted');
end
$$;
select is((select count(*) from private.email_secrets)::integer, 0, 'A token is deleted when its e-mail is sent.');

-- Fairness between tenants
do $$
begin
  delete from public.emails;
  perform tests.mail('many' || n, due => now() - interval '1 hour') from generate_series(1, 20) n;
  perform tests.mail('single', organization => 'theirs', person => 'outsider');
end
$$;
select ok('single' = any (tests.claim(4)), 'Another tenant''s e-mail does not wait behind a long queue.');

-- Sending again
do $$
begin
  delete from public.emails;
  perform tests.mail(status) from unnest(array['queued', 'sending', 'sent', 'failed', 'canceled']) status;
  update public.emails set status = split_part(to_address, '@', 1), attempts = 3, last_error = 'because';
end
$$;
select is(tests.outcome('admin', format($$select public.resend_email(tests.id('ours'), tests.id(%L), %L)$$, status,
  force)), outcome,
  format('Resending an e-mail that is %s, %s force: %s.', status, case when force then 'with' else 'without' end,
    outcome))
from (values ('failed', false, '1'), ('failed', true, '1'), ('sent', false, 'PT409'), ('sent', true, '1'), ('queued',
  true, 'PT409'),
  ('sending', true, 'PT409'), ('canceled', true, 'PT409')) as v (status, force, outcome);
select is(tests.outcome('outsider', $$select public.resend_email(tests.id('theirs'), tests.id('failed'))$$), 'PT404',
  'Another organization''s e-mail is not found.');
select is(tests.outcome('manager', $$select public.resend_email(tests.id('ours'), tests.id('failed'))$$), 'PT403',
  'A manager may not resend an e-mail.');
do $$
begin
  perform tests.act_as('admin');
  perform public.resend_email(tests.id('ours'), tests.id('failed')), public.resend_email(tests.id('ours'),
    tests.id('sent'), true);
  perform tests.act_as('postgres');
end
$$;
select is(tests.state('failed') || ' ' || (tests.email('failed')).edition, 'queued 0 0',
  'A failed e-mail gets three more attempts, as the same edition.');
select is(tests.state('sent') || ' ' || (tests.email('sent')).edition, 'queued 0 1',
  'A sent e-mail is sent again as a new edition.');

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
select lives_ok($$select private.purge_notifications()$$, 'The nightly job runs.');
select results_eq($$select to_address from public.emails order by 1$$, $$values ('stuck@tests.example'),
  ('young@tests.example')$$,
  'E-mails have the retention of messages.');

select * from finish();
rollback;
