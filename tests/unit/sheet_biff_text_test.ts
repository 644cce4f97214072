import { deepEqual, equal } from "node:assert/strict";
import { sharedTexts, shortText } from "../../supabase/functions/upload/sheet/biff_text.ts";
import { formatDigits, numberFormat } from "../../supabase/functions/upload/sheet/number_format.ts";
import { encode, join } from "../fixtures/sheets.ts";

function record(type: number, ...parts: Uint8Array[]): Uint8Array {
  const data = join(parts);
  return join([Uint8Array.of(type & 255, type >> 8, data.length & 255, data.length >> 8), data]);
}

function texts(...records: Uint8Array[]): string[] {
  const stream = join(records);
  return sharedTexts(new DataView(stream.buffer), 4);
}

const COUNTS = Uint8Array.of(9, 0, 0, 0, 3, 0, 0, 0);

Deno.test("a shared text that runs over into the next record changes its width there", () => {
  const narrow = join([Uint8Array.of(6, 0, 0), encode("Kwa", "latin1")]);
  const widened = join([Uint8Array.of(1), encode("bɛn", "utf-16le")]);
  const second = join([Uint8Array.of(2, 0, 1), encode("Ɔs", "utf-16le")]);
  const third = join([Uint8Array.of(3, 0, 0), encode("Ama", "latin1")]);
  const read = texts(
    record(0xfc, COUNTS, narrow),
    record(0x3c, widened, second),
    record(0x3c, third),
    record(0xff, Uint8Array.of(1)),
  );
  deepEqual(read, ["Kwabɛn", "Ɔs", "Ama"]);
});

Deno.test("formatting runs and phonetic guides of a shared text are passed over", () => {
  const rich = join([Uint8Array.of(3, 0, 8, 1, 0), encode("Ama", "latin1"), new Uint8Array(4)]);
  const guide = join([Uint8Array.of(1, 0, 5, 6, 0, 0, 0), encode("李", "utf-16le")]);
  const rest = join([new Uint8Array(4), Uint8Array.of(1, 0, 0, 0x42)]);
  deepEqual(texts(record(0xfc, COUNTS, rich, guide, new Uint8Array(2)), record(0x3c, rest)), [
    "Ama",
    "李",
    "B",
  ]);
});

Deno.test("texts of Excel 95 are read in the workbook's code page", () => {
  const bytes = Uint8Array.of(4, 0, 0xc8, 0xe2, 0xe0, 0xed);
  equal(shortText(bytes, 2, { unicode: false, codePage: 1251 }), "Иван");
  equal(shortText(Uint8Array.of(1, 0x92), 1, { unicode: false, codePage: 1252 }), "’");
  equal(shortText(Uint8Array.of(1, 0x41), 1, { unicode: false, codePage: 9 }), "A");
});

Deno.test("number formats tell dates and identifiers from quantities", () => {
  const kinds: [number, string | undefined, string][] = [
    [0, undefined, "number"],
    [14, undefined, "date"],
    [2, undefined, "number"],
    [164, "dd/mm/yyyy", "date"],
    [165, "[$-409]d-mmm-yy;@", "date"],
    [166, "[h]:mm", "date"],
    [167, '"GHS" #,##0.00', "number"],
    [168, "#,##0.00_);[Red](#,##0.00)", "number"],
    [169, "0.00", "number"],
    [170, "000000", "digits"],
    [171, '"day "0000', "digits"],
    [172, "General", "number"],
    [173, "0", "number"],
    [174, "000-000", "digits"],
  ];
  for (const [id, code, kind] of kinds) equal(numberFormat(id, code).kind, kind, code);
});

Deno.test("an identifier keeps the zeros and dashes that its format shows", () => {
  equal(formatDigits(42, "000000"), "000042");
  equal(formatDigits(1234567, "0000"), "1234567");
  equal(formatDigits(123456, "000-000"), "123-456");
  equal(formatDigits(42, '"A"0000\\-0'), "A0004-2");
  equal(formatDigits(244123456, "(000) 000-0000"), "(024) 412-3456");
});
