-- What was known of each active client once a week: the rows from which the risk of leaving is learned. Some of it
-- cannot be told later, such as what was owed, so the snapshots begin with the first client. A row is taken on
-- snapshot_day, the organization's local day, from what had happened and was recorded by then; what happens on later
-- days is the outcome.

create table private.feature_definitions (
  feature_set smallint not null,
  place smallint not null,
  name text not null,
  theme text not null constraint feature_definitions_theme
    check (theme in ('contact', 'issues', 'payment', 'contract', 'estimate')),
  unit text not null,
  current_only boolean not null default false,
  transform text not null default 'log' constraint feature_definitions_transform check (transform in ('log', 'none')),
  rule_sign smallint not null default 0 constraint feature_definitions_rule_sign check (rule_sign between -1 and 1),
  from_customers boolean not null default false,
  description text not null,
  primary key (feature_set, place),
  constraint feature_definitions_name_once unique (feature_set, name)
);
comment on table private.feature_definitions is 'The numbers of private.client_features.values, in order.';
comment on column private.feature_definitions.current_only is
  'Read from a column without history: known in a snapshot only, null when computed as of a past moment.';
comment on column private.feature_definitions.rule_sign is 'How it counts in the built-in rule: 1 raises the risk.';
comment on column private.feature_definitions.from_customers is 'Its value is for those only who may read customers.';


create table private.client_features (
  organization_id uuid not null,
  snapshot_day date not null,
  client_id uuid not null,
  feature_set smallint not null,
  "values" real[] not null,
  labels text[] not null,
  mrr numeric(14, 2) not null,
  currency text not null,
  primary key (organization_id, snapshot_day, client_id),
  constraint client_features_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade
) partition by range (snapshot_day);
comment on table private.client_features is
  'Weekly snapshots of active clients without notice. After half a year who left stays, and a tenth of the others.';
comment on column private.client_features.labels is 'segment, client_type, region, category.';

create index client_features_of_client on private.client_features (organization_id, client_id, snapshot_day);


create table private.feature_runs (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  snapshot_day date not null, last_client_id uuid,
  clients integer not null default 0,
  started_at timestamptz not null default now(),
  next_try_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  primary key (organization_id, snapshot_day)
);
comment on table private.feature_runs is
  'Snapshots under way, with the last client of the last slice, and those that are finished.';

create index feature_runs_open on private.feature_runs (organization_id) where finished_at is null;


create table private.feature_thinning (
  month date primary key,
  finished_at timestamptz
);
comment on table private.feature_thinning is 'Months of snapshots of which a tenth of the clients that stayed is kept.';
