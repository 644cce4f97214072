-- Reports: the catalogue, who may do what with definitions, and that a report shows what its caller may see.
begin;
\ir support.inc
select no_plan();
create function tests.lead(name text, organization text, assigned_to text default null, source text default 'web')
returns uuid language sql as $$
  with made as (
    insert into public.leads (organization_id, first_name, source, assigned_to, value, currency)
    values (tests.id(organization), name, source, tests.id(assigned_to), 10, 'GHS') returning id
  )
  select tests.remember(name, id) from made
$$;
create function tests.report(actor text, definition jsonb, name text default 'Report') returns uuid
language plpgsql as $$
declare
  report uuid;
begin
  perform tests.act_as(actor);
  report := (public.build_report(tests.id('ours'), jsonb_build_object('name', name, 'definition', definition))
    ->> 'report_id')::uuid;
  perform tests.act_as('postgres');
  return tests.remember(name, report);
end
$$;
-- What a definition is refused with, and where; or the number of its rows.
create function tests.preview(actor text, definition jsonb) returns text language plpgsql as $$
declare
  answer jsonb;
  hint text;
  detail text;
begin
  perform tests.act_as(actor);
  answer := public.preview_report(tests.id('ours'), definition);
  perform tests.act_as('postgres');
  return answer ->> 'row_count';
exception when others then
  get stacked diagnostics hint = pg_exception_hint, detail = pg_exception_detail;
  perform tests.act_as('postgres');
  return format('%s %s %s', sqlstate, hint, detail::jsonb -> 0 ->> 'path');
end
$$;
-- The first cell of each row of a definition, as this actor sees it.
create function tests.first_cells(actor text, definition jsonb) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.preview_report(tests.id('ours'), definition);
  perform tests.act_as('postgres');
  return (select string_agg(r -> 'cells' ->> 0, ',' order by r -> 'cells' ->> 0)
    from jsonb_array_elements(answer -> 'rows') r);
end
$$;
grant execute on all functions in schema tests to public;

do $$
begin
  perform tests.arrange();
  insert into public.teams (id, organization_id, name)
  values (tests.remember('north', gen_random_uuid()), tests.id('ours'), 'North'),
    (tests.remember('south', gen_random_uuid()), tests.id('ours'), 'South');
  perform tests.member('colleague', 'ours', 'counselor'), tests.member('neighbour', 'ours', 'counselor');
  update public.memberships set team_id = tests.id('north') where organization_id = tests.id('ours')
    and user_id in (tests.id('manager'), tests.id('counselor'), tests.id('colleague'));
  update public.memberships set team_id = tests.id('south') where organization_id = tests.id('ours')
    and user_id = tests.id('neighbour');
  perform tests.lead('counselors', 'ours', 'counselor'), tests.lead('colleagues', 'ours', 'colleague'),
    tests.lead('neighbours', 'ours', 'neighbour'), tests.lead('nobodys', 'ours', null, 'fair'),
    tests.lead('foreign', 'theirs', 'outsider');
  insert into public.lead_fields (organization_id, key, label, type, choices, position)
  values (tests.id('ours'), 'program', 'Program', 'choice', '{MBA,Law}', 1),
    (tests.id('ours'), 'score', 'Score', 'number', '{}', 2),
    (tests.id('theirs'), 'secret', 'Secret', 'text', '{}', 1);
end
$$;

-- Tables
select policies_are('reports', array['people read their reports and those shared with them']);
select policies_are('report_runs', array['people read their own runs']);
select policies_are('report_links',  array['people read the links to their own runs, admins to all']);
select policies_are('report_settings', array['members read their organization''s report settings']);
select tests.only('{}', 'write a report', '42501', $$update public.reports set name = 'x' where true$$);
select tests.only('{}', 'delete a report', '42501', $$delete from public.reports where true$$);
select tests.only('{}', 'write a run', '42501', $$update public.report_runs set status = 'failed' where true$$);
select tests.only('{}', 'write a link', '42501', $$update public.report_links set note = 'x' where true$$);
select tests.only('{}', 'write settings', '42501', $$update public.report_settings set outside_links = true where true$$);
select tests.only('{}', 'read the catalogue''s SQL', '42501', $$select expression from private.report_fields$$);
select tests.only('{}', 'read frozen rows', '42501', $$select cells from private.report_rows$$);
select is_empty($$
  select p.polname from pg_policy p where p.polrelid in ('storage.objects'::regclass, 'storage.buckets'::regclass)
    and concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) !~ 'bucket_id'
$$, 'No policy on Storage names no bucket, which would open that of reports.');
select is((select b.public from storage.buckets b where b.id = 'report-files'), false, 'The bucket is private.');
insert into storage.objects (bucket_id, name) values ('report-files', tests.id('ours') || '/file.csv');
select is(tests.outcome(actor, $$select from storage.objects where bucket_id = 'report-files'$$), '0',
  format('%s sees no file in it.', actor)) from unnest(tests.everyone() || array['outsider', 'anon']) actor;

-- Functions by role
select tests.only('{admin,manager,counselor,campaign_manager,operator,viewer,marketing_agent,technical_agent}',
  'list reports', 'PT403',
  $$select public.list_reports(tests.id('ours'))$$);
select tests.only('{admin,manager,counselor,campaign_manager,operator,viewer,marketing_agent,technical_agent}',
  'read the catalogue', 'PT403',
  $$select public.report_fields(tests.id('ours'))$$);
select tests.only('{admin,manager,counselor,campaign_manager,operator,viewer,marketing_agent,technical_agent}',
  'read the templates', 'PT403',
  $$select public.report_templates(tests.id('ours'))$$);
select tests.only('{admin,manager,counselor,campaign_manager,viewer}', 'preview leads', 'PT403',
  $$select public.preview_report(tests.id('ours'), '{"source": "leads", "fields": ["leads.source"]}')$$);
select tests.only('{admin,operator,viewer}', 'preview customers', 'PT403',
  $$select public.preview_report(tests.id('ours'), '{"source": "customers", "fields": ["customers.name"]}')$$);
select tests.only('{admin,viewer,marketing_agent,technical_agent}', 'preview clients', 'PT403',
  $$select public.preview_report(tests.id('ours'), '{"source": "clients", "fields": ["clients.name"]}')$$);
select tests.only('{admin,marketing_agent,technical_agent}', 'save a report about clients', 'PT403',
  $$select public.build_report(tests.id('ours'),
    '{"name": "x", "definition": {"source": "clients", "fields": ["clients.segment"]}}')$$);
select tests.only('{admin}', 'preview the audit log', 'PT403',
  $$select public.preview_report(tests.id('ours'), '{"source": "audit_logs", "fields": ["audit_logs.resource"]}')$$);
select tests.only('{admin,manager,counselor,campaign_manager}', 'save a report', 'PT403',
  $$select public.build_report(tests.id('ours'),
    '{"name": "x", "definition": {"source": "leads", "fields": ["leads.source"]}}')$$);
select tests.only('{admin}', 'change the settings', 'PT403',
  $$select public.update_report_settings(tests.id('ours'), '{"outside_links": true}')$$);
select tests.only('{}', 'claim a run', '42501', $$select public.claim_report_run(gen_random_uuid())$$);
select tests.only('{}', 'freeze a run', '42501',
  $$select public.freeze_report_run(gen_random_uuid(), gen_random_uuid())$$);
select tests.only('{}', 'open a link', '42501', $$select public.open_report_link('x')$$);

-- The catalogue
select is((select f.name from private.report_fields f where f.source = v.source and f.period order by f.position limit 1),
  v.field, format('A period of %s filters by %s unless it says otherwise.', v.source, v.field))
from (values ('leads', 'created_at'), ('tasks', 'due_at'), ('interactions', 'occurred_at'),
  ('clients', 'created_at')) v (source, field);
select is_empty($$
  select s.name from private.report_sources s where not exists (
    select from private.report_fields f where f.source = s.name and f.period)
$$, 'Every source has a date that a period may filter by.');
select is_empty($$
  select f.source, f.name from private.report_fields f
  where f.name like '%.%' and f.permission is null
    and f.source not in (select s.name from private.report_sources s where s.scope = 'lead')
$$, 'A field of another record needs that record''s permission, unless the source does already.');
select is_empty($$
  select f.source, f.name from private.report_fields f
  where f.name ~ '(email|phone|body|note|notes|account_number|to_number|from_number|address)$' and not f.personal
$$, 'Addresses, numbers and what was written are marked as personal.');
select is((select f.choices from private.report_fields f where (f.source, f.name) = ('audit_logs', 'action')), (
    select array_agg(m[1] order by n) from pg_constraint c,
      regexp_matches(pg_get_constraintdef(c.oid), '''([a-z_]+)''::text', 'g') with ordinality r (m, n)
    where c.conrelid = 'public.audit_logs'::regclass and c.conname = 'audit_logs_action'),
  'The audit log offers every action that it can hold.');
-- Every field in every place where it may stand, as the one who may use all.
create function tests.field_faults() returns setof text language plpgsql as $$
declare
  item record;
  outcome text;
begin
  perform tests.act_as('postgres');
  for item in
    select f.*, f.source || '.' || f.name as id, t.operators as operators_of_type
    from private.report_fields f join private.report_types t on t.name = f.type
  loop
    outcome := tests.preview('admin', jsonb_build_object('source', item.source, 'fields', jsonb_build_array(item.id),
      'sorting', case when item.sortable then jsonb_build_array('-' || item.id) else '[]' end,
      'filters', jsonb_build_object('any', jsonb_build_array(
        jsonb_build_object('field', item.id, 'operator', 'is_empty'),
        jsonb_build_object('field', item.id, 'operator', 'is_not_empty')))));
    if outcome !~ '^\d+$' then
      return next format('%s in a list: %s', item.id, outcome);
    end if;
    continue when not item.groupable;
    outcome := tests.preview('admin', jsonb_build_object('source', item.source, 'grouping', jsonb_build_array(
      jsonb_build_object('field', item.id) || case when item.type in ('date', 'timestamp')
        then '{"bucket": "quarter"}'::jsonb else '{}' end)));
    if outcome !~ '^\d+$' then
      return next format('%s as a group: %s', item.id, outcome);
    end if;
  end loop;
  for item in select m.source, m.source || '.' || m.name as id from private.report_measures m loop
    outcome := tests.preview('admin', jsonb_build_object('source', item.source, 'aggregations',
      jsonb_build_array(jsonb_build_object('measure', item.id))));
    if outcome !~ '^\d+$' then
      return next format('%s as a measure: %s', item.id, outcome);
    end if;
  end loop;
end
$$;
grant execute on function tests.field_faults() to public;
update private.rate_limits set quota = 100000 where kind = 'report_preview';
select is_empty($$select * from tests.field_faults()$$, 'Every field and measure can be shown, sorted and grouped by.');
do $$ begin perform tests.act_as('postgres'); end $$;
select is((select count(*)::integer from private.report_templates), 20, 'There are twenty templates.');
select is_empty($$
  select t.id from private.report_templates t where t.definition <> private.checked_report(t.definition)
$$, 'Every template is a definition as it is stored.');

-- Rows are the caller's own
select is(tests.first_cells('admin', '{"source": "leads", "fields": ["leads.first_name"]}'),
  'colleagues,counselors,neighbours,nobodys', 'An admin sees the organization''s leads.');
select is(tests.first_cells('manager', '{"source": "leads", "fields": ["leads.first_name"]}'),
  'colleagues,counselors', 'A manager sees the team''s.');
select is(tests.first_cells('counselor', '{"source": "leads", "fields": ["leads.first_name"]}'), 'counselors',
  'A counselor sees their own.');
select is(tests.first_cells('counselor', '{"source": "assignments", "fields": ["assignments.lead.full_name"]}'),
  tests.first_cells('counselor', '{"source": "assignments", "fields": ["assignments.lead.full_name"], "filters":
    {"all": [{"field": "assignments.lead.assigned_to", "operator": "eq", "value": "me"}]}}'),
  'Rows under leads are those of the caller''s leads.');
-- For each source and role the rows are those that the policies show; none without the permission.
create function tests.rows_by_policy(actor text, relation text) returns text language plpgsql as $$
declare
  rows bigint;
begin
  perform tests.act_as(actor);
  execute format('select count(*) from %s x where x.organization_id = %L', relation, tests.id('ours')) into rows;
  perform tests.act_as('postgres');
  return rows;
end
$$;
create function tests.records(actor text, source text) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.preview_report(tests.id('ours'), jsonb_build_object('source', source, 'aggregations',
    '[{"function": "count"}]'::jsonb));
  perform tests.act_as('postgres');
  return answer ->> 'records';
exception when sqlstate 'PT403' then
  perform tests.act_as('postgres');
  return '0';
end
$$;
grant execute on all functions in schema tests to public;
insert into public.tasks (organization_id, lead_id, title, assigned_to)
  select tests.id('ours'), l.id, 'Call ' || l.first_name, l.assigned_to from public.leads l
  where l.organization_id = tests.id('ours');
insert into public.interactions (organization_id, lead_id, type, created_by)
  select tests.id('ours'), l.id, 'call', tests.id('admin') from public.leads l
  where l.organization_id = tests.id('ours');
insert into public.lead_history (organization_id, lead_id, to_status)
  select tests.id('ours'), l.id, 'contacted' from public.leads l where l.organization_id = tests.id('ours');
select is(tests.records(actor, s.name), tests.rows_by_policy(actor, s.relation),
  format('The %s that a report shows a %s are those that the policies show.', s.name, actor))
from private.report_sources s
cross join unnest(array['admin', 'manager', 'counselor', 'campaign_manager', 'operator', 'viewer']) actor;

-- Names and values
select is(tests.preview('admin', '{"source": "nothing", "fields": ["nothing.id"]}'), 'PT422 unknown_source source',
  'An unknown source is named.');
select is(tests.preview('admin', '{"source": "leads", "fields": ["leads.nothing"]}'), 'PT422 unknown_field fields.0',
  'An unknown field is named with its place.');
select is(tests.preview('admin', '{"source": "leads", "fields": ["tasks.title"]}'), 'PT422 unknown_field fields.0',
  'A field of another source is unknown.');
select is(tests.preview('admin', '{"source": "leads", "fields": ["leads.custom.secret"]}'),
  'PT422 unknown_field fields.0', 'Another organization''s custom field is unknown.');
select is(tests.preview('counselor', '{"source": "tasks", "fields": ["tasks.title"], "filters": {"all": [
  {"field": "tasks.status", "operator": "eq", "value": "open"}]}}'), '1', 'A counselor lists their tasks.');
select is(tests.preview('operator', '{"source": "messages", "fields": ["messages.lead.full_name"]}'),
  'PT403 field_not_permitted fields.0', 'A field that needs another permission is refused by name.');
select is(tests.preview('operator', '{"source": "messages", "fields": ["messages.customer.name"]}'), '0',
  'A field whose permission the caller has is shown.');
create function tests.catalogue(actor text) returns text[] language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.report_fields(tests.id('ours'));
  perform tests.act_as('postgres');
  return array(select id #>> '{}' from jsonb_path_query(answer, '$.sources[*].fields[*].id') id);
end
$$;
grant execute on function tests.catalogue(text) to public;
select ok('messages.to_number' = any (c) and array_to_string(c, ' ') !~ '\.lead\.|(^| )leads\.',
  'The catalogue has nothing that the caller may not use.') from tests.catalogue('operator') c;
select ok('leads.custom.program' = any (c) and 'tasks.lead.custom.score' = any (c)
  and array_to_string(c, ' ') !~ 'secret', 'It has the organization''s own fields.') from tests.catalogue('admin') c;
select is(tests.preview('admin', jsonb_build_object('source', 'leads', 'fields', '["leads.source"]'::jsonb, 'filters',
    jsonb_build_object('all', jsonb_build_array(jsonb_build_object('field', 'leads.source', 'operator', 'eq',
      'value', v))))), '0', format('The value %s is a value.', v))
from unnest(array[$v$' or true --$v$, '%', '_', '\', $v$'; drop table public.leads; --$v$, '$1', '{now}',
  '{lead_scope}', '$$', E'a\nb', '%s', '%1$s', U&'\202e']) v;
select is(tests.preview('admin', jsonb_build_object('source', 'leads', 'fields', '["leads.source"]'::jsonb, 'filters',
    jsonb_build_object('all', jsonb_build_array(jsonb_build_object('field', 'leads.source', 'operator', 'contains',
      'value', v))))), '0', format('The pattern %s finds only itself.', v))
from unnest(array['%', '_', '\', 'w_b', 'w%b', $v$' or true --$v$]) v;
select is(tests.preview('admin', jsonb_build_object('source', 'leads', 'fields', jsonb_build_array(v))),
  'PT422 unknown_field fields.0', format('The name %s is looked up.', v))
from unnest(array['leads.source; drop table leads', 'leads.source)', 'leads.custom.a''b', 'leads.id::text',
  'leads.custom_fields', 'leads.search_text', 'leads.*', 'leads.', 'leads']) v;
select is(tests.preview('admin', d), r, d::text) from (
  values
    ('{"source": "leads"}'::jsonb, 'PT422 invalid_field fields'),
    ('{"source": "leads", "fields": ["leads.id"], "grouping": [{"field": "leads.source"}]}',
      'PT422 invalid_field fields'),
    ('{"source": "leads", "fields": ["leads.id", "leads.id"]}', 'PT422 invalid_field fields'),
    ('{"source": "leads", "fields": [1]}', 'PT422 invalid_field fields'),
    ('{"source": "leads", "fields": "leads.id"}', 'PT422 invalid_field fields'),
    ('{"source": "leads", "fields": ["leads.id"], "limit": 5}', 'PT422 invalid_field '),
    ('{"source": "leads", "grouping": [{"field": "leads.value"}]}', 'PT422 not_groupable grouping.0'),
    ('{"source": "leads", "grouping": [{"field": "leads.created_at"}]}', 'PT422 invalid_field grouping.0.bucket'),
    ('{"source": "leads", "grouping": [{"field": "leads.source", "bucket": "day"}]}',
      'PT422 invalid_field grouping.0.bucket'),
    ('{"source": "leads", "grouping": [{"field": "leads.created_at", "bucket": "hour"}]}',
      'PT422 invalid_field grouping.0.bucket'),
    ('{"source": "leads", "grouping": [{"field": "leads.source"}, {"field": "leads.source"}]}',
      'PT422 invalid_field grouping.1'),
    ('{"source": "leads", "grouping": [{"field": "leads.created_at", "bucket": "day"},
      {"field": "leads.closed_at", "bucket": "day", "fill": true}]}', 'PT422 invalid_field grouping.1.fill'),
    ('{"source": "leads", "aggregations": [{"function": "sum", "field": "leads.source"}]}',
      'PT422 unknown_function aggregations.0.function'),
    ('{"source": "leads", "aggregations": [{"function": "sum"}]}', 'PT422 invalid_field aggregations.0'),
    ('{"source": "leads", "aggregations": [{"function": "count"}, {"function": "count"}]}',
      'PT422 invalid_field aggregations.1'),
    ('{"source": "leads", "aggregations": [{"function": "count", "show": ["previous"]}]}',
      'PT422 invalid_field period'),
    ('{"source": "leads", "aggregations": [{"function": "avg", "field": "leads.value", "show": ["share_of_total"]}]}',
      'PT422 invalid_field aggregations.0.show'),
    ('{"source": "leads", "grouping": [{"field": "leads.created_at", "bucket": "day"}], "aggregations":
      [{"function": "count", "show": ["change"]}], "period": {"field": "leads.created_at", "name": "this_week"}}',
      'PT422 invalid_field aggregations'),
    ('{"source": "leads", "aggregations": [{"measure": "leads.nothing"}]}',
      'PT422 unknown_field aggregations.0.measure'),
    ('{"source": "leads", "fields": ["leads.id"], "sorting": ["leads.tags"]}', 'PT422 not_sortable sorting.0'),
    ('{"source": "leads", "grouping": [{"field": "leads.source"}], "sorting": ["leads.status"]}',
      'PT422 not_sortable sorting.0'),
    ('{"source": "leads", "fields": ["leads.id"], "period": {"field": "leads.source", "name": "this_week"}}',
      'PT422 invalid_field period.field'),
    ('{"source": "leads", "fields": ["leads.id"], "period": {"name": "this_century"}}',
      'PT422 invalid_field period.name'),
    ('{"source": "leads", "fields": ["leads.id"], "period": {"from": "2026-11-02", "to": "2026-11-01"}}',
      'PT422 invalid_field period.to'),
    ('{"source": "leads", "fields": ["leads.id"], "period": {"from": "2026-02-30", "to": "2026-03-01"}}',
      'PT422 invalid_field period.from'),
    ('{"source": "leads", "fields": ["leads.id"], "filters": {"all": [{"any": [{"all": []}]}]}}',
      'PT422 invalid_field filters.all.0.any.0'),
    ('{"source": "leads", "fields": ["leads.id"], "filters": {"all": [], "any": []}}', 'PT422 invalid_field filters'),
    ('{"source": "leads", "fields": ["leads.id"], "filters": {"all": [
      {"field": "leads.source", "operator": "gt", "value": "x"}]}}', 'PT422 unknown_operator filters.all.0.operator'),
    ('{"source": "leads", "fields": ["leads.id"], "filters": {"all": [
      {"field": "leads.source", "operator": "eq"}]}}', 'PT422 invalid_value filters.all.0.value'),
    ('{"source": "leads", "fields": ["leads.id"], "filters": {"all": [
      {"field": "leads.value", "operator": "eq", "value": "1e9"}]}}', 'PT422 invalid_value filters.all.0.value'),
    ('{"source": "leads", "fields": ["leads.id"], "filters": {"all": [
      {"field": "leads.value", "operator": "between", "value": [1]}]}}', 'PT422 invalid_value filters.all.0.value'),
    ('{"source": "leads", "fields": ["leads.id"], "filters": {"all": [
      {"field": "leads.assigned_to", "operator": "in", "value": ["me", "you"]}]}}',
      'PT422 invalid_value filters.all.0.value.1'),
    ('{"source": "leads", "fields": ["leads.id"], "filters": {"all": [
      {"field": "leads.is_open", "operator": "eq", "value": "true"}]}}', 'PT422 invalid_value filters.all.0.value'),
    ('{"source": "leads", "fields": ["leads.id"], "filters": {"all": [
      {"field": "leads.created_at", "operator": "gt", "value": "2026-13-01T00:00:00Z"}]}}',
      'PT422 invalid_value filters.all.0.value'),
    ('{"source": "leads", "fields": ["leads.id"], "filters": {"all": [
      {"field": "leads.created_at", "operator": "in_period", "value": "next_week"}]}}',
      'PT422 invalid_value filters.all.0.value')
) as c (d, r);
select is(tests.preview('admin', jsonb_build_object('source', 'leads', 'fields', (
    select jsonb_agg('leads.custom.x' || i) from generate_series(1, 31) i))), 'PT422 invalid_field fields',
  'More than thirty fields are refused.');
select is(tests.preview('admin', jsonb_build_object('source', 'leads', 'fields', '["leads.id"]'::jsonb, 'filters',
    jsonb_build_object('all', jsonb_build_array(jsonb_build_object('field', 'leads.source', 'operator', 'in', 'value', (
      select jsonb_agg('x' || i) from generate_series(1, 501) i)))))), 'PT422 invalid_value filters.all.0.value',
  'More than five hundred values are refused.');
select is(tests.preview('admin', jsonb_build_object('source', 'leads', 'fields', '["leads.id"]'::jsonb, 'filters',
    jsonb_build_object('all', jsonb_build_array(jsonb_build_object('field', 'leads.source', 'operator', 'eq', 'value',
      repeat('x', 1000000)))))), 'PT422 invalid_field ', 'A value of a megabyte is refused.');
select tests.lead('extra ' || i, 'ours') from generate_series(1, 4) i;
select is(tests.preview('admin', '{"source": "leads", "grouping": [{"field": "leads.created_at", "bucket": "day"},
    {"field": "leads.first_name"}], "period": {"from": "1930-01-01", "to": "2029-01-01"}}'),
  'PT422 too_many_groups grouping', 'More time groups than can be shown are refused before they are made.');

-- Money
update public.leads set currency = 'USD' where id = tests.id('nobodys');
select is(tests.preview('admin', '{"source": "leads", "grouping": [{"field": "leads.stage"}], "aggregations":
    [{"function": "sum", "field": "leads.value"}]}'), 'PT422 mixed_currencies grouping',
  'Amounts in several currencies have no sum.');
select is(tests.preview('admin', '{"source": "leads", "grouping": [{"field": "leads.currency"}], "aggregations":
    [{"function": "sum", "field": "leads.value"}]}'), '2', 'By currency they have.');
select is(tests.preview('manager', '{"source": "leads", "grouping": [{"field": "leads.stage"}], "aggregations":
    [{"function": "sum", "field": "leads.value"}]}'), '1', 'Who sees one currency only gets the sum.');

-- Agents export figures of clients; single rows need clients:export
select tests.report(a, d::jsonb, concat_ws(' ', a, n))
from unnest(array['marketing_agent', 'technical_agent']) a
cross join (values ('figures', '{"source": "clients", "grouping": [{"field": "clients.segment"}]}'),
  ('rows', '{"source": "clients", "fields": ["clients.segment"]}')) v (n, d);
select is(tests.outcome(a, format($$select public.export_report(tests.id('ours'), tests.id('%s %s'), 'csv')$$, a, n)),
  case when (a, n) = ('technical_agent', 'rows') then 'PT403' else '1' end, format('A file of %s: %s.', n, a))
from unnest(array['marketing_agent', 'technical_agent']) a cross join unnest(array['figures', 'rows']) n;

-- Sharing
select tests.report('manager', '{"source": "leads", "fields": ["leads.first_name"]}', 'team report');
select tests.report('neighbour', '{"source": "leads", "fields": ["leads.first_name"]}', 'private report');
select tests.report('admin', '{"source": "leads", "fields": ["leads.first_name"]}', 'shared report');
select is(tests.outcome('manager', $$select public.update_report(tests.id('ours'), tests.id('team report'),
  '{"sharing": "organization"}')$$), 'PT403', 'A manager shares with their team only.');
select is(tests.outcome('neighbour', $$select public.update_report(tests.id('ours'), tests.id('private report'),
  '{"sharing": "team"}')$$), 'PT403', 'A counselor does not share.');
do $$
begin
  perform tests.act_as('manager');
  perform public.update_report(tests.id('ours'), tests.id('team report'), '{"sharing": "team"}');
  perform tests.act_as('admin');
  perform public.update_report(tests.id('ours'), tests.id('shared report'), '{"sharing": "organization"}');
  perform tests.act_as('postgres');
end
$$;
select is(tests.outcome(actor, format($$select public.get_report(tests.id('ours'), tests.id(%L))$$, report)), wanted,
  format('%s and the %s', actor, report))
from (
  values ('counselor', 'team report', '1'), ('neighbour', 'team report', 'PT404'), ('admin', 'team report', 'PT404'),
    ('counselor', 'private report', 'PT404'), ('admin', 'private report', 'PT404'),
    ('neighbour', 'private report', '1'), ('viewer', 'shared report', '1'), ('counselor', 'shared report', '1'),
    ('outsider', 'shared report', 'PT403')
) as c (actor, report, wanted);
select is(tests.outcome(actor, format($$select from public.reports where id = tests.id(%L)$$, report)), wanted,
  format('%s sees %s rows of the %s', actor, wanted, report))
from (
  values ('counselor', 'team report', '1'), ('neighbour', 'team report', '0'), ('admin', 'team report', '0'),
    ('viewer', 'shared report', '1'), ('outsider', 'shared report', '0'), ('marketing_agent', 'shared report', '1')
) as c (actor, report, wanted);
select is(tests.outcome(actor, format(
    $$select public.update_report(tests.id('ours'), tests.id(%L), '{"name": "New"}')$$, report)), wanted,
  format('%s changes the %s', actor, report))
from (
  values ('counselor', 'team report', 'PT403'), ('manager', 'shared report', 'PT403'), ('admin', 'shared report', '1'),
    ('viewer', 'shared report', 'PT403'), ('neighbour', 'private report', '1')
) as c (actor, report, wanted);
select is(tests.outcome('counselor', $$select public.copy_report(tests.id('ours'), tests.id('team report'))$$), '1',
  'Who sees a report may copy it.');
select is(tests.outcome('neighbour', $$select public.copy_report(tests.id('ours'), tests.id('team report'))$$), 'PT404',
  'Nobody copies what they do not see.');
do $$
begin
  update public.memberships set team_id = tests.id('south') where user_id = tests.id('counselor');
end
$$;
select is(tests.outcome('counselor', $$select public.get_report(tests.id('ours'), tests.id('team report'))$$), 'PT404',
  'Who leaves the team loses its reports.');

select * from finish();
rollback;
