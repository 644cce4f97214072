import { equal, match, ok, rejects } from "node:assert/strict";
import { SheetError } from "../../supabase/functions/_shared/sheet/error.ts";
import { readCustomerSheet } from "../../supabase/functions/upload/sheet/read.ts";
import {
  customers,
  encode,
  encryptedXlsx,
  handmadeXlsx,
  HEADER,
  join,
  oleFile,
  utf8,
  workbook,
  xmlRow,
  zip,
} from "../fixtures/sheets.ts";
import { assertQuick } from "../support/quick.ts";

const MEGABYTE = 1024 * 1024;

function read(bytes: Uint8Array) {
  return readCustomerSheet({ name: "c.xlsx", bytes }, { country: "GH", currency: "GHS" });
}

/** The refusal, which must come quickly whatever the file would like to cost. */
async function refusal(bytes: Uint8Array): Promise<SheetError> {
  const started = performance.now();
  try {
    await read(bytes);
  } catch (error) {
    ok(error instanceof SheetError, String(error));
    assertQuick(started, 2_000, "the refusal");
    match(error.message, /^[A-Z].*\.$/s, "a refusal is a sentence");
    return error;
  }
  throw new Error("the file must be refused");
}

async function refuses(code: string, ...files: Uint8Array[]): Promise<void> {
  for (const [index, bytes] of files.entries()) {
    equal((await refusal(bytes)).code, code, `file ${index}`);
  }
}

Deno.test("empty files are called empty", async () => {
  await refuses("file_empty", new Uint8Array(), utf8(" \r\n\t "), encode("\ufeff", "utf-16le"));
});

Deno.test("a file over 10 MB is refused before it is looked at", async () => {
  await refuses("file_too_large", new Uint8Array(11 * MEGABYTE));
});

Deno.test("a workbook with a password says so, in either format", async () => {
  const stream = Uint8Array.of(9, 8, 16, 0, 0, 6, ...new Uint8Array(14), 0x2f, 0, 2, 0, 0, 0);
  const locked = oleFile("Workbook", join([stream, new Uint8Array(5_000)]));
  const zipped = handmadeXlsx({ sheet: xmlRow(1, HEADER), claims: { flags: 1 } });
  await refuses("file_encrypted", encryptedXlsx(), locked, zipped);
});

Deno.test("a file whose end is missing is called truncated, or damaged", async () => {
  const bytes = workbook({ S: customers(200) });
  await refuses("file_truncated", bytes.slice(0, bytes.length / 2), bytes.slice(0, 100));
  const xls = workbook({ S: customers(200) }, { bookType: "biff8" });
  await refuses("file_unreadable", xls.slice(0, xls.length / 2), xls.slice(0, 300));
});

Deno.test("a changed byte is noticed by its checksum", async () => {
  const sheet = xmlRow(1, HEADER) + xmlRow(2, ["Ama", "A-1", "0244123456", "5"]);
  await refuses("file_unreadable", handmadeXlsx({ sheet, claims: { crc: 1 } }));
});

Deno.test("a zip bomb is refused, whether its directory admits it or lies", async () => {
  const sheet = new Uint8Array(110 * MEGABYTE).fill(32);
  sheet.set(utf8(`<worksheet><sheetData>${xmlRow(1, HEADER)}`));
  await refuses("file_expands_too_much", handmadeXlsx({ sheet }));
  await refuses("file_expands_too_much", handmadeXlsx({ sheet, claims: { size: 1_000 } }));
});

Deno.test("rows that never end are cut off, not collected", async () => {
  const row = `<row r="2">${'<c t="inlineStr"><is><t>x</t></is></c>'.repeat(2_000_000)}`;
  await refuses("file_expands_too_much", handmadeXlsx({ sheet: xmlRow(1, HEADER) + row }));
});

Deno.test("styles, texts and tags without end are refused", async () => {
  const sheet = xmlRow(1, HEADER);
  await refuses(
    "file_expands_too_much",
    handmadeXlsx({ sheet, styles: `<x>${'<xf numFmtId="999"/>'.repeat(400_000)}</x>` }),
    handmadeXlsx({ sheet, strings: `<sst>${"<si><t>a</t></si>".repeat(350_000)}</sst>` }),
    handmadeXlsx({ sheet: `${sheet}<row r="2"><c${" a=a".repeat(100_000)}><v>1</v></c></row>` }),
  );
});

Deno.test("a document type, which entities that multiply need, is refused", async () => {
  const levels = Array.from(
    { length: 20 },
    (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
  );
  const sheet =
    `<!DOCTYPE worksheet [<!ENTITY l0 "lol">${levels.join("")}]><worksheet><sheetData>` +
    xmlRow(1, HEADER) + xmlRow(2, ["&l20;", "A-1", "0244123456", "5"]) + "</sheetData></worksheet>";
  const strings = "<!DOCTYPE sst><sst/>";
  await refuses(
    "file_unreadable",
    handmadeXlsx({ sheet }),
    handmadeXlsx({ sheet: xmlRow(1, HEADER), strings }),
  );
});

Deno.test("tags repeated without end take linear time", async () => {
  const header = xmlRow(1, HEADER);
  const hostile = [
    "<row><c>".repeat(300_000),
    "<row ".repeat(400_000),
    "<row></row>".repeat(2_000_000),
    `<row>${"<c ".repeat(500_000)}</row>`,
    `<row>${"<c><v>".repeat(300_000)}</row>`,
    "<rowBreaks>".repeat(180_000),
  ];
  for (const sheet of hostile) await refusal(handmadeXlsx({ sheet: header + sheet }));
  const good = header + xmlRow(2, ["Ama", "A-1", "0244123456", "5"]);
  for (const part of ["<si>", "<si><t>", "<numFmts ", "<cellXfs>", "<xf "]) {
    const styles = part.repeat(300_000);
    const started = performance.now();
    await read(handmadeXlsx({ sheet: good, styles })).catch((error) => {
      ok(error instanceof SheetError, String(error));
    });
    assertQuick(started, 2_000, part);
    const strings = `<sst>${styles}</sst>`;
    await read(handmadeXlsx({ sheet: good, strings })).catch((error) => {
      ok(error instanceof SheetError, String(error));
    });
    assertQuick(started, 4_000, part);
  }
});

Deno.test("web pages under the name of a spreadsheet are recognized", async () => {
  const pages = [
    "<html><table>",
    "\n <TABLE border=1>",
    "<?xml version='1.0'?><Workbook>",
    "MIME-Version: 1.0",
  ];
  await refuses("file_is_html", ...pages.map(utf8), encode("\ufeff<html>", "utf-16le"));
});

Deno.test("files of other kinds are refused as such", async () => {
  const starts = ["%PDF-1.7\n", "\x89PNG\r\n\x1a\n", "Rar!\x1a", "{\\rtf1", "GIF89a"];
  await refuses("file_type_unsupported", ...starts.map((start) => encode(start, "latin1")));
  await refuses(
    "file_type_unsupported",
    zip([{ name: "word/document.xml", data: utf8("<w/>") }]),
    zip([{ name: "content.xml", data: utf8("<office/>") }]),
    zip([{ name: "xl/workbook.bin", data: utf8("x") }]),
    oleFile("WordDocument", new Uint8Array(5_000)),
    Uint8Array.of(9, 4, 6, 0, 0, 0, 16, 0, 0, 0),
    Uint8Array.from({ length: 5_000 }, (_, index) => (index * 7919) & 255),
  );
});

Deno.test("a file without column names says what was looked for and what was seen", async () => {
  const bytes = utf8("Customer Name,Account,Amount Owed\nAma,A-1,5\n");
  const error = await refusal(bytes);
  equal(error.code, "header_not_found");
  match(error.message, /Missing: phone\..*"Customer Name", "Account", "Amount Owed"/);
  const late = [...Array.from({ length: 30 }, () => ["title"]), HEADER, ["Ama", "A", 1, 1, null]];
  await refuses("header_not_found", workbook({ S: late }));
});

Deno.test("a file with nothing below its header has no rows", async () => {
  await refuses("no_rows", workbook({ S: [HEADER] }), utf8(`${HEADER.join(",")}\n,,,,\n`));
  await refuses("no_rows", workbook({ S: [[]] }));
});

Deno.test("an archive with files without end is refused", async () => {
  const files = Array.from({ length: 10_001 }, (_, index) => ({
    name: `xl/${index}.xml`,
    data: new Uint8Array(),
  }));
  await refuses("file_expands_too_much", zip(files));
});

Deno.test("a compound file whose chains loop is refused", async () => {
  const bytes = workbook({ S: customers(500) }, { bookType: "biff8" });
  const view = new DataView(bytes.buffer);
  const table = 512 * (view.getUint32(76, true) + 1);
  for (let sector = 0; sector < 100; sector++) view.setUint32(table + sector * 4, sector, true);
  await refuses("file_unreadable", bytes);
});

Deno.test("after all of these a good file is still read", async () => {
  equal((await read(workbook({ S: customers(10) }))).rows.length, 10);
  await rejects(read(new Uint8Array()), SheetError);
});
