import { join } from "node:path";
import postgres from "postgres";
import { Failure } from "../failure.ts";
import { readFolder, readIfThere } from "../files.ts";
import { splitStatements } from "./statements.ts";

interface SqlFile {
  path: string;
  version: string;
  name: string;
  text: string;
}

/** Applies migrations that are not in the history yet, each in one transaction, and names them. */
export async function migrate(sql: postgres.Sql, projectDir: string): Promise<string[]> {
  const applied = new Set(
    (await sql`select version from supabase_migrations.schema_migrations`).map((row) =>
      String(row.version)
    ),
  );
  const files = readMigrations(join(projectDir, "supabase", "migrations"));
  const fresh = files.filter((file) => !applied.has(file.version));
  for (const file of fresh) {
    await run(sql, file, (transaction) =>
      transaction`
        insert into supabase_migrations.schema_migrations (version, name, statements)
        values (${file.version}, ${file.name}, ${
        splitStatements(file.text).map(({ text }) => text)
      })`);
  }
  return fresh.map((file) => `${file.version}_${file.name}`);
}

/** Runs `supabase/seed.sql` unless this database has been seeded. */
export async function seed(sql: postgres.Sql, projectDir: string): Promise<boolean> {
  const path = join(projectDir, "supabase", "seed.sql");
  const text = readIfThere(path);
  const [seeded] = await sql`select 1 from supabase_migrations.seed_files`;
  if (text === null || seeded) return false;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const hash = new Uint8Array(digest).toHex();
  await run(sql, { path, version: "", name: "seed", text }, (transaction) =>
    transaction`
      insert into supabase_migrations.seed_files (path, hash) values ('supabase/seed.sql', ${hash})`);
  return true;
}

function readMigrations(folder: string): SqlFile[] {
  const entries = readFolder(folder).filter((name) => /^\d+_.*\.sql$/.test(name)).sort();
  return entries.map((entry) => {
    const [, version = "", name = ""] = /^(\d+)_(.*)\.sql$/.exec(entry) ?? [];
    const path = join(folder, entry);
    return { path, version, name, text: Deno.readTextFileSync(path) };
  });
}

async function run(
  sql: postgres.Sql,
  file: SqlFile,
  record: (transaction: postgres.TransactionSql) => Promise<unknown>,
): Promise<void> {
  try {
    await sql.begin(async (transaction) => {
      await transaction.unsafe(file.text).simple();
      await record(transaction);
    });
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    throw new Failure(describe(error, file, await lineOf(error, sql, file.text)));
  }
}

/** The line an error is on. Where the server does not tell, the script is run once more to find out. */
async function lineOf(
  error: postgres.PostgresError,
  sql: postgres.Sql,
  text: string,
): Promise<number | null> {
  const position = Number(error.position);
  if (position > 0) return [...text].slice(0, position).join("").split("\n").length;
  let line: number | null = null;
  await sql.begin(async (transaction) => {
    for (const statement of splitStatements(text)) {
      line = statement.line;
      await transaction.unsafe(statement.text).simple();
    }
    line = null;
    throw new Error("Only run to find the line.");
  }).catch(() => {});
  return line;
}

function describe(error: postgres.PostgresError, file: SqlFile, line: number | null): string {
  return [
    `${file.path}${line === null ? "" : `:${line}`}: ${error.message} (${error.code})`,
    error.detail && `  detail: ${error.detail}`,
    error.hint && `  hint: ${error.hint}`,
    error.where && `  where: ${error.where}`,
  ].filter(Boolean).join("\n");
}
