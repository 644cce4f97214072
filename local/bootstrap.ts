import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { installExtensions } from "./database/binaries.ts";
import { say } from "./log.ts";

const folder = fileURLToPath(new URL("./sql/", import.meta.url));

/**
 * Makes an empty server look like a hosted project: roles, schemas, the tables and functions of Auth,
 * Storage and Realtime, and Vault. Runs again without harm. `adminUrl` is a superuser's.
 */
export async function bootstrap(adminUrl: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    await run(sql, "roles.sql");
    await sql`set role supabase_admin`;
    await run(sql, "platform.sql");
    await makeAuthTables(adminUrl);
    for (const part of ["auth.sql", "storage.sql", "realtime.sql"]) await run(sql, part);
    await sql`create extension if not exists supabase_vault with schema vault`;
  } finally {
    await sql.end();
  }
}

async function run(sql: postgres.Sql, file: string): Promise<void> {
  await sql.unsafe(await Deno.readTextFile(join(folder, file))).simple();
}

async function makeAuthTables(adminUrl: string): Promise<void> {
  // Only here, because loading it takes as long as the rest of a start.
  const { createLite } = await import("./data_api/app.ts");
  const lite = createLite({ adminUrl, apiUrl: "http://127.0.0.1", connections: 1 });
  try {
    await lite.ensureSystemSchema();
  } finally {
    await lite.connection.close();
  }
}

/**
 * Prepares a server of another make, Debian's say: copies the stand-in extensions where it looks for
 * them, and creates the real pg_cron if it has that, because only a superuser can.
 */
async function prepareServer(adminUrl: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    const [share] = await sql`select setting from pg_config where name = 'SHAREDIR'`;
    const real = await sql`
      select name from pg_available_extensions where name in ('pg_cron', 'pgtap', 'plpgsql_check')
        and coalesce(comment, '') not like '%(local stand-in)'`;
    const available = real.map((row) => String(row.name));
    await installExtensions(
      join(String(share?.setting), "extension"),
      (file) => !(available.includes("pg_cron") && file.startsWith("pg_cron")),
    );
    await bootstrap(adminUrl);
    for (const name of available) await createReal(sql, name);
  } finally {
    await sql.end();
  }
}

async function createReal(sql: postgres.Sql, name: string): Promise<void> {
  if (name !== "pg_cron") {
    await sql`create extension if not exists ${sql(name)} with schema extensions`;
    return;
  }
  await sql`create extension if not exists pg_cron with schema pg_catalog`;
  await sql.unsafe(`
    grant usage on schema cron to postgres with grant option;
    grant all on all tables in schema cron to postgres with grant option;
    grant execute on all functions in schema cron to postgres with grant option;
  `).simple();
}

if (import.meta.main) {
  const [url] = Deno.args;
  if (!url) {
    say("usage: deno run -A local/bootstrap.ts postgres://<superuser>@<host>/postgres");
    Deno.exit(2);
  }
  await prepareServer(url);
  say("Prepared: migrations can be applied as role postgres.");
}
