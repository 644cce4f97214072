-- The probability that a client leaves within 90 days: models that are learned from the weekly snapshots
-- (74_client_features), one organization at a time, and the scores that follow from them. A model is tested on rows that
-- are later than those from which it was learned, before it is used. Records of models are never changed.

create table public.churn_models (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  number integer not null,
  method text not null constraint churn_models_method check (method in ('rule', 'model')),
  confidence text not null constraint churn_models_confidence check (confidence in ('none', 'low', 'normal')),
  reason text not null,
  accepted boolean not null,
  trained_on date not null,
  window_from date,
  window_to date,
  features jsonb not null,
  intercept double precision not null,
  calibration jsonb,
  metrics jsonb not null,
  created_at timestamptz not null default now(),
  constraint churn_models_organization_key unique (organization_id, id),
  constraint churn_models_number_once unique (organization_id, number),
  constraint churn_models_probability check ((calibration is null) = (confidence = 'none'))
);
comment on table public.churn_models is 'How the risk of leaving is computed: a record for each training. Never changed.';
comment on column public.churn_models.method is 'rule: built-in weights, recalibrated; model: learned.';
comment on column public.churn_models.accepted is 'false: tested and not used; reason says why.';
comment on column public.churn_models.features is
  '[{ name, theme, place or level, transform, mean, sd, coefficient, prior }], standardized by the training rows.';
comment on column public.churn_models.calibration is
  '{ intercept, slope } of the log-odds; null while nobody has left: then there are no probabilities.';

alter table public.churn_models enable row level security;

create policy "those who read churn reports read the models" on public.churn_models for select to authenticated
  using (organization_id = any ((select private.organizations_with('churn:read'))::uuid[]));

-- Without features: their means are for those who may read customers (private.churn_model_json).
revoke all on public.churn_models from public, anon, authenticated, service_role;
grant select (id, organization_id, number, method, confidence, reason, accepted, trained_on, window_from, window_to,
  intercept, calibration, metrics, created_at) on public.churn_models to authenticated;
grant select on public.churn_models to service_role;

create trigger forbid_changes before update on public.churn_models
  for each row execute function private.forbid_model_changes();


create table private.churn_model_state (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  active_model_id uuid,
  phase text constraint churn_model_state_phase check (phase in ('requested', 'sample', 'fit')),
  requested_by uuid references public.profiles (id) on delete set null,
  requested_at timestamptz,
  days date[] not null default '{}',
  event_share double precision not null default 1,
  other_share double precision not null default 1,
  next_try_at timestamptz not null default now(),
  failures integer not null default 0,
  last_error text,
  finished_at timestamptz,
  score_requested_at timestamptz,
  watched_on date,
  watch jsonb,
  constraint churn_model_state_active foreign key (organization_id, active_model_id)
    references public.churn_models (organization_id, id)
);
comment on table private.churn_model_state is 'The model in use, and the training under way: null phase, none.';
comment on column private.churn_model_state.watch is
  'How many of those scored 91 days before were expected to leave, and how many did.';
comment on column private.churn_model_state.days is 'Snapshots from which rows are still to be sampled.';

create index churn_model_state_active on private.churn_model_state (organization_id, active_model_id);
create index churn_model_state_requested_by on private.churn_model_state (requested_by);
create index churn_model_state_due on private.churn_model_state (next_try_at) where phase is not null;


create table private.churn_training_rows (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  snapshot_day date not null,
  client_id uuid not null,
  part text not null default 'all' constraint churn_training_rows_part check (part in ('all', 'train', 'gap', 'test')),
  y double precision not null,
  w double precision not null,
  "values" real[] not null,
  labels text[] not null,
  z double precision[],
  primary key (organization_id, snapshot_day, client_id)
);
comment on table private.churn_training_rows is
  'The sample of a training under way. y: 1 if the client left within 90 days; w: how many rows it stands for.';


create table private.scoring_runs (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  day date not null,
  model_id uuid not null,
  baseline double precision[],
  compared_with date,
  last_client_id uuid,
  clients integer not null default 0,
  sums double precision[],
  started_at timestamptz not null default clock_timestamp(),
  next_try_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  constraint scoring_runs_model foreign key (organization_id, model_id)
    references public.churn_models (organization_id, id)
);
comment on table private.scoring_runs is 'The scoring of all clients of an organization, slice by slice.';
comment on column private.scoring_runs.baseline is
  'The mean of each standardized feature over the clients of the run before: what contributions are measured from.';
comment on column private.scoring_runs.compared_with is 'The snapshot that the trend looks back to.';
comment on column private.scoring_runs.sums is 'The sums of the standardized features, to become a baseline.';

create unique index scoring_runs_open on private.scoring_runs (organization_id) where finished_at is null;
create index scoring_runs_latest on private.scoring_runs (organization_id, day desc, id desc)
  where finished_at is not null;
create index scoring_runs_model on private.scoring_runs (organization_id, model_id);


-- Apart from clients: a scoring changes most rows, and a row of clients is wide, with checks and many indexes.
create table public.client_risks (
  organization_id uuid not null,
  client_id uuid not null,
  score real constraint client_risks_score_range check (score between 0 and 100),
  band text,
  score_day date,
  score_model_id uuid,
  risk_theme text,
  trend text,
  trend_days integer,
  -- The client first: slices look up each client by its id alone.
  primary key (client_id, organization_id),
  constraint client_risks_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade
);
comment on table public.client_risks is 'The risk of each client as it is now: one row a client, made with it.';
comment on column public.client_risks.score is
  'The probability of leaving in percent, from 0 to 100: high is bad. null: not scored.';
comment on column public.client_risks.score_day is 'The day on which the score last changed by a point or more.';
comment on column public.client_risks.risk_theme is 'What raises the risk of the client most, as of score_day.';
comment on column public.client_risks.score_model_id is
  'The record of public.churn_models by which the score was computed.';

-- None ends in the id of the client: see customers.
create index client_risks_by_score on public.client_risks (organization_id, score desc nulls last);
create index client_risks_by_band on public.client_risks (organization_id, band, score desc nulls last)
  where band is not null;

alter table public.client_risks enable row level security;

create policy "those who see the client read its risk" on public.client_risks for select to authenticated
  using (exists (
    select from public.clients c
    where c.organization_id = client_risks.organization_id and c.id = client_risks.client_id));

revoke all on public.client_risks from public, anon, authenticated, service_role;
grant select on public.client_risks to authenticated, service_role;

create trigger add_risks after insert on public.clients referencing new table as new_rows
  for each statement execute function private.add_client_risks();


create table private.client_scores (
  organization_id uuid not null,
  client_id uuid not null,
  day date not null,
  score real,
  band text,
  model_id uuid not null,
  primary key (organization_id, client_id, day),
  constraint client_scores_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade
);
comment on table private.client_scores is
  'Scores that moved by a point or more or changed the band, by day; null when a client is no longer scored.';


create table private.band_days (
  run_id uuid not null references private.scoring_runs (id) on delete cascade,
  segment text not null,
  band text not null,
  currency text not null,
  clients bigint not null,
  mrr numeric not null,
  expected_clients double precision not null,
  expected_mrr double precision not null,
  primary key (run_id, segment, band, currency)
);
comment on table private.band_days is 'Clients by band of the risk in a scoring run. A report reads finished runs only.';


create table private.factor_days (
  run_id uuid not null references private.scoring_runs (id) on delete cascade,
  segment text not null,
  theme text not null,
  clients bigint not null,
  raised bigint not null,
  first bigint not null,
  points double precision not null,
  primary key (run_id, segment, theme)
);
comment on table private.factor_days is 'What raises the risk of the clients of a scoring run, by theme.';
comment on column private.factor_days.first is 'Clients for whom it is what raises the risk most.';
comment on column private.factor_days.points is 'The sum of what it adds to their log-odds.';


create table public.client_factors (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  client_id uuid not null,
  name text not null constraint client_factors_name_form
    check (char_length(name) between 1 and 200 and name = btrim(name) and private.is_plain(name)),
  percentage integer not null constraint client_factors_percentage check (percentage between 0 and 100),
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint client_factors_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade
);
comment on table public.client_factors is 'What people say raises the risk of a client, beside what the model says.';

create index client_factors_of_client on public.client_factors (organization_id, client_id, id);
create index client_factors_created_by on public.client_factors (created_by);

alter table public.client_factors enable row level security;

create policy "those who see the client read its factors" on public.client_factors for select to authenticated
  using (exists (
    select from public.clients c
    where c.organization_id = client_factors.organization_id and c.id = client_factors.client_id));

revoke all on public.client_factors from public, anon, authenticated, service_role;
grant select on public.client_factors to authenticated, service_role;

select private.audit_table('public.client_factors');


create table private.churn_alerts (
  organization_id uuid not null,
  client_id uuid not null,
  day date not null,
  score real not null,
  digested_on date,
  primary key (organization_id, client_id, day),
  constraint churn_alerts_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade
);
comment on table private.churn_alerts is 'Clients that have entered the highest band, until people are notified of them.';

create index churn_alerts_waiting on private.churn_alerts (organization_id) where digested_on is null;


create table private.churn_digests (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  day date not null,
  primary key (organization_id, day)
);
comment on table private.churn_digests is 'The days on which the digest of alerts was sent: at most one a day.';
