import type { CellValue } from "../../_shared/customer_row.ts";

/** How a number cell must be understood, by its number format. */
export type NumberFormat =
  | { kind: "number" }
  | { kind: "date" }
  | { kind: "digits"; code: string };

const NUMBER: NumberFormat = { kind: "number" };
const DATE: NumberFormat = { kind: "date" };
// Literals are "quoted", \escaped or one of the characters that need neither; _x and *x are space.
const PARTS = /"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|./gs;

function isBuiltInDate(id: number): boolean {
  return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) ||
    (id >= 50 && id <= 58);
}

/**
 * Classifies a format (ECMA-376 part 1, 18.8.30). Formats made of digits and literals only, such
 * as `000000` or `000-000`, write an identifier: their leading zeros and dashes belong to it.
 */
export function numberFormat(id: number, code: string | undefined): NumberFormat {
  if (code === undefined) return isBuiltInDate(id) ? DATE : NUMBER;
  const first = code.slice(0, 255).split(";", 1)[0] ?? "";
  if (/^general$/i.test(first)) return NUMBER;
  const bare = first.replace(/"[^"]*"|\\.|_.|\*./gs, "").replace(/\[(?![hms]+\])[^\]]*\]/gi, "");
  if (/[ymdhs]/i.test(bare)) return DATE;
  const identifier = /^[0#?\- ()/]*$/.test(bare) && /00|0.*0/.test(bare);
  return identifier ? { kind: "digits", code: first } : NUMBER;
}

/** A whole number as a digits format shows it: 42 under `"A"0000` is A0042. */
export function formatDigits(value: number, code: string): string {
  const parts = code.match(PARTS) ?? [];
  const firstDigit = parts.findIndex((part) => /^[0#?]$/.test(part));
  let digits = String(Math.abs(Math.round(value)));
  let text = "";
  for (let at = parts.length - 1; at >= 0; at--) {
    const part = parts[at] ?? "";
    if (!/^[0#?]$/.test(part)) {
      text = literal(part) + text;
      continue;
    }
    const isFirst = at === firstDigit;
    text = (isFirst ? digits : digits.slice(-1)) + text;
    if (digits === "" && part === "0") text = `0${text}`;
    digits = isFirst ? "" : digits.slice(0, -1);
  }
  return (value < 0 ? `-${text}` : text).trim();
}

function literal(part: string): string {
  if (part.startsWith('"')) return part.slice(1, -1);
  if (part.startsWith("\\")) return part.slice(1);
  return /^[_*[]/.test(part) ? "" : part;
}

/** The day (and time, if any) that a date serial stands for, as ISO 8601; for error reports. */
export function serialDate(serial: number, date1904: boolean): string {
  const days = serial + (date1904 ? 1462 : 0);
  const date = new Date(Date.UTC(1899, 11, 30) + Math.round(days * 86_400) * 1000);
  if (Number.isNaN(date.getTime())) return String(serial);
  const iso = date.toISOString();
  return Number.isInteger(serial) ? iso.slice(0, 10) : iso.slice(0, 16).replace("T", " ");
}

/** A number as its format means it: a date, an identifier with leading zeros, or itself. */
export function formattedNumber(
  value: number,
  format: NumberFormat | undefined,
  date1904: boolean,
): CellValue {
  if (!format || format.kind === "number") return value;
  if (format.kind === "date") return { kind: "date", text: serialDate(value, date1904) };
  if (!Number.isInteger(value)) return value;
  return { kind: "formatted", number: value, text: formatDigits(value, format.code) };
}
