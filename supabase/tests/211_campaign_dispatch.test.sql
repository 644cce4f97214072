-- Claiming targets: what is checked at the last moment, and how numbers, rates and caps divide the recipients.
begin;
\ir support.inc
select no_plan();
do $$
begin
  update public.sms_accounts set status = 'disabled';
  update public.messages set status = 'failed' where status in ('sending', 'queued');
  update public.campaigns set status = 'canceled' where status in ('running', 'freezing', 'scheduled');
  perform tests.arrange();
  update public.organizations set country = 'US' where id = tests.id('ours');
  delete from public.sms_accounts where organization_id = tests.id('ours');
  insert into public.sms_accounts (id, organization_id, provider, sender_id, is_default) values
    (tests.remember('number', private.uuid_v7()), tests.id('ours'), 'twilio', '+12125550001', true),
    (tests.remember('second', private.uuid_v7()), tests.id('ours'), 'twilio', '+13125550002', false);
  insert into public.lead_fields (organization_id, key, label, position, type)
  values (tests.id('ours'), 'note', 'Note', 1, 'text');
  insert into public.templates (id, organization_id, name, category, body) values
    (tests.remember('template', private.uuid_v7()), tests.id('ours'), 'T', 'marketing',
      'Hi {{first_name}}{{custom.note|}}. Reply STOP to opt out.');
end
$$;

-- A campaign with a completed snapshot of leads with these numbers, all with consent, remembered by its name.
create function tests.campaign(name text, phones text[], rate integer default null) returns uuid language plpgsql as $$
declare
  campaign uuid := private.uuid_v7();
begin
  insert into public.leads (organization_id, first_name, phone)
  select tests.id('ours'), 'Ama', p from unnest(phones) p
  where not exists (select from public.leads l where l.organization_id = tests.id('ours') and l.phone = p);
  insert into public.consents (organization_id, phone, event, source, occurred_at)
  select tests.id('ours'), p, 'granted', 'test', now() from unnest(phones) p;
  insert into public.campaigns (id, organization_id, name, status, audience, messages_per_minute, started_at)
  values (campaign, tests.id('ours'), campaign.name, 'freezing', jsonb_build_object('lead_ids', (
    select jsonb_agg(l.id) from public.leads l where l.organization_id = tests.id('ours') and l.phone = any (phones))),
      rate, now() + interval '1 hour');
  insert into public.campaign_templates (organization_id, campaign_id, template_id)
  values (tests.id('ours'), campaign, tests.id('template'));
  perform tests.remember(name, campaign);
  perform private.snapshot_audience_batch(campaign, 20000);
  return campaign;
end
$$;
create function tests.step(batch_size integer default 50) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.exchange_dispatch_batch('[]', batch_size);
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.claimed(batch_size integer default 50) returns text[] language sql as $$
  select coalesce(array_agg(m ->> 'to' order by m ->> 'to'), '{}')
  from jsonb_array_elements(tests.step(batch_size) -> 'messages') m
$$;
create function tests.target(name text, phone text) returns text language sql as $$
  select coalesce(t.reason, t.status) from public.campaign_targets t where t.campaign_id = tests.id(name)
    and t.phone = target.phone
$$;

-- The audience snapshot
select tests.campaign('freezing', '{+233244000101,+233244000102}') is not null;
select is((select status from public.campaigns where id = tests.id('freezing')), 'running',
  'A campaign runs when its snapshot is complete.');
select is((select count(*) from public.campaign_targets where campaign_id = tests.id('freezing')), 2::bigint,
  'Each lead is a target.');
select is(private.snapshot_audience_batch(tests.id('freezing'), 10) ->> 'leads', '0', 'A second call adds no targets.');

insert into public.campaigns (id, organization_id, name, status, audience, started_at) values
  (tests.remember('unreadable', private.uuid_v7()), tests.id('ours'), 'Unreadable', 'freezing',
    '{"filter": {"created_from": "0000-01-01"}}', now()),
  (tests.remember('behind', private.uuid_v7()), tests.id('ours'), 'Behind', 'freezing', '{"filter": {"tag": "nobody"}}',
    now());
select private.snapshot_audience_batch(null, 10) from generate_series(1, 2);
select results_eq($$select name, status from public.campaigns where id in (tests.id('unreadable'), tests.id('behind'))
  order by 1$$, $$values ('Behind', 'running'), ('Unreadable', 'paused')$$,
  'A campaign whose audience cannot be read is paused and does not block others.');

update public.organizations set contact_details = null where id = tests.id('ours');
update public.campaigns set status = 'scheduled', scheduled_at = now(), started_at = null
where id in (tests.id('unreadable'), tests.id('behind'));
insert into public.campaign_templates (organization_id, campaign_id, template_id)
select tests.id('ours'), tests.id(c), tests.id('template') from unnest('{unreadable,behind}'::text[]) c;
select private.run_campaign_scheduler();
select results_eq($$select name, status from public.campaigns where id in (tests.id('unreadable'), tests.id('behind'))
  order by 1$$, $$values ('Behind', 'freezing'), ('Unreadable', 'paused')$$, 'Nor does a scheduled one.');
select private.snapshot_audience_batch(tests.id('behind'), 10) is not null;
update public.organizations set contact_details = '+12125550009' where id = tests.id('ours');

-- Checked at the claim
insert into public.suppressions (organization_id, phone, source) values (tests.id('ours'), '+233244000101', 'reply');
select is(tests.claimed(), '{+233244000102}', 'A recipient who opted out after the snapshot is not texted.');
select is(tests.target('freezing', '+233244000101'), 'suppressed', 'The target has the reason.');
select is((select m.expires_at from public.messages m where m.campaign_id = tests.id('freezing')), null,
  'Without hours a message does not expire.');
select is(tests.claimed(), '{}', 'Nobody is texted twice.');
select is((private.campaign_json(tests.id('freezing')) -> 'targets')::text,
  '{"sent": 1, "total": 2, "pending": 0, "canceled": 0, "excluded": 1}', 'The counters agree.');

select tests.campaign('checked', '{+233244000201,+233244000202,+233244000203,+233244000204,+233244000205,+233244000206}')
  is not null;
update public.leads set deleted_at = now() where organization_id = tests.id('ours') and phone = '+233244000201';
update public.leads set phone = '+233244000999' where organization_id = tests.id('ours') and phone = '+233244000202';
insert into public.consents (organization_id, phone, event, source, occurred_at)
values (tests.id('ours'), '+233244000203', 'revoked', 'test', now());
insert into public.reply_reviews (organization_id, phone, message_id)
values (tests.id('ours'), '+233244000204', private.uuid_v7());
update public.leads set first_name = '' where organization_id = tests.id('ours') and phone = '+233244000205';
update public.leads set custom_fields = jsonb_build_object('note', repeat('x', 1600))
where organization_id = tests.id('ours') and phone = '+233244000206';
select is(tests.claimed(), '{}', 'Leads that changed after the snapshot are checked as they are now.');
select is(tests.target('checked', phone), wanted, format('%s is %s.', phone, wanted))
from (values ('+233244000201', 'lead_deleted'), ('+233244000202', 'number_changed'),
  ('+233244000203', 'consent_revoked'), ('+233244000204', 'pending'), ('+233244000205', 'missing_variable'),
  ('+233244000206', 'text_too_long')) v (phone, wanted);

-- Pause
select tests.campaign('paused', '{+233244000301}') is not null;
update public.campaigns set status = 'paused' where id = tests.id('paused');
select is(tests.claimed(), '{}', 'A paused campaign sends nothing.');
insert into public.messages (id, organization_id, account_id, campaign_id, category, to_number, from_number, body,
  encoding, segments, status, provider)
values (tests.remember('retry', private.uuid_v7()), tests.id('ours'), tests.id('number'), tests.id('paused'),
  'marketing', '+233244000301', '+12125550001', 'x', 'GSM-7', 1, 'queued', 'twilio');
select is(tests.claimed(), '{}', 'Nor is a message of it sent that was refused before.');
select is((select status from public.messages where id = tests.id('retry')), 'queued', 'It waits.');
update public.campaigns set status = 'canceled' where id = tests.id('paused');
select is(tests.claimed(), '{}', 'A canceled campaign sends nothing.');
select is((select status from public.messages where id = tests.id('retry')), 'canceled',
  'A message that is queued again is canceled with its campaign.');

-- Rates
select tests.campaign('rated', '{+233244000401,+233244000402,+233244000403}', 60) is not null;
select is(cardinality(tests.claimed()), 1, 'Sixty a minute allow one at a time.');
select ok((tests.step() ->> 'next_due_at')::timestamptz < clock_timestamp() + interval '3 seconds',
  'The dispatcher is told when the next message is due.');
update public.campaigns set status = 'canceled' where id = tests.id('rated');
update public.sms_accounts set daily_cap = 1 where id = tests.id('number');
select tests.campaign('capped', '{+233244000501,+233244000502}') is not null;
select is(cardinality(tests.claimed()), 1, 'A number''s daily cap holds.');
select ok(coalesce((tests.step() ->> 'next_due_at')::timestamptz > now() + interval '30 seconds', true),
  'No message is due before midnight.');
update public.campaigns set status = 'canceled' where id = tests.id('capped');
update public.sms_accounts set daily_cap = null where id = tests.id('number');

-- Numbers
select tests.campaign('pooled', '{+233244000102,+233244000601}') is not null;
insert into public.campaign_numbers (organization_id, campaign_id, account_id)
select tests.id('ours'), tests.id('pooled'), tests.id(n) from unnest('{number,second}'::text[]) n;
select is(tests.claimed(), '{+233244000102,+233244000601}', 'Two numbers share a campaign.');
select is((select m.account_id from public.messages m where m.campaign_id = tests.id('pooled')
  and m.to_number = '+233244000102'), tests.id('number'), 'A recipient keeps the number it was texted from before.');

-- Messages
create function tests.queue(name text, phone text, category text,
  expires_at timestamptz default null) returns void language sql as $$
  insert into public.messages (id, organization_id, account_id, category, to_number, from_number, body, encoding,
    segments, status, provider, expires_at)
  values (tests.remember(name, private.uuid_v7()), tests.id('ours'), tests.id('number'), category, phone,
    '+12125550001', 'x', 'GSM-7', 1, 'queued', 'twilio', expires_at)
$$;
select tests.queue('without consent', '+233244000701', 'marketing'), tests.queue('service', '+233244000702', 'service'),
  tests.queue('late', '+233244000703', 'service', now() - interval '1 minute');
select is(tests.claimed(), '{+233244000702}', 'Messages are checked by their category.');
select is((select m.status || ' ' || m.error_code from public.messages m where m.id = tests.id(name)), wanted,
  format('What is %s is %s.', name, wanted))
from (values ('without consent', 'suppressed no_consent'), ('late', 'canceled expired')) v (name, wanted);
delete from private.send_rate_buckets where id = tests.id('number');
update public.sms_accounts set per_second = 1 where id = tests.id('number');
select tests.queue('one', '+233244000704', 'service'), tests.queue('two', '+233244000705', 'service');
select is(cardinality(tests.claimed()), 1, 'A number''s rate holds for messages too.');
select is((select count(*) from public.messages where id in (tests.id('one'), tests.id('two')) and status = 'queued'),
  1::bigint, 'The other message waits.');

delete from private.send_rate_buckets where id = tests.id('number');
update public.sms_accounts set per_second = null where id = tests.id('number');
update public.messages set status = 'canceled' where status = 'queued' and organization_id = tests.id('ours');

-- Merged leads, and leads that share a number
insert into public.leads (id, organization_id, first_name, phone) values
  (tests.remember('first', private.uuid_v7()), tests.id('ours'), 'Ama', '+233244000901'),
  (tests.remember('second lead', private.uuid_v7()), tests.id('ours'), 'Efua', '+233244000901'),
  (tests.remember('older', private.uuid_v7()), tests.id('ours'), 'Kofi', null),
  (tests.remember('newer', private.uuid_v7()), tests.id('ours'), 'K.', '+233244000902'),
  (tests.remember('moved', private.uuid_v7()), tests.id('ours'), 'Esi', '+233244000903'),
  (tests.remember('stranger', private.uuid_v7()), tests.id('ours'), 'Yaw', '+233244000904');
select tests.campaign('heirs', '{+233244000901,+233244000902,+233244000903}') is not null;
select is((select count(*) from public.campaign_targets where campaign_id = tests.id('heirs') and status = 'pending'),
  3::bigint, 'Three numbers, three texts.');
update public.leads set deleted_at = now() where id = tests.id('first');
update public.leads set phone = '+233244000902' where id = tests.id('older');
update public.leads set deleted_at = now(), merged_into = tests.id('older') where id = tests.id('newer');
update public.leads set phone = '+233244000905' where id = tests.id('moved');
update public.leads set phone = '+233244000903' where id = tests.id('stranger');
select is(tests.claimed(), '{+233244000901,+233244000902}',
  'A recipient whose lead was deleted or merged is texted if another lead with the number remains.');
select results_eq($$select m.body from public.messages m where m.campaign_id = tests.id('heirs') order by m.to_number$$,
  $$values ('Hi Efua. Reply STOP to opt out.'), ('Hi Kofi. Reply STOP to opt out.')$$,
  'With the name of the remaining lead.');
select is(tests.target('heirs', '+233244000903'), 'number_changed',
  'An unrelated lead that has the number now is not texted.');

-- Numbers out of use
select tests.campaign('bereft', '{+233244000911}') is not null;
insert into public.campaign_numbers (organization_id, campaign_id, account_id)
select tests.id('ours'), tests.id('bereft'), tests.id('second');
insert into public.messages (id, organization_id, account_id, campaign_id, category, to_number, from_number, body,
  encoding, segments, status, provider)
values (tests.remember('refused', private.uuid_v7()), tests.id('ours'), tests.id('second'), tests.id('bereft'),
  'marketing', '+233244000102', '+13125550002', 'x', 'GSM-7', 1, 'queued', 'twilio');
update public.sms_accounts set cooldown_until = now() + interval '1 hour' where id = tests.id('second');
select is(tests.claimed(), '{}',
  'A number on a cooldown sends nothing of a campaign, not even what was refused before.');
update public.sms_accounts set cooldown_until = null, status = 'disabled' where id = tests.id('second');
select is(tests.claimed(), '{}', 'Nor does a disabled number.');
select private.run_campaign_scheduler();
select is((select status || ': ' || status_reason from public.campaigns where id = tests.id('bereft')),
  'paused: There is no active number to send from.', 'A campaign without an active number is paused.');
select is((select count(*) from public.notifications n where n.user_id = tests.id('admin')
  and n.data ->> 'campaign_id' = tests.id('bereft')::text), 1::bigint,
  'Its owner is notified.');
select is(tests.outcome('admin', $$select public.resume_campaign(tests.id('ours'), tests.id('bereft'))$$), 'PT422',
  'It cannot be resumed without a number.');
select is(tests.outcome('admin', $$select public.update_campaign(tests.id('ours'), tests.id('bereft'),
  jsonb_build_object('numbers', jsonb_build_array(tests.id('number'))))$$),
  '1', 'It can get another number.');
select tests.act_as('admin');
select public.update_campaign(tests.id('ours'), tests.id('bereft'),
  jsonb_build_object('numbers', jsonb_build_array(tests.id('number'))));
select public.resume_campaign(tests.id('ours'), tests.id('bereft'));
select tests.act_as('postgres');
select private.run_campaign_scheduler();
select is(tests.claimed(), '{+233244000102,+233244000911}',
  'Then all messages are sent, including those refused before.');
select is((select array_agg(distinct m.from_number) from public.messages m where m.campaign_id = tests.id('bereft')),
  '{+12125550001}', 'They are sent from that number.');

-- The daily spending limit
do $$
begin
  update public.sms_accounts set segment_price = 1 where organization_id = tests.id('ours');
  insert into public.template_variants (organization_id, template_id, label, body, weight)
  select tests.id('ours'), tests.id('template'), 'Long', repeat('Long words. ', 30) || 'Reply STOP to opt out.', 1;
end
$$;
select tests.campaign('costly', array(select '+23324410' || n from generate_series(1001, 1008) n)) is not null;
update public.campaign_targets set variant_id = (
  select v.id from public.template_variants v where v.template_id = tests.id('template') and v.label = 'Long')
where campaign_id = tests.id('costly');
update public.organizations set daily_spending_limit = 7 where id = tests.id('ours');
delete from private.daily_spending;
select is(cardinality(tests.claimed()), 2, 'A limit of seven covers two texts of three segments.');
select results_eq($$select s.amount, s.exhausted from private.daily_spending s where s.organization_id = tests.id('ours')$$,
  $$values (6::numeric, true)$$, 'No more than the limit is spent, and it held something back.');
select is(tests.claimed(), '{}', 'The others wait,');
select is((select count(*) from public.campaign_targets t where t.campaign_id = tests.id('costly') and t.status = 'pending'),
  6::bigint, 'and stay pending.');
update public.organizations set daily_spending_limit = 100 where id = tests.id('ours');
select is(cardinality(tests.claimed()), 6, 'A higher limit counts at once.');
update public.organizations set daily_spending_limit = null where id = tests.id('ours');

-- Canceled
select tests.campaign('canceled', array(select '+2332441' || n from generate_series(10001, 20012) n)) is not null;
select is(tests.outcome('admin', $$select public.cancel_targets_batch()$$), '42501',
  'People may not cancel targets in batches.');
select tests.act_as('admin');
select is((public.cancel_campaign(tests.id('ours'), tests.id('canceled')) -> 'targets')::text,
  '{"sent": 0, "total": 10012, "pending": 12, "canceled": 10000, "excluded": 0}',
  'A request cancels ten thousand targets.');
select tests.act_as('service_role');
select is(public.cancel_targets_batch(10), 10, 'A batch cancels more.');
select is(public.cancel_targets_batch(10), 2, 'The last batch cancels the rest.');
select is(public.cancel_targets_batch(10), 0, 'Then none is left.');
select tests.act_as('postgres');
select is(tests.claimed(), '{}', 'Nobody is texted in the meantime or afterwards.');

-- Failures
select tests.campaign('failing', '{+233244000801}') is not null;
insert into private.message_outcome_totals (organization_id, campaign_id, status, quarter_hour, messages, segments,
  cost)
values (tests.id('ours'), tests.id('failing'), 'undelivered', now(), 30, 30, 0),
  (tests.id('ours'), tests.id('failing'), 'delivered', now(), 90, 90, 0);
select ok(private.check_campaign_failures(tests.id('failing')), 'Too many failures pause a campaign.');
select is((select status || ': ' || status_reason from public.campaigns where id = tests.id('failing')),
  'paused: 25.0 % of the messages fail.', 'It says why.');

select * from finish();
rollback;
