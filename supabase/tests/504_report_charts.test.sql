-- Charts of reports: which figures may be summed, and which groups are shown.
begin;
\ir support.inc
select no_plan();
create function tests.answer(definition jsonb) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin');
  answer := public.preview_report(tests.id('ours'), definition);
  perform tests.act_as('postgres');
  return answer;
end
$$;
-- The ids of the figures of a definition that may be summed over groups.
create function tests.additive(definition jsonb) returns text language sql as $$
  select string_agg(c ->> 'id', ' ' order by c ->> 'id')
  from jsonb_array_elements(tests.answer(definition) -> 'columns') c where (c -> 'additive')::boolean
$$;

do $$
begin
  perform tests.arrange();
  insert into public.leads (organization_id, first_name, source, value, currency, created_at)
  select tests.id('ours'), 'Ama', (array['fair', 'web'])[1 + i % 2], 10 * i, 'GHS', now() - interval '1 day' * (i % 3)
  from generate_series(1, 6) i;
  insert into public.customers (organization_id, name, account_number, phone, status, arrears, currency)
  select tests.id('ours'), 'C' || i, 'A' || i, '+23324000000' || i,
    (array['connected', 'warned'])[1 + i % 2], 10 * i,
    (array['GHS', 'USD'])[1 + i / 2 % 2]
  from generate_series(1, 4) i;
end
$$;

-- Sums
select is(tests.additive('{"source": "leads", "grouping": [{"field": "leads.source"}, {"field": "leads.stage"}],
  "aggregations": [{"function": "count", "show": ["share_of_total"]}, {"function": "sum", "field": "leads.value"},
    {"function": "avg", "field": "leads.value"}, {"function": "min", "field": "leads.value"},
    {"function": "max", "field": "leads.value"}, {"function": "median", "field": "leads.value"},
    {"function": "count_distinct", "field": "leads.source"}, {"measure": "leads.won"},
    {"measure": "leads.conversion_rate"}]}'), 'count leads.won sum(leads.value)',
  'Counts, sums and measures without denominator may be summed over groups, nothing else.');
select is(tests.additive('{"source": "leads", "grouping": [{"field": "leads.source"}], "aggregations":
  [{"function": "p90", "field": "leads.days_in_stage"}, {"function": "count", "show": ["previous", "change",
    "change_rate"]}], "period": {"field": "leads.created_at", "name": "last_30_days"}}'),
  'count count.change count.previous', 'So may those of the period before and their difference.');
select is((select c ->> 'label' from jsonb_array_elements(tests.answer('{"source": "leads", "aggregations":
  [{"function": "count", "show": ["change_rate"]}], "period": {"field": "leads.created_at", "name": "this_year"}}')
  -> 'columns') c where c ->> 'id' = 'count.change_rate'), 'Leads, rate of change', 'A rate is not called a percentage.');
select is(tests.additive('{"source": "customers", "grouping": [{"field": "customers.status"},
  {"field": "customers.currency"}], "aggregations": [{"function": "sum", "field": "customers.arrears"}]}'), null,
  'Amounts in several currencies may not.');
select is(tests.additive('{"source": "customers", "grouping": [{"field": "customers.status"},
  {"field": "customers.currency"}], "aggregations": [{"function": "sum", "field": "customers.arrears"}], "filters":
    {"all": [{"field": "customers.currency", "operator": "eq", "value": "GHS"}]}}'), 'sum(customers.arrears)',
  'In one currency they may.');
select is((
    select c ->> 'currency' from jsonb_array_elements(tests.answer('{"source": "leads", "grouping":
      [{"field": "leads.source"}], "aggregations": [{"function": "sum", "field": "leads.value",
        "show": ["previous"]}], "period": {"field": "leads.created_at", "name": "this_year"}}') -> 'columns') c
    where c ->> 'id' = 'sum(leads.value).previous'), 'GHS', 'An amount of the period before has its currency too.');

-- Which groups are shown
create function tests.saved(definition jsonb) returns uuid language plpgsql as $$
declare
  report uuid;
begin
  perform tests.act_as('admin');
  report := (public.build_report(tests.id('ours'), jsonb_build_object('name', 'Report', 'definition', definition))
    ->> 'report_id')::uuid;
  perform tests.act_as('postgres');
  return report;
end
$$;
-- The first groups of a chart, and its rows.
create function tests.shown(chart jsonb) returns text language sql as $$
  select format('%s groups, %s rows, %s to %s', count(distinct r -> 0), count(*), min(r ->> 0), max(r ->> 0))
  from jsonb_array_elements(chart -> 'rows') r
$$;
create function tests.chart(report uuid) returns text language plpgsql as $$
declare
  chart jsonb;
begin
  perform tests.act_as('admin');
  chart := public.report_chart(tests.id('ours'), report);
  perform tests.act_as('postgres');
  return tests.shown(chart);
end
$$;
create function tests.run_of(report uuid, format text default 'csv') returns public.report_runs language plpgsql as $$
declare
  run public.report_runs;
begin
  perform tests.act_as('admin');
  run.id := (public.export_report(tests.id('ours'), report, format) ->> 'run_id')::uuid;
  perform tests.act_as('postgres');
  perform private.claim_report_run('00000000-0000-0000-0000-000000000001');
  perform private.freeze_report_run(run.id, '00000000-0000-0000-0000-000000000001');
  perform private.finish_report_run(run.id, '00000000-0000-0000-0000-000000000001', 1, 'x', 0);
  select * into run from public.report_runs r where r.id = run.id;
  return run;
end
$$;
create function tests.run_chart(run public.report_runs) returns text language plpgsql as $$
declare
  chart jsonb;
begin
  perform tests.act_as('admin');
  chart := public.report_run_chart(tests.id('ours'), run.id);
  perform tests.act_as('postgres');
  return tests.shown(chart);
end
$$;
create temporary table definitions as
select name, tests.saved(definition) as report from (
  values
    ('days', '{"source": "leads", "grouping": [{"field": "leads.created_at", "bucket": "day"},
      {"field": "leads.source"}], "aggregations": [{"function": "count"}], "sorting": ["-count"], "subtotals": true,
      "period": {"field": "leads.created_at", "from": "2020-01-01", "to": "2023-12-31"}}'::jsonb),
    ('regions', '{"source": "leads", "grouping": [{"field": "leads.region"}, {"field": "leads.created_at",
      "bucket": "day"}], "aggregations": [{"function": "count"}],
      "period": {"field": "leads.created_at", "from": "2020-01-01", "to": "2023-12-31"}}'),
    ('longer', '{"source": "leads", "grouping": [{"field": "leads.region"}, {"field": "leads.created_at",
      "bucket": "day"}], "aggregations": [{"function": "count"}],
      "period": {"field": "leads.created_at", "from": "2010-01-01", "to": "2023-12-31"}}')) d (name, definition);
insert into public.leads (organization_id, first_name, source, region, created_at)
select tests.id('ours'), 'Ama', s, r, timestamptz '2020-03-01 12:00Z'
from (values ('fair', 'Ashanti'), ('web', 'Volta')) v (s, r);
-- 2020 to 2023 are 1,461 days of two sources each; the limit is 2,000 rows.
select is(tests.chart(d.report), '1000 groups, 2000 rows, 2021-04-06 to 2023-12-31',
  'A chart of time shows the newest groups, whatever the report is sorted by, and each of them whole.')
from definitions d where d.name = 'days';
select is(tests.run_chart(r), '1000 groups, 2000 rows, 2021-04-06 to 2023-12-31', 'So does that of a run.')
from definitions d cross join lateral tests.run_of(d.report) r where d.name = 'days';
select is((select format('%s, %s to %s', count(*), min(c ->> 0), max(c ->> 0))
  from jsonb_array_elements(private.report_mail_data(r) -> 'chart_rows') c), '24, 2023-12-20 to 2023-12-31',
  'A mail has the newest twelve groups, whole.')
from definitions d join public.report_runs r on r.report_id = d.report where d.name = 'days';
select is(tests.chart(d.report), '1 groups, 1461 rows, Ashanti to Ashanti', 'Of other groups the first are shown.')
from definitions d where d.name = 'regions';
select is(tests.run_chart(r), '1 groups, 1461 rows, Ashanti to Ashanti', 'So they are of a run.')
from definitions d cross join lateral tests.run_of(d.report) r where d.name = 'regions';
select is(tests.chart(d.report), '1 groups, 2000 rows, Ashanti to Ashanti',
  'A group that is larger than the limit is cut.')
from definitions d where d.name = 'longer';

-- Rows of a file
select is((select format('%s %s', r.truncated, r.row_count) from tests.run_of(d.report, f) r), wanted,
  format('Whether a %s has all rows of the report about %s.', f, name))
from definitions d
join (values ('regions', 'pdf', 't 2922'), ('regions', 'xlsx', 'f 2922')) v (name, f, wanted) using (name);

-- Names
do $$
begin
  perform tests.member('namesake', 'ours', 'counselor');
  update public.profiles set full_name = 'Esi Mensah' where id in (tests.id('counselor'), tests.id('namesake'));
  update public.profiles set full_name = 'Kofi Mensah' where id = tests.id('manager');
  delete from public.leads where organization_id = tests.id('ours');
  insert into public.leads (organization_id, first_name, source, assigned_to)
  select tests.id('ours'), 'Ama', s, tests.id(a) from (values ('fair', 'counselor'), ('web', 'namesake'),
    ('web', 'namesake'), ('web', 'manager'), ('web', 'nobody')) v (s, a);
end
$$;
create function tests.cells(definition jsonb) returns text language sql as $$
  select string_agg(concat_ws(' ', r ->> 'level', replace(replace(r ->> 'cells',
    right(tests.id('counselor')::text, 4), 'one'), right(tests.id('namesake')::text, 4), 'other')), '; ')
  from jsonb_array_elements(tests.answer(definition) -> 'rows') r
$$;
select is((select string_agg(c, '; ' order by c) from unnest(string_to_array(tests.cells('{"source": "leads",
    "grouping": [{"field": "leads.assignee"}], "aggregations": [{"function": "count"}]}'), '; ')) c),
  '["Esi Mensah (one)", 1]; ["Esi Mensah (other)", 2]; ["Kofi Mensah", 1]; [null, 1]',
  'People with the same name are groups of their own, told apart by the end of their ids.');
select is(tests.cells('{"source": "leads", "grouping": [{"field": "leads.source"}, {"field": "leads.assignee"}],
    "aggregations": [{"function": "count"}], "sorting": ["-leads.assignee"], "subtotals": true}'),
  '["fair", "Esi Mensah (one)", 1]; 1 ["fair", null, 1]; ["web", "Kofi Mensah", 1]; ["web", "Esi Mensah (other)", 2]; '
    '["web", null, 1]; 1 ["web", null, 4]', 'So are they below other groups, sorted by name.');
select is(tests.cells(format('{"source": "leads", "grouping": [{"field": "leads.assignee"},
    {"field": "leads.created_at", "bucket": "year"}], "aggregations": [{"function": "count", "show":
    ["share_of_group"]}], "subtotals": true, "filters": {"all": [{"field": "leads.assigned_to", "operator": "eq",
    "value": "%s"}]}, "period": {"field": "leads.created_at", "name": "this_year"}}', tests.id('counselor'))::jsonb),
  format('["Esi Mensah", "%s", 1, 1]; 1 ["Esi Mensah", null, 1, 1]', extract(year from now())),
  'Where one of them is shown, the name is enough; times are filled.');
insert into public.campaigns (id, organization_id, name, audience)
select tests.remember('c' || i, gen_random_uuid()), tests.id('ours'), 'Spring', '{"filter": {}}'
from generate_series(1, 2) i;
insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone, status)
select tests.id('ours'), tests.id('c' || i), 1, gen_random_uuid(), '+233244000001', 'excluded'
from generate_series(1, 2) i;
select is(jsonb_array_length(tests.answer('{"source": "campaign_targets", "grouping": [{"field":
    "campaign_targets.campaign"}], "aggregations": [{"function": "count"}]}') -> 'rows'), 2,
  'Campaigns with the same name are two rows.');
select is_empty($$
  select f.source, f.name from private.report_fields f
  where f.identity is null and f.join_name is not null and f.expression ~ '\.(full_name|name)$'
$$, 'Every name of another record has its id.');

select * from finish();
rollback;
