/*
 * Writes what other files are made of and only a database with all migrations knows, or with --check fails when something
 * written is not as it would be now: the types of its API, and the catalogue of events for the OpenAPI document. The
 * database is the argument's, else the running local stack's.
 */
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { messageOf, say, warn } from "../local/log.ts";
import { dataDirFromEnv } from "../local/settings.ts";
import { readStatus } from "../local/status_file.ts";
import { eventsPath } from "./openapi_webhooks.ts";

const CLI = "supabase@3.1.0";
const root = fileURLToPath(new URL("../", import.meta.url));
const typesPath = "supabase/functions/_shared/database.types.ts";

async function main(): Promise<number> {
  const url = databaseUrl();
  const files = {
    [typesPath]: await formatted(await generated(url)),
    [eventsPath]: await catalogue(url),
  };
  let stale = 0;
  for (const [path, text] of Object.entries(files)) {
    if (!Deno.args.includes("--check")) {
      await Deno.writeTextFile(root + path, text);
      say(`Wrote ${path}.`);
      continue;
    }
    const fresh = await Deno.readTextFile(root + path) === text;
    say(fresh ? `${path} is fresh.` : `${path} is stale: run \`deno task types\`.`);
    if (!fresh) stale++;
  }
  return stale > 0 ? 1 : 0;
}

/** The events as GET /admin/integrations/webhooks/events answers them. */
async function catalogue(url: string): Promise<string> {
  const sql = postgres(url, { max: 1 });
  try {
    const events = await sql`
      select t.type, t.description, t.permission, t.permission_by_kind, t.schema, t.example
      from private.webhook_event_types t order by t.position`;
    return `${JSON.stringify(events, null, 1)}\n`;
  } finally {
    await sql.end();
  }
}

function databaseUrl(): string {
  const given = Deno.args.find((argument) => !argument.startsWith("-"));
  if (given) return given;
  const status = readStatus(dataDirFromEnv());
  if (!status) {
    throw new Error(
      "No stack runs: start one with `deno task start`, or give a database's URL.",
    );
  }
  return JSON.parse(status).db_url;
}

async function generated(url: string): Promise<string> {
  const args = [
    "-y",
    CLI,
    "gen",
    "types",
    "--lang",
    "typescript",
    "--schema",
    "public",
    `--remote=${url}`,
  ];
  return await output("npx", args, "");
}

/** What the CLI writes is one line a table; a diff of it says nothing. */
async function formatted(types: string): Promise<string> {
  const config = `${root}deno.json`;
  return await output(Deno.execPath(), [
    "fmt",
    "--config",
    config,
    "--ext",
    "ts",
    "-",
  ], types);
}

/** Runs a program on some input and gives its standard output; what it says besides is shown only if it fails. */
async function output(
  program: string,
  args: string[],
  input: string,
): Promise<string> {
  const child = new Deno.Command(program, {
    args,
    cwd: root,
    env: {
      PGSSLMODE: "disable",
      SUPABASE_TELEMETRY_DISABLED: "1",
      DO_NOT_TRACK: "1",
      SUPABASE_NO_UPDATE_NOTIFIER: "1",
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const written = writer.write(new TextEncoder().encode(input)).then(() => writer.close());
  const [{ success, stdout, stderr }] = await Promise.all([
    child.output(),
    written,
  ]);
  if (!success) {
    throw new Error(`${program} failed:\n${new TextDecoder().decode(stderr)}`);
  }
  return new TextDecoder().decode(stdout);
}

try {
  Deno.exit(await main());
} catch (error) {
  warn(messageOf(error));
  Deno.exit(1);
}
