-- Two spellings of one mobile number: an opt-out under one counts for the other.
begin;
\ir support.inc
select no_plan();
do $$
begin
  perform tests.arrange();
  insert into public.sms_accounts (organization_id, provider, sender_id)
  values (tests.id('ours'), 'twilio', '+12025550106');
end
$$;
select is(private.phone_spellings(phone), spellings, phone)
from (values ('+541123456789', '{+541123456789,+5491123456789}'::text[]),
  ('+5491123456789', '{+5491123456789,+541123456789}'), ('+525512345678', '{+525512345678,+5215512345678}'),
  ('+5215512345678', '{+5215512345678,+525512345678}'), ('+551181234567', '{+551181234567,+5511981234567}'),
  ('+5511981234567', '{+5511981234567,+551181234567}'), ('+22997123456', '{+22997123456,+2290197123456}'),
  ('+2290197123456', '{+2290197123456,+22997123456}'), ('+551121234567', '{+551121234567}'),
  ('+12025550101', '{+12025550101}'), ('+233244000001', '{+233244000001}'), ('+52155123', '{+52155123}')
) v (phone, spellings);
select is(private.phone_spellings(s[2]), array[s[2], s[1]], format('%s leads back.', s[2]))
from (select private.phone_spellings(p) from unnest(array['+541123456789', '+525512345678', '+551181234567',
  '+22997123456']) p) v (s);

create function tests.reply(body text, from_number text) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.record_inbound('twilio', gen_random_uuid()::text, from_number, '+12025550106', body);
  perform tests.act_as('postgres');
  return answer ->> 'meaning';
end
$$;
create function tests.suppressed() returns text[] language sql stable as $$
  select array(select s.phone from public.suppressions s
    where s.organization_id = tests.id('ours') and s.lifted_at is null and s.phone ~ '^\+54' order by 1)
$$;
grant execute on all functions in schema tests to public;

do $$ begin perform tests.reply('STOP', '+5491123456789'); end $$;
select is(tests.suppressed(), '{+541123456789,+5491123456789}', 'STOP suppresses both spellings.');
do $$ begin perform tests.reply('START', '+541123456789'); end $$;
select is(tests.suppressed(), '{}', 'START lifts both.');
select tests.act_as('admin');
do $$ begin perform public.create_suppression(tests.id('ours'), '{"phone": "+541123456789"}'); end $$;
select tests.act_as('postgres');
select is(tests.suppressed(), '{+541123456789,+5491123456789}', 'So does a person.');
select tests.act_as('admin');
do $$ begin perform public.lift_suppression(tests.id('ours'), (
  select s.id from public.suppressions s where s.phone = '+5491123456789' and s.lifted_at is null), 'Mistake'); end $$;
select tests.act_as('postgres');
select is(tests.suppressed(), '{}', 'And lifts both.');
select is((select count(*) from public.suppressions s where s.phone like '+54%' and s.lifted_reason = 'Mistake'),
  2::bigint, 'Both say why.');

-- Replies come from the spelling that was texted
insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
  provider)
select a.organization_id, a.id, '+541123456789', a.sender_id, 'Text', 'GSM-7', 1, 'delivered', a.provider
from public.sms_accounts a where a.sender_id = '+12025550106';
do $$ begin perform tests.reply('not interested', '+5491123456789'); end $$;
select ok(private.needs_review(tests.id('ours'), '+541123456789'),
  'A reply that needs review holds the number that was texted.');
select is((select count(*) from public.conversations c where c.organization_id = tests.id('ours')
  and c.phone = '+541123456789'), 1::bigint, 'It is in the conversation of that number.');

-- What blocks one spelling blocks the other
do $$
begin
  update public.organizations set allowed_countries = '{BR,AR,MX,BJ,US}', marketing_consent = 'not_required' where id = tests.id('ours');
  insert into public.dnc_lists (id, organization_id, name, kind, status) values
    (tests.remember('own list', private.uuid_v7()), tests.id('ours'), 'Own', 'internal', 'active'),
    (tests.remember('registry', private.uuid_v7()), tests.id('ours'), 'Registry', 'registry', 'active'),
    (tests.remember('litigators', private.uuid_v7()), tests.id('ours'), 'Litigators', 'litigator', 'active');
  insert into private.dnc_numbers (organization_id, phone, list_id) values
    (tests.id('ours'), '+5511981234501', tests.id('own list')), (tests.id('ours'), '+525512345602', tests.id('registry')),
    (tests.id('ours'), '+525512345603', tests.id('registry')), (tests.id('ours'), '+22997123404', tests.id('litigators'));
  insert into public.consents (organization_id, phone, event, source, occurred_at) values
    (tests.id('ours'), '+5215512345603', 'granted', 'test', now()), (tests.id('ours'), '+551181234505', 'granted', 'test', now()),
    (tests.id('ours'), '+5511981234505', 'revoked', 'test', now()), (tests.id('ours'), '+551181234506', 'revoked', 'test', now()),
    (tests.id('ours'), '+5511981234506', 'granted', 'test', now()), (tests.id('ours'), '+551181234507', 'revoked', 'test', now());
end
$$;
select is((
  select e.blocked_reason from private.check_marketing_eligibility(tests.id('ours'), array['+12025550101', v.phone, '+551181234599']) e
  where e.phone = v.phone), reason, what)
from (values
  ('+551181234501', 'dnc', 'A do-not-call list with another spelling counts.'),
  ('+5511981234501', 'dnc', 'With the same one, too.'),
  ('+5215512345602', 'dnc', 'And so does a registry,'),
  ('+5215512345603', null, 'except with consent.'),
  ('+2290197123404', 'litigator', 'And so do litigators.'),
  ('+551181234505', 'consent_revoked', 'A revocation under another spelling counts,'),
  ('+5511981234506', null, 'unless consent came later.'),
  ('+5511981234507', 'consent_revoked', 'It counts without any entry of the number''s own.'),
  ('+541123456789', 'doubtful_reply', 'A review holds the number,'),
  ('+5491123456789', 'doubtful_reply', 'and its other spelling.'),
  ('+551181234508', null, 'Others may be texted.')
) v (phone, reason, what);
select ok(private.needs_review(tests.id('ours'), '+5491123456789'), 'A review holds texts to the other spelling.');

-- One handset, one text
insert into public.templates (id, organization_id, name, category, body) values
  (tests.remember('template', private.uuid_v7()), tests.id('ours'), 'T', 'marketing', 'Hi. Reply STOP to opt out.');
insert into public.leads (id, organization_id, first_name, phone) values
  (private.uuid_v7(), tests.id('ours'), 'A1', '+551181234511'), (private.uuid_v7(), tests.id('ours'), 'A2', '+5511981234511'),
  (private.uuid_v7(), tests.id('ours'), 'B1', '+551181234505'), (private.uuid_v7(), tests.id('ours'), 'C1', '+525512345612'),
  (private.uuid_v7(), tests.id('ours'), 'C2', '+5215512345612'), (private.uuid_v7(), tests.id('ours'), 'D1', '+5215512345613');
create function tests.snapshot(name text, size integer) returns text language plpgsql as $$
declare
  campaign uuid := private.uuid_v7();
begin
  insert into public.campaigns (id, organization_id, name, status, audience, started_at)
  values (tests.remember(name, campaign), tests.id('ours'), name, 'freezing', '{"filter": {}}', now() + interval '1 hour');
  insert into public.campaign_templates (organization_id, campaign_id, template_id)
  values (tests.id('ours'), campaign, tests.id('template'));
  while private.snapshot_audience_batch(campaign, size) ->> 'done' = 'false' loop
  end loop;
  return (
    select string_agg(l.first_name || ' ' || coalesce(t.reason, t.status), ', ' order by l.first_name)
    from public.campaign_targets t join public.leads l on l.id = t.lead_id where t.campaign_id = campaign);
end
$$;
select is(tests.snapshot(format('In batches of %s', size), size), 'A1 pending, A2 duplicate_number, B1 consent_revoked, C1 pending, '
  || 'C2 duplicate_number, D1 pending', format('Two leads of one handset are one recipient, in batches of %s.', size))
from unnest(array[100, 1]) size;
select is(private.preview_audience((select c from public.campaigns c where c.id = tests.id('In batches of 1')), 1) - 'samples',
  '{"chosen": 6, "included": 3, "excluded": {"duplicate_number": 2, "consent_revoked": 1}}', 'And in the preview.');

select tests.act_as('admin');
select is(public.send_bulk(tests.id('ours'), 'Hi', '[{"position": 0, "to": "+551181234511"}, {"position": 1, "to": "+5511981234511"}]')
  -> 'queued', '1', 'The same text to one handset is queued once.');
select tests.act_as('postgres');

-- Texts to both spellings count toward a cap
insert into public.messages (organization_id, account_id, category, to_number, from_number, body, encoding, segments, status, provider)
select a.organization_id, a.id, 'marketing', '+5511981234520', a.sender_id, 'Text', 'GSM-7', 1, 'delivered', a.provider
from public.sms_accounts a where a.sender_id = '+12025550106';
select is((select c.busy from private.frequency_capped(tests.id('ours'),
  array[row('+551181234520', now() - interval '1 hour', 1, null)::private.frequency_limit]) c), false,
  'A number that had its text in another spelling has reached its cap.');

select * from finish();
rollback;
