-- Churn reports: formulas against hand-made and published examples, identities, segments, currencies, cohorts, survival,
-- and a report as of an earlier moment.
begin;
\ir support.inc
select plan(86);

do $$
begin
  perform tests.arrange();
end
$$;
create function tests.client(name text, terms jsonb) returns uuid language plpgsql as $$
declare
  client uuid;
begin
  perform tests.act_as('admin');
  client := public.create_client(tests.id('ours'), jsonb_build_object('name', name, 'segment', 'enterprise',
    'observed_from', terms ->> 'since') || terms) ->> 'id';
  perform tests.act_as('postgres');
  return tests.remember(name, client);
end
$$;
create function tests.move(client text, movement text, details jsonb default '{}') returns void language plpgsql as $$
begin
  perform tests.act_as('admin');
  perform public.record_client_movement(tests.id('ours'), tests.id(client), movement, details);
  perform tests.act_as('postgres');
end
$$;
create function tests.report(report text, options jsonb) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('viewer');
  execute format('select public.%I(tests.id(''ours''), %L)', report, options) into answer;
  perform tests.act_as('postgres');
  return answer;
end
$$;
-- The row of one period.
create function tests.period(starts_on date, options jsonb default '{}') returns jsonb language sql as $$
  select r from jsonb_array_elements(tests.report('churn_trends',
    jsonb_build_object('from', starts_on, 'to', starts_on) || options) -> 'data') r limit 1
$$;
create function tests.fields(data jsonb, variadic names text[]) returns text language sql as $$
  select string_agg(coalesce(data ->> n, 'null'), ' ' order by o) from unnest(names) with ordinality u (n, o)
$$;

-- Wilson: method 3 of Newcombe 1998, table I
select is((select round((w ->> 'low')::numeric, 4) || ' ' || round((w ->> 'high')::numeric, 4) from private.wilson_interval(cases, sample) w),
  wanted, format('%s of %s.', cases, sample))
from (values (81, 263, '0.2553 0.3662'), (15, 148, '0.0624 0.1605'), (0, 20, '0.0000 0.1611'), (1, 29, '0.0061 0.1718')) v
  (cases, sample, wanted);
select is(private.wilson_interval(0, 0), null, 'Of nobody there is no rate.');

-- Kaplan-Meier: by hand
select results_eq($$select "time", at_risk, left_then, round(survival::numeric, 4) from private.kaplan_meier(
  '{0,0,0,0,0}', '{2,3,4,4,6}', '{1,0,1,1,0}', '{1,1,1,1,1}')$$, $$values (2, 5::bigint, 1::bigint, 0.8), (4, 3, 2, 0.2667)$$,
  'Five clients, two of them still there.');
select results_eq($$select "time", round(survival::numeric, 12), round(low::numeric, 12) from private.kaplan_meier(
    '{0,0,0}', '{2,3,3}', '{1,1,1}', '{1,1,1}')$$,
  $$values (2, round(2 / 3.0, 12), round(exp(ln(2 / 3::float8)
    * exp(1.959963984540054 * sqrt(1 / 6::float8) / abs(ln(2 / 3::float8))))::numeric, 12)), (3, 0, null)$$, 'When the last ones leave nobody is left, without an error.');
select is_empty($$select from private.kaplan_meier('{0,3}', '{3,5}', '{0,0}', '{2,1}')$$, 'Nobody left: no step.');
select results_eq($$select "time", at_risk from private.kaplan_meier('{0,3}', '{3,5}', '{1,1}', '{2,1}')$$,
  $$values (3, 2::bigint), (5, 1)$$, 'Who enters at a time is at risk after it.');
select is_empty($$select from private.kaplan_meier('{4}', '{4}', '{1}', '{1}')$$, 'Who enters when leaving was never at risk.');
select results_eq($$select "time", round(survival::numeric, 12) from private.kaplan_meier(
  '{0,0,0}', '{1,2,3}', '{1,1,1}', '{10,20,70}')$$, $$values (1, 0.9), (2, 0.7), (3, 0)$$,
  'Weights count, and without censoring it is the share that is still there.');

-- The example of the definitions: 100 at the start, 11 leave, one of whom joined in the month, 20 joined
do $$
begin
  for i in 1..100 loop
    perform tests.client('old ' || i, '{"since": "2025-12-05", "amount": "2000"}');
  end loop;
  for i in 1..20 loop
    perform tests.client('new ' || i, '{"since": "2026-02-10", "amount": "10"}');
  end loop;
  for i in 1..10 loop
    perform tests.move('old ' || i, 'churn', '{"effective_on": "2026-02-15"}');
  end loop;
  perform tests.move('new 1', 'churn', '{"effective_on": "2026-02-20"}');
end
$$;
select is(tests.fields(tests.period('2026-02-01'), 'clients_start', 'new', 'churned', 'passed_through', 'clients_end'),
  '100 19 10 1 109', 'Who joins and leaves within the month has passed through.');
select is((tests.period('2026-02-01') -> 'logo_churn' ->> 'rate')::numeric, 0.1, '10 of 100 is 10 %.');
select is(tests.period('2025-12-01') ->> 'logo_churn', null, 'Of nobody at the start there is no rate.');
select is(tests.fields(tests.period('2025-12-01'), 'clients_start', 'new', 'clients_end', 'mrr_end'), '0 100 100 200000.00',
  'The first month.');
do $$
begin
  -- Of 180,000 in March: 3,000 lost, 2,000 less, 10,000 more.
  perform tests.move('old 11', 'churn', '{"effective_on": "2026-03-15"}');
  perform tests.move('old 12', 'mrr', '{"effective_on": "2026-03-15", "amount": "1000"}');
  perform tests.move('old 13', 'mrr', '{"effective_on": "2026-03-15", "amount": "5000"}');
  perform tests.move('old 14', 'mrr', '{"effective_on": "2026-03-10", "amount": "2020"}');
  perform tests.move('old 14', 'mrr', '{"effective_on": "2026-03-20", "amount": "2000"}');
end
$$;
select is(tests.fields(tests.period('2026-03-01'), 'mrr_start', 'churned_mrr', 'contraction', 'expansion', 'mrr_end'),
  '180190.00 2000.00 1000.00 3000.00 180190.00', 'Up and down within the month is neither.');
select is(tests.period('2026-03-01') -> 'movements' -> 'expansion' ->> 'amount', '3020.00', 'The waterfall has both movements.');
select is((tests.period('2026-03-01') ->> 'grr')::numeric, round(1 - 3000 / 180190.0, 6), 'Gross revenue retention.');
select is((tests.period('2026-03-01') ->> 'nrr')::numeric, 1.000000, 'Net revenue retention.');
select is(tests.fields(private.churn_figures(c, c), 'grr', 'nrr'), '0.950000 1.050000',
  '(200,000 - 6,000 - 4,000 + 20,000) / 200,000 is 105 %, gross 95 %.')
from (select row('2026-01-01', 'x', 'GHS', 100, 0, 0, 3, 0, 0, 0, 200000, 0, 0, 6000, 20000, 4000, 0, 0)::private.churn_cell as c) x;
select is(tests.fields(tests.period('2026-01-01', '{"period": "quarter"}'), 'clients_start', 'new', 'churned', 'passed_through',
  'clients_end'), '100 19 11 1 108', 'A quarter has ends of its own.');
select is(tests.fields(tests.period('2026-01-01', '{"period": "year"}'), 'clients_start', 'new', 'churned', 'clients_end'),
  '100 19 11 108', 'And so has a year.');
do $$
begin
  perform tests.move('old 11', 'reactivation', '{"effective_on": "2026-03-25", "amount": "1500"}');
  perform tests.move('old 1', 'reactivation', '{"effective_on": "2026-03-25", "amount": "1500"}');
  perform tests.move('new 1', 'reactivation', '{"effective_on": "2026-03-26", "amount": "5"}');
end
$$;
select is(tests.fields(tests.period('2026-03-01'), 'new', 'churned', 'reactivated', 'contraction', 'reactivation_mrr'),
  '0 0 2 1500.00 1505.00', 'Who comes back within the month has not left; who comes back later is never new.');
select is((tests.report('churn_trends', '{}') #>> '{data,-1,partial}')::boolean, true, 'The running month is partial.');
select is((tests.report('churn_trends', '{}') #>> '{data,-2,partial}')::boolean, false, 'The one before is not.');

-- Identities over all rows
create function tests.broken_rows(options jsonb) returns setof jsonb language sql as $$
  select r from jsonb_array_elements(tests.report('churn_trends', options) -> 'data') r
  where (r ->> 'clients_end')::int <> (r ->> 'clients_start')::int + (r ->> 'new')::int + (r ->> 'reactivated')::int
      - (r ->> 'churned')::int + (r ->> 'moved')::int
    or (r ->> 'mrr_end')::numeric <> (r ->> 'mrr_start')::numeric + (r ->> 'new_mrr')::numeric + (r ->> 'reactivation_mrr')::numeric
      - (r ->> 'churned_mrr')::numeric + (r ->> 'expansion')::numeric - (r ->> 'contraction')::numeric + (r ->> 'moved_mrr')::numeric
$$;
select is_empty(format('select tests.broken_rows(%L)', options), format('What changed adds up: %s.', options))
from unnest(array['{}', '{"period": "quarter"}', '{"segment": "enterprise"}', '{"currency": "GHS"}']) options;
select is_empty($$select from (
    select r ->> 'clients_end' as clients, lead(r ->> 'clients_start') over w as clients_after, r ->> 'mrr_end' as mrr,
      lead(r ->> 'mrr_start') over w as mrr_after
    from jsonb_array_elements(tests.report('churn_trends', '{}') -> 'data') r window w as (order by r ->> 'period')) x
  where (clients, mrr) <> (clients_after, mrr_after)$$, 'Each month begins where the last one ended.');
select is((tests.report('churn_trends', '{}') #>> '{data,-1,clients_end}')::bigint,
  (select count(*) from public.clients c where c.organization_id = tests.id('ours') and c.status = 'active'),
  'The last end is what there is now.');
select is((tests.report('churn_trends', '{}') #>> '{data,-1,mrr_end}')::numeric,
  (select sum(c.mrr) from public.clients c where c.organization_id = tests.id('ours')), 'Its revenue too.');

-- As of
create table tests.moments (at timestamptz);
insert into tests.moments values (clock_timestamp());
create table tests.before as select tests.report('churn_trends', '{}') -> 'data' as data;
do $$
begin
  perform tests.move('old 20', 'churn', '{"effective_on": "2026-02-28"}');
end
$$;
select is(tests.period('2026-02-01') ->> 'churned', '11', 'A late entry changes its month.');
select is(tests.report('churn_trends', jsonb_build_object('as_of', m.at)) -> 'data', b.data,
  'As of an earlier moment the report is what it was.') from tests.moments m, tests.before b;
select is(array(select r ->> 'period' from jsonb_array_elements(tests.report('churn_trends',
  jsonb_build_object('changed_since', m.at)) -> 'data') r where (r ->> 'changed')::boolean), array(
  select d::date::text from generate_series(timestamp '2026-02-01', private.local_day(tests.id('ours')), interval '1 month') d),
  'What has changed since is marked: its month, and those that began with one client fewer.') from tests.moments m;
select is(tests.report('churn_trends', jsonb_build_object('as_of', clock_timestamp())) -> 'data',
  tests.report('churn_trends', '{}') -> 'data', 'As of now a recount equals the rollup.');

-- Segments
do $$
begin
  for i in 1..12 loop
    perform tests.client('small ' || i, '{"since": "2026-01-10", "amount": "5", "segment": "small_business"}');
  end loop;
  perform tests.client('single', '{"since": "2026-01-10", "amount": "5", "segment": "individual"}');
  perform tests.act_as('admin');
  perform public.update_client(tests.id('ours'), tests.id('small 1'), '{"name": "Grown", "segment": "enterprise"}');
  perform tests.act_as('postgres');
end
$$;
create table tests.segments as select r from jsonb_array_elements(
  tests.report('churn_by_segment', '{"from": "2025-12-01"}') -> 'data') r;
create function tests.segment(key text) returns jsonb language sql as $$
  select s.r from tests.segments s where s.r ->> 'segment' = key
$$;
select is(tests.fields(tests.segment('small_business'), 'clients_start', 'new', 'moved', 'clients_end'), '0 12 -1 11',
  'A client that changes its segment is moved out of it.');
select is(tests.segment('enterprise') ->> 'moved', '1', 'And into the other.');
select is(tests.fields(tests.segment('individual'), 'too_few', 'logo_churn', 'grr', 'clients_end'), 'true null null 1',
  'A segment below ten clients has no rates.');
select is((select sum((s.r ->> f)::numeric) from tests.segments s), (tests.report('churn_by_segment', '{"from": "2025-12-01"}')
  -> 'total' -> 0 ->> f)::numeric, format('The segments add up to the total: %s.', f))
from unnest(array['clients_start', 'clients_end', 'new', 'churned', 'reactivated', 'mrr_end', 'expansion', 'contraction']) f;
select is((tests.report('churn_by_segment', '{"from": "2025-12-01"}') -> 'total' -> 0 ->> 'moved')::int, 0,
  'In all nothing is moved.');
select is((tests.segment('enterprise') -> 'logo_churn' ->> 'rate')::numeric, (
    select round(sum((r ->> 'churned')::numeric) / sum((r ->> 'clients_start')::numeric), 6)
    from jsonb_array_elements(tests.report('churn_trends', '{"from": "2025-12-01", "segment": "enterprise"}') -> 'data') r
    where not (r ->> 'partial')::boolean), 'A segment''s rate is of all that were there, not the mean of the months'' rates.');
select is(tests.segment('small_business') -> 'now' ->> 'active', '11', 'How many there are now.');
select is_empty($$select tests.broken_rows('{"segment": "small_business"}')$$, 'What changed in a segment adds up.');

-- Currencies
do $$
begin
  perform tests.client('abroad', '{"since": "2026-04-01", "amount": "100", "currency": "USD"}');
end
$$;
select is(array(select (r ->> 'currency') || (r ->> 'mrr_start') from jsonb_array_elements(tests.report('churn_trends',
  '{"from": "2026-05-01", "to": "2026-05-01"}') -> 'data') r), array['GHS' || (select sum(c.mrr) from public.clients c
  where c.organization_id = tests.id('ours') and c.currency = 'GHS'), 'USD100.00'],
  'Without a rate a currency has a row of its own.');
do $$
begin
  perform tests.act_as('admin');
  perform public.churn_settings(tests.id('ours'), '{"exchange_rates": [{"currency": "USD", "starts_on": "2026-01-01", "rate": 10},
    {"currency": "USD", "starts_on": "2026-06-01", "rate": 8}]}');
  perform tests.act_as('postgres');
end
$$;
select is(tests.fields(tests.period('2026-05-01'), 'contraction', 'moved_mrr') || ' ' || ((tests.period('2026-05-01') ->> 'mrr_end')::numeric
    - (tests.period('2026-06-01') ->> 'mrr_start')::numeric), '0.00 0.00 200.00',
  'Both ends are at the rate of the start: a fallen currency is no contraction.');
select is(tests.fields(tests.period('2026-05-01', '{"currency": "USD"}'), 'mrr_start', 'currency'), '100.00 USD',
  'One currency alone is not converted.');
select is_empty('select tests.broken_rows(''{}'')', 'What changed adds up in several currencies.');

-- Risk: amounts of a currency that has a rate are in the organization's, and none is 0 where there was a scoring
do $$
declare
  model uuid := private.uuid_v7();
  run uuid := private.uuid_v7();
begin
  insert into public.churn_models (id, organization_id, number, method, confidence, reason, accepted, trained_on, features, intercept, metrics)
  values (model, tests.id('ours'), 1, 'rule', 'none', 'x', true, current_date, '[]', 0, '{}');
  insert into private.scoring_runs (id, organization_id, day, model_id, finished_at) values (run, tests.id('ours'), '2026-04-10', model, now());
  insert into private.band_days values (run, 'enterprise', 'critical', 'GHS', 2, 100, 1.5, 60), (run, 'enterprise', 'high', 'EUR', 1, 10, 0.5, 5),
    (run, 'enterprise', 'low', 'XOF', 3, 30, 0.1, 1);
  insert into public.exchange_rates (organization_id, currency, starts_on, rate) values (tests.id('ours'), 'EUR', '2026-04-01', 12)
  on conflict on constraint exchange_rates_once do update set rate = 12;
  perform tests.client('euros', '{"since": "2026-04-02", "amount": "10", "currency": "EUR"}');
  perform tests.client('francs', '{"since": "2026-04-02", "amount": "10", "currency": "XOF"}');
end
$$;
create function tests.risk(starts_on date, options jsonb default '{}') returns text[] language sql as $$
  select array_agg(tests.fields(r, 'currency', 'at_risk_clients', 'at_risk_mrr', 'expected_loss') order by r ->> 'currency')
  from jsonb_array_elements(tests.report('churn_trends', jsonb_build_object('from', starts_on, 'to', starts_on) || options) -> 'data') r
  where r ->> 'currency' <> 'USD'
$$;
select is(tests.risk('2026-04-01'), '{GHS 3 220.00 120.00,XOF 0 0.00 1.00}', 'Amounts are converted by the rate of the first day.');
select is(tests.risk('2026-04-01', '{"currency": "EUR"}'), '{EUR 1 10.00 5.00}', 'In one currency they are as they are.');
select is(tests.risk('2026-04-01', '{"segment": "individual"}'), '{GHS 0 0.00 0.00}', 'Nobody of a segment at risk is 0.');
select is(tests.risk('2026-03-01'), '{GHS null null null}', 'Without a scoring nothing is known.');

-- Cohorts
create function tests.cohort(month date, options jsonb default '{}') returns jsonb language sql as $$
  select r from jsonb_array_elements(tests.report('churn_cohorts', '{"from": "2025-12-01"}' || options) -> 'data') r
  where r ->> 'cohort' = month::text
$$;
select is(tests.cohort('2025-12-01') ->> 'size', '100', 'Who joined in December.');
select is(array(select a ->> 'active' from jsonb_array_elements(tests.cohort('2025-12-01') -> 'ages') a limit 5),
  '{100,100,100,89,90}', 'How many are there after so many months: each counted from its own first day.');
select is(jsonb_array_length(tests.cohort((date_trunc('month', private.local_day(tests.id('ours'))) - interval '6 months')::date)
    -> 'ages'), null, 'A month without new clients is no cohort.');
select is((select max((a ->> 'age')::int) from jsonb_array_elements(tests.cohort('2026-01-01') -> 'ages') a),
  (select max(n) from generate_series(0, 100) n where date '2026-01-31' + make_interval(months => n)
    <= private.local_day(tests.id('ours'))), 'Only ages that every member has reached.');
do $$
begin
  perform tests.client('forgotten', '{"since": "2025-12-24", "amount": "5", "observed_from": "2026-06-01"}');
end
$$;
select is(tests.cohort('2025-12-01') ->> 'size', '100', 'Who was there before being recorded is in no cohort.');
select is((select (a -> 'retention' ->> 'rate')::numeric from jsonb_array_elements(
    tests.report('churn_cohorts', '{"from": "2025-12-01"}') -> 'all') a where a ->> 'age' = '3'), (
    select round(sum((a ->> 'active')::numeric) / sum((c ->> 'size')::numeric), 6)
    from jsonb_array_elements(tests.report('churn_cohorts', '{"from": "2025-12-01"}') -> 'data') c
    cross join jsonb_array_elements(c -> 'ages') a where a ->> 'age' = '3'), 'The mean over cohorts goes by their sizes.');
select is(private.months_until('2026-01-31', day::date), months, format('From 31 January to %s.', day))
from (values ('2026-02-28', 1), ('2026-03-01', 2), ('2026-01-31', 0), ('2026-02-01', 1)) v (day, months);
select is(private.months_until('2024-02-29', '2025-02-28'), 12, 'A year after 29 February is 28 February.');
do $$ begin perform tests.client('corrected', '{"since": "2025-12-10", "amount": "7"}'); end $$;
select is(tests.cohort('2025-12-01') ->> 'size', '101', 'One more that was observed from its first day.');
do $$ begin perform tests.move('corrected', 'mrr', '{"amount": "8", "effective_on": "2025-12-10"}'); end $$;
select is(tests.cohort('2025-12-01') ->> 'size', '101', 'Correcting its first amount leaves it there: from when on it was observed is known.');

-- Survival
create table tests.survival as select tests.report('churn_survival', '{}') as r;
select is((select r ->> 'late_entries' from tests.survival), '1', 'A client that was there before enters late.');
select is((select (r ->> 'through')::date from tests.survival),
  (date_trunc('month', private.local_day(tests.id('ours'))) - interval '1 day')::date, 'Whole months only.');
select is((select r #>> '{data,0,at_risk}' from tests.survival), (select count(*)::text from public.client_spells s
  where s.organization_id = tests.id('ours') and s.observed_from < s.starts_on + 28), 'Spells at risk in the first month.');
select is((select r #>> '{data,0,churned}' from tests.survival), '1', 'One left in the month in which it joined.');

-- The running month is in no rate
create function tests.rates(until date) returns jsonb language sql as $$
  select jsonb_agg(t - '{clients_end,mrr_end,new,new_mrr,churned,churned_mrr,passed_through,expansion,contraction,reactivation_mrr,moved_mrr,survival}'::text[])
  from jsonb_array_elements(tests.report('churn_by_segment', jsonb_build_object('from', '2026-01-01', 'to', until)) -> 'total') t
$$;
create table tests.rates_before as select tests.rates((date_trunc('month', private.local_day(tests.id('ours'))) - interval '1 day')::date) as r;
do $$ begin perform tests.move('corrected', 'churn', '{}'); end $$;
select ok((select (t ->> 'clients_end')::integer < (t ->> 'clients_start')::integer + (t ->> 'new')::integer from jsonb_array_elements(tests.report('churn_by_segment',
  jsonb_build_object('from', private.local_day(tests.id('ours')))) -> 'total') t where t ->> 'currency' = 'GHS'), 'Who leaves today has left.');
select is(tests.rates(private.local_day(tests.id('ours'))), (select r from tests.rates_before), 'And is in no rate before the month is over.');

-- Issues of clients that were deleted are in no report
create function tests.issues() returns integer language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin');
  answer := public.preview_report(tests.id('ours'), '{"source": "client_issues", "fields": ["client_issues.title"]}');
  perform tests.act_as('postgres');
  return answer ->> 'row_count';
end
$$;
do $$
begin
  perform tests.client('entered twice', '{"since": "2026-01-01", "amount": "5"}');
  perform tests.act_as('admin');
  perform public.create_client_issue(tests.id('ours'), tests.id('entered twice'), '{"type": "other", "title": "No light"}');
  perform tests.act_as('postgres');
end
$$;
select is(tests.issues(), 1, 'An issue is in the report.');
do $$
begin
  perform tests.act_as('admin');
  perform public.delete_client(tests.id('ours'), tests.id('entered twice'));
  perform tests.act_as('postgres');
end
$$;
select is(tests.issues(), 0, 'That of a deleted client is not.');

-- Options
select is(tests.outcome('viewer', format('select public.churn_trends(tests.id(''ours''), %L)', options)), wanted,
  format('%s: %s.', options, wanted))
from (values ('{"period": "week"}', 'PT422'), ('{"from": "2027-05-01"}', 'PT422'), ('{"from": "1990-01-01"}', 'PT422'),
  ('{"as_of": "2100-01-01T00:00:00Z"}', 'PT422'), ('{"from": "x"}', '22007'), ('{"segment": "nope"}', '1')) v (options, wanted);

select * from finish();
rollback;
