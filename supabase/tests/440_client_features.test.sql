-- Weekly snapshots of what is known of clients: the values, who has a row, slices that go on after a break, thinning; and
-- that nothing of later moments is in the features of an earlier one.
begin;
\ir support.inc
select plan(47);

do $$
begin
  perform tests.arrange();
  perform tests.customer('account', 'ours', 'A-1', '+233244000555', 'connected', 120);
end
$$;
create function tests.client(name text, terms jsonb default '{}') returns uuid language plpgsql as $$
declare
  client uuid;
begin
  perform tests.act_as('admin');
  client := public.create_client(tests.id('ours'), jsonb_build_object('name', name, 'segment', 'enterprise', 'amount', '50')
    || terms) ->> 'id';
  perform tests.act_as('postgres');
  return tests.remember(name, client);
end
$$;
create function tests.as_admin(statement text) returns void language plpgsql as $$
begin
  perform tests.act_as('admin');
  execute statement;
  perform tests.act_as('postgres');
end
$$;
create function tests.day(ago integer) returns text language sql as $$
  select (private.local_day(tests.id('ours')) - ago)::text
$$;
create function tests.features(name text, as_of timestamptz, with_current boolean default false) returns jsonb language sql as $$
  select jsonb_object_agg(d.name, f."values"[d.place])
  from private.client_features_as_of(array[tests.id(features.name)], as_of, with_current) f
  join private.feature_definitions d on d.feature_set = 1
$$;
do $$
begin
  perform tests.client('acme', jsonb_build_object('since', tests.day(400), 'phone', '+233244000555', 'account_number', 'A-1',
    'stated_risk', 'high', 'contract_ends_on', tests.day(-30), 'category', 'gold', 'region', 'Volta'));
  perform tests.as_admin(format($q$select public.record_client_movement(tests.id('ours'), tests.id('acme'), 'mrr',
    '{"amount": "80", "effective_on": "%s"}')$q$, tests.day(40)));
  insert into public.client_interactions (organization_id, client_id, type, direction, sentiment, occurred_at, recorded_at)
  select tests.id('ours'), tests.id('acme'), 'call', v.direction, v.sentiment, now() - v.ago * interval '1 day',
    now() - v.ago * interval '1 day'
  from (values (10, 'inbound', 'negative'), (20, 'outbound', null), (60, 'outbound', null), (200, 'inbound', null)) v (ago, direction, sentiment);
  insert into public.client_issues (organization_id, client_id, type, title, opened_at, recorded_at, status, closed_at, close_recorded_at)
  select tests.id('ours'), tests.id('acme'), 'outage', v.title, now() - v.opened * interval '1 day', now() - v.opened * interval '1 day',
    case when v.closed is null then 'open' else 'closed' end, now() - v.closed * interval '1 day', now() - v.closed * interval '1 day'
  from (values (120, 110, 'Dark'), (50, null, 'dark'), (5, null, 'Slow')) v (opened, closed, title);
  insert into public.customer_actions (id, organization_id, customer_id, action, created_at)
  select private.uuid_v7(now() - v.ago * interval '1 day'), tests.id('ours'), tests.id('account'), v.action, now() - v.ago * interval '1 day'
  from (values (30, 'warn'), (20, 'disconnect'), (500, 'warn')) v (ago, action);
  insert into public.consents (id, organization_id, event, phone, source, occurred_at)
  values (private.uuid_v7(now() - interval '3 days'), tests.id('ours'), 'revoked', '+233244000555', 'reply', now() - interval '3 days');
  update public.client_links set created_at = now() - interval '600 days' where true;
  -- As if all of it had been entered on its day.
  alter table public.client_movements disable trigger forbid_history_changes;
  update public.client_movements m set recorded_at = m.day where m.client_id = tests.id('acme');
  alter table public.client_movements enable trigger forbid_history_changes;
end
$$;

-- Values
select is(round((tests.features('acme', now(), true) ->> name)::numeric, 3), wanted, format('%s is %s.', name, wanted))
from (values ('days_since_contact', 10.000), ('contacts_30d', 2), ('contacts_90d', 3), ('inbound_share_90d', 0.333),
  ('negative_contacts_90d', 1), ('opt_outs_90d', 1), ('open_issues', 2), ('issues_90d', 2), ('oldest_open_issue_days', 50),
  ('repeated_issues_180d', 1), ('arrears', 120), ('days_in_arrears', 0), ('warnings_365d', 1), ('disconnections_365d', 1),
  ('mrr', 80), ('mrr_change_90d', 30), ('spell_days', 400), ('days_to_contract_end', 30), ('stated_risk', 2)) v (name, wanted);
select is((select count(*)::integer from private.feature_definitions d where d.feature_set = 1),
  (select cardinality(f."values") from private.client_features_as_of(array[tests.id('acme')], now(), true) f),
  'Every value has a definition.');
select is((select f.labels from private.client_features_as_of(array[tests.id('acme')], now(), true) f),
  '{enterprise,NULL,Volta,gold}', 'Labels are the segment, type, region and category.');
select is(tests.features('acme', now() - interval '45 days') ->> 'mrr', '50', 'As of an earlier day it is what was in force.');
select is(tests.features('acme', now() - interval '45 days') ->> 'open_issues', '1', 'What was closed later was open then, what came later was not.');
select is(tests.features('acme', now() - interval '115 days') ->> 'open_issues', '1', 'An issue that is closed now was open.');
select is(tests.features('acme', now() - interval '45 days', false) ->> name, null, format('%s has no history.', name))
from private.feature_definitions d where d.current_only;

-- Nothing of later moments
create table tests.known as select tests.features('acme', now() - interval '1 second') as known;
create table tests.cutoff as select now() - interval '1 second' as t;
do $$
begin
  perform tests.as_admin($q$select public.create_client_interaction(tests.id('ours'), tests.id('acme'),
    '{"type": "call", "direction": "inbound", "occurred_at": "2026-10-01T10:00:00Z"}')$q$);
  perform tests.as_admin(format($q$select public.create_client_issue(tests.id('ours'), tests.id('acme'),
    '{"title": "Late", "opened_at": "%sT00:00:00Z"}')$q$, tests.day(70)));
  perform tests.as_admin(format($q$select public.update_client_issue(tests.id('ours'), tests.id('acme'), %L,
    '{"status": "closed", "closed_at": "%sT00:00:00Z"}')$q$, (select i.id from public.client_issues i where i.title = 'dark'), tests.day(20)));
  perform tests.as_admin(format($q$select public.record_client_movement(tests.id('ours'), tests.id('acme'), 'mrr',
    '{"amount": "500", "effective_on": "%s"}')$q$, tests.day(100)));
  perform tests.as_admin(format($q$select public.record_client_movement(tests.id('ours'), tests.id('acme'), 'mrr',
    '{"amount": "900", "effective_on": "%s"}')$q$, tests.day(1)));
  perform tests.as_admin(format($q$select public.record_client_movement(tests.id('ours'), tests.id('acme'), 'churn',
    '{"effective_on": "%s"}')$q$, tests.day(0)));
  perform tests.as_admin($q$select public.create_action(tests.id('ours'), tests.id('account'), 'warn')$q$);
  insert into public.consents (organization_id, event, phone, source, occurred_at)
  values (tests.id('ours'), 'revoked', '+233244000555', 'reply', now() - interval '9 days');
end
$$;
select is(tests.features('acme', t), known, 'What is added, moved or closed later changes nothing, also for a day before.')
from tests.cutoff, tests.known;
select is(tests.features('acme', clock_timestamp()), null, 'As of now the client has left and has no row.');
do $$
begin
  perform tests.as_admin(format($q$select public.reverse_client_movement(tests.id('ours'), tests.id('acme'), %L)$q$,
    (select m.id from private.effective_movements(array[tests.id('acme')]) m where m.kind = 'churn')));
end
$$;
select is(tests.features('acme', t), known, 'Nor does what is taken back later.') from tests.cutoff, tests.known;
select is(tests.features('acme', clock_timestamp()) ->> 'mrr', '900', 'But it counts from then on.');

-- Who has a row
do $$
begin
  perform tests.client('trial', '{"trial": true}'), tests.client('paused'), tests.client('leaving'), tests.client('gone', jsonb_build_object('since', tests.day(30))),
    tests.client('deleted'), tests.client('plain');
  perform tests.as_admin($q$select public.record_client_movement(tests.id('ours'), tests.id('paused'), 'pause')$q$);
  perform tests.as_admin(format($q$select public.record_client_movement(tests.id('ours'), tests.id('leaving'), 'notice',
    '{"service_ends_on": "%s"}')$q$, tests.day(-20)));
  perform tests.as_admin($q$select public.record_client_movement(tests.id('ours'), tests.id('gone'), 'churn')$q$);
  perform tests.as_admin($q$select public.delete_client(tests.id('ours'), tests.id('deleted'))$q$);
end
$$;
select is(array(select t.name from tests.things t join private.client_features_as_of(array(
    select c.id from public.clients c where c.organization_id = tests.id('ours')), clock_timestamp(), true) f on f.client_id = t.id
  order by t.name), '{acme,plain}', 'Trials, paused, leaving, lost and deleted clients have no row.');

-- The weekly run, in slices
-- The demo organization has been taken, or not yet.
insert into private.feature_runs (organization_id, snapshot_day, finished_at)
select o.id, private.local_day(o.id), now() from public.organizations o where o.id <> all (array[tests.id('ours'), tests.id('theirs')])
on conflict do nothing;
select is(private.run_feature_snapshots(2), 2, 'A run takes the rows of all slices.');
select is((select row(r.clients, r.finished_at is not null)::text from private.feature_runs r where r.organization_id = tests.id('ours')),
  '(2,t)', 'And says so.');
select is(private.run_feature_snapshots(2), 0, 'A second run of the week finds nothing to do.');
select is((select array_agg(t.name order by t.name) from private.client_features f join tests.things t on t.id = f.client_id),
  '{acme,plain}', 'The rows are there once.');
select is((select f.snapshot_day from private.client_features f limit 1), private.local_day(tests.id('ours')), 'As of today.');
select is((select f."values"[11] from private.client_features f where f.client_id = tests.id('acme')), 120::real,
  'With what is owed, which cannot be told later.');
delete from private.client_features where true;
update private.feature_runs set finished_at = null, clients = 0, last_client_id = (select min(c.id::text)::uuid from public.clients c
  where c.organization_id = tests.id('ours')) where true;
select is(private.run_feature_snapshots(3), 1, 'A run that broke off goes on after its last slice.');
select ok(not exists (select from private.feature_runs r where r.organization_id = tests.id('theirs')),
  'An organization without clients has no snapshot.');

-- Thinning
delete from private.client_features where true;
select private.create_feature_partition((date_trunc('month', now()) - interval '8 months')::date);
do $$
begin
  perform tests.client('n' || i) from generate_series(1, 60) i;
  insert into private.client_features
  select tests.id('ours'), (date_trunc('month', now()) - interval '8 months')::date + 3, c.id, 1, '{1}', '{x}', 1, 'GHS'
  from public.clients c where c.organization_id = tests.id('ours');
  insert into private.feature_runs (organization_id, snapshot_day, finished_at)
  values (tests.id('ours'), (date_trunc('month', now()) - interval '8 months')::date + 3, now());
  perform private.thin_client_features();
end
$$;
select ok(exists (select from private.client_features f where f.client_id = tests.id('gone')), 'Who left later is kept.');
select is_empty($$select from private.client_features f where hashtextextended(f.client_id::text, 0) % 10 <> 0
  and not exists (select from public.client_spells s where s.client_id = f.client_id and s.ends_on is not null)$$,
  'Of the others a tenth is.');
select is((select count(*)::integer from private.feature_thinning t where t.finished_at is not null), 1, 'A month is thinned once.');
select is(tests.outcome(actor, 'select from private.client_features'), '42501', format('%s reads no features.', actor))
from unnest(array['admin', 'service_role', 'anon']) actor;

select * from finish();
rollback;
