-- The catalog and functions of pg_cron 1.6; the runs are made by the local stack's scheduler.
create schema cron;
create sequence cron.jobid_seq;
create sequence cron.runid_seq;

create table cron.job (
  jobid bigint primary key default nextval('cron.jobid_seq'),
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport int not null default coalesce(inet_server_port(), 5432),
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname text,
  constraint jobname_username_uniq unique (jobname, username)
);

create table cron.job_run_details (
  jobid bigint,
  runid bigint primary key default nextval('cron.runid_seq'),
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);

alter table cron.job enable row level security;
alter table cron.job_run_details enable row level security;
create policy cron_job_policy on cron.job using (username = current_user);
create policy cron_job_run_details_policy on cron.job_run_details using (username = current_user);
grant select on cron.job, cron.job_run_details to public;
grant delete on cron.job_run_details to public;
grant select on sequence cron.jobid_seq, cron.runid_seq to public;

create function cron.check_schedule(schedule text) returns void language plpgsql immutable as $$
declare
  cleaned text := lower(trim(schedule));
  seconds text := substring(cleaned from '^(\d{1,2})\s+seconds?$');
begin
  if seconds::int between 1 and 59
    or cleaned in ('@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly')
    or cleaned ~ '^([0-9a-z*,/$-]+\s+){4}[0-9a-z*,/$-]+$' then
    return;
  end if;
  raise exception using
    errcode = '22023',
    message = 'invalid schedule: ' || schedule,
    hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
end
$$;

-- Definer because callers only read cron.job. It trusts "username", so only those who may schedule for others get it.
create function cron.put_job(
  job_name text, schedule text, command text, database text, username text, active boolean
) returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
  id bigint;
begin
  if schedule is null then
    raise exception 'schedule can not be NULL';
  end if;
  if command is null then
    raise exception 'command can not be NULL';
  end if;
  perform cron.check_schedule(schedule);
  insert into cron.job as job (schedule, command, database, username, active, jobname)
  values (put_job.schedule, put_job.command, put_job.database, put_job.username, put_job.active, job_name)
  on conflict on constraint jobname_username_uniq do update
    set schedule = excluded.schedule, command = excluded.command, database = excluded.database
  returning jobid into id;
  perform pg_notify('cron_job', '');
  return id;
end
$$;

create function cron.schedule(schedule text, command text) returns bigint language sql strict as $$
  select cron.put_job(null, schedule, command, current_database()::text, current_user::text, true)
$$;

create function cron.schedule(job_name text, schedule text, command text) returns bigint language plpgsql as $$
begin
  if job_name is null then
    raise exception 'job_name can not be NULL';
  end if;
  return cron.put_job(job_name, schedule, command, current_database()::text, current_user::text, true);
end
$$;

create function cron.schedule_in_database(
  job_name text, schedule text, command text, database text,
  username text default null, active boolean default true
) returns bigint language sql as $$
  select cron.put_job(job_name, schedule, command, database, coalesce(username, current_user::text), active)
$$;

create function cron.unschedule(job_id bigint) returns boolean language plpgsql strict as $$
begin
  delete from cron.job where jobid = job_id;
  if not found then
    raise exception 'could not find valid entry for job %', job_id;
  end if;
  perform pg_notify('cron_job', '');
  return true;
end
$$;

create function cron.unschedule(job_name text) returns boolean language plpgsql strict as $$
begin
  delete from cron.job where jobname = job_name and username = current_user;
  if not found then
    raise exception 'could not find valid entry for job ''%''', job_name;
  end if;
  perform pg_notify('cron_job', '');
  return true;
end
$$;

create function cron.alter_job(
  job_id bigint, schedule text default null, command text default null,
  database text default null, username text default null, active boolean default null
) returns void language plpgsql as $$
begin
  if schedule is not null then
    perform cron.check_schedule(schedule);
  end if;
  update cron.job set
    schedule = coalesce(alter_job.schedule, job.schedule),
    command = coalesce(alter_job.command, job.command),
    database = coalesce(alter_job.database, job.database),
    username = coalesce(alter_job.username, job.username),
    active = coalesce(alter_job.active, job.active)
  where jobid = job_id;
  if not found then
    raise exception 'Job % does not exist or you don''t own it', job_id;
  end if;
  perform pg_notify('cron_job', '');
end
$$;

revoke all on function
  cron.put_job(text, text, text, text, text, boolean),
  cron.schedule_in_database(text, text, text, text, text, boolean),
  cron.alter_job(bigint, text, text, text, text, boolean)
from public;

-- Hosted Supabase gives postgres these when the extension is created.
grant usage on schema cron to postgres with grant option;
grant all on all tables in schema cron to postgres with grant option;
grant all on all sequences in schema cron to postgres;
grant execute on all functions in schema cron to postgres with grant option;

select pg_extension_config_dump('cron.job', '');
select pg_extension_config_dump('cron.job_run_details', '');
select pg_extension_config_dump('cron.jobid_seq', '');
select pg_extension_config_dump('cron.runid_seq', '');
