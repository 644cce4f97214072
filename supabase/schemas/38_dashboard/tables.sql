-- The figures of leads, kept while leads change, so that a dashboard costs the same at a thousand and at ten million
-- leads. A change inserts deltas, a job adds them up every minute, readers sum both: writers never wait for each other,
-- and the sum equals a recount in every snapshot. Only living leads count.
--
-- The figures are kept the way they are asked for. Whoever reaches the whole organization or a team sums the rows without
-- a person; whoever reaches their own leads sums the rows of that person, of which a lead has one for each of its people,
-- its holder and its creator; a team's reader sums the team's rows and, of their own, those outside the team. So no lead
-- is counted twice, and the number of rows grows with people, stages and sources, not with leads.
--
-- What dashboards and the pipeline ask, from the totals alone: an answer costs the same however many leads there are.

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
  rolled_up boolean not null default false
);
comment on table private.lead_totals is 'Living leads and their value by what dashboards ask for; person_id null: all of the team''s.';

create index lead_totals_organization on private.lead_totals (organization_id, person_id, team_id);
create index lead_totals_pending on private.lead_totals (organization_id) where not rolled_up;
create unique index lead_totals_once on private.lead_totals
  (organization_id, person_id, team_id, status, outcome, source, sla_status, assigned)
  nulls not distinct where rolled_up;


create table private.holder_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  holder_id uuid not null,
  creator_id uuid,
  team_id uuid,
  outcome text,
  sla_status text,
  leads bigint not null,
  rolled_up boolean not null default false
);
comment on table private.holder_totals is 'Living leads by who holds them; with a creator_id, those that this other person created.';

create index holder_totals_organization on private.holder_totals (organization_id, creator_id, holder_id);
create index holder_totals_pending on private.holder_totals (organization_id) where not rolled_up;
create unique index holder_totals_once on private.holder_totals
  (organization_id, creator_id, holder_id, team_id, outcome, sla_status)
  nulls not distinct where rolled_up;


create table private.lead_arrivals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  person_id uuid,
  team_id uuid,
  quarter_hour timestamptz not null,
  leads bigint not null,
  rolled_up boolean not null default false
);
comment on table private.lead_arrivals is 'Living leads by the quarter hour of their creation, of the last days only; person_id as in lead_totals.';

create index lead_arrivals_organization on private.lead_arrivals (organization_id, person_id, quarter_hour);
create index lead_arrivals_pending on private.lead_arrivals (organization_id) where not rolled_up;
create unique index lead_arrivals_once on private.lead_arrivals
  (organization_id, person_id, quarter_hour, team_id)
  nulls not distinct where rolled_up;


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


-- Response times, from the SLA's events: kept by whole working minutes, so that any percentile is exact. An event counts
-- for the person and team that it names, who were to respond, whoever holds the lead since; and only while its lead lives.
create table private.sla_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  person_id uuid,
  team_id uuid,
  outcome text not null constraint sla_totals_outcome check (outcome in ('met', 'late', 'breached')),
  response_minutes integer,
  events bigint not null,
  rolled_up boolean not null default false
);
comment on table private.sla_totals is 'Responses in time (met), responses after the deadline (late), and breaches; person_id as in lead_totals.';

create index sla_totals_organization on private.sla_totals (organization_id, person_id, team_id);
create index sla_totals_pending on private.sla_totals (organization_id) where not rolled_up;
create unique index sla_totals_once on private.sla_totals
  (organization_id, person_id, team_id, outcome, response_minutes)
  nulls not distinct where rolled_up;


create type private.sla_count as (response_minutes integer, outcome text, events bigint);
