/** Old services' databases: a second database on the cluster of the stack under test, as their READMEs describe it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import type { ImportReport } from "../../tools/import_legacy/run.ts";
import { stackUnderTest } from "./stack.ts";
import { root } from "./spawn.ts";

/** Supabase's accounts, as far as an old service's database shows them. */
export const AUTH_SCHEMA = `
create schema auth;
create table auth.users (
  id uuid primary key, email text, encrypted_password text, email_confirmed_at timestamptz, banned_until timestamptz,
  deleted_at timestamptz, raw_user_meta_data jsonb not null default '{}', created_at timestamptz not null default now()
);`;

/** bcrypt of `old service password` with Python's prefix. */
export const OLD_HASH = "$2b$04$PXxmZ7GzntUhzpJ00kYQn.5gV4FrKBmfzvJMVICut1ReTu51MonrS";
export const OLD_PASSWORD = "old service password";

export interface OldDatabase {
  url: string;
  sql: postgres.Sql;
}

const onCluster = (url: string, name: string): string => {
  const address = new URL(url);
  address.username = "supabase_admin";
  address.pathname = `/${name}`;
  return address.href;
};

/** Makes a database of its own with these statements, and drops it after the work. */
export async function withOldDatabase(
  schema: string,
  work: (old: OldDatabase) => Promise<void>,
  dbUrl: string = stackUnderTest().db_url,
): Promise<void> {
  const name = `old_${crypto.randomUUID().replaceAll("-", "")}`;
  const admin = postgres(onCluster(dbUrl, "postgres"), { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name} template template0`);
  const url = onCluster(dbUrl, name);
  const sql = postgres(url, { max: 2, onnotice: () => {} });
  try {
    await sql.unsafe(schema);
    await work({ url, sql });
  } finally {
    await sql.end({ timeout: 2 });
    await admin.unsafe(`drop database ${name} with (force)`);
    await admin.end({ timeout: 2 });
  }
}

export interface ImportRun {
  code: number;
  output: string;
  report: Omit<ImportReport, "problems"> | null;
  problems: string[];
  /** The lines of ids.csv. */
  ids: string[];
}

/** The command that imports, for tests that kill it. */
export function importCommand(options: Record<string, string | true>): Deno.Command {
  const args = Object.entries(options).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, value]
  );
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", join(root, "tools", "import_legacy.ts"), ...args],
    cwd: root,
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs the import into an organization of the stack under test and reads its report. */
export async function runImport(
  old: OldDatabase,
  kind: string,
  organization: string,
  options: Record<string, string | true> = {},
): Promise<ImportRun> {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-import-" });
  try {
    const { code, stdout, stderr } = await importCommand({
      from: old.url,
      to: stackUnderTest().db_url,
      kind,
      organization,
      report: folder,
      ...options,
    }).output();
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    const read = (name: string) => Deno.readTextFile(join(folder, name)).catch(() => "");
    const report = JSON.parse(await read("report.json") || "null");
    const linesOf = async (name: string) =>
      (await read(name)).split("\r\n").slice(1).filter((line) => line !== "");
    return {
      code,
      output,
      report,
      problems: await linesOf("problems.csv"),
      ids: await linesOf("ids.csv"),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What became of the rows of a step. */
export function figuresOf({ report, output }: ImportRun, step: string) {
  assert.ok(report, output);
  const found = report.steps.find((entry) => entry.step === step);
  assert.ok(found, `no step ${step}: ${JSON.stringify(report)}`);
  const { brought, present, left_out, passed_over, comparison } = found;
  return { brought, present, left_out, passed_over, equal: comparison?.equal };
}
