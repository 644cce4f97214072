import { deepEqual, equal, ok } from "node:assert/strict";
import { SheetError } from "../../supabase/functions/_shared/sheet/error.ts";
import { readCustomerSheet } from "../../supabase/functions/upload/sheet/read.ts";
import { customers, handmadeXlsx, HEADER, utf8, workbook, xmlRow } from "../fixtures/sheets.ts";
import { type Dice, dice, SEED, tries } from "../support/dice.ts";
import { assertQuick } from "../support/quick.ts";

const ROUNDS = tries(50, 1_500);

function damage(bytes: Uint8Array, random: Dice): Uint8Array {
  const copy = bytes.slice();
  if (random(4) === 0) return copy.slice(0, random(copy.length));
  for (let changes = 1 + random(30); changes > 0; changes--) {
    // Headers and directories stand at the edges, where damage does most.
    const edge = Math.min(2_048, copy.length);
    const place = [random(copy.length), random(edge), copy.length - 1 - random(edge)][random(3)] ??
      0;
    copy[place] = [random(256), 0, 255][random(3)] ?? 0;
  }
  return copy;
}

const CSV = customers(40).map((row) => row.join(";")).join("\r\n");
const FILES: Record<string, Uint8Array> = {
  xlsx: workbook({ S: customers(40) }, { bookSST: true }),
  "xlsx, stored": workbook({ S: customers(40) }, { compression: false }),
  xls: workbook({ S: customers(40) }, { bookType: "biff8", bookSST: true }),
  "xls of Excel 95": workbook({ S: customers(40) }, { bookType: "biff5" }),
  csv: utf8(`${CSV}\r\n"quoted ""text"";\n";A;0244123456;5;`),
};

for (const [kind, bytes] of Object.entries(FILES)) {
  Deno.test(`${kind}: a file damaged anywhere is read or refused, quickly, and nothing else`, async () => {
    const random = dice(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      const damaged = damage(bytes, random);
      const started = performance.now();
      try {
        const result = await readCustomerSheet(
          { name: kind, bytes: damaged },
          { country: "GH", currency: "GHS" },
        );
        equal(result.totalRows, result.rows.length + result.invalidRows + result.duplicateRows);
      } catch (error) {
        ok(error instanceof SheetError, `SEED=${SEED}, round ${round}: ${error}`);
      }
      assertQuick(started, 2_000, `SEED=${SEED}, round ${round}`);
    }
  });
}

Deno.test("damaged XML inside a sound archive is read or refused, and nothing else", async () => {
  const random = dice(SEED);
  const rows = customers(20).slice(1).map((row, index) => xmlRow(index + 2, row.map(String)));
  const sheet = utf8(
    `<worksheet><sheetData>${xmlRow(1, HEADER)}${rows.join("")}</sheetData></worksheet>`,
  );
  for (let round = 0; round < 4 * ROUNDS; round++) {
    try {
      const bytes = handmadeXlsx({ sheet: damage(sheet, random) });
      await readCustomerSheet({ name: "x", bytes }, { country: "GH", currency: "GHS" });
    } catch (error) {
      ok(error instanceof SheetError, `SEED=${SEED}, round ${round}: ${error}`);
    }
  }
});

Deno.test("the same rows come out of a workbook, an old workbook and CSV", async () => {
  const results = [];
  for (const kind of ["xlsx", "xls", "xls of Excel 95"]) {
    const bytes = FILES[kind] ?? new Uint8Array();
    results.push(await readCustomerSheet({ name: "", bytes }, { country: "GH", currency: "GHS" }));
  }
  const csv = await readCustomerSheet({ name: "", bytes: utf8(CSV) }, {
    country: "GH",
    currency: "GHS",
  });
  for (const result of results) deepEqual(result.rows, csv.rows);
});
