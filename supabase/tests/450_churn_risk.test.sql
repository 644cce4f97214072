-- The risk of leaving: what is learned, when it is used, scores, explanations and alerts.
begin;
\ir support.inc
\ir churn_world.inc
select * from no_plan();

do $$
begin
  perform tests.arrange();
end
$$;

-- Nobody to learn from
select tests.train();
select is((select count(*)::integer from public.churn_models where organization_id = tests.id('ours')), 0,
  'Without clients there is no model.');
do $$
begin
  for n in 1..5 loop
    perform tests.remember('client ' || n, tests.as_admin(format($q$select public.create_client(tests.id('ours'),
      '{"name": "Client %s", "segment": "individual", "amount": "50", "since": "%s", "observed_from": "%2$s"}') ->> 'id'$q$, n,
      tests.day(100 * n)))::uuid);
  end loop;
  update public.clients set unpaid_since = tests.day(case name when 'Client 1' then 40 else 55 end)
  where name in ('Client 1', 'Client 2');
  perform tests.train();
end
$$;
select is((tests.latest_model()).method, 'rule', 'Where nobody ever left the rule is used.');
select is((tests.latest_model()).confidence, 'none', 'It has no confidence.');
select is((tests.latest_model()).calibration, null, 'It gives no probability.');
select tests.score();
select is((select count(score)::integer from public.client_risks where organization_id = tests.id('ours')), 0,
  'Nobody has a score then.');
select tests.act_as('admin');
select is(public.client_factors(tests.id('ours'), tests.id('client 1')) ->> 'score', null, 'Factors say no score.');
select ok((public.client_factors(tests.id('ours'), tests.id('client 1')) ->> 'log_odds') is not null,
  'They give the points of the rule.');
select tests.act_as('postgres');

-- What customers owe is for those who may read customers: a technical agent reads clients and churn, and no customers.
create function tests.answer(actor text, statement text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  execute 'select ' || statement into answer;
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.payment(actor text, client text) returns jsonb language sql as $$
  select jsonb_agg(d) from tests.answer(actor, format('public.client_factors(tests.id(''ours''), tests.id(%L))', client)) f,
    jsonb_array_elements(f -> 'raising' || (f -> 'lowering')) t, jsonb_array_elements(t -> 'details') d
  where t ->> 'theme' = 'payment'
$$;
select ok(jsonb_path_exists(tests.payment('admin', 'client 1'), '$[*] ? (@.feature == "days_in_arrears" && @.points > 0)'),
  'Who reads customers sees what arrears add.');
select ok(jsonb_array_length(d) > 0 and not jsonb_path_exists(d, '$[*] ? (@.points != null || @.value != null || @.usual != null)'),
  'Others see no figure of it, and not the points either.') from tests.payment('technical_agent', 'client 1') d;
select isnt(tests.payment('admin', 'client 1'), tests.payment('admin', 'client 2'), 'Two debts have different points.');
select is(tests.payment('technical_agent', 'client 1'), tests.payment('technical_agent', 'client 2'),
  'Who may not read customers cannot tell them apart.');
select is(jsonb_path_query_array(tests.payment('technical_agent', 'client 3'), '$[*].feature'),
  jsonb_path_query_array(tests.payment('technical_agent', 'client 1'), '$[*].feature'), 'Their order tells nothing either.');
create function tests.told_points(actor text) returns setof numeric language sql as $$
  select (v #>> '{}')::numeric from tests.answer(actor, 'public.client_factors(tests.id(''ours''), tests.id(''client 1''))') f
  cross join lateral (
    select f -> k as v from unnest('{log_odds,mean_log_odds}'::text[]) k
    union all
    select t -> 'points' from jsonb_array_elements(f -> 'raising' || (f -> 'lowering')) t where t ->> 'theme' = 'payment') x
$$;
select is((select count(*)::integer from tests.told_points('technical_agent') p where p <> round(p, 1)), 0,
  'The points of the theme, and the sums it is in, are rounded for others.');
select ok((select count(*) = 3 from tests.told_points('technical_agent')) and exists (select from tests.told_points('admin') p where p <> round(p, 1)),
  'Not for who reads customers.');
select is(tests.outcome(a, 'select unpaid_since from public.clients'), '42501', a || ' does not read since when a client owes over the Data API.')
from unnest('{admin,technical_agent}'::text[]) a;
select is(tests.outcome('technical_agent', 'select id, name, status, mrr from public.clients'), '5', 'The client is read.');
create function tests.means(actor text) returns table (name text, mean jsonb, sd jsonb) language sql as $$
  select f ->> 'name', f -> 'mean', f -> 'sd'
  from jsonb_array_elements(tests.answer(actor, 'public.churn_model(tests.id(''ours''))') #> '{model,features}') f
$$;
select bag_eq($q$select name from tests.means('technical_agent') where mean = 'null' and sd = 'null'$q$,
  $q$select d.name from private.feature_definitions d join tests.means('admin') m on m.name = d.name where d.from_customers$q$,
  'Mean and deviation of what customers owe are not told, those of other features are.');
select is((select count(*)::integer from tests.means('admin') where mean = 'null' or sd = 'null'), 0, 'Who reads customers sees all.');
select is(tests.outcome(a, 'select features from public.churn_models'), '42501', a || ' does not read them over the Data API.')
from unnest(array['admin', 'technical_agent']) a;

do $$
begin
  perform tests.act_as('admin');
  perform public.record_client_movement(tests.id('ours'), tests.id('client 5'), 'churn', jsonb_build_object('effective_on',
    tests.day(10)));
  perform tests.act_as('postgres');
  perform tests.train();
end
$$;
select is((tests.latest_model()).confidence, 'low', 'When somebody has left there is a probability of low confidence.');
select tests.score();
select is((select count(score)::integer from public.client_risks where organization_id = tests.id('ours')), 4,
  'Those in service are scored.');
select ok((select abs(avg(score) - 100 * private.yearly_share(tests.id('ours'))) < 0.1 from public.client_risks
  where organization_id = tests.id('ours')), 'On average it is the share that left in the last year, for 90 days.');
select ok(private.yearly_share(tests.id('ours')) between 0.05 and 0.10, 'One of five in 100 to 365 days each.');
create table tests.shares as select private.yearly_share(tests.id('ours')) as share;
do $$
begin
  for n in 1..20 loop
    perform tests.as_admin(format($q$select public.create_client(tests.id('ours'),
      '{"name": "Old %s", "segment": "individual", "amount": "50", "since": "%s"}')$q$, n, tests.day(900)));
  end loop;
end
$$;
select is(private.yearly_share(tests.id('ours')), (select share from tests.shares), 'Clients of whom only those who stayed were entered make nobody stay.');
delete from public.clients where organization_id = tests.id('ours');

-- A world with known truth
select tests.world(2000, 56);
-- Who left on the day of a snapshot, after it, is one who left; who had left before, as was entered later, is no row.
create function tests.labels(ago integer) returns table (name text, y double precision) language sql as $$
  delete from private.churn_training_rows where true;
  select private.sample_snapshot(s, tests.day(ago)) from private.churn_model_state s where s.organization_id = tests.id('ours');
  select c.name, r.y from private.churn_training_rows r join public.clients c on c.id = r.client_id where c.name like 'Labeled%'
$$;
do $$
begin
  for n in 1..6 loop
    perform tests.remember('labeled ' || n, tests.as_admin(format($q$select public.create_client(tests.id('ours'),
      '{"name": "Labeled %s", "segment": "individual", "amount": "50", "since": "%s"}') ->> 'id'$q$, n, tests.day(300)))::uuid);
  end loop;
  insert into private.client_features select organization_id, tests.day(147), id, 1, array_fill(0::real, array[19]), '{individual,null,null,null}', 50, 'GHS'
  from public.clients where name like 'Labeled%';
  insert into private.client_scores (organization_id, client_id, day, score, band, model_id)
  select organization_id, id, tests.day(147), 100, 'critical', (tests.latest_model()).id from public.clients where name like 'Labeled%';
  update private.churn_model_state set event_share = 1, other_share = 1 where organization_id = tests.id('ours');
end
$$;
create function tests.leaves(n integer, movement text, ago integer) returns text language sql as $$
  select tests.as_admin(format('select public.record_client_movement(tests.id(''ours''), %L, %L, %L)', tests.id('labeled ' || n), movement,
    jsonb_build_object('effective_on', tests.day(ago), 'notice_on', tests.day(ago), 'service_ends_on', tests.day(10), 'amount', '5')))
$$;
select tests.leaves(1, 'churn', 147), tests.leaves(2, 'churn', 150), tests.leaves(3, 'churn', 57), tests.leaves(4, 'churn', 56),
  tests.leaves(5, 'churn', 200), tests.leaves(5, 'reactivation', 180), tests.leaves(6, 'notice', 150);
select bag_eq('select * from tests.labels(147)', $q$values ('Labeled 1', 1::float8), ('Labeled 3', 1), ('Labeled 4', 0), ('Labeled 5', 0)$q$,
  'On the day: left; before: no row; 90 days after: left; 91: stayed; back by then: stayed; notice before: no row.');
select is(private.score_outcomes(tests.id('ours'), tests.day(147)) - '{day,ratio,drifted}'::text[], '{"clients": 4, "expected": 4, "observed": 2}',
  'The watch counts the same.');
select is(array(select private.had_left_before(tests.id('ours'), tests.id('labeled ' || n), tests.day(147)) from generate_series(1, 6) n),
  '{f,t,f,f,f,t}', 'And so do trials of plays.');
select is(array(select private.has_left_within(tests.id('ours'), tests.id('labeled ' || n), tests.day(147)) from unnest('{1,3,4,5}'::integer[]) n),
  '{t,t,f,f}', 'With the same 90 days.');
delete from public.clients where name like 'Labeled%';
delete from private.churn_training_rows where true;
select tests.train();
select is((tests.latest_model()).method, 'model', 'Many events give a learned model.');
select is((tests.latest_model()).reason, format('Learned from %s clients that left, and better than the rule on later ones.',
  (select count(distinct d.client_id) from private.departures(tests.id('ours')) d
    where d.day >= (tests.latest_model()).window_from and d.day <= (tests.latest_model()).window_to + 90)),
  'It says from how many.');
select is((tests.latest_model()).confidence, 'normal', 'From a hundred events on confidence is normal.');
select ok((tests.latest_model()).accepted, 'It passes the gate.');
create function tests.told(event_key text) returns text language sql as $$
  select n.title || ': ' || n.body from public.notifications n
  where n.organization_id = tests.id('ours') and n.user_id = tests.id('admin') and n.event_key = $1
$$;
select matches(tests.told('churn_model:' || (tests.latest_model()).id), '^Churn scores come from a learned model now: Learned from',
  'Admins are told that another kind of model is used.');
select ok(abs(tests.coefficient(name) - truth) < 0.2, format('The coefficient of %s is near the truth: %s.', name,
  round(tests.coefficient(name)::numeric, 3)))
from (values ('days_since_contact', 0.8), ('open_issues', 0.5), ('spell_days', -0.6)) v (name, truth);
create function tests.metric(name text) returns float8 language sql stable as $$
  select ((tests.latest_model()).metrics #>> array['model', name])::float8
$$;
-- The best that can be had: the true log-odds on the rows to judge by.
create table tests.left_on as select * from private.departures(tests.id('ours'));
create table tests.best as
select private.churn_metrics(format($q$
  select f.client_id, 'all' as segment, 1 / (1 + exp(2 - (0.8 * l.a + 0.5 * l.b - 0.6 * l.c))) as p, 1 as w,
    exists (select from tests.left_on d where d.client_id = f.client_id
      and d.day between f.snapshot_day and f.snapshot_day + 90)::integer as y
  from private.client_features f join tests.latent l on l.id = f.client_id
  where f.organization_id = %L and f.snapshot_day > (select max(snapshot_day) from private.client_features
    where organization_id = %1$L) - 90 $q$, tests.id('ours'))) as figures;
select ok(tests.metric('auc') > (select (figures ->> 'auc')::float8 from tests.best) - 0.01,
  'It tells apart nearly as well as the truth does.');
select ok(tests.metric('auc') between tests.metric('auc_low') and tests.metric('auc_high'), 'The area has its interval.');
select ok((select bool_and(abs((o ->> 'high')::float8 - (private.wilson_interval(((o ->> 'rate')::numeric * clients), clients) ->> 'high')::float8) < 0.0001)
  from (
    select (m ->> 'rows')::integer as clients, s -> 'observed' as o
    from private.churn_metrics('select client_id, ''all'' as segment, 0.5 + n / 1000.0 as p, (n % 4 = 0)::integer as y, 1 as w from (select n, n % 10
      as client_id from generate_series(1, 40) n) r') f, jsonb_array_elements(f -> 'segments') s, jsonb_build_object('rows', 10) m) x),
  'Ten clients of four rows each have the interval of ten.');
select ok(tests.metric('ratio') between 0.8 and 1.25, 'As many leave as expected.');
select ok(tests.metric('brier') < tests.metric('brier_base'), 'It is better than the rate alone.');
select is(jsonb_array_length((tests.latest_model()).metrics #> '{model,tenths}'), 10, 'There are ten tenths.');
select is((select sum((t ->> 'rows')::integer) from jsonb_array_elements((tests.latest_model()).metrics
  #> '{model,tenths}') t), tests.metric('rows')::bigint, 'Their rows are all rows.');
select ok(((tests.latest_model()).calibration ->> 'slope')::float8 between 0.6 and 1.4, 'The slope stays near one.');
select ok((tests.latest_model()).metrics #> '{themes,contact,with}' is not null, 'It says what was seen together.');
select is((select count(*)::integer from private.churn_training_rows), 0, 'The sample is gone.');
select is(tests.outcome('postgres', $q$update public.churn_models set accepted = false$q$), '42501',
  'A record is never changed.');

-- Scores
select tests.score(300);
select is((select count(*)::integer from public.client_risks where organization_id = tests.id('ours') and score is not null),
  (select count(*)::integer from public.clients where organization_id = tests.id('ours') and status = 'active'),
  'All clients in service are scored.');
select is((select count(distinct score_model_id)::integer from public.client_risks where organization_id = tests.id('ours')), 1,
  'By one model.');
select is((select r.clients from private.scoring_runs r where r.organization_id = tests.id('ours') and r.finished_at is not null
  order by r.id desc limit 1), (select count(*)::integer from public.clients where organization_id = tests.id('ours')
  and status = 'active'), 'The run counts each once.');
select is((select sum(d.clients)::integer from private.band_days d join private.scoring_runs r on r.id = d.run_id
  where r.model_id = (tests.latest_model()).id),
  (select count(*)::integer from public.clients where organization_id = tests.id('ours') and status = 'active'),
  'The bands add up.');
select is((select count(*)::integer from public.client_risks where organization_id = tests.id('ours')
  and band is distinct from private.risk_band(score, '{10,30,60}')), 0, 'Each has the band of its score.');
create table tests.before as select count(*) as scores from private.client_scores;
update private.churn_model_state set score_requested_at = clock_timestamp();
select tests.score();
select is((select count(*) from private.client_scores), (select scores from tests.before),
  'Scoring again writes nothing where nothing has moved.');
select is((select count(*)::integer from private.scoring_runs where model_id = (tests.latest_model()).id), 2, 'It was another run.');

-- Explanations
create table tests.explained as
select c.id, tests.as_admin(format('select public.client_factors(%L, %L)', tests.id('ours'), c.id))::jsonb as f
from public.clients c where c.organization_id = tests.id('ours') and c.status = 'active' order by c.id limit 10;
select is((select count(*)::integer from tests.explained e where abs((e.f ->> 'log_odds')::float8
    - (e.f ->> 'mean_log_odds')::float8 - (
      select coalesce(sum((t ->> 'points')::float8), 0)
      from jsonb_array_elements(e.f -> 'raising' || (e.f -> 'lowering')) t)) > 1e-9), 0,
  'Contributions add up to the log-odds less the mean.');
select is((select count(distinct round((f ->> 'mean_log_odds')::numeric, 9))::integer from tests.explained), 1,
  'The mean is the same for all.');
select is((select count(*)::integer from tests.explained where f -> 'raising' <> '[]' and (
  select sum((t ->> 'percentage')::integer) from jsonb_array_elements(f -> 'raising') t) <> 100), 0,
  'Percentages add up to 100.');
select is((select count(*)::integer from tests.explained e join public.client_risks c on c.client_id = e.id
  where abs((e.f ->> 'score')::float8 - c.score) > 1), 0, 'The score is that of the list, to a point.');
select is(private.factor_lists('[{"name": "mrr", "theme": "contract", "transform": "log", "mean": 0, "points": -1, "value": 1}]',
  'x', true) -> 'raising', '[]', 'Where nothing raises the list is empty.');
select is((select array_agg((t ->> 'percentage')::integer order by t ->> 'theme') from jsonb_array_elements(private.factor_lists(
  '[{"name": "mrr", "theme": "contract", "transform": "log", "mean": 0, "points": 1, "value": 1},
    {"name": "open_issues", "theme": "issues", "transform": "log", "mean": 0, "points": 1, "value": 1},
    {"name": "contacts_30d", "theme": "contact", "transform": "log", "mean": 0, "points": 1, "value": 1}]', 'x', true) -> 'raising') t),
  '{34,33,33}', 'Thirds are 34, 33 and 33.');

-- What is in the future, and who is not scored
do $$
begin
  perform tests.remember('leaving', (select c.id from public.clients c where c.organization_id = tests.id('ours')
    and c.status = 'active' order by c.id limit 1));
  perform tests.as_admin(format($q$select public.record_client_movement(tests.id('ours'), tests.id('leaving'), 'notice',
    '{"service_ends_on": "%s"}')$q$, tests.day(-30)));
  update private.churn_model_state set score_requested_at = clock_timestamp();
  perform tests.score();
end
$$;
select is((select score from public.client_risks where client_id = tests.id('leaving')), null, 'Who has given notice has no score.');
select is((select score from private.client_scores where client_id = tests.id('leaving') order by day desc limit 1), null,
  'The history says since when.');
select matches(tests.as_admin($q$select public.client_factors(tests.id('ours'), tests.id('leaving')) ->> 'reason'$q$),
  'notice', 'Factors say why.');

-- Trend: both days by today's model
do $$
declare
  d date := private.local_day(tests.id('ours')) - 30;
begin
  perform private.create_feature_partition(date_trunc('month', d)::date);
  insert into private.feature_runs (organization_id, snapshot_day, clients, started_at, finished_at)
  values (tests.id('ours'), d, 3, now(), now());
  insert into private.client_features
  select f.organization_id, d, f.client_id, 1, case when f.n = 1 then f."values" else
    array[1, 30, 90, 0.5, 0, 0, 0, 0, null, 0, 0, 0, 0, 0, 100, 0, 3000, 400, null]::real[] end, f.labels, f.mrr, f.currency
  from (
    select f.*, row_number() over (order by l.a + l.b desc) as n
    from private.client_features_as_of(array(select c.id from public.clients c where c.organization_id = tests.id('ours')
      and c.status = 'active'), clock_timestamp(), true) f join tests.latent l on l.id = f.client_id
  ) f where f.n <= 2;
  update private.churn_model_state set score_requested_at = clock_timestamp();
  perform tests.score();
end
$$;
select bag_eq($q$select trend, trend_days from public.client_risks where trend is not null$q$,
  $q$values ('stable', 30), ('rising', 30)$q$, 'The trend compares with the snapshot of a month ago.')
where (select max(score) from public.client_risks where trend = 'rising') is not null;
select is((select count(*)::integer from public.client_risks where organization_id = tests.id('ours') and trend is not null), 2,
  'Without a snapshot of that day there is no trend.');

-- Labels that mean nothing
update private.client_features f set "values" = o."values" from (
  select a.snapshot_day, a.client_id, b."values" from (
    select snapshot_day, client_id, row_number() over (partition by snapshot_day order by client_id) as n from private.client_features
  ) a join (
    select snapshot_day, "values", row_number() over (partition by snapshot_day order by hashtext(client_id::text || 'x')) as n
    from private.client_features
  ) b using (snapshot_day, n)
) o where o.snapshot_day = f.snapshot_day and o.client_id = f.client_id;
create table tests.active as select (tests.active_model()).id;
select tests.train();
select ok(tests.metric('auc') between 0.42 and 0.58, 'Permuted features tell nothing.');
select ok(not (tests.latest_model()).accepted, 'The gate refuses such a model.');
select is((tests.active_model()).id, (select id from tests.active), 'The one in use stays.');
select is((select count(*)::integer from public.notifications n where n.organization_id = tests.id('ours')
  and n.user_id = tests.id('admin') and n.event_key = 'churn_model:' || (tests.latest_model()).id), 1, 'Admins are told why.');

-- Nobody left in the quarter on which a new model would be judged: the one in use stays, and it is said why.
create table tests.gone as select id, ends_on from public.client_spells where organization_id = tests.id('ours') and ends_on > tests.day(182);
update public.client_spells set ends_on = null where id in (select id from tests.gone);
delete from public.client_movements m using public.client_spells s where s.id in (select id from tests.gone) and m.client_id = s.client_id and m.entry = 'notice';
create table tests.models as select count(*) as models from public.churn_models;
select tests.train();
select is((tests.active_model()).id, (select id from tests.active), 'A model that cannot be judged does not give way to the rule.');
select is((select count(*) from public.churn_models), (select models from tests.models), 'Nothing was learned.');
select is(tests.told('churn_training:' || tests.day(0)), 'No new churn model: Nobody has left in the latest quarter on which a new model would be '
  || 'judged. The one before stays in use.', 'Admins are told.');
update public.client_spells s set ends_on = g.ends_on from tests.gone g where g.id = s.id;

-- The watch
create function tests.watch(percent float8) returns jsonb language sql as $$
  update private.client_scores set score = percent::real where score is not null;
  select private.score_outcomes(tests.id('ours'), tests.day(91))
$$;
insert into private.client_scores (organization_id, client_id, day, score, band, model_id)
select s.organization_id, s.client_id, tests.day(120), 10, 'low', (tests.active_model()).id from public.client_spells s
where s.organization_id = tests.id('ours') and (s.ends_on is null or s.ends_on > tests.day(91))
on conflict do nothing;
create table tests.share as select 100 * avg((s.ends_on is not null)::integer) as percent, count(s.ends_on) as observed
from public.client_spells s where s.organization_id = tests.id('ours') and (s.ends_on is null or s.ends_on > tests.day(91));
select ok(abs((w ->> 'ratio')::numeric - 1) < 0.05 and not (w ->> 'drifted')::boolean, 'Scores that come true are no drift.')
from (select tests.watch((select percent::float8 from tests.share)) as w) x;
select is(((w ->> 'drifted')::boolean), (select observed >= 50 from tests.share), 'Twice as many as left is one, from fifty on.')
from (select tests.watch((select 2 * percent::float8 from tests.share)) as w) x;
select is(private.watch_churn_scores() > 0, true, 'The scores are compared.');
select is((select phase from private.churn_model_state where organization_id = tests.id('ours')),
  (select case when observed >= 50 then 'requested' end from tests.share), 'A drift asks for a new model.');
select is(private.watch_churn_scores(), 0, 'Not again within four weeks.');
update private.churn_model_state set phase = null where true;

-- Alerts
update public.churn_settings set band_limits = '{0.5,1,1.5}' where organization_id = tests.id('ours');
update private.churn_model_state set score_requested_at = clock_timestamp();
delete from private.churn_alerts where true;
delete from private.churn_digests where true;
update public.clients set owner_id = tests.id('marketing_agent') where id = (
  select c.client_id from public.client_risks c where c.organization_id = tests.id('ours') and c.score > 1 order by c.score desc limit 1);
select tests.score();
select ok((select count(*) from private.churn_alerts) > 100, 'Who enters the highest band is noted.');
select is(private.send_churn_digests(), 1, 'A digest is sent.');
select is(private.send_churn_digests(), 0, 'Once.');
select is((select n.title from public.notifications n where n.user_id = tests.id('marketing_agent') and n.kind = 'churn'),
  '1 client is at high risk of leaving', 'The owner is notified of their client.');
select is((select (n.data ->> 'clients')::integer from public.notifications n where n.user_id = tests.id('admin') and n.kind = 'churn'),
  (select count(distinct client_id)::integer from private.churn_alerts), 'Admins are notified of all.');
select is((select count(*)::integer from public.notifications n where n.kind = 'churn' and n.user_id = tests.id('technical_agent')), 0,
  'Others are not notified.');
select is((select count(*)::integer from public.emails e where e.kind = 'churn'), 2, 'It comes by e-mail too.');
insert into private.churn_alerts (organization_id, client_id, day, score)
select tests.id('ours'), c.client_id, current_date - 1, 99 from public.client_risks c where c.organization_id = tests.id('ours') and c.score is not null limit 1;
select is(private.send_churn_digests(), 0, 'Not again on the same day.');
update private.churn_digests set day = day - 1 where true;
select is(private.send_churn_digests(), 1, 'The next day.');

-- Doors
select set_eq($q$select tests.outcome(a, format('select public.churn_model(%L)', tests.id('ours'))) = '1'
  from unnest(array['admin', 'marketing_agent', 'technical_agent', 'viewer']) a$q$, '{t}'::boolean[], 'These see the model.');
select set_eq($q$select tests.outcome(a, format('select public.churn_model(%L)', tests.id('ours')))
  from unnest(array['manager', 'counselor', 'campaign_manager', 'operator', 'suspended', 'outsider']) a$q$, array['PT403'],
  'Others do not.');
select is(tests.outcome('admin', format('select public.request_churn_training(%L)', tests.id('ours'))), '1', 'An admin may train.');
select set_eq($q$select tests.outcome(a, format('select public.request_churn_training(%L)', tests.id('ours')))
  from unnest(array['marketing_agent', 'technical_agent', 'viewer', 'outsider']) a$q$, array['PT403'], 'Others may not.');
select set_eq($q$select tests.outcome(a, 'select from public.churn_models limit 1')
  from unnest(array['admin', 'viewer']) a$q$, array['1'], 'Records are read over the Data API by the same people.');
select is(tests.outcome('outsider', 'select from public.churn_models'), '0', 'Not by other organizations.');
select is(tests.outcome('manager', 'select from public.churn_models'), '0', 'Not by who has no churn:read.');
select is(tests.outcome('admin', 'insert into public.churn_models select * from public.churn_models'), '42501', 'Nobody writes them.');
select is(tests.outcome('marketing_agent', format($q$select public.create_client_factor(%L, %L, '{"name": "Price", "percentage": 40}')$q$,
  tests.id('ours'), (select id from tests.explained limit 1))), '1', 'People add factors of their own.');
select is(tests.outcome('viewer', format($q$select public.create_client_factor(%L, %L, '{"name": "Price", "percentage": 40}')$q$,
  tests.id('ours'), (select id from tests.explained limit 1))), 'PT403', 'A viewer does not.');
select is(tests.outcome('outsider', format($q$select public.client_factors(%L, %L)$q$,
  tests.id('theirs'), (select id from tests.explained limit 1))), 'PT404', 'Another organization finds nothing.');

-- What customers owe is for those who may read customers
select is(private.factor_detail('{"name": "arrears", "value": 1500, "mean": 0, "transform": "log", "points": 1}', 'x', false) ->> 'value',
  null, 'An amount is not for everybody.');
select is(private.factor_detail('{"name": "days_in_arrears", "value": 95, "mean": 0, "transform": "log", "points": 1}', 'x', false) ->> 'text',
  'In arrears for 3 months', 'The months are.');
select matches(private.factor_detail('{"name": "arrears", "value": 1500, "mean": 0, "transform": "log", "points": 1}', 'x', true) ->> 'text',
  '1500', 'Who reads customers sees it.');

select * from finish();
rollback;
