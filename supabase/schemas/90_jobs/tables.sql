-- Background jobs. Each is safe to run twice at once and to be killed at any line. pg_cron runs those with a schedule;
-- tasks are run one after another by the cron job that they name, because every cron job costs a connection.

create table private.jobs (
  name text primary key constraint jobs_name_form check (name ~ '^[a-z][a-z-]+$'),
  schedule text,
  task_of text constraint jobs_task_of check (task_of in ('minute-tasks', 'nightly-tasks')),
  position smallint not null default 0,
  command text not null,
  description text not null,
  constraint jobs_scheduled_or_task check ((schedule is null) = (task_of is not null))
);
comment on table private.jobs is 'All background jobs: cron jobs, which have a schedule, and tasks of a cron job.';

create table private.job_runs (
  job text primary key references private.jobs (name) on delete cascade on update cascade,
  succeeded_at timestamptz,
  failed_at timestamptz,
  failures integer not null default 0,
  last_error text
);
comment on column private.job_runs.failures is 'Failures in a row; 0 after a success.';
comment on table private.job_runs is 'How each task last ended.';
