import assert from "node:assert/strict";
import * as XLSX from "@e965/xlsx";
import { type TableColumn, xlsxFile } from "../../supabase/functions/_shared/sheet/xlsx_writer.ts";
import { zoneClock } from "../../supabase/functions/_shared/sheet/zone_clock.ts";

const columns: TableColumn[] = [
  { name: "phone", kind: "text" },
  { name: "value", kind: "money" },
  { name: "size", kind: "number" },
  { name: "agreed", kind: "boolean" },
  { name: "born", kind: "date" },
  { name: "created_at", kind: "timestamp" },
];

async function* slices(...given: (string | null)[][][]) {
  yield* given;
}

async function bytesOf(file: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of file) pieces.push(piece);
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}

async function sheetOf(...given: (string | null)[][][]) {
  const bytes = await bytesOf(xlsxFile(columns, slices(...given), "America/New_York"));
  const book = XLSX.read(bytes, { cellFormula: true, cellNF: true, cellStyles: true });
  const sheet = book.Sheets[book.SheetNames[0] ?? ""];
  assert(sheet);
  return { bytes, sheet };
}

const cell = (sheet: XLSX.WorkSheet, place: string) => {
  const { t, v, z } = sheet[place] as XLSX.CellObject;
  return [t, v, z];
};

Deno.test("a workbook has numbers, truth values, dates and local times where a table has them", async () => {
  const row = [
    "+233244000001",
    "1234.50",
    "-7.25",
    "true",
    "2010-02-28",
    "2026-07-01T02:30:15.999Z",
  ];
  const { sheet } = await sheetOf([row]);
  assert.deepEqual(cell(sheet, "A2"), ["s", "+233244000001", "General"]);
  assert.deepEqual(cell(sheet, "B2"), ["n", 1234.5, "#,##0.00"]);
  assert.deepEqual(cell(sheet, "C2"), ["n", -7.25, "General"]);
  assert.deepEqual(cell(sheet, "D2"), ["b", true, "General"]);
  assert.deepEqual(cell(sheet, "E2"), ["n", 40237, "yyyy-mm-dd"]);
  const [type, serial, format] = cell(sheet, "F2");
  assert.deepEqual([type, format], ["n", "yyyy-mm-dd hh:mm:ss"]);
  const seconds = Math.round((Number(serial) - 25_569) * 86_400);
  assert.equal(new Date(seconds * 1000).toISOString(), "2026-06-30T22:30:15.000Z");
});

Deno.test("what a typed cell cannot hold stays a text, and no text is a formula", async () => {
  const { sheet } = await sheetOf([
    ["=1+1", "much", "twelve", null, "1900-01-01", ""],
    ["00123", "x", "0x10", "false", "0800-05-01", "infinity"],
  ]);
  assert.deepEqual(cell(sheet, "A2"), ["s", "=1+1", "General"]);
  assert.deepEqual(cell(sheet, "B2"), ["s", "much", "General"]);
  assert.deepEqual(cell(sheet, "C2"), ["s", "twelve", "General"]);
  assert.deepEqual(cell(sheet, "E2"), ["s", "1900-01-01", "General"]);
  assert.deepEqual(cell(sheet, "A3"), ["s", "00123", "General"]);
  assert.deepEqual(cell(sheet, "B3"), ["s", "x", "General"]);
  assert.deepEqual(cell(sheet, "C3"), ["s", "0x10", "General"]);
  assert.deepEqual(cell(sheet, "F3"), ["s", "infinity", "General"]);
  assert(!Object.values(sheet).some((value) => value?.f !== undefined));
});

Deno.test("a text that looks like an escaped character is read back as it is", async () => {
  const texts = ["_x0041_ b", "_x000D_", "_x005F_x0041_", "a_x0041_x0042_", "_x12_ _xyz1_"];
  const { sheet } = await sheetOf(texts.map((text) => [text, null, null, null, null, null]));
  assert.deepEqual(texts.map((_, at) => cell(sheet, `A${at + 2}`)[1]), texts);
});

Deno.test("the header stays in view however many slices there are", async () => {
  const { bytes, sheet } = await sheetOf([["x".repeat(40), "1", "1", null, null, null]], [[
    "later",
    null,
    null,
    null,
    null,
    null,
  ]]);
  assert.equal(sheet["!ref"], "A1:F3");
  const xml = XLSX.CFB.read(bytes, { type: "array" });
  const part = XLSX.CFB.find(xml, "/xl/worksheets/sheet1.xml");
  const text = new TextDecoder().decode(Uint8Array.from(part?.content ?? []));
  assert.match(text, /<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"\/>/);
});

Deno.test("a table without rows has its header", async () => {
  const { sheet } = await sheetOf([]);
  assert.equal(sheet["!ref"], "A1:F1");
  assert.equal(sheet["A1"]?.v, "phone");
});

Deno.test("local times are those of the zone around every change of its clocks", () => {
  for (
    const zone of ["America/New_York", "Africa/Accra", "Asia/Kathmandu", "Australia/Lord_Howe"]
  ) {
    const local = zoneClock(zone);
    const format = new Intl.DateTimeFormat("sv", {
      timeZone: zone,
      dateStyle: "short",
      timeStyle: "medium",
    });
    for (let moment = Date.UTC(2026, 0, 1); moment < Date.UTC(2027, 0, 1); moment += 2_711_000) {
      const shown = new Date(local(moment)).toISOString().slice(0, 19).replace("T", " ");
      assert.equal(shown, format.format(moment), zone);
    }
  }
});
