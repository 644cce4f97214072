const STARTS_FORMULA = /^[=+\-@\t\r]/;
const PLAIN_DECIMAL = /^-?\d+(?:\.\d+)?$/;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * Escapes text that a spreadsheet program would run as a formula with a leading apostrophe
 * (OWASP, "CSV Injection"). Other text is returned unchanged.
 */
export function escapeFormula(text: string): string {
  return STARTS_FORMULA.test(text) ? `'${text}` : text;
}

function toField(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  // A credit such as -1234.50 is a number in every spreadsheet program and must stay one.
  const safe = PLAIN_DECIMAL.test(text) ? text : escapeFormula(text);
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as CSV (RFC 4180, CRLF after every row), safe to open in a spreadsheet program. */
export function toCsv(
  rows: Iterable<readonly (string | number | boolean | null | undefined)[]>,
): string {
  let csv = "";
  for (const row of rows) csv += row.map(toField).join(",") + "\r\n";
  return csv;
}
