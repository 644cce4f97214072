-- pg_cron misses a new job when more than 4,096 messages about changed objects reach its scheduler together with the
-- job's: PostgreSQL then sends one reset instead, which pg_cron does not take for a change of its jobs. All other
-- statements are more than that, so this is a migration of its own, after the scheduler has looked (once a second).
select pg_sleep(2);

-- pg_cron before 1.5 has no schedules in seconds: there the job of every second runs every minute.
select cron.schedule(
  j.name,
  case
    when j.schedule like '% second'
      and (select e.extversion < '1.5' from pg_catalog.pg_extension e where e.extname = 'pg_cron')
    then '* * * * *'
    else j.schedule
  end,
  j.command)
from private.jobs j where j.schedule is not null;
