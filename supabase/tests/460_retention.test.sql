-- Plays, recommendations and what they do: whom a play fits, how often, who is held out and who can see that, states,
-- outcomes, and the measured effect.
begin;
\ir support.inc
\ir churn_world.inc
select * from no_plan();

do $$
begin
  perform tests.arrange();
end
$$;
select is((select count(*)::integer from public.plays where organization_id = tests.id('ours')), 12, 'A new organization has a dozen plays.');

-- Clients with a score, as a scoring leaves them.
create function tests.client(name text, band text, theme text, terms jsonb default '{}') returns uuid language plpgsql as $$
declare
  created uuid := tests.as_admin(format('select public.create_client(tests.id(''ours''), %L) ->> ''id''',
    jsonb_build_object('name', name, 'segment', 'enterprise', 'amount', '200') || terms));
begin
  update public.client_risks k set score = 70, band = $2, risk_theme = theme where k.client_id = created;
  return tests.remember(name, created);
end
$$;
create function tests.recommend() returns integer language plpgsql as $$
declare
  run uuid := private.uuid_v7();
begin
  insert into public.churn_models (id, organization_id, number, method, confidence, reason, accepted, trained_on, features, intercept, metrics)
  select run, tests.id('ours'), coalesce(max(number), 0) + 1, 'rule', 'none', 'x', true, current_date, '[]', 0, '{}'
  from public.churn_models where organization_id = tests.id('ours');
  insert into private.churn_model_state (organization_id, active_model_id) values (tests.id('ours'), run)
  on conflict (organization_id) do update set active_model_id = run;
  insert into private.scoring_runs (organization_id, day, model_id, finished_at)
  values (tests.id('ours'), tests.day(0), run, clock_timestamp());
  return private.run_recommendations();
end
$$;
create function tests.plays_of(name text) returns text[] language sql stable security definer as $$
  select array(select p.key from public.recommendations r join public.plays p on p.id = r.play_id
    where r.client_id = tests.id(name) and r.state = 'proposed' order by p.key)
$$;
update public.churn_settings set holdout_share = 0 where organization_id = tests.id('ours');
select tests.client('quiet', 'critical', 'contact');
select tests.client('dark', 'high', 'issues');
select tests.client('ends', 'moderate', 'payment', jsonb_build_object('contract_ends_on', tests.day(-20)));
select tests.client('safe', 'low', 'contact');
select tests.client('leaving', 'critical', 'contact');
update public.clients set status = 'leaving' where id = tests.id('leaving');
select ok(tests.recommend() > 0, 'Recommendations are made after a scoring.');
select is(tests.plays_of('quiet'), '{call_quiet_client,manager_call,new_contact}', 'By band and by what raises the risk.');
select is(tests.plays_of('dark'), '{close_open_issues,root_cause}', 'Another theme, other plays.');
select is(tests.plays_of('ends'), '{renew_early}', 'By the end of the contract; nobody is texted without a number.');
select is(tests.plays_of('safe'), '{}', 'Nothing for who is safe.');
select is(tests.plays_of('leaving'), '{}', 'Nothing for who has given notice.');
select is(tests.recommend(), 0, 'Not again within the days of a play.');
update private.play_trials set proposed_on = proposed_on - 70 where true;
update public.recommendations set state = 'declined', proposed_on = proposed_on - 70 where true;
select tests.recommend();
select is(tests.plays_of('quiet'), '{call_quiet_client}', 'After its days a play comes again, the others wait.');
select is((select round(r.rank::numeric, 2) from public.recommendations r where r.client_id = tests.id('quiet') and r.state = 'proposed'),
  14.00, 'The rank is risk times revenue times the effect: 0.7 of 200, a tenth.');

-- Amounts in other currencies: the least revenue and the cost are in the organization's.
update public.plays set min_mrr = 1000, cost = 30 where organization_id = tests.id('ours') and key = 'follow_up_estimate';
insert into public.exchange_rates (organization_id, currency, starts_on, rate) values (tests.id('ours'), 'EUR', '2020-01-01', 10),
  (tests.id('ours'), 'XOF', '2020-01-01', 0.02);
select tests.client(n, 'high', 'estimate', jsonb_build_object('currency', cur, 'amount', '200'))
from (values ('euros', 'EUR'), ('francs', 'XOF'), ('cedis', 'GHS'), ('dollars', 'USD')) v (n, cur);
select tests.recommend();
select is(array(select n from unnest('{euros,francs,cedis,dollars}'::text[]) n where 'follow_up_estimate' = any (tests.plays_of(n))), '{euros,dollars}',
  '200 euros at 10 are 2,000; without a rate the least revenue is left aside.');
select is((select array_agg(round(r.rank::numeric, 2) order by c.name) from public.recommendations r join public.clients c on c.id = r.client_id
  join public.plays p on p.id = r.play_id where p.key = 'follow_up_estimate'), '{14.00,110.00}', '0.7 of 2,000, a tenth, less 30; without a rate no cost.');
update public.plays set min_mrr = null, cost = 0 where organization_id = tests.id('ours') and key = 'follow_up_estimate';
delete from public.clients c where c.id in (tests.id('euros'), tests.id('francs'), tests.id('cedis'), tests.id('dollars'));

-- Held out
update public.churn_settings set holdout_share = 0.5 where organization_id = tests.id('ours');
do $$
begin
  for n in 1..60 loop
    perform tests.client('crowd ' || n, 'critical', 'payment');
  end loop;
  perform tests.recommend();
end
$$;
select ok((select count(*) filter (where held_out) between 30 and 95 from private.play_trials t join public.clients c on c.id = t.client_id
  where c.name like 'crowd%'), 'About the share is held out.');
select is((select count(*)::integer from private.play_trials t join public.recommendations r on r.client_id = t.client_id
  and r.play_id = t.play_id and r.proposed_on = t.proposed_on where t.held_out), 0, 'Who is held out has no recommendation.');
select is((select count(*) from private.play_trials t join public.clients c on c.id = t.client_id where c.name like 'crowd%' and not t.held_out),
  (select count(*) from public.recommendations r join public.clients c on c.id = r.client_id where c.name like 'crowd%'), 'All others have.');
select is(tests.outcome(a, 'select from private.play_trials'), '42501', a || ' cannot see who is held out.')
from unnest(tests.everyone() || '{anon,service_role}') a;
select is(tests.outcome(a, 'select from private.recommendation_runs'), '42501', a || ' cannot see the salt.')
from unnest(array['admin', 'marketing_agent', 'service_role']) a;
create function tests.logged(held_out boolean) returns bigint language sql as $$
  with ids as materialized (
    select l.id, m[1]::uuid as named from public.audit_logs l
    cross join regexp_matches(l::text, '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'g') m where l.organization_id = tests.id('ours')
  )
  select count(distinct (t.client_id, t.play_id)) from private.play_trials t
  join ids c on c.named = t.client_id join ids p on p.id = c.id and p.named = t.play_id where t.held_out = logged.held_out
$$;
select ok(tests.logged(false) > 0, 'The audit log has what is shown.');
select is(tests.logged(true), 0::bigint, 'And not what is held out.');
select is((select count(*)::integer from information_schema.column_privileges where column_name ~ 'held_out|salt'
  and grantee in ('authenticated', 'service_role', 'anon')), 0, 'No column that tells is granted.');

-- States
create function tests.decide(actor text, recommendation uuid, decision text) returns text language sql as $$
  select tests.outcome(actor, format('select public.decide_recommendation(%L, (select client_id from public.recommendations where id = %L), %L, %L)',
    tests.id('ours'), recommendation, recommendation, jsonb_build_object('state', decision)))
$$;
select tests.remember('r', (select id from public.recommendations where client_id = tests.id('quiet') and state = 'proposed'));
select is(tests.decide(a, tests.id('r'), 'accepted'), '1', a || ' may accept.') from unnest(array['admin', 'marketing_agent', 'technical_agent']) a;
select is(tests.decide(a, tests.id('r'), 'accepted'), 'PT403', a || ' may not.') from unnest(array['viewer', 'manager', 'counselor', 'operator', 'campaign_manager']) a;
select is(tests.decide('admin', tests.id('r'), 'done'), 'PT409', 'What was not accepted is not done.');
select is(tests.decide('admin', tests.id('r'), 'expired'), 'PT422', 'People do not let it expire.');
select tests.as_admin($q$select public.decide_recommendation(tests.id('ours'), tests.id('quiet'), tests.id('r'), '{"state": "accepted"}')$q$);
select is(tests.decide('admin', tests.id('r'), 'accepted'), 'PT409', 'It is accepted once.');
select is(tests.decide('admin', tests.id('r'), 'done'), '1', 'Then it can be done.');
select is((select decided_by from public.recommendations where id = tests.id('r')), tests.id('admin'), 'Who decided is kept.');
update public.recommendations set expires_on = tests.day(0) where state = 'proposed';
select private.settle_recommendations();
select is((select count(*)::integer from public.recommendations where state = 'proposed'), 0, 'Nobody decided: expired.');
select is((select state from public.recommendations where id = tests.id('r')), 'accepted', 'What was accepted does not expire so soon.');
update public.recommendations set decided_at = now() - interval '91 days' where id = tests.id('r');
select private.settle_recommendations();
select is((select state from public.recommendations where id = tests.id('r')), 'expired', 'After 90 days it does.');

-- Who leaves, or opts out of texts, has no open proposals
create function tests.open_plays(name text) returns integer language sql as $$
  select count(*)::integer from public.recommendations r where r.client_id = tests.id(name) and r.state = 'proposed'
$$;
do $$
declare
  n text;
begin
  update public.churn_settings set holdout_share = 0 where organization_id = tests.id('ours');
  foreach n in array '{gives notice,leaves,is deleted,stays}'::text[] loop
    perform tests.client(n, 'critical', 'contact', jsonb_build_object('since', tests.day(60)));
  end loop;
  perform tests.client('opts out', 'moderate', 'contract', '{"phone": "+233200000077"}');
  perform tests.recommend();
  perform tests.as_admin('select public.create_recommendation(tests.id(''ours''), tests.id(''leaves''), ''{"title": "Ask why"}'')');
end
$$;
select is(array(select tests.open_plays(n) from unnest('{gives notice,leaves,is deleted,stays}'::text[]) n), '{3,4,3,3}', 'Plays are proposed.');
select ok('ask_for_feedback' = any (tests.plays_of('opts out')), 'One is to send a text.');
select tests.as_admin(format('select public.record_client_movement(tests.id(''ours''), tests.id(%L), %L, %L)', n, m,
  jsonb_build_object('notice_on', tests.day(0), 'service_ends_on', tests.day(-30), 'effective_on', tests.day(0))))
from (values ('gives notice', 'notice'), ('leaves', 'churn')) v (n, m);
select tests.as_admin('select public.delete_client(tests.id(''ours''), tests.id(''is deleted''))');
insert into public.suppressions (organization_id, phone, source) values (tests.id('ours'), '+233200000077', 'manual');
select is(array(select tests.open_plays(n) from unnest('{gives notice,leaves,is deleted,stays}'::text[]) n), '{0,1,0,3}',
  'Those of plays end with the client; what a person recommended stays.');
select is(tests.plays_of('opts out') && '{ask_for_feedback}', false, 'Nobody is proposed to text who has opted out.');

-- Outcomes
delete from private.play_trials where client_id in (tests.id('quiet'), tests.id('dark')) and proposed_on = tests.day(0);
update private.play_trials set proposed_on = tests.day(100) where client_id in (tests.id('quiet'), tests.id('dark'));
update public.client_spells set starts_on = tests.day(200), observed_from = tests.day(200), ends_on = tests.day(50) where client_id = tests.id('quiet');
update public.client_spells set starts_on = tests.day(200), observed_from = tests.day(200), ends_on = tests.day(5) where client_id = tests.id('dark');
select private.settle_recommendations();
select is((select distinct outcome from private.play_trials where client_id = tests.id('quiet')), 'left', 'Who left within 90 days has left.');
select is((select distinct outcome from private.play_trials where client_id = tests.id('dark')), 'retained', 'Who left later was retained.');
select is((select count(*)::integer from private.play_trials t join public.clients c on c.id = t.client_id where c.name like 'crowd%' and t.outcome is not null), 0,
  'Before 90 days nobody knows.');

-- Outcomes follow what is entered later
create function tests.outcome_of(name text) returns text language sql as $$
  select private.settle_recommendations();
  select t.outcome from private.play_trials t where t.client_id = tests.id(name)
$$;
create function tests.leave(name text) returns text language sql as $$
  select tests.as_admin(format('select public.record_client_movement(tests.id(''ours''), %L, ''churn'', %L)', tests.id(name),
    jsonb_build_object('effective_on', tests.day(50))))
$$;
do $$
begin
  for n in 1..5 loop
    perform tests.client((array['late', 'corrected', 'remains', 'merged', 'deleted'])[n], 'low', 'contact', jsonb_build_object('since', tests.day(200)));
  end loop;
  insert into private.play_trials (organization_id, play_id, client_id, held_out, proposed_on, mrr, currency, segment)
  select p.organization_id, p.id, c.id, false, tests.day(100), 200, 'GHS', 'enterprise' from public.plays p cross join public.clients c
  where p.organization_id = tests.id('ours') and p.key = 'renew_early' and c.name in ('late', 'corrected', 'merged', 'deleted');
end
$$;
select is(array(select tests.outcome_of(n) from unnest('{late,corrected,merged,deleted}'::text[]) n), '{retained,retained,retained,retained}', 'All stay.');
select tests.leave(n) from unnest('{late,corrected,deleted}'::text[]) n;
select is(array(select tests.outcome_of(n) from unnest('{late,corrected,deleted}'::text[]) n), '{left,left,left}', 'Who has left is entered late.');
select tests.as_admin(format('select public.reverse_client_movement(tests.id(''ours''), %L, %L)', tests.id('corrected'), (
  select m.id from public.client_movements m where m.client_id = tests.id('corrected') and m.kind = 'churn')));
select is(tests.outcome_of('corrected'), 'retained', 'That was a mistake.');
select tests.as_admin('select public.delete_client(tests.id(''ours''), tests.id(''deleted''))');
select is(tests.outcome_of('deleted'), null, 'A client that was deleted has no outcome.');
select tests.as_admin('select public.restore_client(tests.id(''ours''), tests.id(''deleted''))');
select is(tests.outcome_of('deleted'), 'left', 'Restored, it has.');
select tests.as_admin('select public.merge_clients(tests.id(''ours''), tests.id(''remains''), tests.id(''merged''))');
select is(tests.outcome_of('merged'), 'retained', 'Merged into one that stays.');
select tests.leave('remains');
select is(tests.outcome_of('merged'), 'left', 'Which then leaves.');
delete from private.play_trials t using public.plays p where p.id = t.play_id and p.key = 'renew_early' and t.proposed_on = tests.day(100);

-- Effect
select ok(abs((d ->> 'low')::numeric - 0.0524) < 0.0001 and abs((d ->> 'high')::numeric - 0.3339) < 0.0001, 'The interval is that of Newcombe''s example: 56/70 - 48/80.')
from private.share_difference(56, 70, 48, 80) d;
create function tests.actions(options jsonb default '{}') returns setof jsonb language sql as $$
  select jsonb_array_elements(tests.as_admin(format('select public.retention_actions(tests.id(''ours''), %L)', options))::jsonb -> 'data')
$$;
select is(tests.as_admin('select public.retention_actions(tests.id(''ours'')) #>> ''{data,0,measured}'''), 'false', 'A few outcomes are not enough, and it says so.');
select is(tests.as_admin('select public.retention_actions(tests.id(''ours'')) #>> ''{data,0,effect}'''), null, 'Then there is no effect.');
select is((select count(*)::integer from tests.actions() d cross join unnest('{held_out,shown,not_shown,saved_mrr,currency}'::text[]) k
  where d -> k <> 'null'), 0, 'A play that is not measured tells nothing of its trials.');
-- Of 100 held out 30 left, of 120 shown 12: the play keeps 20 of 100.
create function tests.trials(key text, clients integer, held_out boolean, outcome text, segment text default 'enterprise', ago integer default 120)
returns void language sql as $$
  with made as (
    insert into public.clients (organization_id, name, segment, currency)
    select tests.id('ours'), 'Trial', $5, 'GHS' from generate_series(1, clients) returning id)
  insert into private.play_trials (organization_id, play_id, client_id, held_out, proposed_on, mrr, currency, segment, outcome)
  select p.organization_id, p.id, made.id, $3, tests.day(ago), 50, 'GHS', $5, $4
  from public.plays p cross join made where p.organization_id = tests.id('ours') and p.key = $1
$$;
create function tests.figures(key text, options jsonb default '{}') returns jsonb language sql as $$
  select d - '{play_id,title,enabled,proposed,waiting,accepted,declined,expired,done,not_done}'::text[]
  from tests.actions(options) d where d ->> 'key' = $1
$$;
create function tests.count_trials() returns void language sql as $$
  select private.count_trials(tests.id('ours'), tests.day(0))
$$;
select tests.trials(k, 69, true, 'retained'), tests.trials(k, 30, true, 'left'), tests.trials(k, 108, false, 'retained'),
  tests.trials(k, 12, false, 'left'), tests.trials(k, 40, true, null), tests.trials(k, 40, false, null)
from unnest('{follow_up_estimate,ask_for_feedback}'::text[]) k;
select tests.trials('follow_up_estimate', 1, true, 'retained');
select is(tests.figures('follow_up_estimate') -> 'measured', 'false', 'Outcomes that have not been counted are in no figure.');
select tests.count_trials();
select is(d -> 'measured' || (d -> 'held_out') || (d -> 'shown'), '[false, null, null]', '99 outcomes of an arm are not enough.')
from tests.figures('ask_for_feedback') d;
select is(tests.figures('follow_up_estimate'),
  '{"key": "follow_up_estimate", "measured": true, "held_out": 100, "shown": {"retained": 108, "left": 12},
    "not_shown": {"retained": 70, "left": 30}, "effect": {"difference": -0.2, "low": -0.304593, "high": -0.095044},
    "saved_mrr": "1200.00", "currency": "GHS"}', 'With 100 the effect is there: shown less held out. Trials without an outcome count for nothing.');

-- Nothing that is entered about one client moves a figure.
create table tests.before as select tests.figures('follow_up_estimate', o) as figures, o
from unnest(array['{}', '{"segment": "enterprise"}', '{"segment": "individual"}']::jsonb[]) o;
create function tests.moved() returns setof jsonb language sql as $$
  select o from tests.before where figures is distinct from tests.figures('follow_up_estimate', o)
$$;
create function tests.some_trial(held_out boolean) returns uuid language sql as $$
  select t.client_id from private.play_trials t join public.plays p on p.id = t.play_id and p.key = 'follow_up_estimate'
  where t.held_out = $1 and t.outcome is not null order by 1 limit 1
$$;
do $$
begin
  update public.clients set segment = 'individual' where id in (tests.some_trial(true), tests.some_trial(false));
end
$$;
select is_empty('select tests.moved()', 'The segment of a client is that of the day of the proposal.');
select tests.as_admin(format('select public.record_client_movement(tests.id(''ours''), %L, ''mrr'', ''{"amount": 60}'')', tests.some_trial(h)))
from unnest('{true,false}'::boolean[]) h;
select is_empty('select tests.moved()', 'An outcome that is to be found again is still counted.');
delete from private.play_trials t where t.proposed_on = tests.day(120) and t.outcome is null and not t.is_counted;
select private.settle_recommendations(), tests.trials('follow_up_estimate', 9, true, 'left'), tests.trials('follow_up_estimate', 30, false, 'left'),
  tests.count_trials();
select is_empty('select tests.moved()', 'Nine more of those held out move nothing.');
select tests.as_admin(format('select public.delete_client(tests.id(''ours''), %L)', tests.some_trial(true))), tests.count_trials();
select is_empty('select tests.moved()', 'Nor does a deletion.');
select tests.trials('follow_up_estimate', 1, true, 'left'), tests.count_trials();
select is(tests.figures('follow_up_estimate') -> 'held_out', '110', 'Ten in each arm come together.');
delete from private.play_totals t where t.shown_left = t.shown;
select tests.trials('root_cause', 5, h, 'left', s, 160) from unnest('{individual,small_business}'::text[]) s cross join unnest('{true,false}'::boolean[]) h;
select tests.trials('root_cause', 5, h, 'left', 'enterprise', 0) from unnest('{true,false}'::boolean[]) h;
select tests.count_trials();
select results_eq($q$select t.month, t.segment, t.currency, t.held_out, t.shown from private.play_totals t join public.plays p on p.id = t.play_id
  where p.key = 'root_cause' and t.organization_id = tests.id('ours')$q$, $q$values (null::date, null::text, 'GHS', 10, 10)$q$,
  'Small groups of months that are over are added up; those of the running ones wait.');
select is(tests.outcome(a, 'select from private.play_totals'), '42501', a || ' cannot read the totals.') from unnest('{admin,anon,service_role}'::text[]) a;
-- 200 worlds in which a play cuts the odds by 30 %, and 200 in which it does nothing: 2,000 shown and 600 held out each.
create function tests.worlds(ratio float8) returns table (covered boolean, called boolean) language sql as $$
  select (d ->> 'low')::float8 <= x.truth and x.truth <= (d ->> 'high')::float8, (d ->> 'high')::float8 < 0
  from (select n, 0.3 / 0.7 * ratio / (1 + 0.3 / 0.7 * ratio) - 0.3 as truth from generate_series(1, 200) n) x
  cross join lateral (
    select private.share_difference(
      (select count(*)::integer from generate_series(1, 2000) where random() < x.truth + 0.3 and x.n > 0), 2000,
      (select count(*)::integer from generate_series(1, 600) where random() < 0.3 and x.n > 0), 600) as d
  ) w
$$;
select setseed(0.5);
select ok((select avg(covered::integer) from tests.worlds(0.7)) >= 0.91, 'The interval covers the true effect in about 95 of 100 worlds.');
select ok((select avg(called::integer) from tests.worlds(1)) <= 0.055, 'A play that does nothing is called effective in few.');
select is(d -> 'measured', measured, format('Trials within %s: %s.', options, measured))
from (values (jsonb_build_object('from', tests.day(120), 'to', tests.day(120)), 'true'::jsonb), (jsonb_build_object('from', tests.day(80)), 'false'),
  (jsonb_build_object('to', tests.day(160)), 'false'), ('{"segment": "enterprise"}', 'true'), ('{"segment": "individual"}', 'false'),
  ('{"currency": "GHS"}', 'true'), ('{"currency": "USD"}', 'false')) v (options, measured)
cross join lateral tests.actions(options) d where d ->> 'key' = 'follow_up_estimate';
create function tests.proposed(options jsonb) returns integer language sql as $$
  select sum((d ->> 'proposed')::integer)::integer from tests.actions(options) d
$$;
select is(tests.proposed(jsonb_build_object('from', tests.day(0))), (select count(*)::integer from public.recommendations r
  where r.organization_id = tests.id('ours') and r.proposed_on >= date_trunc('month', tests.day(0))
    and r.play_id is not null), 'Recommendations too go by their month.');
select is(tests.proposed('{"segment": "individual"}') + tests.proposed('{"currency": "USD"}'), 0, 'And by segment and currency.');
select is(tests.outcome('admin', format('select public.retention_actions(tests.id(''ours''), %L)', o)), 'PT422', o || ' is refused.')
from unnest(array['{"from": "2199-01-01"}', '{"from": "2026-05-01", "to": "2026-03-01"}']) o;

-- What is measured ranks and is shown: (100 (1 - 0.1 / 0.3) + 10 * 0.1) / 110 of the losses, for a client at 70 %.
update public.churn_settings set holdout_share = 0 where organization_id = tests.id('ours');
do $$
begin
  perform tests.client('noticed', 'high', 'estimate');
  perform tests.recommend();
end
$$;
create function tests.shown(name text, key text) returns jsonb language sql as $$
  select r from jsonb_array_elements(tests.as_admin(format('select public.list_recommendations(tests.id(''ours''), %L, 50, 0)', tests.id(name)))::jsonb
    -> 'rows') r where r ->> 'play_key' = key
$$;
select is(array[d ->> 'measured', d ->> 'impact'], '{true,43}', 'A measured play says what it does.') from tests.shown('noticed', 'follow_up_estimate') d;
select is((select round(r.rank::numeric, 2) from public.recommendations r where r.client_id = tests.id('noticed') and r.state = 'proposed'), 86.12,
  'And is ranked by it.');
select is(array[d ->> 'measured', d ->> 'impact'], '{false,0}', 'Another play is not measured by that.') from tests.shown('quiet', 'call_quiet_client') d limit 1;
update public.churn_settings set holdout_share = 0.5 where organization_id = tests.id('ours');

-- A play for every 30 days: who is held out stays so within the 90 days of the trial, whatever the date and the share.
create function tests.arms() returns table (client_id uuid, held_out boolean, trials bigint, recommendations bigint) language sql as $$
  select t.client_id, bool_or(t.held_out), count(*), (select count(*) from public.recommendations r where r.client_id = t.client_id and r.play_id = p.id)
  from private.play_trials t join public.plays p on p.id = t.play_id and p.key = 'close_open_issues' join public.clients c on c.id = t.client_id
  where c.name like 'monthly%' group by t.client_id, p.id
$$;
do $$
begin
  for n in 1..40 loop
    perform tests.client('monthly ' || n, 'moderate', 'issues');
  end loop;
  perform tests.recommend();
  create table tests.first_arms as select * from tests.arms();
  for n in 1..2 loop
    update private.play_trials set proposed_on = proposed_on - 40 where true;
    update public.recommendations set proposed_on = proposed_on - 40, state = 'declined' where true;
    update public.churn_settings set holdout_share = case n when 1 then 0 else 0.5 end where organization_id = tests.id('ours');
    perform tests.recommend();
  end loop;
end
$$;
select ok((select count(*) filter (where held_out) between 8 and 32 and count(*) = 40 from tests.first_arms), 'Some of 40 are held out.');
select bag_eq('select client_id, held_out, trials, recommendations from tests.arms()',
  $q$select client_id, held_out, trials, case when held_out then 0 else 3 * trials end from tests.first_arms$q$,
  'Within 90 days there is no second trial: who is held out is shown nothing, the others are shown the play again.');
update private.play_trials set proposed_on = proposed_on - 15 where true;
select tests.recommend();
select bag_eq('select client_id, held_out, trials from tests.arms()',
  'select client_id, held_out, 2 * trials from tests.first_arms', 'After 90 days a trial begins anew, in the same arm.');

-- Plays
select is(tests.outcome(a, 'select public.list_plays(tests.id(''ours''))'), '1', a || ' sees plays.') from unnest(array['admin', 'viewer']) a;
create function tests.conditions(actor text) returns setof text language plpgsql as $$
declare
  plays jsonb;
begin
  perform tests.act_as(actor);
  plays := public.list_plays(tests.id('ours'));
  perform tests.act_as('postgres');
  return query select distinct k from jsonb_array_elements(plays) p cross join jsonb_object_keys(p) k where p -> k <> 'null';
end
$$;
select bag_eq(format('select tests.conditions(%L)', a), $q$values ('id'), ('key'), ('title'), ('details'), ('channel'), ('enabled'), ('created_at'),
  ('updated_at')$q$, a || ' sees what is done, not for whom.') from unnest(array['marketing_agent', 'technical_agent', 'viewer']) a;
select ok((select array_agg(c) @> '{bands,themes,segments,contract_ends_within,min_mrr,cost,every_days}' from tests.conditions('admin') c),
  'An admin sees for whom.');
select is(tests.outcome('admin', format('select %I from public.plays', c)), '42501', c || ' is not read over the Data API.')
from unnest('{bands,themes,segments,contract_ends_within,min_mrr,cost,every_days}'::text[]) c;
select is(tests.outcome('viewer', 'select id, key, title, details, channel, enabled from public.plays'), '12', 'What is done is.');
select tests.remember('play', (select id from public.plays where organization_id = tests.id('ours') order by id limit 1));
select is(tests.outcome(a, format('select public.update_play(tests.id(''ours''), %L, ''{"title": "Call", "channel": "call", "bands": ["high"]}'')', tests.id('play'))),
  case a when 'admin' then '1' else 'PT403' end, a || ' and plays.') from unnest(array['admin', 'marketing_agent', 'technical_agent', 'viewer', 'outsider']) a;
select is(tests.outcome('outsider', format('select public.update_play(tests.id(''theirs''), %L, ''{"title": "Call", "channel": "call", "bands": ["high"]}'')', tests.id('play'))),
  'PT404', 'Another organization''s play is none.');
select is(tests.outcome('outsider', 'select from public.recommendations'), '0', 'Another organization''s recommendations are not seen.');
select is(tests.outcome('admin', format('select %I from public.recommendations', c)), case c when 'rank' then '42501' else tests.outcome('admin', 'select id from public.recommendations') end,
  c || ': the rank tells what a play costs and does, and is not read over the Data API.') from unnest('{rank,state,score}'::text[]) c;
select is(tests.outcome('admin', 'update public.recommendations set state = ''done'''), '42501', 'Nobody writes them directly.');

select * from finish();
rollback;
