import type postgres from "postgres";

/** The settings under which PostgREST runs a request's transaction. */
export interface Settings {
  /** Those of the login role, of the request's role, and of the function it calls, if any; later ones win. */
  for(role: string, calledFunction: string | null): Record<string, string>;
}

/** The role that the Data API logs in as on hosted Supabase; here the superuser does, and takes over its settings. */
const LOGIN_ROLE = "authenticator";

/**
 * Reads what `alter role` and `create function … set` say. Of a function's settings PostgREST makes those hold
 * for the whole transaction that `db-hoisted-tx-settings` names: a timeout must be set before the statement begins.
 * https://docs.postgrest.org/en/v14/references/transactions.html#transaction-settings
 */
export async function readSettings(sql: postgres.Sql): Promise<Settings> {
  const rows = await sql<{ kind: string; owner: string; name: string; value: string }[]>`
    with settings as (
      select 'role' as kind, r.rolname as owner, s.setdatabase, unnest(s.setconfig) as setting
      from pg_db_role_setting s join pg_roles r on r.oid = s.setrole
      where s.setdatabase = 0 or s.setdatabase = (select oid from pg_database where datname = current_database())
      union all
      select 'function', p.proname, 0, unnest(p.proconfig)
      from pg_proc p where p.pronamespace = 'public'::regnamespace
    )
    select s.kind, s.owner, split_part(s.setting, '=', 1) as name, substr(s.setting, strpos(s.setting, '=') + 1) as value
    from settings s join pg_settings known on known.name = split_part(s.setting, '=', 1) and known.context = 'user'
    where s.kind = 'role' or known.name = 'statement_timeout'
    order by s.setdatabase`;
  const found = new Map<string, Record<string, string>>();
  for (const { kind, owner, name, value } of rows) {
    const key = `${kind} ${owner}`;
    found.set(key, { ...found.get(key), [name]: value });
  }
  return {
    for: (role, calledFunction) => ({
      ...found.get(`role ${LOGIN_ROLE}`),
      ...found.get(`role ${role}`),
      ...found.get(`function ${calledFunction}`),
    }),
  };
}
