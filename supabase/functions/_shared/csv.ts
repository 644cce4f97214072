const STARTS_FORMULA = /^[=+\-@\t\r]/;
// How billing systems and spreadsheet programs mark text in CSV: ="00123" and '00123, also '00123'.
const TEXT_FORMULA = /^="((?:[^"]|"")*)"$/s;
const APOSTROPHE = /^'(?=['=+\-@\t\r\d])/;
const QUOTED_DIGITS = /^'(\d[^']*)'$/;
const PLAIN_DECIMAL = /^-?\d+(?:\.\d+)?$/;
// Semicolons and tabs too: a program that guesses the separator may otherwise take them for it.
const NEEDS_QUOTES = /[",;\t\r\n]/;

/**
 * Escapes text that a spreadsheet program would run as a formula with a leading apostrophe
 * (OWASP, "CSV Injection"). Text that `withoutTextMarks` would change gets one too, so that it is
 * read back unchanged. Other text is returned unchanged.
 */
export function escapeFormula(text: string): string {
  return STARTS_FORMULA.test(text) || APOSTROPHE.test(text) ? `'${text}` : text;
}

/** The value of a CSV field without the marks that keep it a text in spreadsheet programs. */
export function withoutTextMarks(field: string): string {
  if (field.startsWith("'")) return field.replace(QUOTED_DIGITS, "$1").replace(APOSTROPHE, "");
  const text = field.startsWith("=") ? TEXT_FORMULA.exec(field)?.[1] : undefined;
  return text === undefined ? field : text.replaceAll('""', '"');
}

function toField(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  // A credit such as -1234.50 is a number in every spreadsheet program and must stay one.
  const safe = typeof value === "number" || PLAIN_DECIMAL.test(text) ? text : escapeFormula(text);
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * Rows as CSV (RFC 4180, CRLF after every row), safe to open in a spreadsheet program. A row whose only field is empty
 * is `""`: many readers, ours among them, skip blank lines, and the rows below would move up.
 */
export function toCsv(
  rows: Iterable<readonly (string | number | boolean | null | undefined)[]>,
): string {
  let csv = "";
  for (const row of rows) csv += (row.map(toField).join(",") || '""') + "\r\n";
  return csv;
}
