import { deepEqual, equal } from "node:assert/strict";
import * as XLSX from "@e965/xlsx";
import {
  readCustomerSheet,
  type SheetOptions,
} from "../../supabase/functions/upload/sheet/read.ts";
import { customers, HEADER, type Rows, workbook } from "../fixtures/sheets.ts";

const GHANA: SheetOptions = { country: "GH", currency: "GHS" };

function read(bytes: Uint8Array, options: Partial<SheetOptions> = {}) {
  return readCustomerSheet({ name: "customers.xlsx", bytes }, { ...GHANA, ...options });
}

const FORMATS: XLSX.BookType[] = ["xlsx", "biff8"];

for (const bookType of FORMATS) {
  Deno.test(`${bookType}: every row of a good workbook is read as it was written`, async () => {
    const bytes = workbook({ Arrears: customers(300) }, { bookType, bookSST: true });
    const result = await read(bytes);
    equal(result.sheetName, "Arrears");
    equal(result.totalRows, 300);
    equal(result.invalidRows, 0, JSON.stringify(result.errors[0]));
    deepEqual(result.rows[1], {
      row: 3,
      name: "Kwame Mensah 1",
      account_number: "ACC-0000001",
      phone: "+233244000001",
      arrears: "1.38",
      status: "disconnected",
    });
    deepEqual(result.columns, {
      name: "Customer Name",
      account_number: "Account No",
      phone: "Phone",
      arrears: "Amount Owed",
      status: "Status",
    });
  });

  Deno.test(`${bookType}: titles, blank rows and padding do not move row numbers`, async () => {
    const rows: Rows = [
      ["Northern Electricity – Arrears Q3"],
      [],
      [" CUSTOMER NAME ", "Acc. No.", "Mobile", "Balance", "STATUS"],
      [],
      ["  Ama\u00a0 Serwaa ", " 0012 ", 244123456, "GHS 1,234.50", "Active"],
      [null, " ", "\u00a0", null, ""],
      ["Kofi", 2_331_234_567_890, "0201234567", "(1,234.50)", null],
      ["Bad", "A-3", "12", "x", "gone"],
    ];
    const result = await read(workbook({ S: rows }, { bookType }));
    equal(result.totalRows, 3);
    deepEqual(result.rows, [
      {
        row: 5,
        name: "Ama Serwaa",
        account_number: "0012",
        phone: "+233244123456",
        arrears: "1234.50",
        status: "connected",
      },
      {
        row: 7,
        name: "Kofi",
        account_number: "2331234567890",
        phone: "+233201234567",
        arrears: "-1234.50",
        status: null,
      },
    ]);
    deepEqual(result.errors.map(({ row, field, value }) => [row, field, value]), [
      [8, "phone", "12"],
      [8, "arrears", "x"],
      [8, "status", "gone"],
    ]);
    equal(result.invalidRows, 1, "a row with three bad cells counts once");
  });

  Deno.test(`${bookType}: number formats, dates, errors, formulas and merged cells`, async () => {
    const rows: Rows = [
      HEADER,
      ["Zeros", 42, 244123456, 5, null],
      ["Date", "A-2", "0244123457", 45000, null],
      ["Error", "A-3", "0244123458", 0, null],
      ["Formula", "A-4", "0244123459", 0.1 + 0.2, null],
      ["Text formula", "A-5", "0244123460", 0, "warned"],
      ["Merged", "A-6", "0244123461", 7, null],
      [null, "A-7", null, 8, null],
    ];
    const bytes = workbook({ S: rows }, { bookType }, (book) => {
      const sheet = book.Sheets["S"] ?? {};
      sheet["B2"] = { t: "n", v: 42, z: "000000" };
      sheet["D3"] = { t: "n", v: 45000, z: "dd/mm/yyyy" };
      sheet["D4"] = { t: "e", v: 0x17 };
      sheet["D5"] = { t: "n", v: 0.1 + 0.2, f: "0.1+0.2" };
      sheet["E6"] = { t: "s", v: "warned", f: '"war"&"ned"' };
      const merge = (column: number) => ({ s: { r: 6, c: column }, e: { r: 7, c: column } });
      sheet["!merges"] = [merge(0), merge(2)];
    });
    const result = await read(bytes);
    deepEqual(result.rows.map((row) => [row.name, row.account_number, row.arrears, row.status]), [
      ["Zeros", "000042", "5.00", null],
      ["Formula", "A-4", "0.30", null],
      ["Text formula", "A-5", "0.00", "warned"],
      ["Merged", "A-6", "7.00", null],
      ["Merged", "A-7", "8.00", null],
    ]);
    deepEqual(result.errors.map(({ row, field, value }) => [row, field, value]), [
      [3, "arrears", "2023-03-15"],
      [4, "arrears", "#REF!"],
    ]);
  });

  Deno.test(`${bookType}: the first sheet with a header is read, hidden ones last`, async () => {
    const hidden: Rows = [HEADER, ["Hidden", "H-1", "0244000000", 1, null]];
    const shown: Rows = [HEADER, ["Shown", "S-1", "0244000001", 1, null]];
    const bytes = workbook(
      { Old: hidden, Cover: [["Monthly report"]], Data: shown, More: hidden },
      { bookType },
      (book) => {
        book.Workbook = { Sheets: [{ Hidden: 1 }, {}, {}, {}] };
      },
    );
    const result = await read(bytes);
    equal(result.sheetName, "Data");
    equal(result.rows[0]?.name, "Shown");
  });
}

Deno.test("biff5: a workbook of Excel 95 is read too", async () => {
  const rows: Rows = [["Arrears"], [], HEADER, ["Ama", 42, 244123456, -5.25, "Warned"]];
  const bytes = workbook({ Old: rows }, { bookType: "biff5" }, (book) => {
    Object.assign(book.Sheets["Old"] ?? {}, { B4: { t: "n", v: 42, z: "0000" } });
  });
  const result = await read(bytes);
  equal(result.sheetName, "Old");
  deepEqual(result.rows, [{
    row: 4,
    name: "Ama",
    account_number: "0042",
    phone: "+233244123456",
    arrears: "-5.25",
    status: "warned",
  }]);
});

for (const bookType of FORMATS) {
  Deno.test(`${bookType}: names in every script come through as they are`, async () => {
    const names = [
      "Kwabena Ɔsei",
      "Renée Müller",
      "محمد عبد الله",
      "李小龙 😀",
      "=1+1",
      "O'Neil & <Sons>",
    ];
    const rows = names.map((
      name,
      index,
    ) => [name, `N-${index}`, 244000000 + index, "١٬٢٣٤٫٥٠", null]);
    const result = await read(workbook({ S: [HEADER, ...rows] }, { bookType, bookSST: true }));
    deepEqual(result.rows.map((row) => row.name), names);
    equal(result.rows[0]?.arrears, "1234.50");
  });
}

Deno.test("decomposed letters are composed, so that a name is found again", async () => {
  const rows: Rows = [HEADER, ["Rene\u0301e", "N-1", 244000000, 1, null]];
  equal((await read(workbook({ S: rows }))).rows[0]?.name, "Renée");
});
