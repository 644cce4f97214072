import { join } from "node:path";
import postgres from "postgres";
import { bootstrap } from "../../local/bootstrap.ts";
import { migrate } from "../../local/database/migrations.ts";
import { removeDatabase, startEmptyDatabase } from "../../local/database/start.ts";
import { freePorts } from "../../tests/support/free_ports.ts";
import { type Project, scriptsOf } from "./baseline.ts";

/** A database that goes when it is no longer needed. */
export interface Scratch {
  url: string;
  sql: postgres.Sql;
}

/** Lets `work` use a fresh database like a hosted project's, to which `projectDir`'s migrations are applied. */
async function withMigrated<T>(
  projectDir: string,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-schema-" });
  const cluster = await startEmptyDatabase(
    folder,
    freePorts(30_000 + 5 * (Deno.pid % 2_000)),
  );
  try {
    await bootstrap(cluster.adminUrl);
    const sql = postgres(cluster.url, { max: 1, onnotice: () => {} });
    try {
      await migrate(sql, projectDir);
      return await work({ url: cluster.url, sql });
    } finally {
      await sql.end();
    }
  } finally {
    await cluster.stop();
    await removeDatabase(folder);
    await Deno.remove(folder, { recursive: true });
  }
}

/** A database as the migrations make it. */
export const withMigrations = <T>(
  root: string,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> => withMigrated(root, work);

/** A database as the schemas say. */
export async function withSchemas<T>(
  project: Project,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-schema-" });
  try {
    const migrations = join(folder, "supabase", "migrations");
    await Deno.mkdir(migrations, { recursive: true });
    for (const [name, script] of scriptsOf(project)) {
      await Deno.writeTextFile(join(migrations, name), script);
    }
    return await withMigrated(folder, work);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
