import type postgres from "postgres";

/** Our schemas. Partitions are left out: months come and go. */
const relations = `
  select c.oid, c.relname, n.nspname, c.relkind, c.relrowsecurity, c.reloptions, c.relacl,
    format('%I.%I', n.nspname, c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private') and c.relkind in ('r', 'p', 'v', 'm', 'S', 'c') and not c.relispartition`;

const functions = `
  select p.oid, p.proacl, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('public', 'private')`;

/** What each kind of object is, a line each. What migrations of the CLI leave out (statistics, cron) is here too. */
const queries = [
  `select format('relation %s %s rls %s %s %s', relkind, name, relrowsecurity, reloptions, relacl) from relations`,
  `select format('column %s.%s %s %s %s %s', r.name, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
     pg_get_expr(d.adbin, d.adrelid), a.attacl)
   from relations r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
   left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum`,
  `select format('view %s %s', name, pg_get_viewdef(oid)) from relations where relkind in ('v', 'm')`,
  `select format('constraint %s on %s: %s', c.conname, r.name, pg_get_constraintdef(c.oid))
   from pg_constraint c join relations r on r.oid = c.conrelid`,
  `select format('index %s', pg_get_indexdef(i.indexrelid)) from pg_index i join relations r on r.oid = i.indrelid`,
  `select format('policy %s on %s: %s %s %s using %s check %s', p.polname, p.polrelid::regclass, p.polcmd, p.polpermissive,
     array(select rolname from pg_roles where oid = any (p.polroles) order by 1),
     pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) from pg_policy p`,
  `select format('trigger %s', pg_get_triggerdef(t.oid)) from pg_trigger t
   join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
   join pg_class c on c.oid = t.tgrelid
   where not t.tgisinternal and n.nspname = 'private' and not c.relispartition`,
  `select format('statistics %s', pg_get_statisticsobjdef(s.oid)) from pg_statistic_ext s`,
  `select format('function %s %s %s', name, proacl, pg_get_functiondef(oid)) from functions`,
  `select format('comment on %s: %s', r.name || coalesce('.' || a.attname, ''), d.description)
   from pg_description d join relations r on d.classoid = 'pg_class'::regclass and r.oid = d.objoid
   left join pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0`,
  `select format('comment on %s: %s', f.name, d.description)
   from pg_description d join functions f on d.classoid = 'pg_proc'::regclass and f.oid = d.objoid`,
  `select format('schema %s %s', nspname, nspacl) from pg_namespace where nspname in ('public', 'private', 'partitions')`,
  `select format('default privileges %s %s %s', defaclnamespace::regnamespace, defaclobjtype, defaclacl) from pg_default_acl
   where defaclrole = 'postgres'::regrole`,
  `select format('extension %s in %s', extname, extnamespace::regnamespace) from pg_extension`,
  `select format('job %s %s: %s', jobname, schedule, command) from cron.job`,
];

/** Rows that are code: all that a database holds before anybody uses it. Ids and times that it makes up do not count. */
async function rowsOf(sql: postgres.Sql, table: string): Promise<string[]> {
  const rows = await sql.unsafe(`
    select (to_jsonb(t) - array(
      select a.attname from pg_attribute a join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = '${table}'::regclass and pg_get_expr(d.adbin, d.adrelid) ~ 'uuid_v7|now\\(\\)'))::text as row
    from ${table} t`);
  return rows.map(({ row }) => `row of ${table} ${row}`);
}

/** Every object and row of a fresh database of ours, a line each, sorted. */
export async function catalogOf(sql: postgres.Sql): Promise<string[]> {
  const lines: string[] = [];
  for (const query of queries) {
    const rows = await sql.unsafe(
      `with relations as (${relations}), functions as (${functions}) ${query}`,
    ).values();
    lines.push(...rows.map(([line]) => String(line).replace(/\s+/g, " ")));
  }
  const tables = await sql.unsafe(
    `select name from (${relations}) r where relkind in ('r', 'p')`,
  );
  for (const { name } of tables) lines.push(...await rowsOf(sql, name));
  return lines.sort();
}

/** The lines that only one of two catalogs has, as `- line` and `+ line`. */
export function differences(before: string[], after: string[]): string[] {
  const earlier = new Set(before);
  const later = new Set(after);
  return [
    ...before.filter((line) => !later.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !earlier.has(line)).map((line) => `+ ${line}`),
  ];
}
