import { deepEqual, equal, rejects } from "node:assert/strict";
import {
  readCustomerSheet,
  type SheetOptions,
} from "../../supabase/functions/upload/sheet/read.ts";
import { MAX_ROWS } from "../../supabase/functions/_shared/sheet/limits.ts";
import { customers, handmadeXlsx, HEADER, workbook, xmlRow } from "../fixtures/sheets.ts";
import { assertQuick } from "../support/quick.ts";

function read(bytes: Uint8Array, options: Partial<SheetOptions> = {}) {
  return readCustomerSheet({ name: "customers.xlsx", bytes }, {
    country: "GH",
    currency: "GHS",
    ...options,
  });
}

Deno.test("XML that other programs write is read: prefixes, rich text, bare cells", async () => {
  const header = xmlRow(1, HEADER).replaceAll("<", "<x:").replaceAll("<x:/", "</x:");
  const shared = [
    "<x:si><x:r><x:rPr><x:b/></x:rPr><x:t>Ama </x:t></x:r><x:r><x:t xml:space='preserve'>Mensah</x:t></x:r>" +
    "<x:rPh sb='0' eb='1'><x:t>no part of it</x:t></x:rPh></x:si>",
    "<x:si><x:t>A&amp;B_x0031_&#x2d;&#50;</x:t></x:si>",
    "<x:si/>",
  ];
  const bytes = handmadeXlsx({
    strings: `<x:sst count="3">${shared.join("")}</x:sst>`,
    sheet: "<x:worksheet xmlns:x='u'><x:sheetData>" + header + "<x:row r='2'></x:row><x:row>" +
      "<x:c t='s'><x:v>0</x:v></x:c><x:c t='s'><x:v>1</x:v></x:c><x:c s='9'><x:v>2.44123456E8</x:v></x:c>" +
      "<x:c/><x:c t='s'><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>",
  });
  deepEqual((await read(bytes)).rows, [{
    row: 3,
    name: "Ama Mensah",
    account_number: "A&B1-2",
    phone: "+233244123456",
    arrears: "0.00",
    status: null,
  }]);
});

Deno.test("a formula that was never calculated is reported, not read as nothing", async () => {
  const row = xmlRow(2, ["Ama", "A-1", "0244123456"])
    .replace("</row>", "<c><f>SUM(A1:A2)</f></c></row>");
  const result = await read(handmadeXlsx({ sheet: xmlRow(1, HEADER) + row }));
  equal(result.errors[0]?.field, "arrears");
  equal(/no stored result/.test(result.errors[0]?.message ?? ""), true);
});

Deno.test("700,000 empty formatted rows cost neither memory nor much time", async () => {
  const blanks: string[] = [];
  for (let row = 4; row < 700_000; row++) blanks.push(`<row r="${row}" s="1" ht="15"/>`);
  const last = (row: number) => xmlRow(row, ["Kofi", "A-2", "0244123457", "5"]);
  const sheet = (rows: string) =>
    '<worksheet><dimension ref="A1:XFD1048576"/><sheetData>' + xmlRow(1, HEADER) +
    xmlRow(2, ["Ama", "A-1", "0244123456", "5"]) + rows + "</sheetData></worksheet>";
  const started = performance.now();
  const below = await read(handmadeXlsx({ sheet: sheet(last(3) + blanks.join("")) }));
  deepEqual(below.rows.map((row) => row.row), [2, 3]);
  const between = read(handmadeXlsx({ sheet: sheet(blanks.join("") + last(700_000)) }));
  await rejects(between, { code: "too_many_rows" });
  assertQuick(started, 4_000, "two of them");
});

Deno.test("a declared range, links and merged cells over the whole sheet cost nothing", async () => {
  const sheet = '<worksheet><dimension ref="A1:XFD1048576"/><sheetData>' + xmlRow(1, HEADER) +
    xmlRow(2, ["Ama", "A-1", "0244123456", "5"]) + "</sheetData>" +
    '<mergeCells><mergeCell ref="A2:XFD1048576"/></mergeCells>' +
    '<hyperlinks><hyperlink ref="A1:XFD1048576" location="x"/></hyperlinks></worksheet>';
  const started = performance.now();
  equal((await read(handmadeXlsx({ sheet }))).totalRows, 1);
  assertQuick(started, 500);
});

Deno.test("merged cells without end take linear time", async () => {
  const rows = Array.from({ length: 5_000 }, (_, row) => xmlRow(row + 2, ["A", "B", "C", "1"]));
  const merges = '<mergeCell ref="A2:A5000"/>'.repeat(400_000);
  const sheet = `<worksheet><sheetData>${xmlRow(1, HEADER)}${rows.join("")}</sheetData>`;
  const started = performance.now();
  await read(handmadeXlsx({ sheet: `${sheet}${merges}</worksheet>` }));
  assertQuick(started, 2_000);
});

Deno.test("an empty shared text does not move the texts after it", async () => {
  const cells = [1, 2, 3].map((index) => `<c t="s"><v>${index}</v></c>`).join("");
  const bytes = handmadeXlsx({
    strings: "<sst><si/><si><t>Ama</t></si><si><t>A-1</t></si><si><t>0244123456</t></si></sst>",
    sheet: `${xmlRow(1, HEADER)}<row r="2">${cells}</row>`,
  });
  equal((await read(bytes)).rows[0]?.name, "Ama");
});

Deno.test("a sheet that is too large is passed over when it is not the one", async () => {
  const large = Array.from({ length: MAX_ROWS.xlsx + 100 }, (_, row) => ["meter reading", row]);
  for (const bookType of ["xlsx", "biff8"] as const) {
    const bytes = workbook({ Readings: large, Arrears: customers(5) }, { bookType });
    equal((await read(bytes)).sheetName, "Arrears");
    await rejects(read(workbook({ S: customers(MAX_ROWS.xlsx + 100) }, { bookType })), {
      code: "too_many_rows",
    });
  }
});

Deno.test("columns without end are passed over", async () => {
  const wide = Array.from({ length: 16_384 }, () => "x");
  const bytes = workbook({
    S: [[...HEADER, ...wide], ["Ama", "A-1", 244123456, 5, null, ...wide]],
  });
  equal((await read(bytes)).rows.length, 1);
});

Deno.test("more rows than allowed are refused before they are all read", async () => {
  const bytes = workbook({ S: customers(50) });
  await rejects(read(bytes, { maxRows: 49 }), { code: "too_many_rows", status: 413 });
  equal((await read(bytes, { maxRows: 50 })).totalRows, 50);
});
