import { equal } from "node:assert/strict";
import { readCustomerSheet } from "../../supabase/functions/upload/sheet/read.ts";
import { HEADER, type Rows, workbook } from "../fixtures/sheets.ts";
import { assertQuick } from "../support/quick.ts";

async function firstName(bytes: Uint8Array): Promise<string | undefined> {
  const result = await readCustomerSheet({ name: "c.xls", bytes }, {
    country: "GH",
    currency: "GHS",
  });
  return result.rows[0]?.name;
}

function places(bytes: Uint8Array, pattern: number[]): number[] {
  const found: number[] = [];
  for (let at = 0; at + pattern.length <= bytes.length; at++) {
    if (pattern.every((byte, index) => bytes[at + index] === byte)) found.push(at);
  }
  return found;
}

Deno.test("texts of Excel 95 are read in the workbook's code page", async () => {
  const rows: Rows = [HEADER, ["XXXXX", "A-1", 244123456, 5, null]];
  const texts: [number, number[], string][] = [
    [1252, [0x4f, 0x92, 0x4e, 0xe9, 0x80], "O’Né€"],
    [1251, [0xc8, 0xe2, 0xe0, 0xed, 0x41], "ИванA"],
    [1256, [0xe3, 0xcd, 0xe3, 0xcf, 0x41], "محمدA"],
  ];
  for (const [codePage, bytes, name] of texts) {
    const file = workbook({ Old: rows }, { bookType: "biff5" });
    for (const at of places(file, [0x58, 0x58, 0x58, 0x58, 0x58])) file.set(bytes, at);
    for (const at of places(file, [0x42, 0, 2, 0])) {
      file.set([codePage & 255, codePage >> 8], at + 4);
    }
    equal(await firstName(file), name, `code page ${codePage}`);
  }
});

Deno.test("shared texts that run over many records stay in their cells", async () => {
  const rows: Rows = [HEADER];
  for (let row = 0; row < 400; row++) {
    rows.push([`${row % 2 ? "Ɔsei" : "Osei"} ${"é".repeat(row % 97)}`, `A-${row}`, 244000000, 1]);
  }
  const bytes = workbook({ S: rows }, { bookType: "biff8", bookSST: true });
  const result = await readCustomerSheet({ name: "", bytes }, { country: "GH", currency: "GHS" });
  equal(result.rows.length, 400);
  for (const { row, name } of result.rows) equal(name, String(rows[row - 1]?.[0]).trim());
});

Deno.test("a link over the whole sheet is not followed", async () => {
  const rows: Rows = [HEADER, ["Ama", "A-1", 244123456, 5, null]];
  const bytes = workbook({ S: rows }, { bookType: "biff8" }, (book) => {
    const cell = book.Sheets["S"]?.["A2"];
    if (cell) cell.l = { Target: "https://example.com/" };
  });
  // The link's range, which is the cell's own: last row and last column become the largest.
  const [link] = places(bytes, [1, 0, 1, 0, 0, 0, 0, 0, 0xd0, 0xc9, 0xea, 0x79]);
  equal(link !== undefined, true, "the workbook must have a link");
  bytes.set([0xff, 0xff], (link ?? 0) + 2);
  bytes.set([0xff, 0x7f], (link ?? 0) + 6);
  const started = performance.now();
  equal(await firstName(bytes), "Ama");
  assertQuick(started, 500);
});
