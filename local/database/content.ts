import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { bootstrap } from "../bootstrap.ts";
import { isFolder, readFolder, readIfThere } from "../files.ts";
import { keepVaultSecrets, makeBuckets } from "../platform.ts";
import { readConfig } from "../project_config.ts";
import type { Cluster } from "./cluster.ts";
import { migrate, seed } from "./migrations.ts";

const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** In a database's folder: the hash of what `bootstrap` made in it. */
const MARK = "signalbox_bootstrap";

/** A hash over all that decides what `bootstrap` makes: its SQL, its code, the versions of Lite and PostgreSQL. */
export const bootstrapHash = (): string =>
  hashOf(checkout, ["deno.json", "local/bootstrap.ts", "local/data_api/app.ts", "local/sql"]);

/** A hash over files and everything in folders; what is not there counts as well. */
export function hashOf(root: string, names: string[]): string {
  const hash = createHash("sha256");
  for (const name of names.flatMap((name) => filesIn(root, name))) {
    hash.update(`\0${name}\0${readIfThere(join(root, name))}`);
  }
  return hash.digest("hex");
}

function filesIn(root: string, name: string): string[] {
  const path = join(root, name);
  if (!isFolder(path)) return [name];
  return readFolder(path).sort().flatMap((entry) => filesIn(root, join(name, entry)));
}

/** What to bring up to date, and for whom. */
interface Update {
  cluster: Cluster;
  /** Where its data is. */
  folder: string;
  projectDir: string;
  /**
   * Where SQL functions find the functions. Null as long as no stack uses the database: it calls nobody then, and has
   * no demo data, which are made relative to the moment and would set off jobs when they are hours old.
   */
  apiUrl: string | null;
  say: (line: string) => void;
}

/** Brings a database to what this checkout and a project's folder say: platform, migrations, buckets and demo data. */
export async function updateDatabase(update: Update): Promise<void> {
  const { cluster, folder, projectDir, apiUrl, say } = update;
  const wanted = bootstrapHash();
  if (readIfThere(join(folder, MARK)) !== wanted) {
    await bootstrap(cluster.adminUrl);
    await Deno.writeTextFile(join(folder, MARK), wanted);
  }
  const sql = postgres(cluster.url, { max: 1, onnotice: () => {} });
  try {
    if (apiUrl !== null) await keepVaultSecrets(sql, apiUrl);
    for (const name of await migrate(sql, projectDir)) say(`migration  ${name}`);
    await makeBuckets(sql, readConfig(projectDir));
    if (apiUrl !== null && await seed(sql, projectDir)) say("seed       supabase/seed.sql");
  } finally {
    await sql.end();
  }
}
