-- How often the law of a place lets one sender text a person: counted over all campaigns of the organization, whatever
-- gap the organization itself keeps between messages.
begin;
\ir support.inc
select no_plan();
do $$
begin
  update public.sms_accounts set status = 'disabled';
  update public.campaigns set status = 'canceled' where status in ('running', 'freezing', 'scheduled');
  -- At every hour, so that only the caps apply.
  delete from private.contact_windows;
  perform tests.arrange();
  update public.organizations set country = 'US', marketing_consent = 'not_required' where id = tests.id('ours');
  delete from public.sms_accounts where organization_id = tests.id('ours');
  insert into public.sms_accounts (organization_id, provider, sender_id, is_default)
  values (tests.id('ours'), 'twilio', '+12125550001', true);
  insert into public.templates (id, organization_id, name, category, body) values
    (tests.remember('template', private.uuid_v7()), tests.id('ours'), 'T', 'marketing', 'Hi. Reply STOP to opt out.');
  insert into public.leads (organization_id, first_name, phone, country, region) values
    (tests.id('ours'), 'By area code', '+13055550101', null, null), (tests.id('ours'), 'By address', '+12125550102',
      'US', 'Oklahoma'),
    (tests.id('ours'), 'Elsewhere', '+12125550103', null, null), (tests.id('ours'), 'Moved away', '+13055550104', 'US',
      'NY'),
    (tests.id('ours'), 'Abroad', '+233244000105', null, null);
end
$$;
create function tests.campaign(name text) returns text[] language plpgsql as $$
declare
  campaign uuid := private.uuid_v7();
  answer jsonb;
begin
  insert into public.campaigns (id, organization_id, name, status, audience, started_at)
  values (campaign, tests.id('ours'), name, 'freezing', '{"filter": {}}', now() + interval '1 hour');
  insert into public.campaign_templates (organization_id, campaign_id, template_id)
  values (tests.id('ours'), campaign, tests.id('template'));
  perform private.snapshot_audience_batch(campaign, 10000);
  answer := private.exchange_dispatch_batch('[]', 50, '{}');
  -- Claimed messages count as sent.
  update public.messages m set status = 'sent' where m.campaign_id = campaign;
  return (select array_agg(l.first_name order by l.first_name) from public.campaign_targets t
    join public.leads l on l.id = t.lead_id
    where t.campaign_id = campaign and t.status = 'excluded' and t.reason = 'frequency_cap');
end
$$;
select is(tests.campaign('One'), null, 'The first message goes to all.');
select is(tests.campaign('Two'), null, 'The second message goes to all.');
select is(tests.campaign('Three'), null, 'And the third.');
select is(tests.campaign('Four'), '{"By address","By area code"}', 'The fourth goes only where there is no cap.');
update public.messages m set sending_at = now() - interval '25 hours'
where m.campaign_id = (select c.id from public.campaigns c where c.name = 'One')
  and m.to_number = '+13055550101';
select is(tests.campaign('Five'), '{"By address"}', 'After a day one more message may be sent.');

-- Second attempts
create function tests.retried(name text, phone text) returns text language plpgsql as $$
begin
  update public.messages m set status = 'queued', sending_at = now() - interval '25 hours', checked_at = now()
  where m.campaign_id = (select c.id from public.campaigns c where c.name = retried.name) and m.to_number = phone;
  perform private.exchange_dispatch_batch('[]', 50, '{}');
  return (select concat_ws(' ', m.status, m.error_code) from public.messages m
    where m.campaign_id = (select c.id from public.campaigns c where c.name = retried.name) and m.to_number = phone);
end
$$;
select is(tests.retried('One', '+13055550101'), 'suppressed frequency_cap',
  'A message that was refused once is not sent after three others.');
update public.messages m set sending_at = now() - interval '25 hours'
where m.campaign_id = (select c.id from public.campaigns c where c.name = 'Two')
  and m.to_number = '+13055550101';
select is(tests.retried('Three', '+13055550101'), 'sending', 'It is sent when fewer were sent since.');
update public.messages m set id = private.uuid_v7_floor(now() - interval '3 days')
where m.campaign_id = (select c.id from public.campaigns c where c.name = 'Five')
  and m.to_number = '+13055550101';
select is(tests.campaign('Six'), '{"By address"}', 'One more message may be sent.');
select is(tests.campaign('Seven'), '{"By address","By area code"}',
  'Then the cap is reached: a message counts from its latest attempt.');

-- Locks
update public.organizations set marketing_gap_messages = 1, marketing_gap_hours = 24 where id = tests.id('ours');
insert into public.leads (organization_id, first_name, phone)
select tests.id('ours'), 'Full', '+23324400' || n from generate_series(1001, 2500) n;
insert into public.messages (organization_id, category, to_number, from_number, body, encoding, segments, status,
  provider, sending_at)
select tests.id('ours'), 'marketing', '+23324400' || n, '+12125550001', 'x', 'GSM-7', 1, 'delivered', 'twilio', now()
from generate_series(1001, 2500) n;
select is(n between 1 and 600, true, 'One claim checks at most some hundreds of capped recipients.')
from (select cardinality(tests.campaign('Full')) as n offset 0) claimed;
select cmp_ok((select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()), '<', 700::bigint,
  'So that its locks leave room for others''.');
update public.organizations set marketing_gap_messages = null, marketing_gap_hours = null where id = tests.id('ours');

select is(private.contact_cap('+15035550100', null, null, '2025-12-31')::text, '(,)',
  'Before its first day a law does not apply.');
select is(private.contact_cap('+15035550100', null, null, '2026-01-01')::text, '(3,24)',
  'From its first day a law applies.');
select is_empty($$select from private.contact_caps where source = ''$$, 'Each cap has a source.');
select * from finish();
rollback;
