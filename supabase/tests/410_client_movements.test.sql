-- The ledger of clients: what follows from entries, late entries and reversals, trial, notice, pause, several contracts,
-- currencies, plans and rules; spells and rollups always agree with it.
begin;
\ir support.inc
select plan(93);

do $$
begin
  perform tests.arrange();
end
$$;

-- A client of organization 'ours', added by the admin. terms: see private.create_client.
create function tests.client(name text, terms jsonb) returns uuid language plpgsql as $$
declare
  client uuid;
begin
  perform tests.act_as('admin');
  client := public.create_client(tests.id('ours'), jsonb_build_object('name', name, 'segment', 'enterprise') || terms)
    ->> 'id';
  perform tests.act_as('postgres');
  return tests.remember(name, client);
end
$$;
create function tests.move(client text, movement text, details jsonb default '{}') returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin');
  answer := public.record_client_movement(tests.id('ours'), tests.id(client), movement, details);
  perform tests.act_as('postgres');
  return answer;
exception when others then
  perform tests.act_as('postgres');
  return jsonb_build_object('refused', sqlstate);
end
$$;
-- The ledger rows that count, as "day kind amount mrr_after status".
create function tests.ledger(client text) returns text[] language sql as $$
  select array(
    select concat_ws(' ', m.day, m.kind, m.amount, m.mrr_after, m.status_after)
    from private.effective_movements(array[tests.id(client)]) m order by m.day, m.place)
$$;
create function tests.corrections(client text) returns text[] language sql as $$
  select array(
    select concat_ws(' ', m.day, m.reversed_kind, m.amount, m.cause) from public.client_movements m
    where m.client_id = tests.id(client) and m.kind = 'correction' order by m.recorded_at, m.day, m.place)
$$;
create function tests.spells(client text) returns text[] language sql as $$
  select array(
    select concat(s.starts_on, '..', s.ends_on, ' ' || s.reason) from public.client_spells s
    where s.client_id = tests.id(client) order by s.spell_no)
$$;
create function tests.column_of(client text, wanted text) returns text language sql as $$
  select to_jsonb(c) ->> wanted from public.clients c where c.id = tests.id(client)
$$;
-- Rollups that differ from a recount of the whole ledger, with the difference.
create function tests.differences() returns setof text language sql as $$
  select 'periods ' || d::text from (
    select x.period, x.starts_on, x.segment, x.currency, sum(x.sign * x.new_clients) as new_clients,
      sum(x.sign * x.reactivated_clients) as reactivated, sum(x.sign * x.churned_clients) as churned,
      sum(x.sign * x.passed_through) as passed, sum(x.sign * (x.moved_in - x.moved_out)) as moved,
      sum(x.sign * x.new_mrr) as new_mrr, sum(x.sign * x.churned_mrr) as churned_mrr,
      sum(x.sign * x.reactivation_mrr) as reactivation_mrr, sum(x.sign * x.expansion) as expansion,
      sum(x.sign * x.contraction) as contraction, sum(x.sign * x.moved_in_mrr) as moved_in_mrr,
      sum(x.sign * x.moved_out_mrr) as moved_out_mrr
    from (
      select 1 as sign, f.* from private.period_flows(null, 'infinity', tests.id('ours')) f
      union all
      select -1, t.organization_id, t.period, t.starts_on, t.segment, t.currency, t.new_clients, t.reactivated_clients,
        t.churned_clients, t.passed_through, t.moved_in, t.moved_out, t.new_mrr, t.reactivation_mrr, t.churned_mrr,
        t.expansion, t.contraction, t.moved_in_mrr, t.moved_out_mrr
      from private.churn_period_totals t where t.organization_id = tests.id('ours')
    ) x group by 1, 2, 3, 4
  ) d
  where (d.new_clients, d.reactivated, d.churned, d.passed, d.moved, d.new_mrr, d.churned_mrr, d.reactivation_mrr,
    d.expansion, d.contraction, d.moved_in_mrr, d.moved_out_mrr) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
  union all
  select 'cohorts ' || d::text from (
    select x.cohort, x.age, x.segment, x.currency, sum(x.sign * x.clients) as clients, sum(x.sign * x.active) as active,
      sum(x.sign * x.mrr) as mrr
    from (
      select 1 as sign, f.cohort, f.age, f.segment, f.currency, f.clients, f.active, f.mrr
      from private.cohort_changes(null, 'infinity', tests.id('ours')) f
      union all
      select -1, t.cohort, t.age, t.segment, t.currency, t.clients, t.active, t.mrr
      from private.cohort_totals t where t.organization_id = tests.id('ours')
    ) x group by 1, 2, 3, 4
  ) d where (d.clients, d.active, d.mrr) <> (0, 0, 0)
  union all
  select 'spells ' || d::text from (
    select x.segment, x.started, x.entry_age, x.age, sum(x.sign * x.spells) as spells from (
      select 1 as sign, f.segment, f.started, f.entry_age, f.age, f.spells
      from private.spell_counts(null, 'infinity', tests.id('ours')) f
      union all
      select -1, t.segment, t.started, t.entry_age, t.age, t.spells
      from private.spell_totals t where t.organization_id = tests.id('ours')
    ) x group by 1, 2, 3, 4
  ) d where d.spells <> 0
  union all
  select 'movements ' || d::text from (
    select x.month, x.kind, x.segment, x.currency, sum(x.n) as n, sum(x.amount) as amount from (
      select date_trunc('month', m.day)::date as month, m.kind, m.segment, m.currency, 1 as n, m.amount
      from private.effective_movements(null, 'infinity', tests.id('ours')) m where m.kind <> 'unchanged'
      union all
      select t.month, t.kind, t.segment, t.currency, -t.movements, -t.amount
      from private.movement_totals t where t.organization_id = tests.id('ours')
    ) x group by 1, 2, 3, 4
  ) d where (d.n, d.amount) <> (0, 0)
  union all
  select 'clients ' || d::text from (
    select x.segment, x.status, x.currency, sum(x.n) as n, sum(x.mrr) as mrr from (
      select c.segment, c.status, c.currency, 1 as n, c.mrr from public.clients c
      where c.organization_id = tests.id('ours') and c.deleted_at is null
      union all
      select t.segment, t.status, t.currency, -t.clients, -t.mrr from private.client_totals t
      where t.organization_id = tests.id('ours')
    ) x group by 1, 2, 3
  ) d where (d.n, d.mrr) <> (0, 0)
$$;

select policies_are('client_movements', array['those who see the client read its movements']);
select policies_are('client_spells', array['those who see the client read its spells']);
select policies_are('churn_settings', array['those who read clients read how churn is recognized']);
select policies_are('exchange_rates', array['those who read clients read exchange rates']);

-- New, expansion, contraction, churn, reactivation
do $$ begin perform tests.client('acme', '{"since": "2026-01-15", "amount": "100", "observed_from": "2026-01-15"}'); end $$;
select is(tests.ledger('acme'), '{2026-01-15 new 100.00 100.00 active}', 'A new client begins with a movement.');
select is(tests.move('acme', 'mrr', '{"amount": "150", "effective_on": "2026-03-01"}') ->> 'mrr', '150.00',
  'A later amount is in force.');
select is(tests.move('acme', 'mrr', '{"amount": "1440", "interval": "year", "effective_on": "2026-02-01"}') ->> 'mrr',
  '150.00', 'A late entry of an earlier day leaves the later amount in force.');
select is(tests.ledger('acme'), '{2026-01-15 new 100.00 100.00 active,2026-02-01 expansion 20.00 120.00 active,
2026-03-01 expansion 30.00 150.00 active}', 'A yearly amount is divided by twelve, and the later step is what is left.');
select is(tests.corrections('acme'), '{2026-03-01 expansion -50.00 entry}', 'The step that is not right any more is reversed on its own day.');
select is(tests.move('acme', 'churn', '{"effective_on": "2026-06-01", "reason": "price"}') ->> 'status', 'churned',
  'A client leaves.');
select is(tests.move('acme', 'mrr', '{"amount": "10", "effective_on": "2026-07-01"}') ->> 'refused', 'PT409',
  'Who has left has no new amount.');
select is(tests.move('acme', 'mrr', '{"amount": "130", "effective_on": "2026-04-01"}') ->> 'status', 'churned',
  'An amount of a day before it left may still be entered.');
select is(tests.move('acme', 'reactivation', '{"amount": "90", "effective_on": "2026-08-01"}') ->> 'status', 'active',
  'A client comes back.');
select is(tests.ledger('acme'), '{2026-01-15 new 100.00 100.00 active,2026-02-01 expansion 20.00 120.00 active,
2026-03-01 expansion 30.00 150.00 active,2026-04-01 contraction -20.00 130.00 active,
2026-06-01 churn -130.00 0.00 churned,2026-08-01 reactivation 90.00 90.00 active}', 'The ledger has each step.');
select is(tests.spells('acme'), '{"2026-01-15..2026-06-01 price",2026-08-01..}', 'There are two spells.');
select is(tests.column_of('acme', 'since'), '2026-01-15', 'A client is one since the first spell.');
select is(tests.move('acme', 'reactivation', '{"amount": "90", "effective_on": "2026-09-01"}') ->> 'refused', 'PT409',
  'Only who has left comes back.');
select is_empty('select tests.differences()', 'All rollups equal a recount of the ledger.');

-- Reversal
select is(tests.outcome('admin', format('select public.reverse_client_movement(tests.id(''ours''), tests.id(''acme''), %L)',
    (select m.id from public.client_movements m where m.client_id = tests.id('acme') and m.kind = 'correction' limit 1))),
  'PT409', 'A correction is not reversed.');
do $$
begin
  perform tests.act_as('admin');
  perform public.reverse_client_movement(tests.id('ours'), tests.id('acme'), (
    select m.id from public.client_movements m where m.client_id = tests.id('acme') and m.kind = 'churn'
    order by m.recorded_at desc limit 1));
  perform tests.act_as('postgres');
end
$$;
select is((tests.ledger('acme'))[5:], '{2026-08-01 contraction -40.00 90.00 active}',
  'Without the churn the return is a lower amount.');
select is(tests.spells('acme'), '{2026-01-15..}', 'And the spell goes on.');
select is((select count(*)::integer from public.client_movements m where m.client_id = tests.id('acme') and m.cause = 'reversal'
  and m.kind = 'correction'), 2, 'What a reversal undoes is in the ledger.');
select is((select sum(m.amount) from public.client_movements m where m.client_id = tests.id('acme')), 90.00,
  'All rows of a client, corrections included, add up to what it pays.');
do $$ begin perform tests.client('mistake', '{"since": "2026-05-05", "amount": "70"}'); end $$;
do $$
begin
  perform tests.act_as('admin');
  perform public.reverse_client_movement(tests.id('ours'), tests.id('mistake'), (
    select m.id from public.client_movements m where m.client_id = tests.id('mistake')));
  perform tests.act_as('postgres');
end
$$;
select is(tests.column_of('mistake', 'status'), 'prospect', 'A client whose start is taken back has never been one.');
select is_empty($$select from private.churn_period_totals t where t.organization_id = tests.id('ours')
  and t.starts_on = '2026-05-01' group by t.segment having sum(t.churned_clients) <> 0 or sum(t.new_clients) <> 0$$,
  'Which is neither new nor churned.');

-- Trial
do $$ begin perform tests.client('trial', '{"trial": true, "since": "2026-10-01", "trial_ends_on": "2026-12-31"}'); end $$;
select is(tests.ledger('trial'), '{2026-10-01 trial_start 0.00 0.00 trial}', 'A trial is no spell.');
select is(tests.spells('trial'), '{}', 'It is no client yet.');
select is(tests.column_of('trial', 'since'), null, 'And it is one since no day.');
select is(tests.move('trial', 'mrr', '{"amount": "50", "effective_on": "2026-11-01"}') ->> 'status', 'active',
  'The first paid day ends it.');
select is((tests.ledger('trial'))[2], '2026-11-01 new 50.00 50.00 active', 'From then on it is a new client.');
do $$ begin perform tests.client('lost trial', '{"trial": true, "since": "2026-10-01"}'); end $$;
select is(tests.move('lost trial', 'churn', '{"effective_on": "2026-10-20"}') ->> 'status', 'trial_lost',
  'A trial that ends unpaid is lost.');
select is(tests.ledger('lost trial'), '{2026-10-01 trial_start 0.00 0.00 trial,2026-10-20 trial_lost 0.00 0.00 trial_lost}',
  'It is no churn.');
select is(tests.move('lost trial', 'mrr', '{"amount": "50", "effective_on": "2026-11-01"}') ->> 'status', 'active',
  'It may still become a client.');

-- Notice
do $$ begin perform tests.client('leaver', '{"since": "2026-01-01", "amount": "40"}'); end $$;
select is(tests.move('leaver', 'notice', jsonb_build_object('notice_on', private.local_day(tests.id('ours')) - 10,
  'service_ends_on', private.local_day(tests.id('ours')) + 20, 'reason', 'competitor')) ->> 'status', 'leaving',
  'A client that has given notice is leaving.');
select is(tests.column_of('leaver', 'leaves_on'), (private.local_day(tests.id('ours')) + 20)::text,
  'The day on which it leaves is known.');
select is(tests.column_of('leaver', 'mrr'), '40.00', 'It pays until then.');
select is(private.run_client_plans(), 0, 'What is planned for another day does not come yet.');
update private.client_plans set effective_on = private.local_day(tests.id('ours')) where client_id = tests.id('leaver');
select is(private.run_client_plans(), 1, 'When the day has come the movement is entered.');
select is(tests.column_of('leaver', 'status'), 'churned', 'And the client has left.');
select is((select m.recorded_by from public.client_movements m where m.client_id = tests.id('leaver') and m.kind = 'churn'),
  tests.id('admin'), 'In the name of its planner.');
select is(private.run_client_plans(), 0, 'Once.');
do $$ begin perform tests.client('stayer', '{"since": "2026-01-01", "amount": "40"}'); end $$;
select is(tests.move('stayer', 'notice', jsonb_build_object('service_ends_on', private.local_day(tests.id('ours')) + 20))
  ->> 'status', 'leaving', 'Notice is given today if no day is named.');
select is(tests.move('stayer', 'notice_withdrawal') ->> 'status', 'active', 'Notice may be withdrawn.');
select is_empty('select from private.client_plans where client_id = tests.id(''stayer'')', 'Then nothing is planned.');
select is(tests.move('stayer', 'notice', '{"service_ends_on": "2026-01-01", "notice_on": "2026-02-01"}') ->> 'refused',
  'PT422', 'Service does not end before the notice.');
update public.churn_settings set churn_recognition = 'notice' where organization_id = tests.id('ours');
select is(tests.move('stayer', 'notice', jsonb_build_object('notice_on', '2026-11-02', 'service_ends_on',
  private.local_day(tests.id('ours')) + 20)) ->> 'status', 'churned', 'An organization may recognize churn at the notice.');
select is((tests.spells('stayer'))[1], '2026-01-01..2026-11-02 unknown', 'On its day.');
update public.churn_settings set churn_recognition = 'service_end' where organization_id = tests.id('ours');

-- Pause
do $$ begin perform tests.client('pauser', '{"since": "2026-01-01", "amount": "60"}'); end $$;
select is(tests.move('pauser', 'pause', '{"effective_on": "2026-02-01"}') ->> 'status', 'paused', 'A client may pause.');
select is(tests.move('pauser', 'mrr', '{"amount": "80", "effective_on": "2026-02-10"}') ->> 'mrr', '0.00',
  'Whatever its contract, it pays nothing meanwhile.');
select is(tests.move('pauser', 'resume', '{"effective_on": "2026-03-01"}') ->> 'mrr', '80.00', 'Then it goes on.');
select is(tests.ledger('pauser'), '{2026-01-01 new 60.00 60.00 active,2026-02-01 pause -60.00 0.00 paused,
2026-02-10 unchanged 0.00 0.00 paused,2026-03-01 resume 80.00 80.00 active}', 'A pause is no churn.');
select is(tests.move('pauser', 'resume', '{"effective_on": "2026-04-01"}') ->> 'refused', 'PT409',
  'Only who pauses goes on.');
do $$ begin perform tests.move('pauser', 'pause', '{"effective_on": "2026-05-01"}'); perform private.run_client_rules(); end $$;
select is(tests.column_of('pauser', 'status'), 'churned', 'A pause that takes longer than allowed is a loss.');
select is(tests.spells('pauser'), '{"2026-01-01..2026-07-30 unknown"}', 'As of the day after the last allowed one.');

-- Several contracts
do $$ begin perform tests.client('two', '{"since": "2026-01-01", "amount": "100", "contract": "A"}'); end $$;
select is(tests.move('two', 'mrr', '{"amount": "50", "contract": "B", "effective_on": "2026-02-01"}') ->> 'mrr', '150.00',
  'Contracts add up.');
select is(tests.move('two', 'churn', '{"contract": "A", "effective_on": "2026-03-01"}') ->> 'mrr', '50.00',
  'The end of one of them is no churn.');
select is(tests.move('two', 'churn', '{"contract": "A", "effective_on": "2026-03-02"}') ->> 'refused', 'PT422',
  'A contract ends once.');
select is(tests.move('two', 'churn', '{"contract": "B", "effective_on": "2026-04-01"}') ->> 'status', 'churned',
  'The end of the last one is.');
select is(tests.ledger('two'), '{2026-01-01 new 100.00 100.00 active,2026-02-01 expansion 50.00 150.00 active,
2026-03-01 contraction -100.00 50.00 active,2026-04-01 churn -50.00 0.00 churned}', 'Before that it is a contraction.');
do $$ begin perform tests.client('renewed', '{"since": "2026-01-01", "amount": "100", "contract": "2025"}');
  perform tests.move('renewed', 'mrr', '{"amount": "110", "contract": "2026", "effective_on": "2026-07-01"}');
  perform tests.move('renewed', 'churn', '{"contract": "2025", "effective_on": "2026-07-01"}'); end $$;
select is(tests.ledger('renewed'), '{2026-01-01 new 100.00 100.00 active,2026-07-01 expansion 110.00 210.00 active,
2026-07-01 contraction -100.00 110.00 active}', 'A contract that goes on under another number is no churn.');

-- Currencies
do $$ begin perform tests.client('abroad', '{"since": "2026-01-01", "amount": "100", "currency": "USD"}'); end $$;
select is(tests.move('abroad', 'mrr', '{"amount": "90", "currency": "EUR", "contract": "B", "effective_on": "2026-02-01"}')
  ->> 'refused', 'PT422', 'The contracts of a client have one currency.');
select is(tests.move('abroad', 'mrr', '{"amount": "90", "currency": "EUR", "effective_on": "2026-02-01"}') ->> 'currency',
  'EUR', 'Which may change.');
select is(array(select concat_ws(' ', m.kind, m.amount, m.currency) from private.effective_movements(array[tests.id('abroad')]) m
  order by m.day, m.place), '{new 100.00 USD,currency -100.00 USD,currency 90.00 EUR}',
  'Amounts of two currencies are never compared: all goes out and comes in.');
select is(tests.outcome('admin', format('select public.reverse_client_movement(tests.id(''ours''), tests.id(''abroad''), %L)',
    (select m.id from private.effective_movements(array[tests.id('abroad')]) m where m.amount = -100))), '1',
  'Either row of a change of currency may be reversed.');

-- Zero-price clients, segments, first days
do $$ begin perform tests.client('free', '{"since": "2026-01-01"}'); end $$;
select is(tests.column_of('free', 'status') || tests.column_of('free', 'mrr'), 'active0.00',
  'Who pays nothing is a client all the same.');
do $$
begin
  perform tests.act_as('admin');
  perform public.update_client(tests.id('ours'), tests.id('free'),
    '{"name": "Free", "segment": "individual", "since": "2025-07-01"}');
  perform tests.act_as('postgres');
end
$$;
select is(tests.ledger('free'), array['2025-07-01 new 0.00 0.00 active',
  private.local_day(tests.id('ours')) || ' segment 0.00 0.00 active'], 'The first day may be corrected.');
select is((select array_agg(m.segment order by m.day) from private.effective_movements(array[tests.id('free')]) m),
  '{enterprise,individual}', 'Each day keeps its segment.');

-- Unpaid
do $$
begin
  perform tests.customer('debtor', 'ours', 'D-1', '+233244000077', 'connected', 100);
  perform tests.client('debtor client', '{"since": "2026-01-01", "amount": "30", "account_number": "d-1"}');
end
$$;
select is((select l.customer_id from public.client_links l where l.client_id = tests.id('debtor client')), tests.id('debtor'),
  'A client is linked to the one customer with its account number.');
select private.run_client_rules();
select is(tests.column_of('debtor client', 'unpaid_since'), private.local_day(tests.id('ours'))::text,
  'Since when an account owes something is kept.');
do $$
begin
  perform tests.customer('debtor two', 'ours', 'D-2', '+233244000078', 'connected', 100);
  perform tests.customer('debtor three', 'ours', 'D-3', '+233244000079', 'connected', 100);
  perform tests.client('unlinked', '{"since": "2026-01-01", "amount": "30", "account_number": "d-2"}');
  perform tests.client('rejected', '{"since": "2026-01-01", "amount": "30", "account_number": "d-3"}');
  perform private.run_client_rules();
  update public.clients set unpaid_since = '2026-08-01' where id in (tests.id('unlinked'), tests.id('rejected'));
  delete from public.customers where id = tests.id('debtor two');
  perform tests.act_as('admin');
  perform public.client_links(tests.id('ours'), tests.id('rejected'), jsonb_build_array(jsonb_build_object('customer_id',
    tests.id('debtor three'), 'state', 'rejected')));
  perform tests.act_as('postgres');
end
$$;
update public.clients set unpaid_since = '2026-08-01' where id = tests.id('debtor client');
select private.run_client_rules();
select is(tests.column_of('debtor client', 'status'), 'active', 'Debts are no churn unless the organization says so.');
update public.churn_settings set unpaid_days = 60 where organization_id = tests.id('ours');
select private.run_client_rules();
select is(tests.spells('debtor client'), '{"2026-01-01..2026-09-30 payment"}', 'Then they are, after so many days.');
select is(array[tests.column_of(c, 'unpaid_since'), tests.column_of(c, 'status')], array[null, 'active'],
  c || ': without the link the client owes nothing, and stays.') from unnest(array['unlinked', 'rejected']) c;
select is((select s.voluntary from public.client_spells s where s.client_id = tests.id('debtor client')), false,
  'And not by the client''s will.');

-- A customer that comes later than the client's lead
do $$
begin
  insert into public.leads (organization_id, first_name, source, email) values (tests.id('ours'), 'Ama', 'web', 'ama@tests.example');
  perform tests.client('both', '{"since": "2026-01-01", "amount": "30", "account_number": "D-5", "email": "ama@tests.example"}');
  perform tests.customer('later', 'ours', 'd-5', '+233244000081');
  perform private.link_new_contacts();
end
$$;
select is(array(select coalesce(l.customer_id::text, 'lead') from public.client_links l where l.client_id = tests.id('both') order by 1),
  array[tests.id('later')::text, 'lead'], 'A client with a lead gets its customer at night.');

-- What a request has changed while the rules run counts: the first movement of the run stands for the requests.
create function tests.change_meanwhile() returns trigger language plpgsql as $$
begin
  update public.clients set trial_ends_on = tests.today() + 20 where id = tests.id('extended');
  update public.clients set paused_on = tests.today() where id = tests.id('paused again');
  update public.clients set unpaid_since = null where id = tests.id('payer');
  return null;
end
$$;
create function tests.today() returns date language sql stable as $$
  select private.local_day(tests.id('ours'))
$$;
do $$
begin
  perform tests.client('first trial', jsonb_build_object('trial', true, 'since', tests.today() - 300, 'trial_ends_on', tests.today() + 5));
  perform tests.client('extended', jsonb_build_object('trial', true, 'since', tests.today() - 40, 'trial_ends_on', tests.today() + 5));
  perform tests.client('paused again', jsonb_build_object('since', tests.today() - 300, 'amount', '10'));
  perform tests.move('paused again', 'pause', jsonb_build_object('effective_on', tests.today() - 200));
  perform tests.customer('late payer', 'ours', 'D-4', '+233244000080', 'connected', 100);
  perform tests.client('payer', '{"since": "2026-01-01", "amount": "30", "account_number": "d-4"}');
  update public.clients set unpaid_since = tests.today() - 100 where id = tests.id('payer');
  update public.clients set trial_ends_on = tests.today() - 150 where id = tests.id('first trial');
  update public.clients set trial_ends_on = tests.today() - 2 where id = tests.id('extended');
end
$$;
create trigger zz_meanwhile after insert on public.client_movements for each statement execute function tests.change_meanwhile();
select private.run_client_rules();
drop trigger zz_meanwhile on public.client_movements;
select is(array(select tests.column_of(c, 'status') from unnest(array['first trial', 'extended', 'paused again', 'payer']) with ordinality u (c, n)
  order by n), '{trial_lost,trial,paused,active}', 'A rule that holds no more when its turn comes does nothing.');

-- Delete, restore, merge
do $$
begin
  perform tests.client('gone', '{"since": "2026-03-01", "amount": "33"}');
  perform tests.move('gone', 'mrr', '{"amount": "44", "effective_on": "2026-04-01"}');
  perform tests.act_as('admin');
  perform public.delete_client(tests.id('ours'), tests.id('gone'));
  perform tests.act_as('postgres');
end
$$;
select is(tests.corrections('gone'), '{2026-03-01 new -33.00 delete,2026-04-01 expansion -11.00 delete}',
  'A deleted client is reversed on the same days.');
select is_empty('select tests.differences()', 'After all this the rollups equal a recount.');
do $$
begin
  perform tests.act_as('admin');
  perform public.restore_client(tests.id('ours'), tests.id('gone'));
  perform tests.act_as('postgres');
end
$$;
select is(tests.ledger('gone'), '{2026-03-01 new 33.00 33.00 active,2026-04-01 expansion 11.00 44.00 active}',
  'A restored one is entered again.');
do $$
begin
  perform tests.client('twin', '{"since": "2026-03-01", "amount": "44"}');
  perform tests.act_as('admin');
  perform public.merge_clients(tests.id('ours'), tests.id('twin'), tests.id('gone'));
  perform tests.act_as('postgres');
end
$$;
select is((tests.column_of('gone', 'mrr')), '44.00', 'Of two that are the same the older one keeps its revenue.');
select is(tests.corrections('twin'), '{2026-03-01 new -44.00 merge}', 'The other was never there, and has not left.');
do $$
begin
  perform tests.client('branch', '{"since": "2026-05-01", "amount": "6"}');
  perform tests.act_as('admin');
  perform public.merge_clients(tests.id('ours'), tests.id('gone'), tests.id('branch'), 'add');
  perform tests.act_as('postgres');
end
$$;
select is(tests.column_of('gone', 'mrr'), '50.00', 'Two that are one may be added up.');
select is_empty('select tests.differences()', 'Rollups equal a recount after merges.');

-- A segment that was removed while a client was deleted
do $$
begin
  perform tests.client('away', '{"since": "2026-03-01", "amount": "12", "segment": "individual"}');
  perform tests.act_as('admin');
  perform public.delete_client(tests.id('ours'), tests.id('away'));
  perform public.client_segments(tests.id('ours'), (
    select jsonb_agg(jsonb_build_object('key', s.key, 'label', s.label)) from public.client_segments s
    where s.organization_id = tests.id('ours') and s.key <> 'individual'), '{"individual": "enterprise"}');
  perform public.restore_client(tests.id('ours'), tests.id('away'));
  perform tests.act_as('postgres');
end
$$;
select is((select m.segment from private.effective_movements(array[tests.id('away')]) m order by m.day desc, m.place desc limit 1), 'enterprise',
  'Restored, it counts in the segment that it was moved to.');
select is(tests.column_of('away', 'segment'), 'enterprise', 'Which it has.');
select is_empty('select tests.differences()', 'The rollups equal a recount.');

-- Append-only
select throws_ok('update public.client_movements set amount = 1', '42501', null, 'Nobody changes the ledger.');
select is(tests.outcome(actor, statement), '42501', format('%s may not %s.', actor, statement))
from unnest(array['admin', 'service_role']) actor, unnest(array['delete from public.client_movements',
  'update public.clients set mrr = 1', 'insert into public.client_spells (client_id) values (null)']) statement;

select * from finish();
rollback;
