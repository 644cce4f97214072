-- Messaging tables: each role sees its own organization's rows or none, and nobody writes past the functions.
begin;
\ir support.inc
select no_plan();
do $$
declare
  place text;
begin
  perform tests.arrange();
  foreach place in array array['ours', 'theirs'] loop
    insert into public.sms_accounts (id, organization_id, provider, sender_id, is_default)
    values (tests.remember(place || ' number', private.uuid_v7()), tests.id(place), 'twilio', '+1555000' || case place
      when 'ours' then '1111' else '2222' end, false);
    insert into public.templates (id, organization_id, name, category, body)
    values (tests.remember(place || ' template', private.uuid_v7()), tests.id(place), 'Open day', 'marketing',
      'Hi. Reply STOP to opt out.');
    insert into public.template_variants (organization_id, template_id, label, body)
    values (tests.id(place), tests.id(place || ' template'), 'Short', 'Hi! Reply STOP to opt out.');
    insert into public.leads (id, organization_id, first_name, phone)
    values (tests.remember(place || ' lead', private.uuid_v7()), tests.id(place), 'Ama', '+233244000001');
    insert into public.campaigns (id, organization_id, name, audience)
    values (tests.remember(place || ' campaign', private.uuid_v7()), tests.id(place), 'Draft', '{"filter": {}}');
    insert into public.campaign_templates (organization_id, campaign_id, template_id)
    values (tests.id(place), tests.id(place || ' campaign'), tests.id(place || ' template'));
    insert into public.campaign_numbers (organization_id, campaign_id, account_id)
    values (tests.id(place), tests.id(place || ' campaign'), tests.id(place || ' number'));
    insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone)
    values (tests.id(place), tests.id(place || ' campaign'), 1, tests.id(place || ' lead'), '+233244000001');
    insert into public.dnc_lists (organization_id, name, kind, status, upload_complete)
    values (tests.id(place), 'List', 'internal', 'active', true);
    insert into public.reply_rules (organization_id, kind, meaning, pattern, source)
    values (tests.id(place), 'keyword', 'stop', 'gyae', 'x');
    perform public.record_inbound('twilio', 'SM ' || place, '+233244000001', case place when 'ours' then '+15550001111'
      else '+15550002222' end, 'wrong number');
  end loop;
end
$$;

create temporary table seen (name text, readers text[]);
insert into seen values
  ('campaigns', '{admin,campaign_manager,viewer}'), ('campaign_templates', '{admin,campaign_manager,viewer}'),
  ('campaign_numbers', '{admin,campaign_manager,viewer}'), ('campaign_targets', '{admin,campaign_manager,viewer}'),
  ('template_variants', '{admin,campaign_manager,operator,viewer}'),
  ('conversations', '{admin,campaign_manager,operator,viewer}'),
  ('reply_reviews', '{admin,campaign_manager,operator,viewer}');

select t.* from seen s
cross join lateral tests.only(s.readers, 'read ' || s.name, '0',
  format('select 1 from public.%I where organization_id = tests.id(''ours'')', s.name)) t;
-- dnc_lists has columns that no role may read.
select t.* from tests.only('{admin,campaign_manager,operator,viewer}', 'read dnc_lists', '0',
  $$select name from public.dnc_lists where organization_id = tests.id('ours')$$) t;
select is(tests.outcome('admin', 'select upload_complete from public.dnc_lists'), '42501',
  'The state of an upload is not readable.');
-- Rules contain no personal data: each member reads the organization's.
select t.* from tests.only(tests.everyone(), 'read its organization''s rules', '0',
  $$select 1 from public.reply_rules where organization_id = tests.id('ours')$$) t;

select is(tests.outcome('admin', format('select 1 from public.%I where organization_id = tests.id(''theirs'')',
  s.name)), '0', format('Another organization''s %s are not seen.', s.name))
from (select name from seen union all values ('reply_rules')) s;
select is(tests.outcome('admin', $$select name from public.dnc_lists where organization_id = tests.id('theirs')$$), '0',
  'Nor its lists.');
select isnt(tests.outcome('service_role', format('select count(*) from public.%I', s.name)), '42501',
  format('Jobs read %s.', s.name)) from seen s;

-- Written by functions only, whatever the role.
select is(tests.outcome(actor, statement), '42501', format('%s: %s', actor, statement))
from unnest(array['admin', 'campaign_manager', 'operator', 'outsider', 'anon', 'service_role']) actor,
  (select name from seen union all values ('dnc_lists'), ('reply_rules')) s,
  unnest(array[format('delete from public.%I', s.name), format('update public.%I set organization_id = organization_id',
    s.name), format('insert into public.%I default values', s.name), format('truncate public.%I', s.name)]) statement;

-- No role reads tables in private.
select is(tests.outcome(actor, format('select 1 from private.%I', c.relname)), '42501',
  format('%s does not reach private.%s.', actor, c.relname))
from pg_class c, unnest(array['admin', 'anon', 'service_role']) actor
where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'v', 'p') and not c.relispartition
  -- The service role reads the functions' rate limits.
  and not (actor = 'service_role' and c.relname in ('rate_limits', 'rate_buckets'));

-- Every table has policies.
select is_empty($$
  select c.relname from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
$$, 'No table is without its policies.');
select * from finish();
rollback;
