-- What keeps a campaign from starting, what is warned of, and starts that are repeated.
begin;
\ir support.inc
select no_plan();
do $$
begin
  perform tests.arrange();
  update public.organizations set marketing_consent = 'not_required', allowed_countries = '{US,GH}',
    quiet_hours_start = null, quiet_hours_end = null, contact_details = 'help@example.org', standing = 'approved';
  update public.sms_accounts set is_default = false, status = 'disabled';
  insert into public.sms_accounts (organization_id, provider, sender_id, is_default)
  values (tests.id('ours'), 'twilio', '+12025550106', false), (tests.id('ours'), 'arkesel', 'DemoName', true);
  perform tests.remember('number', (select id from public.sms_accounts where sender_id = '+12025550106'));
  perform tests.remember('name', (select id from public.sms_accounts where sender_id = 'DemoName'));
  insert into public.leads (organization_id, first_name, phone) values (tests.id('ours'), 'Ama', '+233244000001'),
    (tests.id('ours'), 'Bob', '+12025550101');
end
$$;
create function tests.campaign(name text, body text default 'Open day. Reply STOP to opt out.',
  numbers text[] default '{name}', phones text[] default '{+233244000001}', more jsonb default '{}')
returns uuid language plpgsql as $$
declare
  template uuid;
  campaign uuid;
begin
  insert into public.templates (organization_id, name, category, body)
  values (tests.id('ours'), campaign.name, 'marketing', campaign.body) returning id into template;
  perform tests.act_as('admin');
  campaign := (public.create_campaign(tests.id('ours'), jsonb_build_object('name', campaign.name, 'audience',
    jsonb_build_object('lead_ids', (
      select jsonb_agg(l.id) from public.leads l
      where l.organization_id = tests.id('ours') and l.phone = any (phones))),
    'templates', jsonb_build_array(jsonb_build_object('template_id', template)),
    'numbers', (select coalesce(jsonb_agg(tests.id(n)), '[]') from unnest(numbers) n)) || more) ->> 'id')::uuid;
  perform tests.act_as('postgres');
  return tests.remember(name, campaign);
end
$$;
create function tests.preview(name text, what text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin');
  answer := public.preview_campaign(tests.id('ours'), tests.id(name)) -> what;
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.start(name text) returns text language sql as $$
  select tests.outcome('admin', format('select public.start_campaign(%L, %L)', tests.id('ours'), tests.id(name)))
$$;
create function tests.really_start(name text, key text default null) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin', case when key is null then '{}'
    else jsonb_build_object('idempotency-key', key, 'x-idempotency-fingerprint', 'f') end);
  answer := public.start_campaign(tests.id('ours'), tests.id(name));
  perform tests.act_as('postgres');
  return answer ->> 'status';
end
$$;
grant execute on all functions in schema tests to public;

-- Times that have passed
do $$ begin
  perform tests.campaign('year typo', more => jsonb_build_object('scheduled_at', now() - interval '1 year'));
  perform tests.campaign('just now', more => jsonb_build_object('scheduled_at', now() - interval '59 minutes'));
  perform tests.campaign('later', more => jsonb_build_object('scheduled_at', now() + interval '1 day'));
end $$;
select is(tests.start('year typo'), 'PT422', 'A campaign whose time is long past does not start.');
select is(tests.preview('year typo', 'faults') -> 0 ->> 'path', 'scheduled_at', 'The preview says so.');
select is(tests.start('just now'), '1', 'One whose time has just passed starts.');
select is(tests.really_start('later'), 'scheduled', 'One whose time comes waits.');
select is(tests.outcome('admin', format('select public.update_campaign(%L, %L, %L)', tests.id('ours'),
  tests.id('later'), jsonb_build_object('scheduled_at', now() - interval '1 month'))), 'PT422',
  'A scheduled one is not moved into the past.');

-- Senders that cannot receive
do $$ begin
  perform tests.campaign('to America by name', phones => '{+233244000001,+12025550101}');
  perform tests.campaign('to America by default', phones => '{+12025550101}', numbers => '{}');
  perform tests.campaign('to America by both', phones => '{+12025550101}', numbers => '{number,name}');
  perform tests.campaign('to America by number', phones => '{+12025550101}', numbers => '{number}');
  perform tests.campaign('to Ghana by name');
  perform tests.campaign('to Ghana by name with a link', 'Open day. Opt out: example.org/u');
  perform tests.campaign('to Ghana by number', numbers => '{number}');
end $$;
select is(tests.start(name), outcome, name || ': ' || outcome)
from (values ('to America by name', 'PT422'), ('to America by default', 'PT422'), ('to America by both', 'PT422'),
  ('to America by number', '1'), ('to Ghana by name', '1')) v (name, outcome);
select is(array(select w ->> 'code' from jsonb_array_elements(tests.preview(name, 'warnings')) w), codes,
  name || ' is warned of: ' || codes::text)
from (values ('to Ghana by name', '{one_way_sender}'::text[]), ('to Ghana by name with a link', '{}'),
  ('to Ghana by number', '{}'), ('to America by number', '{}')) v (name, codes);
select is(tests.really_start('to America by number'), 'freezing', 'It starts.');
select is(tests.outcome('admin', format('select public.update_campaign(%L, %L, ''{"numbers": []}'')', tests.id('ours'),
  tests.id('to America by number'))), 'PT422', 'The numbers of one under way do not become the name.');
do $$ begin
  update public.sms_accounts set is_default = false where id = tests.id('name');
  update public.sms_accounts set is_default = true where id = tests.id('number');
  perform tests.campaign('by the default number', phones => '{+12025550101}', numbers => '{}');
end $$;
select is(tests.really_start('by the default number'), 'freezing', 'A default that can receive is enough.');
do $$ begin
  update public.campaigns set status = 'running', frozen_at = now() where id = tests.id('by the default number');
  insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone)
  values (tests.id('ours'), tests.id('by the default number'), 1, gen_random_uuid(), '+12025550101');
  update public.sms_accounts set is_default = false where id = tests.id('number');
  update public.sms_accounts set is_default = true where id = tests.id('name');
  perform private.run_campaign_scheduler();
end $$;
select results_eq(format('select status, status_reason from public.campaigns where id = %L',
  tests.id('by the default number')),
  $$values ('paused', 'Its sender cannot receive replies, and it texts North America.')$$,
  'When the default becomes a name, it is paused.');

-- Placeholders of other systems
do $$ begin
  perform tests.campaign('mail merge', 'Hi {first_name}, [[Last_Name]] and %name%. {{first_name|you}} {x} [a] '
    'Reply STOP to end', numbers => '{number}');
end $$;
select set_eq($$select w ->> 'message' from jsonb_array_elements(tests.preview('mail merge', 'warnings')) w$$,
  array['[[Last_Name]] is sent as written: variables are written {{last_name}}.',
    '{first_name} is sent as written: variables are written {{first_name}}.',
    '%name% is sent as written: variables are written {{name}}.'], 'Other spellings of variables are warned of.');

-- Repeated requests
do $$ begin perform tests.campaign('twice', numbers => '{number}'); end $$;
select is(tests.really_start('twice', 'k1'), 'freezing', 'It starts.');
select is(tests.really_start('twice', 'k1'), 'freezing', 'A repeat with the same key is answered as before.');
select is(tests.outcome('admin', format('select public.start_campaign(%L, %L)', tests.id('ours'), tests.id('twice')),
  '{"idempotency-key": "k2", "x-idempotency-fingerprint": "f"}'), 'PT409', 'Another request is not.');

select * from finish();
rollback;
