/*
 * Makes migrations from supabase/schemas, which holds the database as it is.
 *
 *   deno task schema            writes the one baseline again, as long as no database has it
 *   deno task schema --close    marks the baseline as deployed: from then on changes are migrations of their own
 *   deno task schema <name>     writes the difference between migrations and schemas as a new migration, to be reviewed
 *   deno task schema --check    fails when migrations and schemas differ
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, say, warn } from "../local/log.ts";
import { closeBaseline, isClosed, isFresh, projectAt, writeBaseline } from "./schema/baseline.ts";
import { catalogOf, differences } from "./schema/catalog.ts";
import { withMigrations, withSchemas } from "./schema/databases.ts";

const CLI = "supabase@3.1.0";
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const project = projectAt(root);

/** What the schemas have and the migrations do not make, and the reverse. */
const compared = (): Promise<string[]> =>
  withMigrations(root, async (migrated) => {
    const before = await catalogOf(migrated.sql);
    return differences(
      before,
      await withSchemas(project, ({ sql }) => catalogOf(sql)),
    );
  });

async function check(): Promise<number> {
  const open = !isClosed(project);
  const found = open ? [] : await compared();
  if (open ? isFresh(project) : found.length === 0) {
    say("Migrations and schemas agree.");
    return 0;
  }
  for (const line of found) say(line);
  say(
    `Migrations and schemas differ: run \`deno task schema${open ? "" : " <name>"}\`.`,
  );
  return 1;
}

/** The CLI compares the two databases. What it leaves out (statistics, cron jobs, rows) is listed, to be added by hand. */
async function writeDifference(name: string): Promise<number> {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new Error("Name the migration like add_lead_score.");
  }
  const script = await withMigrations(
    root,
    (from) => withSchemas(project, (to) => diff(from.url, to.url)),
  );
  const version = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const path = join(project.migrations, `${version}_${name}.sql`);
  await Deno.writeTextFile(path, script);
  say(
    `Wrote supabase/migrations/${version}_${name}.sql. Review it: it must keep what is there.`,
  );
  const missing = await compared();
  for (const line of missing) say(line);
  if (missing.length > 0) {
    say("These differences are not in it. Add what makes them.");
  }
  return missing.length > 0 ? 1 : 0;
}

async function diff(from: string, to: string): Promise<string> {
  const args = [
    "-y",
    CLI,
    "db",
    "diff",
    "--from",
    from,
    "--to",
    to,
    "--use-pg-delta",
  ];
  const { success, stdout, stderr } = await new Deno.Command("npx", {
    args,
    cwd: root,
    env: {
      PGSSLMODE: "disable",
      SUPABASE_TELEMETRY_DISABLED: "1",
      DO_NOT_TRACK: "1",
    },
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(decode(stderr));
  return decode(stdout);
}

async function main(): Promise<number> {
  const [argument] = Deno.args;
  if (argument === "--check") return await check();
  if (argument === "--close") {
    if (!isFresh(project)) {
      throw new Error("The baseline is stale: run `deno task schema` first.");
    }
    closeBaseline(project);
    say("The baseline is closed.");
    return 0;
  }
  if (argument !== undefined) return await writeDifference(argument);
  if (isClosed(project)) {
    throw new Error(
      "Databases have the baseline: name the change (`deno task schema <name>`).",
    );
  }
  writeBaseline(project);
  say("Wrote the baseline from supabase/schemas.");
  return 0;
}

try {
  Deno.exit(await main());
} catch (error) {
  warn(messageOf(error));
  Deno.exit(1);
}
