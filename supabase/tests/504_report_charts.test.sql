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

select * from finish();
rollback;
