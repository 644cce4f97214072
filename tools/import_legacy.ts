/*
 * Brings the rows of an old service's Supabase database into an organization of Signalbox (see docs/migration.md):
 *
 *   deno task import-legacy --from <postgres url> --kind <kind> --organization <id> [--dry-run] [--mapping <file>]
 *     [--from-organization <old id>] [--to <postgres url>] [--report <folder>] [--accept-unreadable-opt-outs]
 *   deno task import-legacy --kind <kind> --print-mapping
 *
 * --from-organization: whose rows are meant where the old service has several organizations; without it, rows of more than
 * one are refused. --to is Signalbox's database as its owner; without it SUPABASE_DB_URL, else the running local stack. The old database
 * is only read. Exit codes: 0 everything that could be read is here, 1 the import failed or the two sides differ, 3 opt-outs
 * could not be read and nothing else was imported.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf, say, warn } from "../local/log.ts";
import { dataDirFromEnv } from "../local/settings.ts";
import { readStatus } from "../local/status_file.ts";
import { defaultMapping, type Kind, KINDS, readMapping } from "./import_legacy/mapping.ts";
import type { Progress } from "./import_legacy/progress.ts";
import { describe, writeReport } from "./import_legacy/report.ts";
import { importLegacy, isComplete } from "./import_legacy/run.ts";

const { values } = parseArgs({
  options: {
    from: { type: "string" },
    to: { type: "string" },
    kind: { type: "string" },
    organization: { type: "string" },
    "from-organization": { type: "string" },
    mapping: { type: "string" },
    report: { type: "string" },
    "batch-size": { type: "string" },
    "dry-run": { type: "boolean", default: false },
    "accept-unreadable-opt-outs": { type: "boolean", default: false },
    "print-mapping": { type: "boolean", default: false },
  },
});

const isKind = (name: string | undefined): name is Kind => KINDS.some((kind) => kind === name);

function given(name: "from" | "organization"): string {
  const value = values[name];
  if (!value) throw new Error(`Give --${name}.`);
  return value;
}

/** Signalbox's own database. */
function targetUrl(): string {
  const url = values.to ?? Deno.env.get("SUPABASE_DB_URL");
  if (url) return url;
  const status = readStatus(dataDirFromEnv());
  if (!status) {
    throw new Error("Give --to, set SUPABASE_DB_URL, or start a stack.");
  }
  return JSON.parse(status).db_url;
}

let shownAt = 0;

function showProgress(
  step: string,
  { brought, present, left_out }: Progress,
): void {
  if (Date.now() - shownAt < 2_000) return;
  shownAt = Date.now();
  say(
    `${step}: ${brought} imported, ${present} there before, ${left_out} left out`,
  );
}

async function run(): Promise<number> {
  const { kind } = values;
  if (!isKind(kind)) {
    throw new Error(`Give --kind: one of ${KINDS.join(", ")}.`);
  }
  const mapping = await Deno.readTextFile(
    values.mapping ?? defaultMapping(kind),
  );
  if (values["print-mapping"]) {
    say(mapping);
    return 0;
  }
  const [from, to] = [given("from"), targetUrl()];
  if (from === to) throw new Error("--from and --to are the same database.");
  const organizationId = given("organization");
  const folder = values.report ??
    join(".local", "imports", `${kind}-${organizationId}`);
  const report = await importLegacy({
    folder,
    from,
    to,
    kind,
    organizationId,
    fromOrganization: values["from-organization"],
    steps: readMapping(mapping),
    dryRun: values["dry-run"],
    acceptUnreadableOptOuts: values["accept-unreadable-opt-outs"],
    batchSize: Number(values["batch-size"] ?? 2_000),
    onBatch: showProgress,
  });
  await writeReport(folder, report);
  say(describe(report));
  say(`The report, the list of problems and the new ids are in ${folder}.`);
  if (report.stopped !== null) return 3;
  return isComplete(report) ? 0 : 1;
}

try {
  Deno.exit(await run());
} catch (error) {
  warn(messageOf(error));
  Deno.exit(1);
}
