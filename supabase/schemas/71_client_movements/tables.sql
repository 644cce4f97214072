-- When clients come, go and change what they pay. client_movements is an append-only ledger: what people enter, the
-- movement that follows from it, and corrections that reverse earlier rows on the same day. A late entry keeps the time
-- at which it was recorded, so that a report can be made as of any moment. Spells, the status and the revenue of a
-- client are derived from the ledger (private.post_entries), and so are the rollups that churn reports read.
--
-- A day belongs to the organization's calendar. A client that has paid up to 31 January has 1 February as its first day
-- without service; the churn counts on that day, so a contract that goes on under another number is no churn.

create table public.churn_settings (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  churn_recognition text not null default 'service_end' constraint churn_settings_recognition
    check (churn_recognition in ('service_end', 'cancellation', 'notice')),
  pause_days integer not null default 90 constraint churn_settings_pause_days check (pause_days between 1 and 730),
  unpaid_days integer constraint churn_settings_unpaid_days check (unpaid_days between 1 and 730),
  band_limits numeric[] not null default '{10,30,60}' constraint churn_settings_band_limits check (
    array_ndims(band_limits) = 1 and cardinality(band_limits) = 3 and 0 < band_limits[1]
    and band_limits[1] < band_limits[2] and band_limits[2] < band_limits[3] and band_limits[3] < 100),
  holdout_share numeric not null default 0.1 constraint churn_settings_holdout_share
    check (holdout_share between 0 and 0.5),
  incident_threshold numeric not null default 0.5 constraint churn_settings_incident_threshold
    check (incident_threshold between 0 and 1),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint churn_settings_once unique (organization_id)
);
comment on table public.churn_settings is 'How an organization recognizes churn and looks at its risk.';
comment on column public.churn_settings.band_limits is
  'In percent: below the first low, then moderate, high, and from the last on critical.';
comment on column public.churn_settings.holdout_share is
  'The share of recommendations that are recorded and not shown, to measure what the others do.';
comment on column public.churn_settings.incident_threshold is
  'From which probability of an incident on something is recommended.';
comment on column public.churn_settings.churn_recognition is
  'When a client that gives notice is lost: when paid service ends, the contract is canceled, or notice is given.';
comment on column public.churn_settings.pause_days is 'How long a client may pause before it counts as lost.';
comment on column public.churn_settings.unpaid_days is
  'A client whose linked account owes something for so long counts as lost; null: never.';

alter table public.churn_settings enable row level security;

create policy "those who read clients read how churn is recognized" on public.churn_settings for select to authenticated
  using (organization_id = any ((select private.organizations_in_scope('clients:read'))::uuid[]));

revoke all on public.churn_settings from public, anon, authenticated, service_role;
grant select on public.churn_settings to authenticated, service_role;

create trigger set_updated_at before update on public.churn_settings
  for each row execute function private.set_updated_at();

select private.audit_table('public.churn_settings');


create table public.exchange_rates (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  currency text not null constraint exchange_rates_currency_iso check (currency ~ '^[A-Z]{3}$'),
  starts_on date not null, rate numeric(18, 8) not null constraint exchange_rates_positive check (rate > 0),
  created_at timestamptz not null default now(),
  constraint exchange_rates_once unique (organization_id, currency, starts_on)
);
comment on table public.exchange_rates is
  'What one unit of a currency is worth in the organization''s currency, from a day on.';

alter table public.exchange_rates enable row level security;

create policy "those who read clients read exchange rates" on public.exchange_rates for select to authenticated
  using (organization_id = any ((select private.organizations_in_scope('clients:read'))::uuid[]));

revoke all on public.exchange_rates from public, anon, authenticated, service_role;
grant select on public.exchange_rates to authenticated, service_role;

select private.audit_table('public.exchange_rates');


-- What is entered: an amount in force for a contract from a day on, the end of a contract, a trial, notice, a pause, a
-- segment.
create type private.client_entry as (
  client_id uuid,
  day date,
  entry text,
  contract text,
  contract_mrr numeric,
  currency text,
  segment text,
  reason text,
  voluntary boolean,
  observed_from date
);

create table public.client_movements (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  client_id uuid not null,
  day date not null constraint client_movements_day_sane check (day between '1900-01-01' and '2200-01-01'),
  place smallint not null, kind text not null constraint client_movements_kind check (kind in ('trial_start',
  'trial_lost', 'new', 'expansion',
    'contraction', 'churn', 'reactivation', 'currency', 'pause', 'resume', 'notice', 'notice_withdrawn', 'segment',
    'unchanged', 'correction')),
  amount numeric(14, 2) not null,
  client_change smallint not null constraint client_movements_client_change check (client_change between -1 and 1),
  currency text not null constraint client_movements_currency_iso check (currency ~ '^[A-Z]{3}$'),
  segment text not null, mrr_after numeric(14, 2) not null,
  status_after text not null,
  entry text constraint client_movements_entry check (entry in ('trial', 'trial_end', 'amount', 'end', 'pause',
    'resume', 'notice', 'notice_withdrawn', 'segment')),
  contract text not null constraint client_movements_contract_form
    check (char_length(contract) <= 100 and private.is_plain(contract)),
  contract_mrr numeric(14, 2) constraint client_movements_contract_mrr check (contract_mrr >= 0),
  entry_currency text, entry_segment text,
  reason text constraint client_movements_reason check (reason = any (private.churn_reasons())),
  voluntary boolean, observed_from date,
  reverses uuid,
  reversed_kind text,
  cause text not null constraint client_movements_cause
    check (cause in ('entry', 'import', 'plan', 'rule', 'merge', 'delete', 'restore', 'reversal')),
  recorded_at timestamptz not null,
  recorded_by uuid references public.profiles (id) on delete set null,
  constraint client_movements_organization_key unique (organization_id, id),
  constraint client_movements_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade,
  constraint client_movements_reverses foreign key (organization_id, reverses)
    references public.client_movements (organization_id, id),
  constraint client_movements_correction check ((kind = 'correction') = (reverses is not null)
    and (reverses is null) = (reversed_kind is null))
);
comment on table public.client_movements is
  'The ledger of clients: append-only. Rows that a correction reverses count for nothing once that is recorded.';
comment on column public.client_movements.place is 'The order within the client''s day.';
comment on column public.client_movements.amount is 'The change of the client''s monthly recurring revenue.';
comment on column public.client_movements.client_change is '1: service begins, -1: service ends.';
comment on column public.client_movements.entry is
  'What was entered; null for the first row of a change of currency. contract_mrr: what the contract pays then.';
comment on column public.client_movements.observed_from is
  'From when on this spell could have been seen to end: later than its first day for clients that were there before.';

create unique index client_movements_reversed on public.client_movements (reverses) where reverses is not null;
create index client_movements_reverses on public.client_movements (organization_id, reverses)
  where reverses is not null;
create index client_movements_of_client on public.client_movements (client_id, day, place);
create index client_movements_client on public.client_movements (organization_id, client_id);
create index client_movements_recorded on public.client_movements (organization_id, recorded_at);
create index client_movements_recorded_by on public.client_movements (recorded_by);

alter table public.client_movements enable row level security;

create policy "those who see the client read its movements" on public.client_movements for select to authenticated
  using (exists (
    select from public.clients c
    where c.organization_id = client_movements.organization_id and c.id = client_movements.client_id));

revoke all on public.client_movements from public, anon, authenticated, service_role;
grant select on public.client_movements to authenticated, service_role;

create trigger forbid_history_changes before update on public.client_movements
  for each row execute function private.forbid_client_history_changes();
create trigger count_movements after insert on public.client_movements referencing new table as new_rows
  for each statement execute function private.count_movements();


create table public.client_spells (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  client_id uuid not null,
  spell_no integer not null,
  starts_on date not null,
  ends_on date,
  reason text constraint client_spells_reason check (reason = any (private.churn_reasons())),
  voluntary boolean, observed_from date not null,
  constraint client_spells_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade,
  constraint client_spells_once unique (organization_id, client_id, spell_no),
  constraint client_spells_in_order check (ends_on >= starts_on),
  constraint client_spells_apart exclude using gist
    (client_id with operator(pg_catalog.=), daterange(starts_on, ends_on) with operator(pg_catalog.&&))
);
comment on table public.client_spells is
  'Times of paid service, from the first day to the first day without: derived from the movements.';

alter table public.client_spells enable row level security;

create policy "those who see the client read its spells" on public.client_spells for select to authenticated
  using (exists (
    select from public.clients c
    where c.organization_id = client_spells.organization_id and c.id = client_spells.client_id));

revoke all on public.client_spells from public, anon, authenticated, service_role;
grant select on public.client_spells to authenticated, service_role;


create table private.client_plans (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  client_id uuid not null, movement text not null,
  details jsonb not null,
  effective_on date not null,
  recorded_by uuid references public.profiles (id) on delete set null,
  recorded_at timestamptz not null default now(),
  failures integer not null default 0,
  last_error text,
  constraint client_plans_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade
);
comment on table private.client_plans is
  'Movements of days to come. They enter the ledger when their day has come; until then they count for nothing.';

create index client_plans_client on private.client_plans (organization_id, client_id);
create index client_plans_due on private.client_plans (effective_on);
create index client_plans_recorded_by on private.client_plans (recorded_by);


-- The rollups of churn reports: counters (see private.counters).
create table private.movement_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  month date not null, segment text not null,
  currency text not null,
  kind text not null,
  movements bigint not null,
  amount numeric not null,
  rolled_up boolean not null default false
);
comment on table private.movement_totals is
  'Movements by month and kind, corrections subtracted from what they reverse: a counter.';

create index movement_totals_organization on private.movement_totals (organization_id, month);
create index movement_totals_pending on private.movement_totals (organization_id) where not rolled_up;
create unique index movement_totals_once on private.movement_totals (organization_id, month, segment, currency, kind)
  where rolled_up;


create table private.churn_period_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  period text not null constraint churn_period_totals_period check (period in ('month', 'quarter', 'year')),
  starts_on date not null, segment text not null,
  currency text not null,
  new_clients bigint not null,
  reactivated_clients bigint not null,
  churned_clients bigint not null,
  passed_through bigint not null,
  moved_in bigint not null,
  moved_out bigint not null,
  new_mrr numeric not null,
  reactivation_mrr numeric not null,
  churned_mrr numeric not null,
  expansion numeric not null,
  contraction numeric not null,
  moved_in_mrr numeric not null,
  moved_out_mrr numeric not null,
  rolled_up boolean not null default false
);
comment on table private.churn_period_totals is
  'What changed between the ends of each month, quarter and year, by segment and currency: a counter.';

create index churn_period_totals_organization on private.churn_period_totals (organization_id, period, starts_on);
create index churn_period_totals_pending on private.churn_period_totals (organization_id) where not rolled_up;
create unique index churn_period_totals_once
  on private.churn_period_totals (organization_id, period, starts_on, segment, currency) where rolled_up;


create table private.cohort_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  cohort date not null, age integer not null,
  segment text not null,
  currency text not null,
  clients bigint not null,
  active bigint not null,
  mrr numeric not null,
  rolled_up boolean not null default false
);
comment on table private.cohort_totals is
  'Clients by the month of their first paid day; active and mrr are changes at an age in months: a counter.';

create index cohort_totals_organization on private.cohort_totals (organization_id, cohort);
create index cohort_totals_pending on private.cohort_totals (organization_id) where not rolled_up;
create unique index cohort_totals_once on private.cohort_totals (organization_id, cohort, age, segment, currency)
  where rolled_up;


create table private.spell_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  segment text not null, started date not null,
  entry_age integer not null,
  age integer,
  spells bigint not null,
  rolled_up boolean not null default false
);
comment on table private.spell_totals is
  'Spells by month of their start, age in months at which they were first observed, and age at their end: a counter.';
comment on column private.spell_totals.age is 'null: the spell goes on.';

create index spell_totals_organization on private.spell_totals (organization_id, segment);
create index spell_totals_pending on private.spell_totals (organization_id) where not rolled_up;
create unique index spell_totals_once on private.spell_totals (organization_id, segment, started, entry_age, age)
  nulls not distinct where rolled_up;
