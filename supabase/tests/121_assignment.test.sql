-- Assignment and merging: who may assign which leads to whom, and that distributing at once equals one lead after
-- another.
begin;
\ir support.inc
select plan(260);
do $$
begin
  perform tests.arrange();
  insert into public.teams (id, organization_id, name)
  values (tests.remember('north', private.uuid_v7()), tests.id('ours'), 'North');
  perform tests.member('colleague', 'ours', 'counselor'), tests.member('stranger', 'ours', 'counselor');
  update public.memberships set team_id = tests.id('north')
  where organization_id = tests.id('ours') and user_id in (tests.id('manager'), tests.id('counselor'),
    tests.id('colleague'));
  insert into public.leads (id, organization_id, first_name, assigned_to) values
    (tests.remember('ama', private.uuid_v7()), tests.id('ours'), 'Ama', tests.id('counselor')),
    (tests.remember('amma', private.uuid_v7()), tests.id('ours'), 'Amma', tests.id('counselor')),
    (tests.remember('kofi', private.uuid_v7()), tests.id('ours'), 'Kofi', tests.id('stranger')),
    (tests.remember('theirs lead', private.uuid_v7()), tests.id('theirs'), 'Yaw', null);
end
$$;

-- Rights
select tests.only('{}', 'write assignments', '42501', $$insert into public.lead_assignments (organization_id, lead_id)
  values (tests.id('ours'), tests.id('ama'))$$);
select tests.only('{}', 'write holders directly', '42501', $$insert into public.lead_holders (organization_id, user_id)
  values (tests.id('ours'), auth.uid())$$);
select tests.only('{admin,manager,campaign_manager}', 'assign a lead', 'PT403',
  $$select public.assign_lead(tests.id('ours'), tests.id('ama'), tests.id('colleague'))$$);
select tests.only('{admin,manager,campaign_manager}', 'unassign a lead', 'PT403',
  $$select public.assign_lead(tests.id('ours'), tests.id('ama'))$$);
select tests.only('{admin,manager,campaign_manager}', 'assign leads in bulk', 'PT403',
  $$select public.bulk_assign(tests.id('ours'), array[tests.id('ama')],
    jsonb_build_object('assigned_to', tests.id('colleague')))$$);
select tests.only('{admin,manager,campaign_manager}', 'list the holders', 'PT403',
  $$select public.list_holders(tests.id('ours'), 50, 0)$$);
select tests.only('{admin,manager,campaign_manager}', 'set the capacity of a colleague', 'PT403',
  $$select public.update_holder(tests.id('ours'), tests.id('colleague'), '{"capacity": 5}')$$);
select tests.only('{admin,manager,counselor,campaign_manager}', 'set their own duty', 'PT403',
  $$select public.update_holder(tests.id('ours'), auth.uid(), '{"on_duty": false}')$$);
select tests.only('{admin,manager,campaign_manager}', 'send the e-mail again', 'PT403',
  $$select public.resend_assignment(tests.id('ours'), tests.id('ama'))$$);
select tests.only('{admin,manager,campaign_manager}', 'merge leads', 'PT403',
  $$select public.merge_leads(tests.id('ours'), tests.id('ama'), tests.id('amma'))$$);
select tests.only('{}', format('execute %s', call), '42501', 'select ' || call)
from unnest(array['private.assign_leads(tests.id(''ours''), array[tests.id(''ama'')], array[auth.uid()], ''manual'')',
  'private.lock_holders(tests.id(''ours''), array[auth.uid()])',
    'private.holder_loads(tests.id(''ours''), array[auth.uid()])',
  'private.assignable_people(tests.id(''ours''))', 'private.move_lead_children(tests.id(''ama''), tests.id(''amma''))',
  'private.lock_leads(tests.id(''ours''), array[tests.id(''ama'')])']) call;

select is(tests.outcome(actor, format('select public.assign_lead(tests.id(''ours''), tests.id(%L), tests.id(%L))',
  lead, person)), wanted,
  format('%s assigns %s to %s: %s.', actor, lead, person, wanted))
from (values ('manager', 'ama', 'manager', '1'), ('manager', 'ama', 'stranger', 'PT403'),
  ('manager', 'kofi', 'counselor', 'PT404'),
  ('manager', 'ama', 'viewer', 'PT422'), ('admin', 'ama', 'stranger', '1'), ('admin', 'kofi', 'counselor', '1'),
    ('admin', 'ama', 'outsider', 'PT422'),
  ('admin', 'ama', 'suspended', 'PT422'), ('admin', 'theirs lead', 'counselor', 'PT404'),
    ('counselor', 'ama', 'colleague', 'PT403')) v (actor, lead, person, wanted);
select is(tests.outcome(actor,
  format('select public.update_holder(tests.id(''ours''), tests.id(%L), ''{"capacity": 5}'')', person)), wanted,
  format('%s sets the capacity of %s: %s.', actor, person, wanted))
from (values ('manager', 'stranger', 'PT403'), ('admin', 'stranger', '1'), ('admin', 'viewer', 'PT404'),
  ('admin', 'outsider', 'PT404'),
  ('counselor', 'counselor', 'PT403'), ('manager', 'manager', '1')) v (actor, person, wanted);
select is(tests.outcome(actor, format('select public.merge_leads(tests.id(''ours''), tests.id(%L), tests.id(%L))',
  lead, other)), wanted,
  format('%s merges %s and %s: %s.', actor, lead, other, wanted))
from (values ('manager', 'ama', 'kofi', 'PT404'), ('manager', 'kofi', 'ama', 'PT404'), ('admin', 'ama', 'kofi', '1'),
  ('admin', 'ama', 'theirs lead', 'PT404'),
  ('admin', 'theirs lead', 'ama', 'PT404'), ('admin', 'ama', 'ama', 'PT422'),
    ('counselor', 'ama', 'amma', 'PT403')) v (actor, lead, other, wanted);

-- private.assign_leads
select is(private.assign_leads(tests.id('ours'), array[tests.id('ama'), tests.id('amma'), tests.id('theirs lead'),
  tests.id('ama')],
  array[tests.id('colleague'), tests.id('counselor'), tests.id('colleague'), null], 'departure'), 1,
  'Each lead is assigned once, by its last entry; leads assigned already and of other organizations are skipped.');
select is((select l.assigned_to from public.leads l where l.id = tests.id('ama')), null, 'The last entry counts.');
select throws_ok($$update public.lead_assignments set to_user = tests.id('admin'), note = 'x'$$, '42501', null,
  'Assignments cannot be changed.');

-- Distributing all at once equals assigning one lead after another to the next person.
create function tests.one_after_another(people uuid[], strategy text,
  wanted integer) returns jsonb language plpgsql as $$
declare
  given jsonb := '{}';
  next uuid;
  turn bigint := 0;
begin
  create temporary table pool on commit drop as
    select l.user_id, l.capacity, l.last_turn, l.open, 0 as leads from private.holder_loads(tests.id('ours'), people) l
      where l.on_duty;
  for i in 1..wanted loop
    select p.user_id into next from pool p where p.capacity is null or p.open + p.leads < p.capacity
    order by case strategy when 'least_loaded' then p.open + p.leads else p.leads end, p.last_turn, p.user_id limit 1;
    exit when next is null;
    update pool set leads = leads + 1 where user_id = next;
    given := given || jsonb_build_object(next, coalesce((given ->> next::text)::integer, 0) + 1);
  end loop;
  drop table pool;
  return given;
end
$$;
create function tests.compare(seed double precision) returns setof text language plpgsql as $$
declare
  people uuid[];
  strategy text;
  wanted integer;
begin
  perform setseed(seed);
  delete from public.leads where organization_id = tests.id('ours');
  delete from public.lead_holders where organization_id = tests.id('ours');
  select array_agg(m.user_id) into people from public.memberships m
  where m.organization_id = tests.id('ours') and random() < 0.8;
  insert into public.lead_holders (organization_id, user_id, on_duty, capacity, last_turn)
  select tests.id('ours'), u, random() < 0.8, case when random() < 0.6 then (random() * 12)::integer end,
    (random() * 5)::integer from unnest(people) u;
  insert into public.leads (organization_id, first_name, assigned_to)
  select tests.id('ours'), 'L', u from unnest(people) u cross
    join lateral generate_series(1, (random() * 8 + length(u::text) * 0)::integer);
  wanted := 1 + random() * 40;
  foreach strategy in array array['round_robin', 'least_loaded'] loop
    return next is(
      (select coalesce(jsonb_object_agg(s.user_id, s.n), '{}') from (
        select s.user_id, count(*) as n from private.distribution_plan(tests.id('ours'), people, strategy, wanted,
          '{}') s group by 1) s),
      tests.one_after_another(people, strategy, wanted),
        format('%s of %s leads with seed %s.', strategy, wanted, seed));
  end loop;
end
$$;
select tests.compare(seed / 20.0) from generate_series(1, 20) seed;

-- Right after an import: the checks of foreign keys, planned while there were few leads, are planned anew.
analyze public.leads;
insert into public.leads (organization_id, first_name)
select tests.id('ours'), 'Lead ' || n from generate_series(1, 2000) n;
select private.assign_leads(tests.id('ours'), array_agg(l.id), array_agg(tests.id('counselor')), 'bulk')
from public.leads l where l.first_name like 'Lead %';
select cmp_ok((select c.reltuples from pg_class c where c.oid = 'public.leads'::regclass), '>=', 2000::real,
  'The planner knows of leads that were imported a moment ago before they are assigned.');

-- An organization whose leads came after the statistics: the planner expects none of it. Read by index: some rows for each
-- of the 900 leads, not all 900 for each.
analyze public.leads;
do $$
begin
  perform tests.organization('late'), tests.person('late holder'), tests.member('late holder', 'late', 'counselor');
  insert into public.leads (organization_id, first_name)
  select tests.id('late'), 'Late ' || n from generate_series(1, 900) n;
end
$$;
create temporary table read_before as
  select t.idx_tup_fetch from pg_stat_xact_user_tables t where t.relid = 'public.leads'::regclass;
select private.assign_leads(tests.id('late'), array_agg(l.id), array_agg(tests.id('late holder')), 'bulk')
from public.leads l where l.organization_id = tests.id('late');
select cmp_ok((select t.idx_tup_fetch - b.idx_tup_fetch
    from pg_stat_xact_user_tables t cross join read_before b where t.relid = 'public.leads'::regclass), '<', 100000::bigint,
  'Assigning them reads each by its key.');

select * from finish();
rollback;
