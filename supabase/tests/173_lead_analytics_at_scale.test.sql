-- An answer about leads costs as many buffers where there are twenty times as many leads of the same days, sources and
-- stages: it reads counters, and of leads and tasks only those that it names.
begin;
\ir support.inc
select plan(18);

-- An organization whose admin, manager and counselor have leads of each day, source and stage, so many of each. One of
-- each waits for a response, the others were answered late. Of ten tasks of a person one is overdue, the others are done.
create function tests.school(name text, copies integer) returns void language plpgsql as $$
declare
  school uuid := tests.organization(name);
  team uuid;
begin
  perform tests.member(name || ' admin', name, 'admin'), tests.member(name || ' manager', name, 'manager'),
    tests.member(name || ' counselor', name, 'counselor');
  insert into public.teams (organization_id, name) values (school, 'North') returning id into team;
  update public.memberships set team_id = team where user_id in (tests.id(name || ' manager'), tests.id(name || ' counselor'));
  insert into public.leads (organization_id, first_name, source, status, outcome, furthest_status, value, currency, team_id,
    assigned_to, created_by, sla_status, sla_deadline, sla_responded_at, created_at)
  select school, 'Ama', 'source ' || c.source, s.key, s.outcome, case when s.outcome = 'lost' then 'contacted' else s.key end,
    10, 'GHS', case when c.cell % 3 > 0 then team end,
    case c.cell % 5 when 0 then tests.id(name || ' manager') when 1 then tests.id(name || ' counselor')
      when 2 then tests.id(name || ' admin') end,
    case c.cell % 7 when 0 then tests.id(name || ' counselor') when 1 then tests.id(name || ' manager') end,
    case when s.outcome is null and n = 1 then (array['breached', 'due_soon', 'running'])[1 + c.cell % 3] else 'breached' end,
    now() + interval '1 day', case when n > 1 then now() end,
    now() - make_interval(days => c.day, mins => n)
  from (
    select d as day, o as source, p as stage, d * 16 + o * 4 + p as cell
    from generate_series(0, 59) d, generate_series(0, 3) o, generate_series(0, 3) p
  ) c
  join lateral (
    select (array['new', 'contacted', 'won', 'lost'])[1 + c.stage] as key,
      (array[null, null, 'won', 'lost'])[1 + c.stage] as outcome) s on true
  cross join generate_series(1, copies) n;
  insert into public.tasks (organization_id, title, status, due_at, assigned_to)
  select school, 'Call', case when n % 10 > 0 then 'done' else 'open' end, now() - n * interval '1 minute', m.user_id
  from public.memberships m, generate_series(1, 1100 * least(copies, 5)) n where m.organization_id = school
  order by md5(n || m.user_id::text);
  insert into public.interactions (organization_id, lead_id, type, body, created_by, occurred_at)
  select school, l.id, 'call', 'Call', m.user_id, now() - make_interval(days => d)
  from public.memberships m
  cross join generate_series(0, 59) d
  cross join lateral (select l.id from public.leads l where l.organization_id = school limit copies) l
  where m.organization_id = school;
end
$$;

-- Without triggers; the counters get what they would have written, in statements of the same size.
do $$
declare
  school text;
begin
  alter table public.leads disable trigger user;
  alter table public.tasks disable trigger user;
  alter table public.interactions disable trigger user;
  perform tests.school('small', 1), tests.school('large', 20);
  alter table public.leads enable trigger user;
  alter table public.tasks enable trigger user;
  alter table public.interactions enable trigger user;
  foreach school in array array['small', 'large'] loop
    perform private.record_lead_changes(array_agg(c::private.lead_change)) from (
      select organization_id, team_id, assigned_to, created_by, status, outcome, source, sla_status, null::timestamptz,
        count(*), sum(value)
      from public.leads where organization_id = tests.id(school) group by 1, 2, 3, 4, 5, 6, 7, 8) c;
    perform private.record_lead_days(array_agg(c::private.lead_day_change)) from (
      select organization_id, team_id, assigned_to, created_by, date_bin('1 day', created_at, now()), source, status,
        outcome, furthest_status, currency, count(*), sum(value)
      from public.leads where organization_id = tests.id(school) group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) c;
    perform private.record_interaction_days(array_agg(i), 1) from public.interactions i
    where i.organization_id = tests.id(school);
  end loop;
end
$$;
analyze public.leads, public.tasks, public.interactions, private.lead_totals, private.lead_day_totals,
  private.holder_day_totals, private.interaction_day_totals;

-- The buffers that an answer needs when it was asked for before, so that its plans are there.
create function tests.buffers(actor text, statement text) returns integer language plpgsql as $$
declare
  plan jsonb;
begin
  perform tests.act_as(actor);
  for time in 1..2 loop
    execute 'explain (analyze, buffers, format json) ' || statement into plan;
  end loop;
  perform tests.act_as('postgres');
  return (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::integer + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::integer;
end
$$;

create function tests.same_buffers(answer text) returns setof text language plpgsql as $$
declare
  who text;
  small integer;
  large integer;
begin
  foreach who in array array['admin', 'manager', 'counselor'] loop
    small := tests.buffers('small ' || who, format('select public.%s(%L)', answer, tests.id('small')));
    large := tests.buffers('large ' || who, format('select public.%s(%L)', answer, tests.id('large')));
    -- Some pages more or less, because rows lie elsewhere.
    return next cmp_ok(large, '<=', (small * 1.2)::integer + 40,
      format('%s of the %s costs the same in a large organization.', answer, who));
  end loop;
end
$$;
select tests.same_buffers(a)
from unnest('{lead_kpis,lead_volume,lead_funnel,conversion_by_source,counselor_performance,lead_alerts}'::text[]) a;

select * from finish();
rollback;
