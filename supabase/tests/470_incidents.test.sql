-- Incident forecasts: the closed form, parameters and skill in a simulated world, who has a forecast, and doors.
begin;
\ir support.inc
\ir churn_world.inc
select * from no_plan();

do $$
begin
  perform tests.arrange();
end
$$;

-- Closed form: a = 2, b = 4, three incidents in four quarters
select is(private.gamma_poisson_rate(2, 4, 3, 4), 0.625::float8, 'The rate is 5/8 a quarter.');
select ok(abs(private.gamma_poisson_any(2, 4, 3, 4, 1) - 0.4451) < 0.0001, 'At least one: 1 - (8/9)^5.');
select is(private.gamma_poisson_rate(2, 4, 0, 0), 0.5::float8, 'Without history it is a/b.');
select ok(abs(private.poisson_deviance(0, 0.5) - 1) < 1e-12 and private.poisson_deviance(2, 2) = 0, 'The deviance of none is twice what was expected.');

-- A world: outages with a season of 1.6, 1, 0.6, 0.8; billing 0.2 a quarter, the same for all.
create function tests.poisson(mean float8) returns integer language plpgsql volatile as $$
declare
  p float8 := random();
  n integer := 0;
begin
  while p > exp(-mean) loop
    p := p * random();
    n := n + 1;
  end loop;
  return n;
end
$$;
-- A third of the clients have 1.3 outages a quarter, the others 0.1. Arguments name client and quarter, so that each
-- has a draw of its own.
do $$
declare
  today date := tests.day(0);
begin
  perform setseed(0.3);
  insert into public.clients (organization_id, name, segment, currency, status, mrr, created_at)
  select tests.id('ours'), 'Client ' || n, 'individual', 'GHS', 'active', 10, today - 1300 from generate_series(1, 1200) n;
  insert into public.client_spells (organization_id, client_id, spell_no, starts_on, observed_from)
  select organization_id, id, 1, today - 1300, today - 1300 from public.clients where organization_id = tests.id('ours');
  insert into public.client_issues (organization_id, client_id, type, title, opened_at, recorded_at)
  select c.organization_id, c.id, 'outage', 'Dark', s.day + (g - 1) * interval '5 days', now()
  from public.clients c
  cross join (select (date_trunc('quarter', today) - make_interval(months => 3 * n))::date as day from generate_series(1, 12) n) s
  cross join lateral generate_series(1, tests.poisson((array[1.6, 1, 0.6, 0.8])[extract(quarter from s.day)::integer]
    * case when hashtext(c.name) % 3 = 0 then 1.3 else 0.1 end)) g
  where c.organization_id = tests.id('ours');
  insert into public.client_issues (organization_id, client_id, type, title, opened_at, recorded_at)
  select c.organization_id, c.id, 'billing', 'Bill', s.day + (g - 1) * interval '5 days', now()
  from public.clients c
  cross join (select (date_trunc('quarter', today) - make_interval(months => 3 * n))::date as day from generate_series(1, 12) n) s
  cross join lateral generate_series(1, tests.poisson(case when c.id is not null and s.day is not null then 0.2 end)) g
  where c.organization_id = tests.id('ours');
  analyze public.clients, public.client_spells, public.client_issues;
  for i in 1..20 loop
    perform private.run_incident_predictions(250);
    exit when not exists (select from private.incident_models where finished_at is null);
  end loop;
end
$$;
select tests.remember('often', (select id from public.clients where organization_id = tests.id('ours') and hashtext(name) % 3 = 0 order by id limit 1)),
  tests.remember('seldom', (select id from public.clients where organization_id = tests.id('ours') and hashtext(name) % 3 <> 0 order by id limit 1));
create function tests.parameter(path text[]) returns float8 language sql stable as $$
  select (parameters #>> path)::float8 from private.incident_models where organization_id = tests.id('ours')
$$;
select ok(abs(tests.parameter('{billing,rate}') - 0.2) < 0.02, 'The rate is found.');
select ok(abs(tests.parameter('{outage,season,0}') - 1.6) < 0.15 and abs(tests.parameter('{outage,season,2}') - 0.6) < 0.1, 'The season is found.');
select ok(tests.parameter('{outage,b}') < 5, 'Differences between clients are seen.');
select ok(tests.parameter('{billing,b}') > 3 * tests.parameter('{outage,b}'), 'Where there are none, everybody has nearly the rate of the type.');
select ok((select skill > 0.2 from private.incident_models where organization_id = tests.id('ours')), 'Forecasts are better than the plain rate, by a published figure.');
select is((select count(*)::integer from public.client_incident_predictions where organization_id = tests.id('ours')), 1200, 'Everybody in service has a forecast.');
select is((select most_likely_incident from public.client_incident_predictions where client_id = tests.id('often')), 'outage', 'The most likely one is that with the most expected.');
select isnt((select recommendation from public.client_incident_predictions where client_id = tests.id('often')), null, 'It comes with what the type recommends.');
select ok((select min(array_length(quarters, 1)) = 4 and min(array_length(probabilities, 1)) = 4 from public.client_incident_predictions), 'There are four quarters.');
select ok((select a.probabilities[1] > b.probabilities[1] + 0.2 from public.client_incident_predictions a, public.client_incident_predictions b
  where a.client_id = tests.id('often') and b.client_id = tests.id('seldom')), 'Who had many will have more.');
select ok((select bool_and(p between 0 and 1) from public.client_incident_predictions, unnest(probabilities) p), 'Probabilities are such.');
-- In the world's own terms: expected outages of the next year against the truth.
select ok(abs((select avg((by_type #>> '{outage,expected}')::float8) from public.client_incident_predictions p join public.clients c on c.id = p.client_id
  where hashtext(c.name) % 3 = 0) - 4 * 1.3) < 0.5, 'Of those with many as many are expected as come.');
select ok((select bool_and(abs((f.by_type #>> array[h.type, 'probabilities', (q.n - 1)::text])::float8
      - private.gamma_poisson_any((t.value ->> 'a')::float8, (t.value ->> 'b')::float8, h.y, h.e, s.season)) < 1e-12)
    and bool_and(abs((f.by_type #>> array[h.type, 'expected'])::float8 - 4 * private.gamma_poisson_rate(
      (t.value ->> 'a')::float8, (t.value ->> 'b')::float8, h.y, h.e)) < 1e-9)
  from private.incident_models m
  cross join lateral jsonb_each(m.parameters) t
  cross join lateral private.incident_history(m.organization_id, m.day, private.seasons_of(m.parameters), array(
    select c.id from public.clients c where c.organization_id = m.organization_id)) h
  join public.client_incident_predictions f on f.client_id = h.client_id
  cross join generate_series(1, 4) q (n)
  cross join lateral (select (t.value -> 'season' ->> (extract(quarter from m.day + make_interval(months => 3 * q.n))::integer
    - 1))::float8 as season) s
  where m.organization_id = tests.id('ours') and h.type = t.key), 'The forecasts of all clients are those of the closed form.');
-- What slices add up is what one query over all clients says.
create temporary table direct as
select m.*, array(select c.id from public.clients c where c.organization_id = m.organization_id) as ids,
  (date_trunc('quarter', m.day) - interval '12 months')::date as cut,
  private.incident_parameters(m.organization_id, 'before') as parameters_before
from private.incident_models m where m.organization_id = tests.id('ours');
create function tests.moments(day date, parameters jsonb) returns table (type text, rate float8, variance float8)
language sql as $$
  with h as (
    select h.* from direct d cross join lateral private.incident_history(d.organization_id, $1, private.seasons_of($2), d.ids) h
  ), m as (
    select h.type, sum(h.y) / sum(h.e) as rate from h group by 1
  )
  select m.type, min(m.rate), greatest((sum((h.y - m.rate * h.e) ^ 2) - min(m.rate) * sum(h.e)) / sum(h.e ^ 2), 1e-9)
  from h join m on m.type = h.type group by 1
$$;
select is((select count(*)::integer from direct d cross join lateral (values (d.day, d.parameters), (d.cut, d.parameters_before)) v (day, parameters)
  cross join lateral tests.moments(v.day, v.parameters) m cross join lateral (select v.parameters -> m.type as p) p
  where abs((p.p ->> 'rate')::float8 - m.rate) < 1e-9 and abs((p.p ->> 'a')::float8 / (m.rate ^ 2 / m.variance) - 1) < 1e-6
    and abs((p.p ->> 'b')::float8 / (m.rate / m.variance) - 1) < 1e-6), 4, 'Rates and differences between clients, now and a year ago.');
select ok((select abs(1 - sum(private.poisson_deviance(f.y, f.own)) / sum(private.poisson_deviance(f.y, f.pooled)) - min(f.skill)) < 1e-9
    and count(*) = min(f.forecasts)
  from (
    select d.skill, d.forecasts, x.y, e.e * private.gamma_poisson_rate((t.p ->> 'a')::float8, (t.p ->> 'b')::float8, h.y, h.e) as own,
      e.e * (t.p ->> 'rate')::float8 as pooled
    from direct d
    cross join lateral private.incident_counts(d.organization_id, d.day, d.ids) x
    cross join lateral (select d.parameters_before -> x.type as p) t
    cross join lateral (select x.exposure * (t.p -> 'season' ->> (extract(quarter from x.starts_on)::integer - 1))::float8 as e) e
    join lateral private.incident_history(d.organization_id, d.cut, private.seasons_of(d.parameters_before), d.ids) h
      on h.client_id = x.client_id and h.type = x.type
    where x.starts_on >= d.cut and t.p is not null) f), 'The skill, and how many forecasts it is of.');

select is((select y from private.incident_counts(tests.id('ours'), tests.day(0), array[tests.id('often')]) where type = 'outage'
  and starts_on = (date_trunc('quarter', tests.day(0)) - interval '3 months')::date),
  (select count(*) from public.client_issues where client_id = tests.id('often') and type = 'outage'
    and opened_at >= date_trunc('quarter', tests.day(0)) - interval '3 months' and opened_at < date_trunc('quarter', tests.day(0))), 'Counts are those of the issues.');
insert into public.client_issues (organization_id, client_id, type, title, opened_at, recorded_at)
select tests.id('ours'), tests.id('seldom'), 'delay', 'Storm', date_trunc('quarter', tests.day(0)) - interval '20 days', now() from generate_series(1, 50);
select is((select y from private.incident_counts(tests.id('ours'), tests.day(0), array[tests.id('seldom')]) where type = 'delay'
  and starts_on = (date_trunc('quarter', tests.day(0)) - interval '3 months')::date), 1::bigint, 'Many of a day are one.');

-- A client that was entered later: before that nobody counted its incidents, unless older ones were entered.
create function tests.quarters(name text) returns integer language sql as $$
  select count(distinct x.starts_on)::integer from private.incident_counts(tests.id('ours'), tests.day(0), array[(select id from public.clients c
    where c.organization_id = tests.id('ours') and c.name = quarters.name)]) x
$$;
with made as (
  insert into public.clients (organization_id, name, segment, currency, status, mrr, created_at)
  select tests.id('ours'), n, 'individual', 'GHS', 'active', 10, date_trunc('quarter', tests.day(0)) - interval '6 months'
  from unnest('{new here,with a past}'::text[]) n returning id, organization_id, name
), spells as (
  insert into public.client_spells (organization_id, client_id, spell_no, starts_on, observed_from)
  select m.organization_id, m.id, 1, tests.day(1300), tests.day(1300) from made m
)
insert into public.client_issues (organization_id, client_id, type, title, opened_at, recorded_at)
select m.organization_id, m.id, 'delay', 'x', date_trunc('quarter', tests.day(0)) - interval '20 months', now() from made m where m.name = 'with a past';
select is(array[tests.quarters('new here'), tests.quarters('with a past')], '{2,7}', 'Exposure begins when incidents would be known.');
delete from public.clients where organization_id = tests.id('ours') and name in ('new here', 'with a past');

-- Nothing known of clients helps: the rate of all
update private.incident_models set skill = -0.1 where organization_id = tests.id('ours');
select is((select count(distinct f.probabilities)::integer from private.incident_models m, private.incident_forecasts(m, array[tests.id('often'), tests.id('seldom')]) f
  where m.organization_id = tests.id('ours')), 1, 'Without skill all have the same forecast.');
select is((select distinct f.basis from private.incident_models m, private.incident_forecasts(m, array[tests.id('often'), tests.id('seldom')]) f
  where m.organization_id = tests.id('ours')), 'all clients', 'It says so.');

-- Doors
select is(tests.outcome(a, format('select public.incident_predictions(tests.id(''ours''), %L)', tests.id('often'))), wanted, a || ': ' || wanted)
from (values ('admin', '1'), ('marketing_agent', '1'), ('technical_agent', '1'), ('viewer', '1'), ('manager', 'PT403'), ('operator', 'PT403'),
  ('outsider', 'PT403'), ('suspended', 'PT403')) v (a, wanted);
select is(tests.outcome('outsider', format('select public.incident_predictions(tests.id(''theirs''), %L)', tests.id('often'))), 'PT404', 'Another organization finds nothing.');
select is(tests.outcome('outsider', 'select from public.client_incident_predictions'), '0', 'Nor over the Data API.');
select is(tests.outcome('viewer', 'select from public.client_incident_predictions'), '1200', 'Who sees clients sees forecasts.');
select is(tests.outcome('admin', 'delete from public.client_incident_predictions where true'), '42501', 'Nobody writes them.');
select is((tests.as_admin(format('select public.incident_predictions(tests.id(''ours''), %L)', tests.id('often')))::jsonb -> key) is null, false, key || ' of the old table is there.')
from unnest(array['q1_prediction', 'q2_prediction', 'q3_prediction', 'q4_prediction', 'most_likely_incident', 'recommendation', 'customer_id',
  'client_region', 'client_type', 'client_category']) key;

select * from finish();
rollback;
