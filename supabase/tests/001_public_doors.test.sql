-- Every function that a signed-in person may call over the Data API is called with what the schemas of the functions
-- refuse: null, empty, huge, of another type, out of range, with control characters. It must succeed or answer with a
-- refusal (PT4xx), a data or constraint error (22xxx, 23xxx) or missing rights (42501), and store no control characters
-- and no endless texts. Functions and the keys of their JSON arguments are found in the catalogue, so a new function
-- without checks fails here.
begin;
\ir support.inc
set local statement_timeout = '10min';
do $$
declare
  client jsonb;
  note jsonb;
  webhook jsonb;
  issue jsonb;
  contact jsonb;
  recommendation jsonb;
begin
  perform tests.arrange();
  perform tests.customer('customer', 'ours', 'D1');
  insert into public.leads (id, organization_id, first_name, phone, assigned_to)
  values (tests.remember('lead', private.uuid_v7()), tests.id('ours'), 'Ama', '+233244000021', tests.id('counselor')),
    (tests.remember('other lead', private.uuid_v7()), tests.id('ours'), 'Kofi', '+233244000022', null);
  insert into public.tasks (id, organization_id, title, assigned_to, created_by)
  values (tests.remember('task', private.uuid_v7()), tests.id('ours'), 'Call', tests.id('admin'), tests.id('admin'));
  insert into public.templates (id, organization_id, kind, name, body)
  values (tests.remember('template', private.uuid_v7()), tests.id('ours'), 'custom', 'Doors', 'Hello');
  insert into public.emails (id, organization_id, user_id, kind, to_address, event_key, status)
  values (tests.remember('email', private.uuid_v7()), tests.id('ours'), tests.id('viewer'), 'system',
    'v@tests.example', 'doors', 'failed');
  insert into public.notifications (id, organization_id, user_id, kind, title)
  values (tests.remember('notification', private.uuid_v7()), tests.id('ours'), tests.id('admin'), 'system', 'T');
  insert into public.conversations (id, organization_id, provider, sender, phone, last_message_id, last_message_at,
    last_direction,
    last_preview)
  select tests.remember('conversation', private.uuid_v7()), tests.id('ours'), a.provider, a.sender_id, '+233244000021',
    gen_random_uuid(), now(), 'inbound', 'Hi'
  from public.sms_accounts a where a.organization_id = tests.id('ours') limit 1;
  insert into public.campaigns (id, organization_id, name, audience)
  values (tests.remember('campaign', private.uuid_v7()), tests.id('ours'), 'Doors', '{}');
  perform tests.remember('account', a.id) from public.sms_accounts a where a.organization_id = tests.id('ours') limit 1;
  perform tests.act_as('admin');
  client := public.create_client(tests.id('ours'), '{"name": "Acme", "segment": "enterprise", "amount": "10"}');
  webhook := public.create_webhook(tests.id('ours'), '{"url": "https://hooks.example.com/a", "events": ["*"]}');
  note := public.send_note(tests.id('ours'), '{"title": "Hi", "description": "Hello", "recipients": ["admin"]}');
  issue := public.create_client_issue(tests.id('ours'), (client ->> 'id')::uuid, '{"title": "Dark"}');
  recommendation := public.create_recommendation(tests.id('ours'), (client ->> 'id')::uuid, '{"title": "Call"}');
  contact := public.save_client_contact(tests.id('ours'), (client ->> 'id')::uuid, '{"name": "Ama"}');
  perform tests.act_as('postgres');
  perform tests.remember('client', (client ->> 'id')::uuid);
  perform tests.remember('webhook', (webhook ->> 'id')::uuid);
  perform tests.remember('delivery', d.id) from public.webhook_endpoints e
  cross join lateral private.queue_webhook_test(e) d where e.id = tests.id('webhook');
  perform tests.remember('note', (note ->> 'id')::uuid);
  perform tests.remember('play', p.id) from public.plays p where p.organization_id = tests.id('ours') limit 1;
  perform tests.remember('recommendation', (recommendation ->> 'id')::uuid);
  perform tests.remember('issue', (issue ->> 'id')::uuid);
  perform tests.remember('contact', (contact ->> 'id')::uuid);
  perform tests.remember('movement', m.id) from public.client_movements m where m.client_id = tests.id('client');
  insert into public.batches (id, organization_id, kind)
  values (tests.remember('batch', private.uuid_v7()), tests.id('ours'), 'upload');
  insert into public.messages (id, organization_id, account_id, to_number, from_number, body, encoding, segments, status,
    provider, attempts, sending_at, held_at)
  select tests.remember('message', private.uuid_v7()), a.organization_id, a.id, '+233244000021', a.sender_id, 'Hello',
    'GSM-7', 1, 'sending', a.provider, 1, now() - interval '1 day', now()
  from public.sms_accounts a where a.id = tests.id('account');
  insert into public.reply_reviews (id, organization_id, phone, message_id)
  values (tests.remember('review', private.uuid_v7()), tests.id('ours'), '+233244000021', tests.id('message'));
  insert into public.report_settings (organization_id, outside_links) values (tests.id('ours'), true);
  perform tests.remember('number', tests.id('account'));
  insert into public.teams (id, organization_id, name)
  values (tests.remember('team', private.uuid_v7()), tests.id('ours'), 'Doors');
  perform tests.remember('entry', a.id) from public.audit_logs a where a.organization_id = tests.id('ours') limit 1;
  -- So that no limit hides what a function would do.
  update private.rate_limits set quota = 100000000 where true;
end
$$;

-- Rows that only functions make, each remembered under its name.
do $$
declare
  made record;
  id text;
begin
  for made in
    select * from (values
      ('key', $call$public.create_api_key(tests.id('ours'), '{"name": "Doors", "role": "viewer"}') ->> 'key_id'$call$),
      ('list', $call$public.begin_dnc_list(tests.id('ours'), '{"name": "Doors 1", "kind": "internal", "calling_code": "233"}') ->> 'list_id'$call$),
      ('report', $call$public.build_report(tests.id('ours'), '{"name": "Doors", "definition": {"source": "leads",
        "fields": ["leads.first_name"]}}') ->> 'report_id'$call$),
      ('run', $call$public.export_report(tests.id('ours'), tests.id('report'), 'csv') ->> 'run_id'$call$),
      ('schedule', $call$public.schedule_report(tests.id('ours'), tests.id('report'), '{"frequency": "daily", "time":
        "08:00", "format": "csv", "recipients": ["doors@tests.example"]}') ->> 'id'$call$),
      ('request', $call$public.create_privacy_request(tests.id('ours'), '{"kind": "export", "phone": "+233244000022"}')
        ->> 'id'$call$),
      ('role', $call$public.save_role(tests.id('ours'), '{"name": "Doors 1", "permissions": {"leads:read": "own"}}')
        ->> 'id'$call$),
      ('rule', $call$public.create_reply_rule(tests.id('ours'), '{"kind": "keyword", "meaning": "stop", "pattern":
        "basta"}') ->> 'id'$call$),
      ('student', $call$public.create_student(tests.id('ours'), tests.id('lead'), '{"first_name": "Esi"}') ->> 'id'$call$),
      ('suppression', $call$public.create_suppression(tests.id('ours'), '{"phone": "+233244000039"}') #>> '{suppression,id}'$call$),
      ('upload', $call$public.begin_lead_upload(tests.id('ours'), 'leads.csv') ->> 'upload_id'$call$)
    ) as made (name, call)
  loop
    perform tests.act_as('admin');
    execute 'select ' || made.call into id;
    perform tests.act_as('postgres');
    perform tests.remember(made.name, id::uuid);
  end loop;
  insert into public.report_links (id, organization_id, run_id, token_hash, expires_at)
  values (tests.remember('link', private.uuid_v7()), tests.id('ours'), tests.id('run'), repeat('a', 64),
    now() + interval '1 day');
  insert into public.lead_imports (id, organization_id, upload_id, file_name, mapping, columns, on_duplicate, total_rows,
    source)
  values (tests.remember('import', private.uuid_v7()), tests.id('ours'), tests.id('upload'), 'leads.csv', '{}', '[]',
    'skip', 1, 'web');
end
$$;

-- Values of a type that a careful caller would not send, as SQL literals.
create table tests.hostile (type text, value text);
insert into tests.hostile
select 'text', quote_literal(v) from unnest(array['', ' ', E'\u0007mark', repeat('mark', 50000), '''); select 1; --',
  '%', '\', 'null',
  '-1', '1e400', '00000000-0000-0000-0000-000000000000', '{}', '+1', '2026-02-30', 'asc', '💥']) v
union all select 'integer', quote_literal(v) from unnest(array['-1', '0', '2147483647', '-2147483648']) v
union all select 'bigint', quote_literal(v) from unnest(array['-1', '0', '9223372036854775807',
  '-9223372036854775808']) v
union all select 'uuid', quote_literal(gen_random_uuid())
union all select 'boolean', v from unnest(array['true', 'false']) v
union all select 'date', quote_literal(v) from unnest(array['infinity', '-infinity', '0001-01-01', '5874897-12-31',
  '4714-11-24 BC']) v
union all select 'timestamp with time zone', quote_literal(v)
from unnest(array['infinity', '-infinity', '0001-01-01', '294276-12-31', '4714-11-24 BC']) v
union all select 'text[]', quote_literal(v) from unnest(array['{}', '{null}', '{""}', '{mark,mark,null}',
  '{{a},{b}}']) v
union all select 'text[]', format('array_fill(%L::text, array[2001])', 'x')
union all select 'text[]', format('array[%L]', repeat('mark', 50000))
union all select 'uuid[]', quote_literal(v) from unnest(array['{}', '{null}',
  '{00000000-0000-0000-0000-000000000000}']) v
union all select 'uuid[]', 'array_fill(gen_random_uuid(), array[2001])'
union all select 'jsonb', quote_literal(v) from unnest(array['null', '[]', '{}', '"x"', '1', 'true', '[null]', '[[]]',
  '[1, "x", {}]', '{"": null}',
  '[{}]', '{"a": {"b": [1e300]}}']) v;
-- JSON arguments with which a function comes far; the others get {}.
create table tests.json_arguments (function text, argument text, value jsonb);
insert into tests.json_arguments values
  ('build_report', 'report', '{"name": "Doors 2", "description": "All", "definition": {"source": "leads", "fields":
    ["leads.first_name"]}}'),
  ('schedule_report', 'schedule', '{"frequency": "daily", "time": "08:00", "format": "csv", "recipients":
    ["doors@tests.example"]}'),
  ('create_privacy_request', 'request', '{"kind": "export", "phone": "+233244000022"}'),
  ('add_consent', 'consent', '{"event": "granted", "phone": "+233244000021", "source": "form"}'),
  ('begin_dnc_list', 'list', '{"name": "Doors", "kind": "internal", "calling_code": "233"}'),
  ('bulk_assign', 'choice', '{"strategy": "round_robin"}'),
  ('create_actions', 'actions', jsonb_build_array(jsonb_build_object('customer_id', tests.id('customer'), 'action',
    'warn'))),
  ('create_api_key', 'key', '{"name": "Doors", "role": "viewer"}'),
  ('create_campaign', 'campaign', '{"name": "Doors 2", "audience": {"filter": {}}, "templates": [], "numbers": []}'),
  ('create_customer', 'customer', '{"name": "Ama", "account_number": "D2", "phone": "+233244000031", "arrears": 1}'),
  ('create_interaction', 'interaction', '{"type": "note", "body": "Hello"}'),
  ('create_lead', 'lead', '{"first_name": "Ama", "phone": "+233244000032"}'),
  ('create_phone_number', 'number', '{"provider": "twilio", "number": "+15005550199"}'),
  ('create_reply_rule', 'rule', '{"kind": "keyword", "meaning": "stop", "pattern": "enough"}'),
  ('create_student', 'student', '{"first_name": "Esi"}'),
  ('create_suppression', 'suppression', '{"phone": "+233244000033"}'),
  ('create_task', 'task', '{"title": "Call"}'),
  ('create_template', 'template', '{"name": "Doors 2", "body": "Hello"}'),
  ('connect_integration', 'credentials', '{"username": "doors", "password": "sesame"}'),
  ('connect_integration', 'config', '{"host": "mail.example.com", "port": 587, "from_email": "a@mail.example.com"}'),
  ('create_webhook', 'webhook', '{"url": "https://hooks.example.com/a", "events": ["*"]}'),
  ('update_webhook', 'changes', '{"url": "https://hooks.example.com/a", "events": ["*"]}'),
  ('create_upload', 'rows', '[]'), ('create_upload', 'summary', '{}'),
  ('execute_lead_import', 'settings', '{"mapping": {}, "on_duplicate": "skip"}'),
  ('import_suppressions', 'answer', '{}'),
  ('invite_user', 'invitee', '{"email": "doors@tests.example", "role": "viewer"}'),
  ('notification_preferences', 'changes', '[{"kind": "system", "email": false}]'),
  ('process_batch', 'customers', '[{"row": 1, "name": "Ama", "account_number": "D3", "phone": "+233244000034", "arrears": 1}]'),
  ('process_batch', 'skipped', '[]'),
  ('replace_stages', 'stages', '[{"key": "new", "label": "New"}, {"key": "won", "label": "Won", "outcome": "won"},
    {"key": "lost", "label": "Lost", "outcome": "lost"}]'),
  ('save_role', 'role', '{"name": "Doors", "permissions": {"leads:read": "own"}}'),
  ('send_bulk', 'recipients', '[{"position": 0, "to": "+233244000035"}]'),
  ('set_calendar', 'calendar', '{"enabled": true, "week": {"mon": [["08:00", "17:00"]]}, "holidays": []}'),
  ('set_lead_fields', 'fields', '[{"key": "program", "label": "Program", "type": "text"}]'),
  ('set_sms_credentials', 'credentials', '{"api_key": "sesame"}'),
  ('create_client', 'client', '{"name": "Acme", "segment": "enterprise", "amount": "10", "contacts": [{"name": "Ama"}]}'),
  ('update_client', 'client', '{"name": "Acme", "segment": "enterprise", "contacts": [{"name": "Ama"}]}'),
  ('save_client_contact', 'change', '{"name": "Ama"}'),
  ('create_client_factor', 'factor', '{"name": "Price", "percentage": 40}'),
  ('create_recommendation', 'recommendation', '{"title": "Call", "details": "Soon"}'),
  ('decide_recommendation', 'decision', '{"state": "accepted", "note": "Soon"}'),
  ('update_play', 'play', '{"title": "Call", "details": "Soon", "channel": "call", "bands": ["high"], "themes": [],
    "segments": []}'),
  ('create_client_interaction', 'interaction', '{"type": "note", "details": "Hello"}'),
  ('create_client_issue', 'issue', '{"title": "Dark"}'),
  ('update_client_issue', 'change', '{"title": "Dark"}'),
  ('record_client_movement', 'details', '{"amount": "12"}'),
  ('client_segments', 'segments', '[{"key": "individual", "label": "Individuals"}]'),
  ('client_segments', 'moves', '{"enterprise": "individual"}'),
  ('incident_types', 'types', '[{"key": "other", "label": "Other"}]'),
  ('churn_settings', 'change', '{"pause_days": 30, "exchange_rates": [{"currency": "USD", "starts_on": "2026-01-01",
    "rate": 10}]}'),
  ('client_links', 'choices', jsonb_build_array(jsonb_build_object('customer_id', tests.id('customer'), 'state',
    'linked'))),
  ('send_note', 'note', '{"title": "Hi", "description": "Hello", "recipients": ["admin"]}');

create view tests.json_values as
  select v::jsonb as value from unnest(array['null', '""', '"\u0007mark"', '-1', '1e300', '99999999999', 'true', '[]',
    '[null]', '{}',
    '{"mark": [1]}', '"x"', '"2026-02-30"', '"infinity"', '"-1"', '"NaN"', '"00000000-0000-0000-0000-000000000000"',
      '[[1]]',
    '[{}]', '["x", 1]']) v
  union all select to_jsonb(repeat('mark', 50000))
  union all select jsonb_agg(n) from generate_series(1, 3000) n;
grant select on all tables in schema tests to public;

-- The functions that a function calls in private, itself included, as far as their names are in the source.
create function tests.sources(called oid) returns text language sql stable as $$
  with recursive calls (oid, depth) as (
    select called, 0
    union
    select p.oid, c.depth + 1
    from calls c
    join pg_proc f on f.oid = c.oid
    cross join lateral regexp_matches(f.prosrc, 'private\.(\w+)\(', 'g') m
    join pg_proc p on p.proname = m[1] and p.pronamespace = 'private'::regnamespace
    where c.depth < 3 and p.proname <> all (array['impersonator', 'require_session', 'organizations_with',
      'my_organizations',
      'require_permission', 'require_scope', 'require_member', 'request_header', 'idempotent_response',
        'store_idempotent_response',
      'problem', 'request_origin', 'audit_event', 'rate_limit_refusal', 'take_tokens', 'over_rate_limit',
        'returned_problem'])
  )
  select string_agg(distinct p.prosrc, ' ') from calls c join pg_proc p on p.oid = c.oid
$$;
create function tests.keys(called oid) returns text[] language sql stable as $$
  select coalesce(array_agg(distinct k), '{}') from (
    select m[1] as k from regexp_matches(tests.sources(called), '(?:->>?|\?)\s*''{1,2}(\w+)''{1,2}', 'g') m
    union
    -- The filters of private.conditions.
    select m[1] from regexp_matches(tests.sources(called), '"(\w+)":\s*\[', 'g') m
    union
    select split_part(btrim(c, E' \n"'), ' ', 1)
    from regexp_matches(tests.sources(called),
      'jsonb_to_record(?:set)?\([^()]*(?:\([^()]*\))?[^()]*\)\s*(?:as\s+)?\w+\s*\(([^()]*)\)', 'g') m
    cross join string_to_table(m[1], ',') c
    union
    select k from tests.json_arguments j join pg_proc p on p.proname = j.function and p.oid = called
    cross join lateral jsonb_path_query(j.value, '$.** ? (@.type() == "object")') o cross
      join lateral jsonb_object_keys(o) k
  ) keys (k) where k ~ '^\w+$'
$$;
-- A value for an argument that lets the function come as far as it can.
create function tests.usual(name text, type text) returns text language sql stable as $$
  select coalesce(
    (select quote_literal(t.id) || '::uuid' from tests.things t where usual.type = 'uuid' and t.name = case usual.name
      when 'organization_id' then 'ours' when 'user_id' then 'counselor' when 'id' then 'lead' when 'account_id'
        then 'account'
      when 'assigned_to' then 'counselor' when 'assignee' then 'counselor' when 'team_id' then 'team'
      when 'first' then 'lead' when 'second' then 'other lead' when 'duplicate_id' then 'other lead'
      else regexp_replace(usual.name, '_id$', '') end),
    case usual.type
      when 'uuid' then format('%L::uuid', gen_random_uuid())
      when 'jsonb' then '''{}''::jsonb' when 'integer' then '1' when 'bigint' then '1' when 'boolean' then 'false' when 'text[]'
        then '''{x}''::text[]'
      when 'uuid[]' then format('array[%L]::uuid[]', tests.id('lead')) when 'date' then 'current_date'
      when 'timestamp with time zone' then 'now()'
      when 'text' then quote_literal(case when usual.name ~ 'phone|number|^to$' then '+233244000021'
        when usual.name ~ 'message|body|text' then 'Hello'
        when usual.name = 'integration_type' then 'smtp'
        when usual.name = 'status' then 'open' else 'x' end) end)
$$;

create function tests.usual_argument(function text, name text, type text) returns text language sql stable as $$
  select coalesce((
    select quote_literal(j.value) || '::jsonb' from tests.json_arguments j
    where j.function = usual_argument.function and j.argument = usual_argument.name), tests.usual(name, type))
$$;
-- The usual JSON with one value replaced, in its first element where it is an array.
create function tests.with_value(usual jsonb, key text, value jsonb) returns jsonb language sql immutable as $$
  select case jsonb_typeof(usual)
    when 'array' then case when jsonb_array_length(usual) = 0 then jsonb_build_array(jsonb_build_object(key, value))
      else jsonb_set(usual, '{0}', (usual -> 0) || jsonb_build_object(key, value)) end
    else usual || jsonb_build_object(key, value) end
$$;

-- One call for each hostile value of each argument, the others being usual ones.
create function tests.calls(called oid) returns table (call text, marked boolean) language sql stable as $$
  with arguments as (
    select p.proname, a.name, a.type::regtype::text as type, a.position,
      tests.usual_argument(p.proname, a.name, a.type::regtype::text) as usual
    from pg_proc p cross join lateral unnest(p.proargnames, p.proargtypes::oid[]) with ordinality as a (name, type,
      position)
    where p.oid = called and a.type is not null
  ), hostile as (
    select a.position, h.value || '::' || a.type as value from arguments a join tests.hostile h on h.type = a.type
    union all
    select a.position, 'null::' || a.type from arguments a
    union all
    select a.position, format('%L::jsonb', tests.with_value(coalesce((
      select j.value from tests.json_arguments j where j.function = a.proname and j.argument = a.name), '{}'), k,
        v.value))
    from arguments a cross join unnest(tests.keys(called)) k cross join tests.json_values v where a.type = 'jsonb'
  )
  select format('public.%I(%s)', (select proname from arguments limit 1), (
      select string_agg(format('%I => %s', a.name, case when a.position = h.position then h.value else a.usual end),
        ', '
        order by a.position) from arguments a)),
    h.value like '%mark%'
  from hostile h
$$;

-- Where a mark was stored. Only what this transaction has written is looked at.
create function tests.marks() returns text language plpgsql as $$
declare
  place text;
  found text[] := '{}';
  hit boolean;
begin
  foreach place in array array(
    select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not c.relispartition
      -- Pieces are files as they were uploaded.
      and c.relname not in ('audit_logs', 'rate_buckets', 'dnc_pieces', 'lead_upload_pieces') order by 1)
  loop
    execute format('select exists (select from %s t
      where t::text like ''%%markmark%%'' or t::text like ''%%'' || e''\u0007'' || ''mark%%''
      or t::text like ''%%\u0007mark%%'')', place) into hit;
    if hit then
      found := found || place;
    end if;
  end loop;
  return nullif(array_to_string(found, ' '), '');
end
$$;

-- What a call comes to: null if that is right, else what is wrong. Its effects are undone.
create function tests.verdict(call text, marked boolean) returns text language plpgsql as $$
declare
  marks text;
begin
  perform tests.act_as('admin', jsonb_build_object('x-organization-id', tests.id('ours')));
  execute 'select ' || call;
  if marked then
    perform tests.act_as('postgres');
    marks := tests.marks();
  end if;
  raise exception using errcode = 'TEST0', message = coalesce('stored in ' || marks, '');
exception
  when sqlstate 'TEST0' then
    return nullif(sqlerrm, '');
  when others then
    return case when sqlstate !~ '^(PT4\d\d|22\w\w\w|23\w\w\w|42501)$' then sqlstate || ' ' || left(sqlerrm, 80) end;
end
$$;
create function tests.faults(called oid) returns text language plpgsql as $$
declare
  c record;
  verdict text;
  faults text[] := '{}';
begin
  for c in select * from tests.calls(called) loop
    verdict := tests.verdict(c.call, c.marked);
    if verdict is not null then
      faults := faults || (left(verdict, 100) || ' <- ' || left(regexp_replace(regexp_replace(c.call, '(mark){3,}',
        'mark…', 'g'), '[0-9a-f]{8}-[0-9a-f-]{27}', '…', 'g'), 260));
    end if;
  end loop;
  perform tests.act_as('postgres');
  return array_to_string(faults, E'\n');
end
$$;

create view tests.doors as
  select p.oid, p.proname as name from pg_proc p
  where p.pronamespace = 'public'::regnamespace and has_function_privilege('authenticated', p.oid, 'execute')
    and p.pronargs > 0;
select plan((select count(*)::integer from tests.doors) + 1);
-- Else a function answers 404 before it looks at its other arguments. The others are positions in a list.
select is_empty($$
  select distinct a.name from tests.doors d join pg_proc p on p.oid = d.oid
  cross join lateral unnest(p.proargnames, p.proargtypes::oid[]) a (name, type)
  where a.type = 'uuid'::regtype and a.name <> all ('{after_id,before,seen,until}')
    and not exists (select from tests.things t where tests.usual(a.name, 'uuid') = format('%L::uuid', t.id))$$,
  'There is a row for every id that a function takes.');
select is(tests.faults(d.oid), '', d.name || ' refuses what it should not get.') from tests.doors d order by d.name;

select * from finish();
rollback;
