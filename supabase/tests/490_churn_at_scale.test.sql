-- What jobs and imports read for each client does not grow with the organization, also right after its clients came: the
-- statistics know nothing of it yet, and the planner expects none of them. The first five checks of a foreign key in a
-- session may read all clients of an organization, 2,000 here; the faults read 400,000 and more.
begin;
\ir support.inc
select plan(20);
do $$
begin
  perform tests.arrange();
  perform tests.organization('late'), tests.person('late admin'), tests.member('late admin', 'late', 'admin');
end
$$;

-- Clients in service, with a movement, a spell and an issue each.
create function tests.clients(organization text, number integer) returns void language plpgsql as $$
begin
  perform set_config('signalbox.derived', 'on', true);
  insert into public.clients (organization_id, name, segment, currency, status, mrr, since, spell_started_on)
  select tests.id(organization), organization || ' ' || n, 'individual', 'GHS', 'active', 100, current_date - 200,
    current_date - 200
  from generate_series(1, number) n;
  update public.client_risks k set score = 70, band = 'critical' where k.organization_id = tests.id(organization);
  insert into public.client_movements (organization_id, client_id, day, place, kind, amount, client_change, currency,
    segment, mrr_after, status_after, entry, contract, contract_mrr, entry_currency, entry_segment, cause, recorded_at)
  select c.organization_id, c.id, c.since, 1, 'new', 100, 1, 'GHS', 'individual', 100, 'active', 'amount', '', 100, 'GHS',
    'individual', 'import', now() - interval '1 hour'
  from public.clients c where c.organization_id = tests.id(organization);
  insert into public.client_spells (organization_id, client_id, spell_no, starts_on, observed_from)
  select c.organization_id, c.id, 1, c.since, c.since from public.clients c where c.organization_id = tests.id(organization);
  insert into public.client_issues (organization_id, client_id, type, title, opened_at, recorded_at)
  select c.organization_id, c.id, 'outage', 'Dark', now() - interval '150 days', now() - interval '150 days'
  from public.clients c where c.organization_id = tests.id(organization);
end
$$;
-- The rows of a table that a statement reads.
create function tests.reads(relation regclass, statement text) returns bigint language plpgsql as $$
declare
  before bigint;
  after bigint;
begin
  select t.idx_tup_fetch + t.seq_tup_read into before from pg_stat_xact_all_tables t where t.relid = relation;
  execute statement;
  select t.idx_tup_fetch + t.seq_tup_read into after from pg_stat_xact_all_tables t where t.relid = relation;
  return after - before;
end
$$;
create function tests.late_clients(number integer) returns uuid[] language sql stable as $$
  select array(select c.id from public.clients c where c.organization_id = tests.id('late') order by c.id limit number)
$$;
do $$
begin
  perform tests.clients('ours', 2000);
  analyze public.clients, public.client_movements, public.client_spells, public.client_issues;
  perform tests.clients('late', 2000);
end
$$;

-- Features
select cmp_ok(tests.reads('public.client_movements',
  $$select * from private.client_features_as_of(tests.late_clients(1), clock_timestamp(), true)$$), '<', 100::bigint,
  'The features of one client read its movements and not the ledger of all.');
insert into private.feature_runs (organization_id, snapshot_day) values (tests.id('late'), private.local_day(tests.id('late')));
select cmp_ok(tests.reads('public.clients', $$select private.take_feature_slice(r, 50) from private.feature_runs r
  where r.organization_id = tests.id('late')$$), '<', 20000::bigint, 'A slice of a snapshot reads its clients and no others.');
select cmp_ok(tests.reads('public.clients', $$select private.take_feature_slice(r, 5000) from private.feature_runs r
  where r.organization_id = tests.id('late')$$), '<', 20000::bigint, 'A snapshot reads each client a few times.');
select is((select r.clients from private.feature_runs r where r.organization_id = tests.id('late')), 2000,
  'All of them are in it.');

-- Training
select cmp_ok(tests.reads('public.organizations', $$select private.yearly_share(tests.id('late'))$$), '<', 100::bigint,
  'The share that left asks for the day once, and not for each spell.');
insert into private.churn_model_state (organization_id, phase, days, event_share, other_share)
values (tests.id('late'), 'sample', array[private.local_day(tests.id('late'))], 0.01, 0.01);
select cmp_ok(tests.reads('public.clients', $$select private.train_step(s) from private.churn_model_state s
  where s.organization_id = tests.id('late')$$), '<', 500::bigint, 'A sample reads the clients that are drawn and no others.');
select cmp_ok((select count(*) from private.churn_training_rows r where r.organization_id = tests.id('late')), '<', 100::bigint,
  'A hundredth of them is.');
delete from private.churn_training_rows r where r.organization_id = tests.id('late');
delete from private.churn_model_state s where s.organization_id = tests.id('late');

-- Scores
insert into private.churn_model_state (organization_id, phase) values (tests.id('late'), 'requested');
do $$
begin
  for step in 1..5 loop
    perform private.train_step(s) from private.churn_model_state s where s.organization_id = tests.id('late') and s.phase is not null;
  end loop;
  perform private.begin_scoring_runs();
end
$$;
select cmp_ok(tests.reads('public.clients', $$select private.score_slice(r, 50) from private.scoring_runs r
  where r.organization_id = tests.id('late')$$), '<', 20000::bigint, 'A slice of a scoring reads its clients and no others.');
select cmp_ok(tests.reads('public.clients', $$select private.score_slice(r, 5000) from private.scoring_runs r
  where r.organization_id = tests.id('late')$$), '<', 20000::bigint, 'A scoring reads each client a few times.');
select is((select count(*)::integer from private.client_scores s where s.organization_id = tests.id('late')), 2000,
  'All of them are scored anew.');

-- Recommendations
do $$
begin
  update public.client_risks k set score = 70, band = 'critical', risk_theme = 'contact'
  where k.organization_id = tests.id('late');
  insert into private.recommendation_runs (organization_id, run_id)
  select r.organization_id, r.id from private.scoring_runs r where r.organization_id = tests.id('late');
end
$$;
select cmp_ok(tests.reads('public.clients', $$select private.recommend_slice(r, 1000) from private.recommendation_runs r
  where r.organization_id = tests.id('late')$$), '<', 50000::bigint, 'Recommendations read each client a few times for each play.');
select cmp_ok(tests.reads('private.play_trials', $$select private.recommend_slice(r, 1000) from private.recommendation_runs r
  where r.organization_id = tests.id('late')$$), '<', 20000::bigint, 'They read the trials of these clients and no others.');

-- Forecasts
select cmp_ok(tests.reads('public.client_issues',
  $$select * from private.incident_counts(tests.id('late'), current_date, tests.late_clients(50))$$), '<', 500::bigint,
  'What is counted of some clients reads their issues and no others.');
select cmp_ok(tests.reads('public.client_spells',
  $$select * from private.incident_counts(tests.id('late'), current_date, tests.late_clients(50))$$), '<', 500::bigint,
  'It reads their spells and no others.');

insert into private.incident_models (organization_id, day) values (tests.id('late'), private.local_day(tests.id('late')));
create function tests.forecast_slice() returns bigint language sql as $$
  select tests.reads('public.client_issues', $q$select private.predict_slice(m, 100) from private.incident_models m
    where m.organization_id = tests.id('late')$q$)
$$;
create temporary table forecast_slices (phase text, reads bigint);
do $$
begin
  while exists (select from private.incident_models m where m.organization_id = tests.id('late') and m.finished_at is null) loop
    insert into forecast_slices
    select m.phase, tests.forecast_slice() from private.incident_models m where m.organization_id = tests.id('late');
  end loop;
end
$$;
select results_eq('select phase, count(*)::integer from forecast_slices group by 1 order by 1',
  $$values ('count', 21), ('forecast', 21), ('judge', 21)$$, 'Counts, judgement and forecasts come in slices, of 100 clients here.');
select cmp_ok((select max(f.reads) from forecast_slices f where f.phase = 'count'), '<', 1500::bigint,
  'Each reads the issues of its clients and no others.');
select cmp_ok((select max(f.reads) from forecast_slices f where f.phase <> 'count'), '<', 1500::bigint, 'The others too.');

-- Movements
select cmp_ok(tests.reads('public.clients', $$select private.post_entries(tests.id('late'), array(
  select row(u.id, current_date - 10, 'amount', '', 120, 'GHS', null, null, null, null)::private.client_entry
  from unnest(tests.late_clients(500)) u (id)), '{}', 'entry')$$), '<', 30000::bigint,
  'Entries of many clients read each a few times.');
select is((select count(*)::integer from public.clients c where c.organization_id = tests.id('late') and c.mrr = 120), 500,
  'All of them pay what was entered.');
insert into private.client_plans (organization_id, client_id, movement, details, effective_on)
select tests.id('late'), u.id, 'churn', '{"reason": "price"}', current_date - 1 from unnest(tests.late_clients(100)) u (id);
select cmp_ok(tests.reads('public.clients', 'select private.run_client_plans()'), '<', 20000::bigint,
  'Planned movements read each client a few times.');

select * from finish();
rollback;
