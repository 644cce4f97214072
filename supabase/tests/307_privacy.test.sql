-- What the organization holds on a person: exported, and erased from every table, with the evidence that must stay.
begin;
\ir support.inc
select plan(45);

-- The catalogue.
create view tests.text_columns as
  select format('%s.%s', n.nspname, c.relname) as relation, a.attname::text as column_name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  join pg_type t on t.oid = a.atttypid left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
  where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not c.relispartition
    and (coalesce(e.typcategory, t.typcategory) = 'S' or coalesce(e.typname, t.typname) in ('json', 'jsonb', 'inet', 'bytea'));
select is_empty($$
  select relation, column_name from tests.text_columns except select relation, column_name from private.personal_data
$$, 'private.personal_data decides about every column with text: add a row for a new one.');
select is_empty($$
  select d.relation, d.column_name from private.personal_data d where d.relation ~ '^(public|private)\.'
    and not exists (select from pg_attribute a where a.attrelid = to_regclass(d.relation) and a.attname = d.column_name)
$$, 'It names no column that does not exist.');

do $$ begin perform tests.arrange(); end $$;
create table tests.texts (name text primary key, value text);
insert into tests.texts values ('phone', '+233244987654'), ('email', 'xakwabena.trace@person.example'),
  ('mention', 'Call Xakwabena  Tracewell (0244 98 76 54, ACC-TRACE-1), xakwabena.TRACE@person.example'),
  -- What the person's records said before they were changed.
  ('earlier phone', '+233244555111'), ('earlier email', 'afua@before.example'),
  ('traces', 'xakwabena|tracewell|244987654|98 ?76 ?54|acc-trace|2011-03-04|beforename|afua|244555111|55 ?51 ?11|dialysis');
grant select on tests.texts to public;
-- What an admin's call answers, and under which name its id is remembered.
create function tests.ask(name text, statement text) returns uuid language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin');
  execute 'select ' || statement into answer;
  perform tests.act_as('postgres');
  return tests.remember(name, (answer ->> 'id')::uuid);
end
$$;
create function tests.text(wanted text) returns text language sql stable as $$
  select t.value from tests.texts t where t.name = wanted
$$;
grant execute on function tests.text(text) to public;

-- The person as the product writes them: so the audit log knows them too.
select set_config('request.jwt.claims', '', true) is null as done;
insert into public.leads (id, organization_id, first_name, last_name, phone, email, tags, region)
values (tests.remember('lead', private.uuid_v7()), tests.id('ours'), 'Xakwabena', 'Tracewell', tests.text('phone'),
    tests.text('earlier email'), '{xakwabena}', 'Tracewell Hills'),
  (tests.remember('bystander', private.uuid_v7()), tests.id('ours'), 'Esi', 'Boateng', '+233244111222',
    'esi@person.example', '{}', null),
  (tests.remember('namesake', private.uuid_v7()), tests.id('theirs'), 'Xakwabena', 'Tracewell', tests.text('phone'),
    tests.text('email'), '{}', null);
update public.leads set email = tests.text('email') where id = tests.id('lead');
select tests.customer('customer', 'ours', 'ACC-TRACE-1', tests.text('earlier phone')) is null as done;
update public.customers set name = 'Afua Beforename' where id = tests.id('customer');
select private.suppress(tests.id('ours'), tests.text('earlier phone'), 'reply', 'Afua Beforename replied: STOP') is null as done;
insert into public.messages (organization_id, account_id, direction, to_number, from_number, body, encoding, segments,
  status, provider, provider_message_id)
select a.organization_id, a.id, 'inbound', a.sender_id, tests.text('earlier phone'), 'I was at dialysis', 'GSM-7', 1,
  'received', a.provider, 'earlier 1'
from public.sms_accounts a where a.organization_id = tests.id('ours') limit 1;
update public.customers set name = 'Xakwabena Tracewell', phone = tests.text('phone') where id = tests.id('customer');
select tests.ask('client', $$public.create_client(tests.id('ours'),
  '{"name": "Xakwabena Tracewell", "segment": "enterprise", "amount": "10"}')$$) is null as done;
select tests.ask('contact', $$public.save_client_contact(tests.id('ours'), tests.id('client'),
  '{"name": "Xakwabena Tracewell", "role": "Head of Tracewell"}')$$) is null as done;
update public.clients set phone = tests.text('phone'), external_id = 'ACC-TRACE-1' where id = tests.id('client');
insert into public.tasks (id, organization_id, lead_id, title)
values (tests.remember('mention', private.uuid_v7()), tests.id('ours'), tests.id('bystander'), tests.text('mention')),
  (private.uuid_v7(), tests.id('ours'), tests.id('bystander'),
    'Afua Beforename, 0244 55 51 11 (afua@before.example)');
insert into public.consents (organization_id, lead_id, event, phone, source, act, ip, occurred_at)
values (tests.id('ours'), tests.id('lead'), 'granted', tests.text('phone'), 'form', 'Ticked by Xakwabena Tracewell',
  '192.0.2.7', now());
select private.suppress(tests.id('ours'), tests.text('phone'), 'reply', 'Xakwabena Tracewell replied: STOP') is null as done;

-- A row of the person in every other table with a decision, made from the catalogue; what a table demands beside.
create table tests.shapes (relation text primary key, shape jsonb);
insert into tests.shapes values
  ('public.students', '{"birth_date": "2011-03-04", "grade": "Xakwabena''s"}'),
  ('public.interactions', '{"type": "note"}'), ('public.client_interactions', '{"type": "note"}'),
  ('public.client_issues', '{"severity": "low", "status": "open", "contract_code": "Tracewell"}'),
  ('public.customer_actions', '{"action": "warn", "source": "manual"}'), ('public.notes', '{"recipients": ["admin"]}'),
  ('public.recommendations', '{"state": "proposed", "currency": "GHS"}'),
  ('public.lead_assignments', '{"method": "manual"}'),
  ('public.messages', '{"direction": "outbound", "category": "service", "purpose": "custom", "status": "sent",
    "from_number": "+15005550006", "encoding": "GSM-7", "media": []}'),
  ('public.message_events', '{"source": "provider"}'), ('public.campaign_targets', '{"status": "pending"}'),
  ('public.conversations', '{"status": "open", "last_direction": "inbound"}'),
  ('public.reply_reviews', '{"status": "open"}'), ('public.undeliverable_numbers', '{"is_final": true}'),
  ('public.emails', '{"status": "sent"}'), ('public.batches', '{"kind": "upload"}'),
  ('public.report_runs', '{"status": "writing", "format": "csv"}'), ('public.templates', '{"category": "service"}'),
  ('public.reply_rules', '{"kind": "keyword", "meaning": "stop"}'), ('public.campaigns', '{"status": "draft"}'),
  ('public.lead_imports', '{"status": "done", "on_duplicate": "skip", "source": "call xakwabena tracewell"}'),
  ('public.plays', '{"bands": ["high"], "channel": "call"}'), ('public.dnc_lists', '{"kind": "internal"}'),
  ('public.template_variants', '{"label": "0244-987-654"}'), ('private.lead_import_errors', '{"kind": "invalid"}');
create function tests.make(wanted text) returns void language plpgsql as $$
declare
  content jsonb := coalesce((select s.shape from tests.shapes s where s.relation = wanted), '{}');
  fields jsonb;
begin
  select jsonb_object_agg(a.attname, case
      when a.attname = 'organization_id' then to_jsonb(tests.id('ours'))
      when a.attname in ('lead_id', 'customer_id', 'client_id') and wanted <> 'public.client_links'
        then to_jsonb(tests.id(replace(a.attname, '_id', '')))
      when a.attname in ('import_id', 'upload_id', 'run_id') then to_jsonb(tests.id('parent'))
      when a.attname = 'request_id' then to_jsonb(tests.id('request'))
      when a.attname = 'id' then to_jsonb(case when wanted ~ '(lead_imports|lead_uploads|report_runs)$'
        then tests.id('parent') else private.uuid_v7() end)
      when d.relation is not null and a.attname ~ '^(phone|to_number|from_number)$' then to_jsonb(tests.text('phone'))
      when d.relation is not null and a.attname ~ '(email|address)$' then to_jsonb(tests.text('email'))
      when d.relation is not null and a.attname = 'cells' then jsonb_build_array('Xakwabena', tests.text('phone'))
      when d.relation is not null and a.attname ~ 'rows|skipped' then jsonb_build_array(jsonb_build_array('Xakwabena',
        tests.text('phone')), jsonb_build_array('Esi', '+233244111222'))
      when d.relation is not null and a.atttypid = 'text'::regtype then to_jsonb(tests.text('mention'))
      when d.relation is not null and a.atttypid = 'jsonb'::regtype then jsonb_build_object('text', tests.text('mention'),
        tests.text('email'), jsonb_build_array(233244987654))
      when d.relation is not null and a.atttypid = 'text[]'::regtype then jsonb_build_array(tests.text('mention'))
      when a.atttypid = 'uuid'::regtype then to_jsonb(gen_random_uuid())
      when a.atttypid in ('timestamptz'::regtype, 'date'::regtype) then to_jsonb(now())
      when a.atttypid = 'text'::regtype then '"x"' when a.atttypid = 'boolean'::regtype then 'false'
      when a.atttypid = 'jsonb'::regtype then '{}' when a.atttypid = 'text[]'::regtype then '[]' else '1' end)
  into fields
  from pg_attribute a
  left join private.personal_data d on d.relation = wanted and d.column_name = a.attname
    and (d.searched or d.erased_as not in ('none', 'kept'))
  where a.attrelid = to_regclass(wanted) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    and a.attidentity = '' and (d.relation is not null
      or a.attname = 'organization_id' or a.attname in ('lead_id', 'client_id', 'customer_id') and wanted <> 'public.client_links'
      or a.attnotnull and not (a.atthasdef and a.attname <> 'id'));
  fields := fields || content;
  execute format('insert into %s (%s) select %2$s from jsonb_populate_record(null::%1$s, $1)', wanted,
    (select string_agg(quote_ident(k), ', ') from jsonb_object_keys(fields) k)) using fields;
exception when others then
  raise exception 'no row of the person in %: % (%)', wanted, sqlerrm, fields;
end
$$;
-- Words of the person that only lead to them through a task, a note or a list of clients.
insert into public.tasks (id, organization_id, lead_id, title)
values (tests.remember('task', private.uuid_v7()), tests.id('ours'), tests.id('lead'), 'Ask about dialysis');
insert into public.notes (id, organization_id, sender_role, title, description, recipients, client_id) values
  (tests.remember('note', private.uuid_v7()), tests.id('ours'), 'admin', 'Dialysis', 'On Mondays', '{admin}', tests.id('client'));
-- Without their broadcasts, which Realtime deletes after three days.
set local session_replication_role = replica;
select private.notify(array[
  row(tests.id('ours'), tests.id('admin'), 'task_due', 'task_due:1', 'A task is due', 'Ask about dialysis',
    jsonb_build_object('task_id', tests.id('task'), 'task_title', 'Ask about dialysis'), null)::private.notification,
  row(tests.id('ours'), tests.id('admin'), 'system', 'note:1', 'A note: Dialysis', 'Open your inbox.',
    jsonb_build_object('note_id', tests.id('note'), 'note_title', 'Dialysis'), null)::private.notification,
  row(tests.id('ours'), tests.id('admin'), 'churn', 'churn:1', 'A client is at risk', 'Afua (90 %)',
    jsonb_build_object('client_ids', jsonb_build_array(tests.id('client')), 'client_names', '{Afua}'::text[]),
    null)::private.notification,
  row(tests.id('ours'), tests.id('admin'), 'system', 'other:1', 'Another', 'About Esi', '{}', null)::private.notification
]) is null as done;
set local session_replication_role = origin;
-- A record of a file with line breaks in its cells.
insert into private.lead_uploads (id, organization_id, file_name, delimiter)
values (tests.remember('file', private.uuid_v7()), tests.id('ours'), 'people.csv', ';');
insert into private.lead_upload_pieces (upload_id, position, first_row, content) values (tests.id('file'), 0, 1,
  concat_ws(E'\r\n', 'name;phone;remarks',
    E'"Xakwabena\nTracewell";0244987654;"Mondays:\ndialysis;\r\n""early"""', 'Esi;0244111222;5" pipe', ''));
select tests.remember('parent', private.uuid_v7()) is null as done;
select tests.ask('request', $$public.create_privacy_request(tests.id('ours'), jsonb_build_object('kind', 'export',
  'lead_id', tests.id('lead')))$$) is null as done;
set local session_replication_role = replica;
select tests.make(r.relation) is null as done from (
  select distinct d.relation from private.personal_data d
  where (d.searched or d.erased_as not in ('none', 'kept')) and d.relation not in ('public.leads', 'public.customers',
    'public.clients', 'public.client_contacts', 'public.suppressions', 'public.consents', 'public.audit_logs',
    'private.job_runs', 'private.privacy_rows')) r order by r.relation ~ 'lead_import_errors|pieces|rows|deliveries';
set local session_replication_role = origin;

create function tests.traces(tenant text default null) returns setof text language plpgsql as $$
declare
  t record;
  hits bigint;
begin
  for t in select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'tests', 'pg_toast') loop
    execute format('select count(*) from %s x where x::text ~* %L and x::text !~ %L', t.name, tests.text('traces'),
      tests.id('theirs')) into hits;
    if hits > 0 then
      return next t.name;
    end if;
  end loop;
end
$$;
create function tests.seal() returns integer language plpgsql as $$
declare
  since timestamptz := (select h.sealed_until from private.audit_horizon h);
  until timestamptz := date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond';
begin
  -- The horizon is never ahead of the clock.
  perform pg_sleep_until(until);
  update private.audit_horizon set sealed_until = until where singleton;
  return private.seal_audit_range(since, until);
end
$$;
select set_has($$select tests.traces()$$, $$
  select p.place from private.privacy_places() p
  where p.relation not in ('private.job_runs', 'private.privacy_rows', 'public.audit_logs', 'public.messages',
    'public.message_events')
$$, 'The person is in every table that the catalogue names.');
select ok(tests.seal() > 0, 'The audit log is sealed.');

-- The export.
create function tests.run_until_done(wanted text) returns text language plpgsql as $$
begin
  for n in 1..50 loop
    perform private.run_privacy_request(tests.id(wanted), 60);
    exit when (select r.status = 'done' from private.privacy_requests r where r.id = tests.id(wanted));
  end loop;
  return (select r.status from private.privacy_requests r where r.id = tests.id(wanted));
end
$$;
select is(tests.run_until_done('request'), 'done', 'An export runs through.');
select is_empty($$
  select d.relation from private.personal_data d where (d.searched or d.erased_as not in ('none', 'kept'))
    and coalesce(d.reason !~ '^A copy', true) and d.relation <> 'private.job_runs'
  except select w.relation from private.privacy_rows w where w.request_id = tests.id('request')
$$, 'The export has rows of every table in which the person is.');
select is((select w.content -> 'content' from private.privacy_rows w
    where w.relation = 'private.lead_upload_pieces' and w.content ->> 'content' ~ 'dialysis'),
  jsonb_build_array(E'"Xakwabena\nTracewell";0244987654;"Mondays:\ndialysis;\r\n""early"""\r\n'),
  'Of a CSV file only the whole records of the person are exported.');
select is((select w.content from private.privacy_rows w where w.relation = 'public.uploads')
  -> 'rows', jsonb_build_array(jsonb_build_array('Xakwabena', tests.text('phone'))), 'Of a file only the rows of the person are exported.');
select is_empty($$select from private.privacy_rows w where w.content::text like '%244111222%' and w.relation <> 'public.leads'$$,
  'No other person''s number is in it.');

-- The erasure.
select tests.ask('erasure', $$public.create_privacy_request(tests.id('ours'), jsonb_build_object('kind', 'erase',
  'phone', tests.text('phone')))$$) is null as done;
set local session_replication_role = replica;
update public.report_runs set status = 'failed', reason = 'x', finished_at = now() where id = tests.id('parent');
set local session_replication_role = origin;
select is(tests.run_until_done('erasure'), 'done', 'An erasure runs through.');
select is_empty($$select tests.traces()$$, 'No table of the database has a trace of the person.');
select is((select t.title from public.tasks t where t.id = tests.id('mention')),
  'Call [erased] ([erased], [erased]), [erased]', 'In texts about others only the person is replaced.');
select is((select l.full_name from public.leads l where l.id = tests.id('bystander')), 'Esi Boateng',
  'Other people are untouched.');
select is((select l.phone from public.leads l where l.id = tests.id('namesake')), tests.text('phone'),
  'Another organization''s person with the same number is untouched.');
select is((select u.rows from public.uploads u where u.organization_id = tests.id('ours')), '[["Esi", "+233244111222"]]',
  'Of a waiting upload the other rows stay.');
select is((select e.content from private.lead_upload_pieces e where e.upload_id = tests.id('file')),
  E'name;phone;remarks\r\n\r\nEsi;0244111222;5" pipe\r\n', 'Of a waiting CSV file the other records stay, each in its row.');
select is((select count(*) from public.emails e where e.event_key = 'other:1' and e.data ->> 'body' = 'About Esi'), 1::bigint,
  'Notices about others stay.');

-- What stays.
select is((select c.phone from public.consents c where c.organization_id = tests.id('ours')),
  private.pseudonym_phone(tests.text('phone')), 'Consent is kept under the pseudonym.');
select is((select (c.act, c.ip)::text from public.consents c where c.organization_id = tests.id('ours')),
  '("Ticked by [erased]",192.0.2.7)', 'The act of consent is kept as evidence.');
select results_eq($$select s.reason from public.suppressions s
    where s.organization_id = tests.id('ours') and s.source = 'reply'$$, array['[erased] replied: STOP', '[erased] replied: STOP'], 'The opt-out is kept as evidence.');
select matches(private.pseudonym_phone(tests.text('phone')), '^\+999[0-9]{12}$', 'A pseudonym has the form of a number.');
select tests.act_as('postgres');
create table tests.pseudonym as select private.pseudonym_phone(tests.text('phone')) as phone;
grant select on tests.pseudonym to public;
select tests.act_as('admin');
select is(public.verify_audit_logs(tests.id('ours'), null, null) ->> 'status', 'whole', 'The audit chain is whole.');
select cmp_ok((public.verify_audit_logs(tests.id('ours'), null, null) ->> 'erased_entries')::integer, '>', 3,
  'It says how many entries are erased.');
select ok(public.get_privacy_request(tests.id('ours'), tests.id('erasure')) -> 'kept' @> '[{"what": "public.consents"}]',
  'The answer says what is kept.');
select is(public.get_privacy_request(tests.id('ours'), tests.id('erasure')) #>> '{subject,phone}',
  (select phone from tests.pseudonym), 'The request itself names the pseudonym.');
select throws_ok($$select public.download_privacy_export(tests.id('ours'), tests.id('request'))$$, 'PT410', null,
  'An export of the person from before is gone.');

-- The number comes back.
select tests.act_as('postgres');
create function tests.suppressed(wanted text) returns bigint language sql as $$
  select count(*) from public.suppressions s where s.organization_id = tests.id('ours') and s.phone = wanted
    and s.lifted_at is null
$$;
select is(tests.suppressed(tests.text('phone')), 0::bigint, 'The number itself is nowhere.');
insert into public.leads (organization_id, first_name, phone) values (tests.id('ours'), 'Again', tests.text('phone'));
select is(tests.suppressed(tests.text('phone')), 1::bigint, 'A re-import of the number is suppressed at once.');
update public.leads set phone = '+233244111223' where id = tests.id('bystander');
select is(tests.suppressed('+233244111223'), 0::bigint, 'Other numbers are not.');
update public.suppressions set lifted_at = now() where phone = tests.text('phone') and organization_id = tests.id('ours');
insert into public.customers (organization_id, name, account_number, phone, currency)
values (tests.id('ours'), 'Again', 'AGAIN-1', tests.text('phone'), 'GHS');
select is(tests.suppressed(tests.text('phone')), 0::bigint, 'Who was taken back by a person stays so.');
select tests.ask('second', $$public.create_privacy_request(tests.id('ours'), jsonb_build_object('kind', 'erase',
  'phone', tests.text('phone')))$$) is null as done;
select is(tests.run_until_done('second'), 'done', 'The same person can be erased again.');
select is_empty($$select tests.traces()$$, 'Then there is no trace either.');
insert into public.customers (organization_id, name, account_number, phone, currency)
values (tests.id('ours'), 'Again', 'AGAIN-0', tests.text('earlier phone'), 'GHS');
select is(tests.suppressed(tests.text('earlier phone')), 1::bigint, 'A re-import of the number from before is suppressed too.');

select is_empty($$
  select d.relation || '.' || d.column_name from private.personal_data d
  join pg_attribute a on a.attrelid = to_regclass(d.relation) and a.attname = d.column_name
  where a.attnotnull and d.erased_as = 'null'
$$, 'What may not be null is not erased to null.');

-- What comes after it was asked for, and what conversations left in notices.
create function tests.words() returns bigint language sql as $$
  select (select count(*) from public.notifications n where n::text ~ 'dialysis')
    + (select count(*) from public.emails e where e::text ~ 'dialysis')
    + (select count(*) from public.messages m where m::text ~ 'dialysis')
$$;
create function tests.late() returns bigint language sql as $$
  select count(*) from public.leads l where l.organization_id = tests.id('ours') and l.full_name ~ 'Latecomer'
$$;
insert into public.messages (organization_id, account_id, direction, to_number, from_number, body, encoding, segments,
  status, provider, provider_message_id)
select a.organization_id, a.id, 'inbound', a.sender_id, '+233244777001', 'First', 'GSM-7', 1, 'received', a.provider,
  'late 1'
from public.sms_accounts a where a.organization_id = tests.id('ours') limit 1;
update public.conversations set assigned_to = tests.id('operator'), unread = 0
where organization_id = tests.id('ours') and phone = '+233244777001';
insert into public.messages (organization_id, account_id, direction, to_number, from_number, body, encoding, segments,
  status, provider, provider_message_id)
select a.organization_id, a.id, 'inbound', a.sender_id, '+233244777001', 'I was at dialysis', 'GSM-7', 1, 'received',
  a.provider, 'late 2'
from public.sms_accounts a where a.organization_id = tests.id('ours') limit 1;
select is(tests.words(), 3::bigint, 'What a person wrote is in the message, in a notice and in a mail.');
select tests.ask('late', $$public.create_privacy_request(tests.id('ours'), jsonb_build_object('kind', 'erase',
  'phone', '+233244777001'))$$) is null as done;
insert into public.leads (organization_id, first_name, last_name, phone)
values (tests.id('ours'), 'Ama', 'Latecomer', '+233244777001');
-- Half of the first pass.
select private.run_privacy_request(tests.id('late'), 0) is null as done;
insert into public.leads (organization_id, first_name, last_name, phone)
values (tests.id('ours'), 'Ama', 'Latecomer-Two', '+233244777001');
select is(tests.run_until_done('late'), 'done', 'An erasure ends although rows came meanwhile.');
select is(tests.late(), 0::bigint, 'They are erased too, whenever they came.');
select is(tests.words(), 0::bigint, 'So are the words in notices and mails of conversations.');

-- Doors.
create function tests.refused(claims jsonb) returns text language sql as $$
  select tests.outcome('admin', $s$select public.list_privacy_requests(tests.id('ours'), 10, 0)$s$, '{}', claims)
$$;
select is(tests.outcome(who, $$select public.create_privacy_request(tests.id('ours'),
  '{"kind": "erase", "email": "a@b.example"}')$$), answer, format('%s: %s', who, answer))
from (values ('manager', 'PT403'), ('viewer', 'PT403'), ('outsider', 'PT403'), ('admin', '1')) a (who, answer);
select is(tests.outcome('admin', $$select public.create_privacy_request(tests.id('ours'),
  jsonb_build_object('kind', 'erase', 'lead_id', tests.id('namesake')))$$), 'PT404', 'Another tenant''s lead is none.');
select is(tests.outcome('admin', $$select public.create_privacy_request(tests.id('ours'),
  '{"kind": "erase", "email": "a@b.example", "phone": "+233244000001"}')$$), 'PT422', 'A request names one subject.');
insert into public.leads (organization_id, first_name, email)
select tests.id('ours'), 'Clerk ' || n, 'office@shared.example' from generate_series(1, 51) n;
select is(tests.outcome('admin', $$select public.create_privacy_request(tests.id('ours'),
  '{"kind": "erase", "email": "office@shared.example"}')$$), 'PT409', 'An address of very many is nobody''s.');
select * from finish();
rollback;
