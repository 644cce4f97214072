-- Lists: what a search finds, pages by cursor and by offset, totals of counters and totals that are capped.
begin;
\ir support.inc
select plan(93);

-- All ids of a list, page by page. call: a list function with %s for its last three arguments.
create function tests.by_cursor(call text, size integer) returns jsonb language plpgsql as $$
declare
  ids jsonb := '[]';
  page jsonb;
  position text;
begin
  loop
    execute format('select public.' || call, format('%s, 0, %L', size, position)) into page;
    ids := ids || coalesce((select jsonb_agg(r -> 'id') from jsonb_array_elements(page -> 'rows') r), '[]');
    position := page ->> 'next_cursor';
    exit when position is null or jsonb_array_length(ids) > 200;
  end loop;
  return ids;
end
$$;
create function tests.by_offset(call text, size integer) returns jsonb language plpgsql as $$
declare
  ids jsonb := '[]';
  page jsonb;
begin
  loop
    execute format('select public.' || call, format('%s, %s, null', size, jsonb_array_length(ids))) into page;
    ids := ids || coalesce((select jsonb_agg(r -> 'id') from jsonb_array_elements(page -> 'rows') r), '[]');
    exit when jsonb_array_length(page -> 'rows') < size or jsonb_array_length(ids) > 200;
  end loop;
  return ids;
end
$$;
-- As clients have it, to whom the function is closed.
create function tests.cursor_of(sort text, sort_value text) returns text language sql security definer as $$
  select private.list_cursor(sort, sort_value, gen_random_uuid())
$$;
create function tests.found(term text) returns text language sql as $$
  select string_agg(r ->> 'account_number', ',' order by r ->> 'account_number')
  from jsonb_array_elements(public.list_customers(tests.id('ours'), jsonb_build_object('search', term), 'name', 50, 0)
    -> 'rows') r
$$;
create function tests.found_leads(term text) returns text language sql as $$
  select string_agg(r ->> 'full_name', ',' order by r ->> 'full_name')
  from jsonb_array_elements(public.list_leads(tests.id('ours'), jsonb_build_object('search', term), 'created_at', 50,
    0) -> 'rows') r
$$;
grant execute on all functions in schema tests to public;

do $$
begin
  perform tests.arrange();
  update public.memberships set team_id = null where organization_id = tests.id('ours');
  insert into public.teams (id, organization_id, name) values (tests.remember('north', gen_random_uuid()),
    tests.id('ours'), 'North');
  perform tests.member('colleague', 'ours', 'counselor');
  update public.memberships set team_id = tests.id('north')
  where organization_id = tests.id('ours') and user_id in (tests.id('manager'), tests.id('counselor'),
    tests.id('colleague'));
  insert into public.customers (organization_id, name, account_number, phone, currency)
  values (tests.id('ours'), 'Ama Serwaa Mensah', '00123', '+233244133001', 'GHS'),
    (tests.id('ours'), 'Kɔfi Ɛsɛ', 'K-9', '+233244133002', 'GHS'),
    (tests.id('ours'), 'Renée Zoë', 'R_1', '+233200000000', 'GHS'),
    (tests.id('ours'), 'Ưng Đức O’Brien', '55%', '+14155552671', 'GHS'),
    (tests.id('theirs'), 'Ama Mensah', 'X1', '+233244133001', 'GHS');
  insert into public.leads (organization_id, first_name, last_name, email, phone, value, assigned_to, created_by,
    team_id, custom_fields, created_at, sla_deadline)
  select tests.id('ours'), 'Lead', n::text, case when n % 2 = 0 then 'l' || n || '@x.com' end,
    case when n % 3 = 0 then '+23324400' || lpad(n::text, 4, '0') end, n % 4,
    case n % 3 when 0 then tests.id('counselor') when 1 then tests.id('colleague') end,
    case when n % 5 = 0 then tests.id('counselor') else tests.id('admin') end, tests.id('north'), '{}',
    timestamptz '2026-11-01 00:00+00' + make_interval(hours => n / 4), null
  from generate_series(1, 40) n;
  insert into public.lead_fields (organization_id, key, label, type, choices, position)
  values (tests.id('ours'), 'motto', 'Motto', 'text', '{}', 1),
    (tests.id('ours'), 'likes', 'Likes', 'choices', '{Más,Menos}', 2);
  insert into public.leads (organization_id, first_name, last_name, phone, custom_fields)
  values (tests.id('ours'), 'Akɔsua', 'Boatéma', '+233244155001',
    '{"motto": "say \"hi\" \\ no_more", "likes": ["Más"]}');
  insert into public.tasks (organization_id, title, assigned_to, created_by, due_at, priority)
  select tests.id('ours'), 'Task ' || n, case when n % 2 = 0 then tests.id('counselor') else tests.id('colleague') end,
    tests.id('admin'), case when n % 3 > 0 then timestamptz '2027-01-01 00:00+00' + make_interval(days => n % 5) end,
    (array['low', 'normal', 'high'])[1 + n % 3]
  from generate_series(1, 20) n;
  insert into public.customer_actions (organization_id, customer_id, action)
  select c.organization_id, c.id, 'warn' from public.customers c, generate_series(1, 3);
end
$$;

-- Search
select tests.act_as('viewer');
select is(tests.found(term), found, format('"%s" finds %s.', term, coalesce(found, 'nobody')))
from (values ('0244133001', '00123'), ('024 413 3001', '00123'), ('+233 (0)24 413 3001', '00123'),
  ('00233244133001', '00123'), ('+233244133001', '00123'), ('244133001', '00123'), ('4133001', '00123'),
  ('024-413-300', '00123,K-9'), ('0244', '00123,K-9'), ('0444', null), ('415 555 2671', '55%'),
  ('(415) 555-2671', '55%'), ('+1 415-555-2671', '55%'), ('00123', '00123'), ('0012', '00123'),
  ('Mensah Ama', '00123'), ('ama  MENSAH', '00123'), ('ama kofi', null), ('kofi', 'K-9'), ('kɔfi', 'K-9'),
  ('KƆFI ESE', 'K-9'), ('renee', 'R_1'), ('zoe', 'R_1'), (normalize('Renée', nfd), 'R_1'), ('zoë rénee', 'R_1'),
  ('ung duc', '55%'), ('o''brien', '55%'), ('%', '55%'), ('_', 'R_1'), ('\', null), ('55%', '55%'),
  ('mensah 0244133001', '00123'), ('mensah 0244133002', null), ('  ', '00123,55%,K-9,R_1')) v (term, found);
select is(tests.found_leads(term), found, format('"%s" finds the leads %s.', term, coalesce(found, 'nobody')))
from (values ('boatema akosua', 'Akɔsua Boatéma'), ('024 415 5001', 'Akɔsua Boatéma'),
  ('"hi" \ no_', 'Akɔsua Boatéma'), ('mas', 'Akɔsua Boatéma'), ('motto', null),
  ('l12@x.com', 'Lead 12')) v (term, found);
select is((select count(*)::integer from private.search_customers(tests.id('ours'), '0244133001')), 1,
  'Conversations find customers the same way.');
select throws_ok(format($$select public.list_customers(tests.id('ours'), '{"search": "%s"}', 'name', 50, 0)$$,
  repeat('x', 201)), 'PT422', null, 'A search term has at most 200 characters.');

-- Pages
select is(tests.by_cursor(call, 3), tests.by_offset(call, 50), format('%s by cursor gives the same.', call))
from unnest(array[
  'list_customers(tests.id(''ours''), ''{}'', ''name'', %s)',
  'list_customers(tests.id(''ours''), ''{}'', ''-phone'', %s)',
  'list_customers(tests.id(''ours''), ''{"search": "a"}'', ''-account_number'', %s)',
  'list_customers(tests.id(''ours''), ''{}'', ''status'', %s)', 'list_actions(tests.id(''ours''), ''{}'', %s)']) call;
select tests.act_as('admin');
select is(tests.by_cursor(call, 7), tests.by_offset(call, 200), format('Admin: %s by cursor gives the same.', call))
from (
  select format('list_leads(tests.id(''ours''), %L, %L, %%s)', filters, sort) as call
  from unnest(array['{}', '{"search": "lead"}', '{"assigned_to": "none"}']) filters,
    unnest(array['-created_at', 'full_name', '-value', 'sla_deadline', '-sla_deadline']) sort
) c;
select is(tests.by_cursor(call, 3), tests.by_offset(call, 200), format('Admin: %s by cursor gives the same.', call))
from (
  select format('list_tasks(tests.id(''ours''), ''{}'', %L, %%s)', sort) as call
  from unnest(array['due_at', '-due_at', 'priority', '-created_at']) sort
) c;
select tests.act_as('manager');
select is(tests.by_cursor(call, 7), tests.by_offset(call, 200), format('Manager: %s by cursor gives the same.', call))
from (
  select format('list_leads(tests.id(''ours''), %L, %L, %%s)', filters, sort) as call
  from unnest(array['{}', '{"search": "x.com"}']) filters, unnest(array['created_at', '-full_name']) sort
) c;
select tests.act_as('counselor');
select is(tests.by_cursor(call, 2), tests.by_offset(call, 200), format('Counselor: %s by cursor gives the same.', call))
from (
  select format('list_leads(tests.id(''ours''), %L, %L, %%s)', filters, sort) as call
  from unnest(array['{}', '{"search": "lead"}']) filters, unnest(array['created_at', '-full_name']) sort
) c;
select throws_ok(call, 'PT422', null, format('%s is refused.', call))
from (values
  ($$select public.list_leads(tests.id('ours'), '{}', 'value', 5, 0, 'nonsense!')$$),
  ($$select public.list_leads(tests.id('ours'), '{}', 'value', 5, 0, 'e30')$$),
  ($$select public.list_leads(tests.id('ours'), '{}', 'value', 5, 0, tests.cursor_of('value', 'x'))$$),
  ($$select public.list_leads(tests.id('ours'), '{}', 'value', 5, 0, tests.cursor_of('-value', '1'))$$),
  ($$select public.list_leads(tests.id('ours'), '{}', 'value', 5, 1, tests.cursor_of('value', '1'))$$),
  ($$select public.list_leads(tests.id('ours'), '{}', 'value', 5, 10001)$$),
  ($$select public.list_leads(tests.id('ours'), '{}', 'value', 5, -1)$$),
  ($$select public.list_leads(tests.id('ours'), '{}', null, 5, 0)$$)) v (call);

-- Totals
select tests.act_as('postgres');
insert into public.customers (organization_id, name, account_number, phone, arrears, currency)
select tests.id('ours'), 'Bulk Mensah ' || n, 'B' || n, '+233500' || lpad(n::text, 6, '0'), n, 'GHS'
from generate_series(1, 10200) n;
select tests.act_as('viewer');
select is(list - 'rows' - 'next_cursor', expected::jsonb, format('The total of %s is right.', filters))
from (values ('{}', '{"total": 10204, "total_is_capped": false}'),
  ('{"search": "mensah"}', '{"total": 10000, "total_is_capped": true}'),
  ('{"search": "bulk 1"}', '{"total": 3640, "total_is_capped": false}'),
  ('{"arrears_min": "1"}', '{"total": 10000, "total_is_capped": true}'),
  ('{"arrears_min": "5000.5"}', '{"total": 5200, "total_is_capped": false}'),
  ('{"search": "bulk", "status": "connected"}', '{"total": 10000, "total_is_capped": true}')) v (filters, expected)
cross join lateral public.list_customers(tests.id('ours'), v.filters::jsonb, '-arrears', 3, 0) list;
select is((select jsonb_agg(r ->> 'arrears') from jsonb_array_elements(public.list_customers(tests.id('ours'), filters,
  sort, 2, start) -> 'rows') r), expected::jsonb, format('Page %s of %s by %s is right.', start, filters, sort))
from (values ('{"search": "mensah"}'::jsonb, '-arrears', 0, '["10200.00", "10199.00"]'),
  ('{"search": "mensah"}', '-arrears', 10000, '["200.00", "199.00"]'),
  ('{"search": "mensah bulk"}', 'arrears', 5000, '["5001.00", "5002.00"]'),
  ('{"arrears_max": "10100"}', '-arrears', 1, '["10099.00", "10098.00"]')) v (filters, sort, start, expected);
select is(jsonb_array_length(tests.by_cursor(
  'list_customers(tests.id(''ours''), ''{"search": "bulk"}'', ''-created_at'', %s)', 120)), 240,
  'Pages of rows that were created at once continue by cursor.');
select * from finish();
rollback;
