/** The used part of SheetJS's number formatter, which is exported without a type. */
export interface NumberFormatter {
  is_date(code: string): boolean;
  format(code: string, value: number): string;
}

/** The meaning of a number cell by its number format. */
export type NumberKind = "number" | "date" | "identifier";

// Excel's limit; a longer code would only cost time.
const LONGEST_CODE = 255;

/**
 * Classifies a format (ECMA-376 part 1, 18.8.30). Formats made of digits and literals only, such
 * as `000000` or `000-000`, write an identifier: their leading zeros and dashes belong to it.
 */
export function numberKind(code: string, formatter: NumberFormatter): NumberKind {
  if (code.length > LONGEST_CODE || /^general$/i.test(code)) return "number";
  if (formatter.is_date(code)) return "date";
  const first = code.split(";", 1)[0] ?? "";
  const bare = first.replace(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/gs, "");
  const isIdentifier = /^[0#?\- ()/]*$/.test(bare) && /00|0.*0/.test(bare);
  return isIdentifier ? "identifier" : "number";
}

/** A number as its format shows it; plain digits if SheetJS does not support the format. */
export function formatNumber(code: string, value: number, formatter: NumberFormatter): string {
  try {
    return formatter.format(code, value).trim() || String(value);
  } catch {
    return String(value);
  }
}

/** The date (and time, if any) of a date serial, as ISO 8601. */
export function serialDate(
  serial: number,
  date1904: boolean,
  formatter: NumberFormatter,
): string {
  // Rounded here and counted from 1900, because SheetJS gets dates wrong that it has to round up.
  const days = Math.round(serial * 86_400) / 86_400 + (date1904 ? 1_462 : 0);
  const code = Number.isInteger(days) ? "yyyy-mm-dd" : "yyyy-mm-dd hh:mm";
  return formatter.format(code, days) || String(serial);
}
