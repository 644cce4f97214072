-- The figures of leads, kept while leads change, so that a dashboard costs the same at a thousand and at ten million
-- leads. A change inserts deltas, a job adds them up every minute, readers sum both: writers never wait for each other,
-- and the sum equals a recount in every snapshot. Only living leads count.
--
-- The figures are kept the way they are asked for. Whoever reaches the whole organization or a team sums the rows without
-- a person; whoever reaches their own leads sums the rows of that person, of which a lead has one for each of its people,
-- its holder and its creator; a team's reader sums the team's rows and, of their own, those outside the team. So no lead
-- is counted twice, and the number of rows grows with people, stages and sources, not with leads.

create table private.lead_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  person_id uuid,
  team_id uuid,
  status text not null,
  outcome text,
  source text not null,
  sla_status text,
  assigned boolean not null,
  leads bigint not null,
  value numeric not null,
  constraint lead_totals_once
    unique nulls not distinct (organization_id, person_id, team_id, status, outcome, source, sla_status, assigned)
);
comment on table private.lead_totals is 'Living leads and their value by what dashboards ask for; person_id null: all of the team''s.';

create table private.lead_total_deltas (like private.lead_totals);
alter table private.lead_total_deltas add constraint lead_total_deltas_organization
  foreign key (organization_id) references public.organizations (id) on delete cascade;
comment on table private.lead_total_deltas is 'Changes of lead_totals that are not added up yet.';
create index lead_total_deltas_organization on private.lead_total_deltas (organization_id, person_id);

create table private.holder_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  holder_id uuid not null,
  creator_id uuid,
  team_id uuid,
  outcome text,
  sla_status text,
  leads bigint not null,
  constraint holder_totals_once unique nulls not distinct (organization_id, creator_id, holder_id, team_id, outcome, sla_status)
);
comment on table private.holder_totals is 'Living leads by who holds them; with a creator_id, those that this other person created.';

create table private.holder_total_deltas (like private.holder_totals);
alter table private.holder_total_deltas add constraint holder_total_deltas_organization
  foreign key (organization_id) references public.organizations (id) on delete cascade;
comment on table private.holder_total_deltas is 'Changes of holder_totals that are not added up yet.';
create index holder_total_deltas_organization on private.holder_total_deltas (organization_id, creator_id);

create table private.lead_arrivals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  person_id uuid,
  team_id uuid,
  quarter_hour timestamptz not null,
  leads bigint not null,
  constraint lead_arrivals_once unique nulls not distinct (organization_id, person_id, quarter_hour, team_id)
);
comment on table private.lead_arrivals is 'Living leads by the quarter hour of their creation, of the last days only; person_id as in lead_totals.';

create table private.lead_arrival_deltas (like private.lead_arrivals);
alter table private.lead_arrival_deltas add constraint lead_arrival_deltas_organization
  foreign key (organization_id) references public.organizations (id) on delete cascade;
comment on table private.lead_arrival_deltas is 'Changes of lead_arrivals that are not added up yet.';
create index lead_arrival_deltas_organization on private.lead_arrival_deltas (organization_id, person_id, quarter_hour);

create type private.lead_change as (
  organization_id uuid,
  team_id uuid,
  holder_id uuid,
  creator_id uuid,
  status text,
  outcome text,
  source text,
  sla_status text,
  quarter_hour timestamptz,
  leads bigint,
  value numeric
);

-- Of an organization that is being deleted nothing is recorded: its totals go with it.
create function private.record_lead_changes(changes private.lead_change[])
returns void
language plpgsql set search_path = ''
as $$
begin
  changes := array(select c from unnest(changes) c where exists (select from public.organizations o where o.id = c.organization_id));
  insert into private.lead_total_deltas
  select c.organization_id, p.id, c.team_id, c.status, c.outcome, c.source, c.sla_status, c.holder_id is not null,
    sum(c.leads), sum(c.value)
  from unnest(changes) c
  cross join lateral (select distinct u.id from unnest(array[null, c.holder_id, c.creator_id]) u (id)) p
  group by 1, 2, 3, 4, 5, 6, 7, 8
  having sum(c.leads) <> 0 or sum(c.value) <> 0;

  insert into private.holder_total_deltas
  select c.organization_id, c.holder_id, p.id, c.team_id, c.outcome, c.sla_status, sum(c.leads)
  from unnest(changes) c
  cross join lateral (select distinct u.id from unnest(array[null, nullif(c.creator_id, c.holder_id)]) u (id)) p
  where c.holder_id is not null
  group by 1, 2, 3, 4, 5, 6
  having sum(c.leads) <> 0;

  insert into private.lead_arrival_deltas
  select c.organization_id, p.id, c.team_id, c.quarter_hour, sum(c.leads)
  from unnest(changes) c
  cross join lateral (select distinct u.id from unnest(array[null, c.holder_id, c.creator_id]) u (id)) p
  where c.quarter_hour is not null
  group by 1, 2, 3, 4
  having sum(c.leads) <> 0;
end
$$;

-- An update that moves no lead from one kind to another ends at the first statement. Arrivals matter as long as they are
-- kept, so older leads are all of one kind there. Nested loops on: whoever switched them off for a statement of its own
-- (private.audit, the SLA's triggers) would have what it sets off planned at a cost for which PostgreSQL compiles the plan,
-- a fifth of a second for one lead. Definer: whoever changes a lead must not be able to write the totals.
create function private.count_leads()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
declare
  recent timestamptz := now() - interval '3 days';
  epoch constant timestamptz := timestamptz '2000-01-01 00:00+00';
  changes private.lead_change[];
begin
  if tg_op = 'INSERT' then
    select array_agg(row(t.*)::private.lead_change) into changes
    from (
      select organization_id, team_id, assigned_to, created_by, status, outcome, source, sla_status,
        case when created_at > recent then date_bin('15 minutes', created_at, epoch) end, count(*), sum(value)
      from new_rows where deleted_at is null
      group by 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) t;
  elsif tg_op = 'DELETE' then
    select array_agg(row(t.*)::private.lead_change) into changes
    from (
      select organization_id, team_id, assigned_to, created_by, status, outcome, source, sla_status,
        case when created_at > recent then date_bin('15 minutes', created_at, epoch) end, -count(*), -sum(value)
      from old_rows where deleted_at is null
      group by 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) t;
  else
    select array_agg(row(t.*)::private.lead_change) into changes
    from (
      select organization_id, team_id, assigned_to, created_by, status, outcome, source, sla_status,
        case when created_at > recent then date_bin('15 minutes', created_at, epoch) end, sum(sign), sum(sign * value)
      from (
        select 1 as sign, n.organization_id, n.team_id, n.assigned_to, n.created_by, n.status, n.outcome, n.source, n.sla_status,
          n.created_at, n.value
        from new_rows n where n.deleted_at is null
        union all
        select -1, o.organization_id, o.team_id, o.assigned_to, o.created_by, o.status, o.outcome, o.source, o.sla_status,
          o.created_at, o.value
        from old_rows o where o.deleted_at is null
      ) d
      group by 1, 2, 3, 4, 5, 6, 7, 8, 9
      having sum(sign) <> 0 or sum(sign * value) <> 0
    ) t;
  end if;
  if changes is not null then
    perform private.record_lead_changes(changes);
  end if;
  return null;
end
$$;
create trigger count_insert after insert on public.leads referencing new table as new_rows
  for each statement execute function private.count_leads();
create trigger count_update after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_leads();
create trigger count_delete after delete on public.leads referencing old table as old_rows
  for each statement execute function private.count_leads();

-- Response times, from the SLA's events: kept by whole working minutes, so that any percentile is exact. An event counts
-- for the person and team that it names, who were to respond, whoever holds the lead since; and only while its lead lives.
create table private.sla_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  person_id uuid,
  team_id uuid,
  outcome text not null constraint sla_totals_outcome check (outcome in ('met', 'late', 'breached')),
  response_minutes integer,
  events bigint not null,
  constraint sla_totals_once unique nulls not distinct (organization_id, person_id, team_id, outcome, response_minutes)
);
comment on table private.sla_totals is 'Responses in time (met), responses after the deadline (late), and breaches; person_id as in lead_totals.';

create table private.sla_total_deltas (like private.sla_totals);
alter table private.sla_total_deltas add constraint sla_total_deltas_organization
  foreign key (organization_id) references public.organizations (id) on delete cascade;
comment on table private.sla_total_deltas is 'Changes of sla_totals that are not added up yet.';
create index sla_total_deltas_organization on private.sla_total_deltas (organization_id, person_id);

-- The events that count, of leads that live, as so many more (sign 1) or less (-1).
create function private.record_sla_events(events public.sla_events[], sign integer)
returns void
language sql set search_path = ''
as $$
  insert into private.sla_total_deltas
  select e.organization_id, p.id, e.team_id, k.outcome, k.minutes, sign * count(*)
  from unnest(events) e
  cross join lateral (
    select case when e.event = 'breach' then 'breached' when e.met then 'met' else 'late' end as outcome,
      floor(e.response_minutes)::integer as minutes) k
  cross join lateral (select distinct u.id from unnest(array[null, e.assigned_to]) u (id)) p
  where e.event in ('breach', 'response') and exists (select from public.organizations o where o.id = e.organization_id)
  group by 1, 2, 3, 4, 5
$$;

-- Who writes an event has its lead locked, so no lead is deleted or restored unseen meanwhile. Leads are found by id alone:
-- by organization too, a table without statistics would be read by its tenant, once for each event. Definer: see count_leads.
create function private.count_sla_events()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  if tg_op <> 'INSERT' then
    perform private.record_sla_events(array(
      select o::public.sla_events from old_rows o join public.leads l on l.id = o.lead_id
      where l.deleted_at is null), -1);
  end if;
  if tg_op <> 'DELETE' then
    perform private.record_sla_events(array(
      select n::public.sla_events from new_rows n join public.leads l on l.id = n.lead_id
      where l.deleted_at is null), 1);
  end if;
  return null;
end
$$;
create trigger count_insert after insert on public.sla_events referencing new table as new_rows
  for each statement execute function private.count_sla_events();
create trigger count_update after update on public.sla_events referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_sla_events();
create trigger count_delete after delete on public.sla_events referencing old table as old_rows
  for each statement execute function private.count_sla_events();

-- A lead that is deleted takes its events out of the figures, one that is restored brings them back. Definer: see count_leads.
create function private.count_sla_of_leads()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
declare
  gone uuid[];
  back uuid[];
begin
  if exists (select from old_rows where deleted_at is not null) or exists (select from new_rows where deleted_at is not null) then
    select array_agg(c.id) filter (where c.sign < 0), array_agg(c.id) filter (where c.sign > 0) into gone, back
    from (
      select d.id, sum(d.sign) as sign
      from (
        select n.id, 1 as sign from new_rows n where n.deleted_at is null
        union all
        select o.id, -1 from old_rows o where o.deleted_at is null
      ) d
      group by d.id
      having sum(d.sign) <> 0
    ) c;
    perform private.record_sla_events(array(
      select e from public.sla_events e
      where (e.organization_id, e.lead_id) in (select o.organization_id, o.id from old_rows o where o.id = any (gone))), -1);
    perform private.record_sla_events(array(
      select e from public.sla_events e
      where (e.organization_id, e.lead_id) in (select n.organization_id, n.id from new_rows n where n.id = any (back))), 1);
  end if;
  return null;
end
$$;
create trigger count_sla after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_sla_of_leads();

-- Before a living lead's row itself goes, because its events go with it. Definer: see count_leads.
create function private.count_sla_of_lead()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  perform private.record_sla_events(array(
    select e from public.sla_events e where e.organization_id = old.organization_id and e.lead_id = old.id), -1);
  return old;
end
$$;
create trigger count_sla_delete before delete on public.leads
  for each row when (old.deleted_at is null) execute function private.count_sla_of_lead();

-- Adds the deltas up, in one statement a table, so that readers see the same sums before and after. One run at a time: two
-- would lock the same rows in different orders.
create function private.fold_lead_totals()
returns void
language plpgsql set search_path = ''
as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended('fold_lead_totals', 0)) then
    return;
  end if;
  with taken as (delete from private.lead_total_deltas returning *)
  insert into private.lead_totals as t
  select organization_id, person_id, team_id, status, outcome, source, sla_status, assigned, sum(leads), sum(value)
  from taken group by 1, 2, 3, 4, 5, 6, 7, 8
  having sum(leads) <> 0 or sum(value) <> 0
  on conflict on constraint lead_totals_once do update set leads = t.leads + excluded.leads, value = t.value + excluded.value;

  with taken as (delete from private.holder_total_deltas returning *)
  insert into private.holder_totals as t
  select organization_id, holder_id, creator_id, team_id, outcome, sla_status, sum(leads)
  from taken group by 1, 2, 3, 4, 5, 6
  having sum(leads) <> 0
  on conflict on constraint holder_totals_once do update set leads = t.leads + excluded.leads;

  with taken as (delete from private.lead_arrival_deltas returning *)
  insert into private.lead_arrivals as t
  select organization_id, person_id, team_id, quarter_hour, sum(leads)
  from taken group by 1, 2, 3, 4
  having sum(leads) <> 0
  on conflict on constraint lead_arrivals_once do update set leads = t.leads + excluded.leads;

  with taken as (delete from private.sla_total_deltas returning *)
  insert into private.sla_totals as t
  select organization_id, person_id, team_id, outcome, response_minutes, sum(events)
  from taken group by 1, 2, 3, 4, 5
  having sum(events) <> 0
  on conflict on constraint sla_totals_once do update set events = t.events + excluded.events;
end
$$;
comment on function private.fold_lead_totals is 'Adds up the deltas of the leads'' figures.';

-- Nightly: arrivals of past days, and what there are no leads of any more.
create function private.tidy_lead_totals()
returns void
language sql set search_path = ''
as $$
  delete from private.lead_arrivals where quarter_hour < now() - interval '4 days';
  delete from private.lead_totals where leads = 0 and value = 0;
  delete from private.holder_totals where leads = 0;
  delete from private.sla_totals where events = 0;
$$;


select cron.schedule('fold-lead-totals', '* * * * *', $$select private.fold_lead_totals()$$);
select cron.schedule('tidy-lead-totals', '27 2 * * *', $$select private.tidy_lead_totals()$$);
