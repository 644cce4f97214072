import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { type ImportRun, runImport } from "../support/legacy.ts";
import {
  OLD_SERVICES,
  type OldService,
  type OldTable,
  withOldService,
} from "../support/old_services.ts";
import { newOrganization } from "../support/people.ts";

/** Letters that do not repeat, so that no index can pack them. */
const letters = Array.from(
  { length: 10_000 },
  (_, n) => String.fromCharCode(97 + (n * n * 7 + n * 31 + (n >> 3)) % 26),
).join("");

const EVIL_TEXTS = [
  null,
  "",
  letters,
  "\\u0000 and \\x00",
  "\u0001\u001b[31m\u007f\u0085\u009f",
  "not what belongs here",
  "0001-01-01 00:00:00+00",
  "9999-12-31 23:59:59+00",
  "1850-06-01",
  "2024-02-30",
  "infinity",
  "NaN",
  "-1",
  "999999999999999999999999",
  // An odd number of code units before: cutting by those would halve one.
  "a" + "😀".repeat(200),
  "\u202eمرحبا \u200fبك\u2066",
  "<script>alert('x')</script>",
  "'; drop table leads; --",
];

const EVIL_JSON = [
  null,
  [],
  {},
  "text",
  5,
  [null, 5, "Kofi", "kofi@old.test", [], {}, { name: letters, email: letters, phone: letters }],
  [{ email: "no.name@old.test" }, { phone: "+233244999999" }, { name: "", email: "nobody" }],
  { full_name: letters, [letters]: letters, old_status: letters, new_status: letters },
  { full_name: "\u0001\u202e", old_status: "", new_status: "a" + "😀".repeat(200) },
  { name: "  Ama  ", role: `${"r".repeat(99)} x`, email: "AMA@OLD.TEST ", phone: 244 },
];

const EVIL_BY_TYPE: Record<string, unknown[]> = {
  uuid: [null, "ffffffff-ffff-4fff-bfff-ffffffffffff", "00000000-0000-0000-0000-000000000000"],
  jsonb: EVIL_JSON,
  "text[]": [null, [], [""], [letters], ["nobody"], ["admin", "admin", null]],
  timestamptz: [null, "infinity", "-infinity", "0001-01-01", "9999-12-31", "1850-06-01"],
};

/** Rows that are good but for one column, for each column and each evil value of its type. */
function evilRows(old: OldService, table: OldTable): Record<string, unknown>[] {
  let n = 100;
  return Object.keys(old.rowOf(table, 0)).filter((column) => column !== "id").flatMap((column) =>
    (EVIL_BY_TYPE[table.types[column] ?? ""] ?? EVIL_TEXTS).map((value) => ({
      ...old.rowOf(table, n++),
      [column]: value,
    }))
  );
}

/** The kinds of columns that a mapping says are whom not to text: their rows are numbers, not rows. */
const isAboutOptOuts = (step: string) => /opt_outs|suppressions|replies|refused/.test(step);

function assertEveryRowIsAccountedFor({ report, problems, output }: ImportRun): void {
  assert.ok(report, output);
  for (const { step, brought, present, left_out, passed_over, comparison } of report.steps) {
    if (isAboutOptOuts(step)) continue;
    const figures = JSON.stringify({ brought, present, left_out, passed_over, comparison });
    assert.equal(
      brought + present + left_out + passed_over,
      comparison?.old_rows,
      `${step}: ${figures}`,
    );
    const listed = new Set(
      problems.filter((line) => line.startsWith(`${step},`) && line.endsWith(",yes"))
        .map((line) => line.split(",")[1]),
    );
    assert.equal(listed.size, left_out, `${step}: each row that was left out is listed`);
  }
}

const lists = ({ problems }: ImportRun) => problems.toSorted();

for (const kind of Object.keys(OLD_SERVICES)) {
  Deno.test(`whatever is in the cells of ${kind}, the import ends and each row is imported or listed`, async () => {
    const { id } = await newOrganization();
    await withOldService(kind, async (old) => {
      await old.fill(5);
      for (const table of old.tables) await old.insert(table, evilRows(old, table));
      const options = { "accept-unreadable-opt-outs": true, "batch-size": "100" } as const;
      const run = await runImport(old, kind, id, options);
      assert.ok(run.report, run.output);
      assertEveryRowIsAccountedFor(run);
      const again = await runImport(old, kind, id, options);
      assertEveryRowIsAccountedFor(again);
      for (const { step, brought } of again.report?.steps ?? []) {
        if (step !== "replies") assert.equal(brought, 0, `twice is once: ${step}`);
      }
      assert.deepEqual(lists(again), lists(run));
      const [waiting] = await database()`
        select count(*)::int as n from public.messages where organization_id = ${id} and status = 'queued'`;
      assert.equal(waiting?.["n"], 0);
    });
  });
}
