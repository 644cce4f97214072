-- How the organization's queues, the jobs and the providers are doing: now, by thresholds that are rows, and as series
-- of snapshots every five minutes. A snapshot has rows only for values that are not 0; the platform's own
-- row "snapshots" says that one was taken, so that a gap is not shown as 0.

create table private.health_thresholds (
  name text primary key,
  degraded_from double precision not null,
  down_from double precision not null,
  unit text not null,
  description text not null,
  constraint health_thresholds_order check (degraded_from <= down_from)
);
comment on table private.health_thresholds is 'From which value on a check is degraded or down.';

create table private.health_metrics (
  name text primary key,
  unit text not null,
  description text not null
);
comment on table private.health_metrics is 'The metrics that have series.';

create table private.health_snapshots (
  organization_id uuid not null,
  metric text not null,
  taken_at timestamptz not null,
  step text not null default 'minutes' constraint health_snapshots_step check (step in ('minutes', 'hour', 'day')),
  value double precision not null,
  peak double precision not null,
  samples integer not null default 1,
  primary key (organization_id, metric, step, taken_at)
);
comment on table private.health_snapshots is
  'Values of organizations and, with the nil id, of the platform; hours after a week, days after 90 days.';

create index health_snapshots_age on private.health_snapshots (step, taken_at);
