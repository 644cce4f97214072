-- The figures of leads for dashboards and the pipeline, as counters (see private.counters), so that an answer costs
-- the same at a thousand and at ten million leads. Only leads that are not deleted count.
--
-- Figures are keyed as they are read. For the organization and team scopes the rows without a person are summed. For
-- the own scope the rows of that person are summed: a lead has one for its assignee and one for its creator. A reader
-- with team scope sums the team's rows and those of their own rows that belong to other teams. So no lead counts
-- twice, and the number of rows grows with people, stages and sources, not with leads.

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
comment on table private.lead_totals is
  'Leads and their value by the dimensions of dashboards; person_id null: all leads of the team.';

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
comment on table private.holder_totals is 'Leads by assignee; with a creator_id, those that this other person created.';

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
comment on table private.lead_arrivals is
  'Leads of the last days by the quarter of an hour of their creation; person_id as in lead_totals.';

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


-- Response times by whole working minutes, so that any percentile is exact. An event counts for the person and team
-- that it names, not for a later assignee, and only while its lead is not deleted.
create table private.sla_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  person_id uuid,
  team_id uuid,
  outcome text not null constraint sla_totals_outcome check (outcome in ('met', 'late', 'breached')),
  response_minutes integer,
  events bigint not null,
  rolled_up boolean not null default false
);
comment on table private.sla_totals is
  'Responses in time (met), late responses and breaches; person_id as in lead_totals.';

create index sla_totals_organization on private.sla_totals (organization_id, person_id, team_id);
create index sla_totals_pending on private.sla_totals (organization_id) where not rolled_up;
create unique index sla_totals_once on private.sla_totals
  (organization_id, person_id, team_id, outcome, response_minutes)
  nulls not distinct where rolled_up;


create type private.sla_count as (response_minutes integer, outcome text, events bigint);
