-- Who may call each messaging function, by the table of permissions. Outsiders never may, and
-- nobody may by naming another organization.
begin;
\ir support.inc
select no_plan();
do $$
begin
  perform tests.arrange();
  insert into public.sms_accounts (id, organization_id, provider, sender_id, is_default) values
    (tests.remember('number', private.uuid_v7()), tests.id('ours'), 'twilio', '+15550001111', false),
    (tests.remember('spare', private.uuid_v7()), tests.id('ours'), 'twilio', '+15550001112', false),
    (tests.remember('their number', private.uuid_v7()), tests.id('theirs'), 'twilio', '+15550002222', false);
  insert into public.templates (id, organization_id, name, category, body) values
    (tests.remember('template', private.uuid_v7()), tests.id('ours'), 'Open day', 'marketing',
      'Hi {{first_name|there}}. Reply STOP to opt out.'),
    (tests.remember('free template', private.uuid_v7()), tests.id('ours'), 'Closed day', 'marketing',
      'Hi. Reply STOP to opt out.'),
    (tests.remember('their template', private.uuid_v7()), tests.id('theirs'), 'Open day', 'marketing',
      'Hi. Reply STOP to opt out.');
  insert into public.leads (id, organization_id, first_name, phone) values
    (tests.remember('lead', private.uuid_v7()), tests.id('ours'), 'Ama', '+233244000001');
  insert into public.campaigns (id, organization_id, name, audience, status, scheduled_at, started_at, frozen_at) values
    (tests.remember('draft', private.uuid_v7()), tests.id('ours'), 'Draft', '{"filter": {}}', 'draft', null, null,
      null),
    (tests.remember('running', private.uuid_v7()), tests.id('ours'), 'Running', '{"filter": {}}', 'running', null,
      now(), now()),
    (tests.remember('paused', private.uuid_v7()), tests.id('ours'), 'Paused', '{"filter": {}}', 'paused',
      now() + interval '1 day', null, null),
    (tests.remember('their campaign', private.uuid_v7()), tests.id('theirs'), 'Theirs', '{"filter": {}}', 'draft', null,
      null, null);
  insert into public.campaign_templates (organization_id, campaign_id, template_id)
  select tests.id('ours'), c, tests.id('template')
  from unnest(array[tests.id('draft'), tests.id('running'), tests.id('paused')]) c;
  perform public.record_inbound('twilio', 'SM1', '+233244000001', '+15550001111', 'Hello'),
    public.record_inbound('twilio', 'SM2', '+233244000002', '+15550002222', 'Hello');
  perform tests.remember('talk', (select id from public.conversations where organization_id = tests.id('ours')));
  perform tests.remember('their talk', (select id from public.conversations
    where organization_id = tests.id('theirs')));
  insert into public.suppressions (id, organization_id, phone, source) values
    (tests.remember('suppression', private.uuid_v7()), tests.id('ours'), '+233244000009', 'manual'),
    (tests.remember('their suppression', private.uuid_v7()), tests.id('theirs'), '+233244000009', 'manual');
  insert into public.dnc_lists (id, organization_id, name, kind, status, upload_complete) values
    (tests.remember('list', private.uuid_v7()), tests.id('ours'), 'List', 'internal', 'active', true),
    (tests.remember('their list', private.uuid_v7()), tests.id('theirs'), 'List', 'internal', 'active', true);
  insert into public.dnc_lists (id, organization_id, name, kind, created_by, pieces) values
    (tests.remember('open list', private.uuid_v7()), tests.id('ours'), 'Coming', 'internal', tests.id('admin'), 1);
  insert into public.reply_rules (id, organization_id, kind, meaning, pattern, source) values
    (tests.remember('rule', private.uuid_v7()), tests.id('ours'), 'keyword', 'stop', 'gyae', 'x'),
    (tests.remember('their rule', private.uuid_v7()), tests.id('theirs'), 'keyword', 'stop', 'gyae', 'x');
  insert into public.reply_reviews (id, organization_id, phone, message_id)
  select tests.remember('review', private.uuid_v7()), m.organization_id, m.from_number, m.id from public.messages m
  where m.provider_message_id = 'SM1';
  insert into public.reply_reviews (id, organization_id, phone, message_id)
  select tests.remember('their review', private.uuid_v7()), m.organization_id, m.from_number, m.id
  from public.messages m where m.provider_message_id = 'SM2';
end
$$;

create temporary table calls (what text, call text, allowed text[], foreign_call text);
insert into calls values
  ('preview a campaign', 'preview_campaign({o}, {draft})', '{admin,campaign_manager,viewer}',
    'preview_campaign({o}, {their campaign})'),
  ('pause a campaign', 'pause_campaign({o}, {running})', '{admin,campaign_manager}',
    'pause_campaign({o}, {their campaign})'),
  ('resume a campaign', 'resume_campaign({o}, {paused})', '{admin,campaign_manager}',
    'resume_campaign({o}, {their campaign})'),
  ('cancel a campaign', 'cancel_campaign({o}, {running})', '{admin,campaign_manager}',
    'cancel_campaign({o}, {their campaign})'),
  ('list templates', 'list_templates({o})', '{admin,campaign_manager,operator,viewer}', null),
  ('add a template', 'create_template({o}, ''{"name": "x", "body": "Hello"}'')', '{admin,campaign_manager}', null),
  ('delete a template', 'delete_template({o}, {free template})', '{admin,campaign_manager}',
    'delete_template({o}, {their template})'),
  ('render a template', 'render_template({o}, {template}, null)', '{admin,campaign_manager,operator,viewer}',
    'render_template({o}, {their template}, null)'),
  ('render it for a lead', 'render_template({o}, {template}, {lead})', '{admin,campaign_manager,viewer}', null),
  ('read a conversation', 'get_conversation({o}, {talk}, 50)', '{admin,campaign_manager,operator,viewer}',
    'get_conversation({o}, {their talk}, 50)'),
  ('close a conversation', 'set_conversation_status({o}, {talk}, ''closed'')', '{admin,campaign_manager,operator}',
    'set_conversation_status({o}, {their talk}, ''closed'')'),
  ('assign a conversation', 'assign_conversation({o}, {talk}, {operator})', '{admin,campaign_manager,operator}',
    'assign_conversation({o}, {their talk}, {operator})'),
  ('mark a conversation as read', 'read_conversation({o}, {talk})', '{admin,campaign_manager,operator}',
    'read_conversation({o}, {their talk})'),
  ('reply', 'reply_to_conversation({o}, {talk}, ''Hi'')', '{admin,campaign_manager,operator}',
    'reply_to_conversation({o}, {their talk}, ''Hi'')'),
  ('begin a conversation', 'start_conversation({o}, ''+233244000005'', ''Hi'')', '{admin,campaign_manager,operator}',
    null),
  ('list suppressions', 'list_suppressions({o})', '{admin,campaign_manager,operator,viewer}', null),
  ('lift a suppression', 'lift_suppression({o}, {suppression}, ''x'')', '{admin,campaign_manager}',
    'lift_suppression({o}, {their suppression}, ''x'')'),
  ('delete a list', 'delete_dnc_list({o}, {list})', '{admin,campaign_manager}', 'delete_dnc_list({o}, {their list})'),
  ('list reviews', 'list_reply_reviews({o})', '{admin,campaign_manager,operator,viewer}', null),
  ('decide a review', 'decide_reply_review({o}, {review}, ''dismissed'')', '{admin,campaign_manager}',
    'decide_reply_review({o}, {their review}, ''dismissed'')'),
  ('read the ledger', 'list_consents({o}, ''+233244000001'')', '{admin,campaign_manager,operator,viewer}', null),
  ('add a rule', 'create_reply_rule({o}, ''{"kind": "keyword", "meaning": "stop", "pattern": "fertig"}'')',
    '{admin,campaign_manager}', null),
  ('delete a rule', 'delete_reply_rule({o}, {rule})', '{admin,campaign_manager}',
    'delete_reply_rule({o}, {their rule})'),
  ('try a reply', 'try_reply({o}, ''stop'')', '{admin,campaign_manager,operator,viewer}', null),
  ('delete a number', 'delete_phone_number({o}, {spare})', '{admin}', 'delete_phone_number({o}, {their number})');

create function pg_temp.statement(call text, organization text) returns text language sql as $$
  select 'select public.' || regexp_replace(replace(call, '{o}', format('tests.id(%L)', organization)), '\{([a-z ]+)\}',
    'tests.id(''\1'')', 'g')
$$;
select t.* from calls c cross join lateral tests.only(c.allowed, c.what, 'PT403', pg_temp.statement(c.call, 'ours')) t;
-- An upload belongs to the person who started it; others who may upload get 404.
select is(tests.outcome(actor, $$select public.add_dnc_pieces(tests.id('ours'), tests.id('open list'),
  '{"+12025550100"}')$$), answer, format('%s adds to the admin''s upload: %s.', actor, answer))
from (values ('admin', '1'), ('campaign_manager', 'PT404'), ('operator', 'PT403'), ('suspended', 'PT403'),
  ('outsider', 'PT403'), ('anon', '42501')) w (actor, answer);
select is(tests.outcome('campaign_manager', format('select public.%s(tests.id(''ours''), tests.id(''open list''))', f)),
  'PT404', format('Nor %s.', f))
from unnest(array['complete_dnc_upload', 'discard_dnc_list']) f;
-- Another organization's objects are not found under the caller's organization, and forbidden under theirs.
select is(tests.outcome('admin', pg_temp.statement(c.foreign_call, 'ours')), 'PT404',
  format('An admin cannot %s of another organization.', c.what))
from calls c where c.foreign_call is not null;
select is(tests.outcome('admin', pg_temp.statement(c.call, 'theirs')), 'PT403', format('Nor by naming it: %s.', c.what))
from calls c;
select is_empty($$
  select p.proname from pg_proc p
  where p.pronamespace = 'public'::regnamespace and has_function_privilege('authenticated', p.oid, 'execute')
    and has_function_privilege('anon', p.oid, 'execute')
    and p.proname ~ 'campaign|target|template|conversation|suppress|dnc|review|reply|consent|number'
$$, 'None may be called without an account.');
select * from finish();
rollback;
