-- Written by `deno task schema` from supabase/schemas, which is what people read and change.

select pg_sleep(2);

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
