-- The figures of leads: equal to a recount after any changes and for every scope, and not readable or writable
-- directly.
begin;
\ir support.inc
select plan(118);
do $$
declare
  who text;
begin
  perform tests.arrange();
  perform tests.member('counselor_2', 'ours', 'counselor'), tests.member('counselor_3', 'ours', 'counselor'),
    tests.member('manager_2', 'ours', 'manager');
  insert into public.teams (id, organization_id, name) values
    (tests.remember('north', private.uuid_v7()), tests.id('ours'), 'North'),
    (tests.remember('south', private.uuid_v7()), tests.id('ours'), 'South');
  foreach who in array array['manager', 'counselor', 'counselor_2'] loop
    update public.memberships set team_id = tests.id('north') where user_id = tests.id(who);
  end loop;
  update public.memberships set team_id = tests.id('south') where user_id = tests.id('counselor_3');
end
$$;

create function tests.lead(name text, organization text default 'ours', holder text default null,
  creator text default null,
  stage text default null, source text default 'manual', value numeric default 0)
returns uuid language plpgsql as $$
declare
  lead uuid;
begin
  insert into public.leads (organization_id, first_name, assigned_to, created_by, status, source, value)
  values (tests.id(organization), name, tests.id(holder), tests.id(creator), stage, source, value)
    returning id into lead;
  return tests.remember(name, lead);
end
$$;

-- Differences between the totals and a recount.
create function tests.lead_differences() returns table (differs text) language sql as $$
  with stored as (
    select t.organization_id, t.person_id, t.team_id, t.status, t.outcome, t.source, t.sla_status, t.assigned,
      sum(t.leads) as leads, sum(t.value) as value
    from private.lead_totals t
    group by 1, 2, 3, 4, 5, 6, 7, 8 having sum(t.leads) <> 0 or sum(t.value) <> 0
  ), counted as (
    select l.organization_id, p.id, l.team_id, l.status, l.outcome, l.source, l.sla_status, l.assigned_to is not null,
      count(*), sum(l.value)
    from public.leads l
    cross join lateral (select null::uuid as id union select l.assigned_to union select l.created_by) p
    where l.deleted_at is null group by 1, 2, 3, 4, 5, 6, 7, 8
  )
  (select 'too much: ' || row(stored.*)::text from (table stored except all table counted) stored)
  union all
  (select 'missing: ' || row(counted.*)::text from (table counted except all table stored) counted)
$$;
create function tests.holder_differences() returns table (differs text) language sql as $$
  with stored as (
    select t.organization_id, t.holder_id, t.creator_id, t.team_id, t.outcome, t.sla_status, sum(t.leads) as leads
    from private.holder_totals t
    group by 1, 2, 3, 4, 5, 6 having sum(t.leads) <> 0
  ), counted as (
    select l.organization_id, l.assigned_to, p.id, l.team_id, l.outcome, l.sla_status, count(*)
    from public.leads l
    cross join lateral (select null::uuid as id union select nullif(l.created_by, l.assigned_to)) p
    where l.deleted_at is null and l.assigned_to is not null group by 1, 2, 3, 4, 5, 6
  )
  (select 'too much: ' || row(stored.*)::text from (table stored except all table counted) stored)
  union all
  (select 'missing: ' || row(counted.*)::text from (table counted except all table stored) counted)
$$;
create function tests.arrival_differences() returns table (differs text) language sql as $$
  with stored as (
    select t.organization_id, t.person_id, t.team_id, t.quarter_hour, sum(t.leads) as leads
    from private.lead_arrivals t
    where t.quarter_hour > now() - interval '2 days' group by 1, 2, 3, 4 having sum(t.leads) <> 0
  ), counted as (
    select l.organization_id, p.id, l.team_id, private.quarter_hour(l.created_at) as quarter_hour, count(*)
    from public.leads l
    cross join lateral (select null::uuid as id union select l.assigned_to union select l.created_by) p
    where l.deleted_at is null and private.quarter_hour(l.created_at) > now() - interval '2 days' group by 1, 2, 3, 4
  )
  (select 'too much: ' || row(stored.*)::text from (table stored except all table counted) stored)
  union all
  (select 'missing: ' || row(counted.*)::text from (table counted except all table stored) counted)
$$;
create function tests.sla_differences() returns table (differs text) language sql as $$
  with stored as (
    select t.organization_id, t.person_id, t.team_id, t.outcome, t.response_minutes, sum(t.events) as events
    from private.sla_totals t
    group by 1, 2, 3, 4, 5 having sum(t.events) <> 0
  ), counted as (
    select e.organization_id, p.id, e.team_id, case when e.event = 'breach' then 'breached' when e.met then 'met'
      else 'late' end,
      floor(e.response_minutes)::integer, count(*)
    from public.sla_events e
    join public.leads l on l.organization_id = e.organization_id and l.id = e.lead_id and l.deleted_at is null
    cross join lateral (select null::uuid as id union select e.assigned_to) p
    where e.event in ('breach', 'response') group by 1, 2, 3, 4, 5
  )
  (select 'too much: ' || row(stored.*)::text from (table stored except all table counted) stored)
  union all
  (select 'missing: ' || row(counted.*)::text from (table counted except all table stored) counted)
$$;
create function tests.differences() returns table (differs text) language sql as $$
  select * from tests.lead_differences() union all select * from tests.holder_differences()
  union all select * from tests.arrival_differences() union all select * from tests.sla_differences()
$$;
create function tests.any(names text[]) returns uuid language sql as $$
  select tests.id(names[1 + floor(random() * cardinality(names))::integer])
$$;
create function tests.event(lead uuid, event text, minutes numeric default null,
  met boolean default null) returns void language sql as $$
  insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline, response_minutes, met)
  select l.organization_id, l.id, event, l.assigned_to, l.team_id, now(), minutes, met from public.leads l
    where l.id = lead
$$;

-- Rights
select tests.only('{}', 'read the totals', '42501', $$select from private.lead_totals$$);
select tests.only('{}', 'write the totals', '42501', $$delete from private.lead_totals$$);
select tests.only('{admin,manager,counselor,campaign_manager,viewer}', 'see the dashboard', 'PT403',
  $$select public.lead_dashboard(tests.id('ours'))$$);
select tests.only('{admin,manager,counselor,campaign_manager,viewer}', 'see the leads per assignee', 'PT403',
  $$select public.leads_per_assignee(tests.id('ours'))$$);
select tests.only('{admin,manager,counselor,campaign_manager,viewer}', 'see the response times', 'PT403',
  $$select public.sla_performance(tests.id('ours'))$$);
select is(tests.outcome('admin', $$select public.lead_dashboard(tests.id('theirs'))$$), 'PT403',
  'Nobody sees another organization''s dashboard.');
select is(tests.outcome('admin', format('select * from private.%I(%s)', f, a)), '42501',
  format('Nobody calls %s directly.', f))
from (values ('lead_figures', 'tests.id(''ours''), ''leads:read'''),
  ('holder_figures', 'tests.id(''ours''), ''leads:read'''),
  ('sla_figures', 'tests.id(''ours''), ''leads:read'', true'), ('arrivals_today', 'tests.id(''ours''), ''leads:read'''),
  ('lead_counts_by_status', 'tests.id(''ours'')'), ('roll_up_counters', ''), ('compact_counters', '')) as functions (f,
    a);

-- One change at a time
create function tests.delta_rows() returns bigint language sql as $$
  select sum(n)::bigint from (values
    ((select count(*) from private.lead_totals where not rolled_up)),
      ((select count(*) from private.holder_totals where not rolled_up)),
    ((select count(*) from private.lead_arrivals where not rolled_up)),
      ((select count(*) from private.sla_totals where not rolled_up))) as pending (n)
$$;
select tests.lead('ama', holder => 'counselor', creator => 'counselor_2', source => 'website', value => 100);
select is_empty('select * from tests.differences()', 'A new lead is counted.');
select private.roll_up_counters();
select is(tests.delta_rows(), 0::bigint, 'The roll-up leaves no deltas.');
select is_empty('select * from tests.differences()', 'The roll-up changes no sum.');
update public.leads set first_name = 'Amma', email = 'ama@tests.example', tags = '{hot}' where id = tests.id('ama');
select is(tests.delta_rows(), 0::bigint, 'A change of other columns writes nothing.');
update public.leads set value = value where organization_id = tests.id('ours');
select is(tests.delta_rows(), 0::bigint, 'An update without a changed value writes nothing.');
update public.leads set value = 250.5 where id = tests.id('ama');
select is_empty('select * from tests.differences()', 'A new value is counted.');
update public.leads set status = 'won', source = 'referral' where id = tests.id('ama');
select is_empty('select * from tests.differences()', 'A move and a new source are counted.');
update public.leads set assigned_to = tests.id('counselor_3') where id = tests.id('ama');
select is_empty('select * from tests.differences()', 'A new assignee and team are counted.');
update public.memberships set team_id = tests.id('north') where user_id = tests.id('counselor_3');
select is_empty('select * from tests.differences()',
  'The leads of a person who changes teams are counted in the new team.');
update public.pipeline_stages set key = 'sold' where organization_id = tests.id('ours') and key = 'won';
select is_empty('select * from tests.differences()', 'A stage that gets another key keeps its leads.');
update public.pipeline_stages set key = 'won' where organization_id = tests.id('ours') and key = 'sold';
update public.leads set deleted_at = now() where id = tests.id('ama');
select is_empty('select * from tests.differences()', 'A deleted lead is not counted.');
update public.leads set value = 9, status = 'new' where id = tests.id('ama');
select is_empty('select * from tests.differences()', 'Changes of a deleted lead are not counted.');
update public.leads set deleted_at = null where id = tests.id('ama');
select is_empty('select * from tests.differences()', 'A restored lead is counted again.');
select tests.event(tests.id('ama'), 'response', 12.75, true), tests.event(tests.id('ama'), 'breach'),
  tests.event(tests.id('ama'), 'started');
select is_empty('select * from tests.differences()', 'Responses and breaches are counted.');
update public.leads set deleted_at = now() where id = tests.id('ama');
select is_empty('select * from tests.differences()', 'The events of a deleted lead are not counted.');
select tests.event(tests.id('ama'), 'response', 3, false);
select is_empty('select * from tests.differences()', 'An event of a deleted lead does not count.');
update public.leads set deleted_at = null where id = tests.id('ama');
select is_empty('select * from tests.differences()', 'The events of a restored lead are counted again.');
delete from public.leads where id = tests.id('ama');
select is_empty('select * from tests.differences()', 'A lead whose row is deleted is not counted.');
select private.roll_up_counters(), private.compact_counters();
select is((select count(*) from private.lead_totals where organization_id = tests.id('ours'))
    + (select count(*) from private.holder_totals where organization_id = tests.id('ours'))
    + (select count(*) from private.sla_totals where organization_id = tests.id('ours')), 0::bigint,
      'Compaction removes totals of zero.');
select tests.lead('old');
update public.leads set created_at = now() - interval '10 days' where id = tests.id('old');
select is_empty('select * from tests.differences()', 'A lead with an earlier creation time is not counted today.');

-- Random changes: two organizations, people who join and leave teams, single rows and many at once.
do $$
declare
  people text[] := array['counselor', 'counselor_2', 'counselor_3', 'manager', 'admin', 'nobody'];
  stages text[] := array['new', 'contacted', 'qualified', 'won', 'lost'];
  sources text[] := array['website', 'referral', 'manual'];
  clocks text[] := array[null, 'running', 'due_soon', 'breached', 'met'];
  pick uuid;
  target uuid;
begin
  perform setseed(0.42);
  for step in 1..120 loop
    pick := (select l.id from public.leads l where l.organization_id = tests.id('ours') order by random() limit 1);
    case floor(random() * 14)
      when 0, 1, 2 then
        perform tests.lead('lead ' || step, 'ours', people[1 + floor(random() * 6)::integer],
          people[1 + floor(random() * 6)::integer],
          stages[1 + floor(random() * 5)::integer], sources[1 + floor(random() * 3)::integer],
            floor(random() * 1000)::numeric);
      when 3 then
        update public.leads set status = stages[1 + floor(random() * 5)::integer], value = floor(random() * 100)
          where id = pick;
      when 4 then
        update public.leads set assigned_to = tests.any(people) where id = pick;
      when 5 then
        update public.leads set assigned_to = tests.any(people)
        where organization_id = tests.id('ours') and source = sources[1 + floor(random() * 3)::integer];
      when 6 then
        update public.leads set deleted_at = case when deleted_at is null then now() end
        where organization_id = tests.id('ours') and id >= pick and random() < 0.5;
      when 7 then
        update public.memberships set team_id = case floor(random() * 3) when 0 then tests.id('north') when 1
          then tests.id('south') end
        where user_id = tests.any(people);
      when 8 then
        update public.leads set sla_next_at = null, sla_status = clocks[1 + floor(random() * 5)::integer],
          sla_started_at = coalesce(sla_started_at, now()),
            sla_deadline = coalesce(sla_deadline, now() + interval '1 hour')
        where id = pick and outcome is null and deleted_at is null;
      when 9 then
        perform tests.event(pick, 'response', (random() * 50)::numeric, random() < 0.7);
      when 10 then
        perform tests.event(pick, 'breach');
      when 11 then -- as a merge does
        target := (select l.id from public.leads l where l.organization_id = tests.id('ours') order by random()
          limit 1);
        perform set_config('signalbox.merging', target::text, true);
        update public.sla_events set lead_id = target where lead_id = pick;
      when 12 then
        perform private.roll_up_counters();
        insert into public.leads (organization_id, first_name, source, value, assigned_to, created_at)
        select tests.id('theirs'), 'Many ' || n, 'import', n, tests.id('outsider'), now() - n * interval '20 hours'
          from generate_series(1, 5) n;
      else
        delete from public.leads where id = pick and random() < 0.3;
    end case;
    if step % 20 = 0 and exists (select from tests.differences()) then
      raise exception 'After step %: %', step, (select differs from tests.differences() limit 1);
    end if;
  end loop;
end
$$;
select pass('The totals equal a recount every twenty of a hundred and twenty random changes.');
select is_empty('select * from tests.differences()', 'They equal it after the last change.');
select cmp_ok((select count(*) from public.leads where deleted_at is null), '>', 20::bigint,
  'There are leads to count.');
select private.roll_up_counters();
select is_empty('select * from tests.differences()', 'They equal it after the roll-up.');
select private.roll_up_counters(), private.compact_counters();
select is_empty('select * from tests.differences()', 'They equal it after compaction.');

-- The dashboard counts the caller's scope only: it equals a recount by private.lead_scope.
create function tests.recount(organization uuid) returns jsonb language plpgsql as $$
declare
  answer jsonb;
  scope_condition text := private.lead_scope(organization, 'dashboard:read');
begin
  execute format($q$
    select jsonb_build_object(
      'total', count(*), 'open', count(*) filter (where outcome is null), 'won',
        count(*) filter (where outcome = 'won'),
      'lost', count(*) filter (where outcome = 'lost'),
      'new_today', count(*) filter (where (created_at at time zone 'Africa/Accra')::date
        = (now() at time zone 'Africa/Accra')::date),
      'unassigned', count(*) filter (where outcome is null and assigned_to is null),
      'due_soon', count(*) filter (where sla_status = 'due_soon'), 'breached',
        count(*) filter (where sla_status = 'breached'),
      'value', jsonb_build_object('total', coalesce(sum(value), 0)::numeric(20, 2)::text,
        'open', coalesce(sum(value) filter (where outcome is null), 0)::numeric(20, 2)::text,
        'won', coalesce(sum(value) filter (where outcome = 'won'), 0)::numeric(20, 2)::text,
        'lost', coalesce(sum(value) filter (where outcome = 'lost'), 0)::numeric(20, 2)::text),
      'by_source', coalesce((select jsonb_agg(jsonb_build_object('source', s.source, 'count', s.n) order by s.n desc,
        s.source)
        from (select x.source, count(*) as n from public.leads x where %1$s group by 1) s), '[]'))
    from public.leads x where %1$s
  $q$, scope_condition) into answer;
  return answer;
end
$$;
create function tests.recount_holders(organization uuid) returns setof jsonb language plpgsql as $$
begin
  return query execute 'select jsonb_build_object(''user_id'', x.assigned_to,
      ''full_name'', (select p.full_name from public.profiles p where p.id = x.assigned_to),
      ''open'', count(*) filter (where outcome is null), ''due_soon'',
        count(*) filter (where sla_status = ''due_soon''),
      ''breached'', count(*) filter (where sla_status = ''breached''), ''converted'',
        count(*) filter (where outcome = ''won''))
    from public.leads x where x.assigned_to is not null
      and ' || private.lead_scope(organization, 'dashboard:read') || ' group by x.assigned_to';
end
$$;
grant execute on all functions in schema tests to public;
update public.memberships set team_id = tests.id('north') where user_id in (tests.id('manager'), tests.id('counselor'));
update public.memberships set team_id = null where user_id = tests.id('manager_2');
select private.roll_up_counters();
insert into public.leads (organization_id, first_name, created_by, assigned_to, source)
select tests.id('ours'), 'Fresh ' || n, tests.id(c), tests.id(h), 'event'
from generate_series(1, 3) n, unnest(array['manager', 'counselor', 'manager_2', null]) c,
  unnest(array['counselor', 'counselor_3', null]) h;

create function tests.asked(actor text, what text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  execute format('select public.%I(tests.id(''ours''))', what) into answer;
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.recounted(actor text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', tests.id(actor))::text, true);
  answer := tests.recount(tests.id('ours'));
  perform set_config('request.jwt.claims', '', true);
  return answer;
end
$$;
create function tests.held(actor text) returns setof jsonb language plpgsql as $$
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', tests.id(actor))::text, true);
  return query select * from tests.recount_holders(tests.id('ours'));
  perform set_config('request.jwt.claims', '', true);
end
$$;
select is(tests.asked(a, 'lead_dashboard') - array['sla', 'by_status', 'conversion_rate'], tests.recounted(a),
  format('The dashboard of %s equals a recount of their scope.', a))
from unnest(array['admin', 'viewer', 'manager', 'manager_2', 'counselor', 'counselor_3']) a;
select bag_eq(
  format($$select d - 'status' from jsonb_array_elements(tests.asked(%L, 'leads_per_assignee')) d
    where d ->> 'open' <> '0' or d ->> 'breached' <> '0' or d ->> 'converted' <> '0' or d ->> 'due_soon' <> '0'$$, a),
  format($$select h from tests.held(%L) h where h ->> 'open' <> '0' or h ->> 'breached' <> '0'
    or h ->> 'converted' <> '0' or h ->> 'due_soon' <> '0'$$, a),
  format('Leads per assignee for %s equal a recount.', a))
from unnest(array['admin', 'viewer', 'manager', 'manager_2', 'counselor', 'counselor_3']) a;
select is((tests.asked('admin', 'lead_dashboard') ->> 'total')::bigint,
  (select sum((s ->> 'count')::bigint) from jsonb_array_elements(tests.asked('admin',
    'lead_dashboard') -> 'by_status') s)::bigint,
  'The stages add up to the total.');

-- Response times
create function tests.sla_recount(condition text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  execute format($q$
    select jsonb_build_object('met', count(*) filter (where e.met), 'breached',
      count(*) filter (where e.event = 'breach'),
      'responses', count(e.response_minutes),
      'met_rate', round(count(*) filter (where e.met)::numeric / nullif(count(*) filter (where e.met
        or e.event = 'breach'), 0), 4),
      'median_response_minutes', percentile_disc(0.5) within group (order by floor(e.response_minutes)::integer),
      'p90_response_minutes', percentile_disc(0.9) within group (order by floor(e.response_minutes)::integer))
    from public.sla_events e join public.leads l on l.id = e.lead_id and l.deleted_at is null
    where e.organization_id = tests.id('ours') and %s
  $q$, condition) into answer;
  return answer;
end
$$;
insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline, response_minutes, met)
select l.organization_id, l.id, 'response', l.assigned_to, l.team_id, now(), random() * 300, random() < 0.5
from public.leads l where l.organization_id = tests.id('ours');
select is(tests.asked('admin', 'sla_performance') - 'by_assignee', tests.sla_recount('true'),
  'Median and 90th percentile equal those of the single responses.');
select is(tests.asked('manager', 'sla_performance') - 'by_assignee',
  tests.sla_recount($$(e.team_id = tests.id('north') or e.assigned_to = tests.id('manager'))$$),
    'A manager gets the figures of the team.');
select is(tests.asked('counselor', 'sla_performance') - 'by_assignee',
  tests.sla_recount($$e.assigned_to = tests.id('counselor')$$),
  'A counselor gets their own figures.');
select is(tests.asked('counselor', 'sla_performance') - 'by_assignee',
  tests.asked('counselor', 'lead_dashboard') -> 'sla',
  'The dashboard has the same figures.');
select is((select d - array['user_id', 'full_name'] from jsonb_array_elements(tests.asked('admin',
  'sla_performance') -> 'by_assignee') d
  where d ->> 'user_id' = tests.id('counselor')::text), tests.sla_recount($$e.assigned_to = tests.id('counselor')$$),
  'The figures by person are the same.');
select is(private.sla_json(array(select row(n, 'met', 1)::private.sla_count
  from generate_series(1, 10) n)) ->> 'p90_response_minutes', '9',
  'The 90th percentile of one to ten minutes is nine.');
select is(private.sla_json(null),
  '{"met": 0, "breached": 0, "met_rate": null, "responses": 0, "median_response_minutes": null,
    "p90_response_minutes": null}',
  'Without responses there are no times.');

-- The pipeline
create function tests.stages(actor text) returns table (status text, leads bigint, value numeric) language plpgsql as $$
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', tests.id(actor))::text, true);
  return query select * from private.lead_counts_by_status(tests.id('ours'));
  perform set_config('request.jwt.claims', '', true);
end
$$;
select bag_eq(format('select * from tests.stages(%L)', a), format($$
    select l.status, count(*), sum(l.value) from public.leads l
    where l.organization_id = tests.id('ours') and l.deleted_at is null
      and (%L or l.assigned_to = tests.id(%L) or l.created_by = tests.id(%L)) group by 1$$,
    a = 'admin', a, a), format('The pipeline of %s equals a recount.', a))
from unnest(array['admin', 'counselor']) a;

-- Deleted accounts and organizations
delete from auth.users where id = tests.id('counselor_3');
select is_empty('select * from tests.differences()', 'When an account is deleted, its leads count as unassigned.');
delete from public.organizations where id = tests.id('ours');
select is_empty('select * from tests.differences()', 'The totals of a deleted organization are deleted.');
select is((select count(*) from private.lead_totals where organization_id = tests.id('ours')), 0::bigint,
  'None is left.');

select * from finish();
rollback;
