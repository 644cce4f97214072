-- Lets PostgreSQL analyze every statement of every function once, and prints the errors. .ci/run does it while
-- tools/safeupdate.c is loaded, so that an UPDATE or DELETE without WHERE is one, and fails if a line is printed.
-- Unlike `supabase db lint` it includes triggers and functions in SQL. Statements made at run time are not seen.
begin;
set local check_function_bodies = on;

create temporary table findings (function regprocedure, line integer, message text) on commit drop;

insert into findings
select f.oid, found.lineno, found.message
from pg_proc f
left join lateral (
  select t.tgrelid, coalesce(t.tgoldtable, 'old_rows') as old_rows, coalesce(t.tgnewtable, 'new_rows') as new_rows
  from pg_trigger t where t.tgfoid = f.oid limit 1
) t on true,
  extensions.plpgsql_check_function_tb(f.oid, coalesce(t.tgrelid, 0), oldtable => t.old_rows, newtable => t.new_rows,
    fatal_errors => false, other_warnings => false, extra_warnings => false, performance_warnings => false) found
where f.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and f.prolang = (select l.oid from pg_language l where l.lanname = 'plpgsql');

do $$
declare
  function regprocedure;
begin
  for function in
    select f.oid from pg_proc f join pg_language l on l.oid = f.prolang
    where f.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and l.lanname = 'sql'
  loop
    begin
      execute pg_get_functiondef(function);
    exception when others then
      insert into findings values (function, null, sqlerrm);
    end;
  end loop;
end
$$;

select * from findings order by function::text, line;
rollback;
