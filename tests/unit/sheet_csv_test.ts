import { deepEqual, equal, rejects } from "node:assert/strict";
import { readCustomerSheet } from "../../supabase/functions/upload/sheet/read.ts";
import { toCsv } from "../../supabase/functions/_shared/csv.ts";
import { encode, join, utf8 } from "../fixtures/sheets.ts";

const HEADER = "Full Name,Account #,Tel,Debt";

function read(bytes: Uint8Array) {
  return readCustomerSheet({ name: "c.csv", bytes }, { country: "GH", currency: "GHS" });
}

async function names(bytes: Uint8Array): Promise<string[]> {
  return (await read(bytes)).rows.map((row) => row.name);
}

Deno.test("a CSV file is read in every encoding that offices save", async () => {
  const text = `${HEADER}\r\nRenée Müller,A-1,0244123456,5\r\n`;
  const bom = Uint8Array.of(0xef, 0xbb, 0xbf);
  const files: Record<string, Uint8Array> = {
    "UTF-8": utf8(text),
    "UTF-8 with mark": join([bom, utf8(text)]),
    "UTF-16LE with mark": encode(`\ufeff${text}`, "utf-16le"),
    "UTF-16BE with mark": encode(`\ufeff${text}`, "utf-16be"),
    "UTF-16LE": encode(text, "utf-16le"),
    "UTF-16BE": encode(text, "utf-16be"),
    "Windows-1252": encode(text, "latin1"),
  };
  for (const [name, bytes] of Object.entries(files)) {
    deepEqual(await names(bytes), ["Renée Müller"], name);
  }
  const arabic = `${HEADER}\nمحمد عبد الله,A-1,٠٢٤٤١٢٣٤٥٦,٥\n`;
  deepEqual(await names(encode(arabic, "utf-16le")), ["محمد عبد الله"]);
  const curly = Uint8Array.from([...utf8(`${HEADER}\nO`), 0x92, ...utf8("Neil,A-1,0244123456,5")]);
  deepEqual(await names(curly), ["O’Neil"], "0x92 is a curly apostrophe in Windows-1252");
});

Deno.test("the delimiter is found, whatever stands inside quotes", async () => {
  for (const delimiter of [",", ";", "\t", "|"]) {
    const lines = [HEADER.replaceAll(",", delimiter)];
    lines.push(['"Mensah, Ama; B\t|"', "A-1", "0244123456", '"1.234,50"'].join(delimiter));
    const result = await read(utf8(lines.join("\n")));
    equal(result.rows[0]?.name, "Mensah, Ama; B |", `delimiter "${delimiter}"`);
    equal(result.rows[0]?.arrears, "1234.50");
  }
  deepEqual(await names(utf8(`sep=;\r\n${HEADER.replaceAll(",", ";")}\r\nAma;A-1;0244123456;5`)), [
    "Ama",
  ]);
});

Deno.test("row numbers are those that a spreadsheet program shows", async () => {
  const text =
    `Report of May\n\n${HEADER}\r\n\r\n"Ama\nSerwaa ""Sis""",A-1,0244123456,5\r\n,,,\nKofi,A-2,12,5\r`;
  const result = await read(utf8(text));
  deepEqual(result.rows.map((row) => [row.row, row.name]), [[5, 'Ama Serwaa "Sis"']]);
  deepEqual(result.errors.map((error) => error.row), [7]);
  equal(result.totalRows, 2, "blank rows are not counted");
  equal(result.sheetName, null);
});

Deno.test("any line end is one, and the last may lack it", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = [HEADER, "Ama,A-1,0244123456,5", "Kofi,A-2,0244123457,5"].join(end);
    deepEqual(await names(utf8(text)), ["Ama", "Kofi"], JSON.stringify(end));
  }
});

Deno.test("digits that Excel destroyed are reported and not sent to a stranger", async () => {
  const result = await read(utf8(`${HEADER}\nAma,1.2E+12,2.33244E+11,#N/A\n`));
  deepEqual(result.errors.map((error) => error.field), ["account_number", "phone", "arrears"]);
});

Deno.test("the first of a repeated account number is kept, later ones are duplicates", async () => {
  const rows = [
    "Ama,a-1,0244123456,5",
    "Kofi, A-1 ,0244123457,6",
    "Esi,A-1,bad,7",
    "Yaw,A-2,0244123458,8",
  ];
  const result = await read(utf8([HEADER, ...rows].join("\n")));
  deepEqual(result.rows.map((row) => row.name), ["Ama", "Yaw"]);
  deepEqual([result.totalRows, result.duplicateRows, result.invalidRows], [4, 1, 1]);
  deepEqual(result.errors.map(({ row, kind }) => [row, kind]), [[3, "duplicate"], [4, "invalid"]]);
});

Deno.test("errors beyond the cap are counted though not listed", async () => {
  const rows = Array.from({ length: 30 }, (_, index) => `Ama,A-${index},bad,5`);
  const bytes = utf8([HEADER, ...rows].join("\n"));
  const result = await readCustomerSheet({ name: "c.csv", bytes }, {
    country: "GH",
    currency: "GHS",
    maxErrors: 10,
  });
  deepEqual([result.errors.length, result.errorsTruncated, result.invalidRows], [10, true, 30]);
});

Deno.test("a stronger header wins over a weaker one, and of equal ones the first", async () => {
  const text = "Meter Number,Contact,Phone,Phone,Name,Account,Arrears,Balance\n" +
    "M-1,Esi,0244123456,0209999999,Ama,A-1,5,9\n";
  const result = await read(utf8(text));
  deepEqual(result.columns, {
    phone: "Phone",
    name: "Name",
    account_number: "Account",
    arrears: "Arrears",
  });
  equal(result.rows[0]?.phone, "+233244123456");
  deepEqual(
    Object.values((await read(utf8("Client;Meter No;Téléphone;Debt\nA;1;0244123456;0"))).columns),
    ["Client", "Meter No", "Téléphone", "Debt"],
  );
});

Deno.test("what was exported is read back as it was", async () => {
  const csv = toCsv([HEADER.split(","), ["=cmd|' /C calc'!A1", "@7", "+233244123456", "-1234.50"]]);
  const [row] = (await read(utf8(csv))).rows;
  deepEqual([row?.name, row?.account_number, row?.phone, row?.arrears], [
    "=cmd|' /C calc'!A1",
    "@7",
    "+233244123456",
    "-1234.50",
  ]);
});

Deno.test("a quotation mark that never closes is named by its row", async () => {
  await rejects(read(utf8(`${HEADER}\nAma,A-1,0244123456,5\n"Kofi,A-2,0244123457,6\n`)), {
    code: "file_unreadable",
    message: /row 3 never closes/,
  });
});
