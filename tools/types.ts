/*
 * Writes the types of the database's API from a database that has all migrations, or with --check fails when the written
 * ones are not the present ones. The database is the argument's, else the running local stack's.
 */
import { fileURLToPath } from "node:url";
import { messageOf, say, warn } from "../local/log.ts";
import { dataDirFromEnv } from "../local/settings.ts";
import { readStatus } from "../local/status_file.ts";

const CLI = "supabase@3.1.0";
const root = fileURLToPath(new URL("../", import.meta.url));
const path = "supabase/functions/_shared/database.types.ts";

async function main(): Promise<number> {
  const types = await formatted(await generated(databaseUrl()));
  if (!Deno.args.includes("--check")) {
    await Deno.writeTextFile(root + path, types);
    say(`Wrote ${path}.`);
    return 0;
  }
  const fresh = await Deno.readTextFile(root + path) === types;
  say(
    fresh ? `${path} is fresh.` : `${path} is stale: run \`deno task types\`.`,
  );
  return fresh ? 0 : 1;
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
