import { equal } from "node:assert/strict";
import * as XLSX from "@e965/xlsx";
import {
  formatNumber,
  numberKind,
  serialDate,
} from "../../supabase/functions/_shared/sheet/number_format.ts";

Deno.test("number formats tell dates and identifiers from quantities", () => {
  const kinds: [string, string][] = [
    ["m/d/yy", "date"],
    ["dd/mm/yyyy", "date"],
    ["[$-409]d-mmm-yy;@", "date"],
    ["[h]:mm", "date"],
    ['"GHS" #,##0.00', "number"],
    ["#,##0.00_);[Red](#,##0.00)", "number"],
    ["0.00", "number"],
    ["General", "number"],
    ["0", "number"],
    ["000000", "identifier"],
    ['"day "0000', "identifier"],
    ["000-000", "identifier"],
    ["0".repeat(300), "number"],
  ];
  for (const [code, kind] of kinds) equal(numberKind(code, XLSX.SSF), kind, code);
});

Deno.test("a date in a wrong column is shown as a date, whatever day the workbook counts from", () => {
  equal(serialDate(45000, false, XLSX.SSF), "2023-03-15");
  equal(serialDate(43538, true, XLSX.SSF), "2023-03-15");
  equal(serialDate(45000.5, false, XLSX.SSF), "2023-03-15 12:00");
});

Deno.test("an identifier keeps the zeros and dashes that its format shows", () => {
  const shown: [number, string, string][] = [
    [42, "000000", "000042"],
    [1234567, "0000", "1234567"],
    [123456, "000-000", "123-456"],
    [42, '"A"0000\\-0', "A0004-2"],
    [244123456, "(000) 000-0000", "(024) 412-3456"],
  ];
  for (const [value, code, text] of shown) equal(formatNumber(code, value, XLSX.SSF), text);
  equal(formatNumber("00-".repeat(80), 7, XLSX.SSF), "7", "a format that SheetJS cannot follow");
});
