-- Leads by the local day on which they were created and what became of them, and interactions by the day on which they
-- took place, as counters (see private.counters). An answer costs as much as its period has days, whatever the number
-- of leads.
--
-- A lead counts in one row for the organization (without team and person), in one for its team, and in one for each of
-- its people (holder and creator), which names its team. So each scope reads its own rows, and no lead counts twice.
--
-- Days are those of the organization's time zone. Who writes leads or interactions holds the organization's lock of
-- days shared, and who changes its time zone holds it exclusively: so the zone of a delta is that of all other rows.

create table private.lead_day_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  person_id uuid,
  team_id uuid,
  day date not null,
  source text not null,
  status text not null,
  outcome text,
  furthest_status text not null,
  currency text not null,
  leads bigint not null,
  value numeric not null,
  rolled_up boolean not null default false
);
comment on table private.lead_day_totals is
  'Leads by local day of creation. Without team and person: of the organization; without person: of the team.';

-- The rows of a period lie far apart in the table, so the index has all that is read.
create index lead_day_totals_days on private.lead_day_totals (organization_id, person_id, team_id, day)
  include (source, status, outcome, furthest_status, currency, leads, value);
create index lead_day_totals_pending on private.lead_day_totals (organization_id) where not rolled_up;
create unique index lead_day_totals_once on private.lead_day_totals
  (organization_id, person_id, team_id, day, source, status, outcome, furthest_status, currency)
  nulls not distinct where rolled_up;


create table private.holder_day_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  holder_id uuid not null,
  creator_id uuid,
  team_id uuid,
  day date not null,
  source text not null,
  status text not null,
  outcome text,
  currency text not null,
  leads bigint not null,
  value numeric not null,
  rolled_up boolean not null default false
);
comment on table private.holder_day_totals is
  'Leads by assignee and local day of creation; with a creator_id, those that this other person created.';

create index holder_day_totals_days on private.holder_day_totals (organization_id, creator_id, day)
  include (holder_id, team_id, source, status, outcome, currency, leads, value);
create index holder_day_totals_pending on private.holder_day_totals (organization_id) where not rolled_up;
create unique index holder_day_totals_once on private.holder_day_totals
  (organization_id, creator_id, holder_id, team_id, day, source, status, outcome, currency)
  nulls not distinct where rolled_up;


create table private.interaction_day_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  person_id uuid not null,
  day date not null,
  interactions bigint not null,
  rolled_up boolean not null default false
);
comment on table private.interaction_day_totals is 'Interactions that a person recorded, by local day.';

create index interaction_day_totals_days on private.interaction_day_totals (organization_id, person_id, day);
create index interaction_day_totals_pending on private.interaction_day_totals (organization_id) where not rolled_up;
create unique index interaction_day_totals_once on private.interaction_day_totals
  (organization_id, person_id, day) nulls not distinct where rolled_up;


create type private.lead_day_change as (
  organization_id uuid,
  team_id uuid,
  holder_id uuid,
  creator_id uuid,
  quarter_hour timestamptz,
  source text,
  status text,
  outcome text,
  furthest_status text,
  currency text,
  leads bigint,
  value numeric
);

create type private.cohort_figure as (
  day date,
  source text,
  status text,
  outcome text,
  furthest_status text,
  currency text,
  leads bigint,
  value numeric
);

-- current: of the period, else of the one before it.
create type private.kpi_sum as (current boolean, outcome text, currency text, leads bigint, value numeric);
