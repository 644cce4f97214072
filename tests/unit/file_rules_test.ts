import { deepEqual, equal, match, rejects } from "node:assert/strict";
import {
  readCustomerSheet,
  type SheetOptions,
} from "../../supabase/functions/upload/sheet/read.ts";
import { escapeFormula, withoutTextMarks } from "../../supabase/functions/_shared/csv.ts";
import { encode, handmadeXlsx, join, oleFile, utf8, workbook, xmlRow } from "../fixtures/sheets.ts";

const HEADER = "Customer Name,Account No,Phone,Amount Owed";
const COLUMNS = HEADER.split(",");

function read(content: Uint8Array | string, options: Partial<SheetOptions> = {}) {
  const bytes = typeof content === "string" ? utf8(content) : content;
  return readCustomerSheet({ name: "c", bytes }, { country: "GH", currency: "GHS", ...options });
}

/** Row number and arrears of each valid row, and row number and message of each error. */
async function outcome(content: Uint8Array | string, options: Partial<SheetOptions> = {}) {
  const { rows, errors } = await read(content, options);
  return {
    rows: rows.map(({ row, arrears }) => `${row}: ${arrears}`),
    errors: errors.map(({ row, field }) => `${row}: ${field}`),
  };
}

Deno.test("a CSV row whose number of fields is not the header's is refused and named", async () => {
  const file = `${HEADER}\nKofi,Q2,0244133002,1,234.50\nB,B2,0244100102\nAma,Q3,0244100103,5,,,\n`;
  deepEqual(await outcome(file), { rows: ["4: 5.00"], errors: ["2: ", "3: "] });
  const { errors } = await read(file);
  match(errors[0]?.message ?? "", /5 fields, but the header has 4/);
  match(errors[1]?.message ?? "", /ends early/);
});

Deno.test("an amount without quotation marks is refused, whatever follows the last name of the header", async () => {
  const split = "Kofi,Q2,0244133002,1,234.50";
  for (
    const [name, file] of [
      ["a delimiter at the end of the header", `${HEADER},\n${split}`],
      ["and of the rows", `${HEADER},\n${split},\nA,A1,0244100101,5,`],
      ["blank columns", `${HEADER},,,\n${split},,,`],
      ["a longer row above", `Arrears,,,,,Prepared by Ama\n${HEADER}\n${split}`],
      ["a named column after it", `${HEADER},Notes\n${split},`],
      [
        "and longer blank rows",
        `${HEADER},Notes\n${split},\nA,A1,0244100101,5,,\nB,B1,0244100102,6,`,
      ],
      ["a decimal comma", `${HEADER},Notes\nKofi,Q2,0244133002,234,50,`],
      ["a name", `${HEADER},Notes\nMensah, Kofi,Q2,0244133002,5,`],
      [
        "an unnamed column",
        `Customer Name,Account No,,Phone,Amount Owed,\nKofi,Q2,,0244133002,1,234.50,`,
      ],
      ["tabs", `${HEADER},\n${split}`.replaceAll(",", "\t")],
    ] as const
  ) {
    const result = await outcome(file);
    deepEqual(result.errors.map((error) => error.split(" ")[1]), [""], name);
    equal(result.rows.includes("2: 1.00"), false, name);
  }
});

Deno.test("blank fields at the end, decimal commas and spaces do not make a row longer", async () => {
  for (
    const file of [
      `${HEADER}\nA,A1,0244100101,234.50,\nB,12,0244100102,234.50,\nC,123,0244100103,234.50,`,
      `${HEADER},\nA,A1,0244100101,234.50\nB,B1,0244100102,234.50,\nC,C1,0244100103,234.50,`,
      `${HEADER};\nA;A1;0244100101;234,50;\nB;B1;0244100102;234,50\nC;C1;0244100103;234,50;;`
        .replaceAll(",", ";").replaceAll("234;50", "234,50"),
      `${HEADER}\nA, A1, 0244100101, 234.50,\nB, B1, 0244100102, 234.50\nC, C1, 0244100103, 234.50`,
    ]
  ) {
    const expected = { rows: ["2: 234.50", "3: 234.50", "4: 234.50"], errors: [] };
    deepEqual(await outcome(file), expected, file);
  }
});

Deno.test("a row that ends early is refused also where only unread columns are missing", async () => {
  // The amount itself may be cut: 12 of 1234.50.
  const file = `${HEADER},Notes\nA,A1,0244100101,5,\nB,B2,0244100102,12`;
  deepEqual(await outcome(file), { rows: ["2: 5.00"], errors: ["3: "] });
});

Deno.test("columns that Excel left out of a whole block of 16 rows are empty", async () => {
  const row = (n: number, end: string) => `C${n},A${n},02441${String(10_000 + n)},5${end}`;
  const full = Array.from({ length: 15 }, (_, n) => row(n, n === 3 ? ",warned" : ","));
  const short = Array.from({ length: 16 }, (_, n) => row(100 + n, ""));
  const good = await outcome([`${HEADER},Status`, ...full, ...short].join("\n"));
  deepEqual([good.rows.length, good.errors], [31, []]);
  const cut = await outcome(
    [`${HEADER},Status`, ...full, ...short.slice(1), row(200, ",")].join("\n"),
  );
  equal(cut.errors.length, 15, "in a block with a longer row the others end early");
});

Deno.test("a formula without a result is an error in every format, and never 0.00", async () => {
  const cells = (n: number) => xmlRow(n, ["B", `X${n}`, `024410010${n}`]);
  const formula = (n: number, xml: string) => cells(n).replace("</row>", `${xml}</row>`);
  const sheet = [
    xmlRow(1, COLUMNS),
    formula(2, "<c><f>1+2</f></c>"),
    formula(3, "<c><f>1+2</f><v></v></c>"),
    formula(4, '<c t="str"><f>IF(1=1,"","x")</f><v></v></c>'),
    formula(5, '<c t="str"><f>IF(1=1,"","x")</f><v/></c>'),
    formula(6, '<c t="str"><f>"5"</f><v>5</v></c>'),
  ].join("");
  const { rows, errors } = await read(handmadeXlsx({ sheet }));
  deepEqual(rows.map(({ row }) => row), [6]);
  deepEqual(errors.map(({ row, value }) => [row, value]), [[2, null], [3, null], [4, null], [
    5,
    null,
  ]]);
  match(errors[0]?.message ?? "", /no stored result/);
  match(errors[2]?.message ?? "", /gives no amount/);
});

/** A record of a workbook stream of Excel 97. */
function record(type: number, ...data: number[]): Uint8Array {
  return Uint8Array.from([type & 255, type >> 8, data.length & 255, data.length >> 8, ...data]);
}

const label = (row: number, column: number, text: string) =>
  record(0x0204, row, 0, column, 0, 0, 0, text.length, 0, 0, ...utf8(text));

/** An .xls file with these texts, a formula with an empty text as its result, and a hidden row. */
function xlsWithBlankFormula(): Uint8Array {
  const bof = (kind: number) => record(0x0809, 0, 6, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0);
  const rows = [COLUMNS, ["A", "X1", "0244100101", "12.5"], ["B", "X2", "0244100102"]];
  const blank = [3, 0, 0, 0, 0, 0, 255, 255];
  const formula = record(0x0006, 2, 0, 3, 0, 0, 0, ...blank, 0, 0, 0, 0, 0, 0, 0, 0);
  const hidden = record(0x0208, 1, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0);
  const sheet = join([
    bof(0x10),
    hidden,
    ...rows.flatMap((texts, row) => texts.map((text, column) => label(row, column, text))),
    formula,
    record(0x000a),
  ]);
  const globals = (position: number) =>
    join([
      bof(5),
      record(0x0085, position & 255, position >> 8, 0, 0, 0, 0, 1, 0, 83),
      record(0x000a),
    ]);
  const stream = join([globals(globals(0).length), sheet]);
  return oleFile("Workbook", join([stream, new Uint8Array(Math.max(0, 4_096 - stream.length))]));
}

Deno.test("an .xls formula that gives an empty text is no amount, and hidden rows are counted", async () => {
  const { rows, errors, hiddenRows, warnings } = await read(xlsWithBlankFormula());
  deepEqual(rows.map(({ row, arrears }) => [row, arrears]), [[2, "12.50"]]);
  deepEqual(errors.map(({ row, field }) => [row, field]), [[3, "arrears"]]);
  match(errors[0]?.message ?? "", /gives no amount/);
  equal(hiddenRows, 1);
  deepEqual(warnings.map(({ row, field }) => [row, field]), [[2, ""]]);
});

Deno.test("rows whose formulas all give an empty text are blank rows", async () => {
  const blank = '<c t="str"><f>IF(Data!A2="","",Data!A2)</f><v></v></c>'.repeat(4);
  const templates = Array.from({ length: 40 }, (_, n) => `<row r="${n + 3}">${blank}</row>`);
  const sheet = xmlRow(1, COLUMNS) + xmlRow(2, ["Ama", "A1", "0244100101", "5"]) +
    templates.join("");
  const { totalRows, errors } = await read(handmadeXlsx({ sheet }), { maxRows: 1 });
  deepEqual([totalRows, errors], [1, []]);
});

Deno.test("characters beyond U+FFFF are read from references of every kind", async () => {
  const sheet = xmlRow(1, COLUMNS) +
    xmlRow(2, ["K&#596;fi &#128512; &#233;", "A1", "0244100101", "5"]) +
    '<row r="3"><c t="s"><v>0</v></c><c t="inlineStr"><is><t>A2</t></is></c>' +
    '<c t="inlineStr"><is><t>0244100102</t></is></c><c><v>6</v></c></row>';
  const strings = "<sst><si><t>Esi &#x1F600;</t></si></sst>";
  const { rows } = await read(handmadeXlsx({ sheet, strings }));
  deepEqual(rows.map(({ name }) => name), ["Kɔfi 😀 é", "Esi 😀"]);
});

Deno.test("one foreign byte affects its own character only, and its row is named", async () => {
  const file = join([
    utf8(`${HEADER}\nRenée,A1,0244100101,5\nAndr`),
    Uint8Array.of(0xe9),
    utf8(" Zoë,A2,0244100102,6\nZoë,A3,0244100103,7\n"),
  ]);
  const { rows, warnings } = await read(file);
  deepEqual(rows.map(({ name }) => name), ["Renée", "André Zoë", "Zoë"]);
  deepEqual(warnings.map(({ row }) => row), [3]);
  const early = join([
    utf8(`${HEADER}\nAndr`),
    Uint8Array.of(0xe9),
    utf8(",A1,0244100101,5\nZoë,A2,0244100102,6\n"),
  ]);
  deepEqual((await read(early)).rows.map(({ name }) => name), ["André", "Zoë"]);
  const western = await read(encode(`${HEADER}\nAndré,A1,0244100101,5\n`, "latin1"));
  deepEqual([western.rows[0]?.name, western.warnings], ["André", []]);
  const mac = join([utf8(`${HEADER}\nRen`), Uint8Array.of(0x8e), utf8("e,A1,0244100101,5\n")]);
  match((await read(mac)).warnings[0]?.message ?? "", /Mac encoding/);
});

Deno.test("marks that keep texts in CSV are removed in every column, and kept in workbooks", async () => {
  const file =
    `${HEADER}\n"=""Ama""","=""00123""",'0244100101,"=""1234.50"""\n'Tetteh,'00124,0244100102,'5\n`;
  const { rows } = await read(file);
  deepEqual(rows.map(({ name, account_number, arrears }) => [name, account_number, arrears]), [
    ["Ama", "00123", "1234.50"],
    ["'Tetteh", "00124", "5.00"],
  ]);
  const sheet = xmlRow(1, COLUMNS) + xmlRow(2, ["Ama", "'00123", "0244100101", "5"]);
  equal((await read(handmadeXlsx({ sheet }))).rows[0]?.account_number, "'00123");
});

Deno.test("exported texts are read back as they were", () => {
  for (
    const text of ["=1", "'=1", "''", "'5", "''5'", "'5'", '="x"', "'t Hooft", "-a", "a'", "'"]
  ) {
    equal(withoutTextMarks(escapeFormula(text)), text, text);
  }
});

Deno.test("a currency, a date or a number is no part of a column's name", async () => {
  for (
    const [name, account, phone, amount] of [
      ["Customer Name", "Account No", "Phone", "Amount Owed (GHS)"],
      ["Name of Customer", "A/C No", "Phone 1", "Balance GHS"],
      ["Names", "Customer ID", "Cell", "Balance (GH₵)"],
      ["Name", "Customer No", "Customer Phone", "Arrears (30/11/2026)"],
      ["Name", "Account", "Mobile/Tel", "Total Due"],
      ["Name", "Account", "Tel", "Current Balance"],
      ["Name", "Account", "Tel", "Outstanding Bal."],
      ["Name", "Account", "Tel", "Amt Owed"],
    ]
  ) {
    const { rows } = await read(`${name},${account},${phone},${amount}\nAma,A1,0244100101,5\n`);
    equal(rows[0]?.arrears, "5.00", `${name},${account},${phone},${amount}`);
  }
  await rejects(read("Name,Account,Phone (next of kin),Debt\nAma,A1,0244100101,5\n"), {
    code: "header_not_found",
  });
});

Deno.test("a mapping names columns that are not found, and header_row the header", async () => {
  const file = "Bill,Ref,Contact of,Who\nx,x,x,x\nDue,Ref,Call,Who\n5,A1,0244100101,Ama\n";
  const mapping = { Due: "arrears", Ref: "account_number", Call: "phone", "3": "name" } as const;
  const { rows, headerRow, columns } = await read(file, { mapping });
  deepEqual([headerRow, rows.map(({ row, name }) => `${row} ${name}`)], [3, ["4 Ama"]]);
  deepEqual(columns, { arrears: "Due", account_number: "Ref", phone: "Call", name: "Who" });
  equal((await read(file, { mapping, headerRow: 3 })).headerRow, 3);
  const twice = `${HEADER}\nAma,A1,0244100101,5\n${HEADER}\nEsi,A2,0244100102,6\n`;
  equal((await read(twice)).headerRow, 1, "of equal rows the first is the header");
  equal((await read(twice, { headerRow: 3 })).rows[0]?.row, 4);
  deepEqual(
    (await read(`${HEADER}\nAma,A1,0244100101,5\n`, { mapping: { Gone: "status" } })).unknownNames,
    ["Gone"],
  );
});

Deno.test("an empty amount counts as 0.00 with a warning", async () => {
  const { rows, warnings } = await read(`${HEADER}\nAma,A1,0244100101,\nEsi,A2,0244100102,0\n`);
  deepEqual(rows.map(({ arrears }) => arrears), ["0.00", "0.00"]);
  deepEqual(warnings.map(({ row, field }) => [row, field]), [[2, "arrears"]]);
});

Deno.test("what offices and programs write is understood", async () => {
  const rows = [
    `"Mensah, Ama", "A1", "0244100101", "1,234.50"`,
    `Kofi,123.0,p:+233244100102,"1,234.50/="`,
    `Esi,B2,WhatsApp: 0244100103,GHS 5`,
    `Yaw,B3,0244100104 (wife),1000/-`,
  ];
  const header = '"Customer Name", "Account No", "Phone", "Amount Owed"';
  const result = await read(`${header}\n${rows.join("\n")}\n`);
  deepEqual(result.errors, []);
  deepEqual(result.rows.map(({ account_number, arrears }) => [account_number, arrears]), [
    ["A1", "1234.50"],
    ["123", "1234.50"],
    ["B2", "5.00"],
    ["B3", "1000.00"],
  ]);
  const dollars = await read(`${HEADER}\nAma,A1,415-555-2671,US$ 5\n`, {
    country: "US",
    currency: "USD",
  });
  equal(dollars.rows[0]?.arrears, "5.00");
});

Deno.test("words for nothing are no names, numbers or statuses", async () => {
  const { errors } = await read(`${HEADER},Status\n-,n/a,none,5,-\n`);
  deepEqual(errors.map(({ field, message }) => `${field} ${/missing/.test(message)}`), [
    "name true",
    "account_number true",
    "phone true",
  ]);
});

Deno.test("zeros and an end mark behind the last row are padding", async () => {
  const text = utf8(`${HEADER}\nAma,A1,0244100101,5\n`);
  for (const end of [new Uint8Array(2_000), Uint8Array.of(0x1a), Uint8Array.of(0x1a, 0, 0)]) {
    equal((await read(join([text, end]))).rows.length, 1);
  }
  await rejects(read(join([text, new Uint8Array(9), text])), { code: "file_type_unsupported" });
});

Deno.test("a sheet in UTF-16 is read", async () => {
  const xml = "<worksheet><sheetData>" + xmlRow(1, COLUMNS) +
    xmlRow(2, ["Kɔfi", "A1", "0244100101", "5"]) + "</sheetData></worksheet>";
  const marked = '<?xml version="1.0" encoding="UTF-16"?>' + xml;
  for (
    const sheet of [
      encode(`\ufeff${marked}`, "utf-16le"),
      encode(`\ufeff${marked}`, "utf-16be"),
      encode(xml, "utf-16le"),
    ]
  ) {
    equal((await read(handmadeXlsx({ sheet }))).rows[0]?.name, "Kɔfi");
  }
});

Deno.test("a date is no amount, whatever its format and the calendar of the workbook", async () => {
  const sheet = xmlRow(1, COLUMNS) +
    xmlRow(2, ["Ama", "A1", "0244100101"]).replace(
      "</row>",
      '<c t="d"><v>2026-11-03T00:00:00</v></c></row>',
    );
  const { errors } = await read(handmadeXlsx({ sheet }));
  deepEqual(errors.map(({ field, value }) => [field, value]), [["arrears", "2026-11-03"]]);
  match(errors[0]?.message ?? "", /date/);
  const book = workbook({ S: [COLUMNS, ["Ama", "A1", 244100101, 0]] }, {}, (written) => {
    written.Workbook = { WBProps: { date1904: true } };
    const cell = written.Sheets["S"]?.["D2"];
    if (cell) Object.assign(cell, { v: 44_867 - 0.1 / 86_400, z: "yyyy-mm-dd hh:mm" });
  });
  equal((await read(book)).errors[0]?.value?.slice(0, 4), "2026");
});
