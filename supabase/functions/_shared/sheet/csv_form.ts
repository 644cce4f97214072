import { readRecords } from "./csv_records.ts";
import { SheetError } from "./error.ts";
import type { Header, HeaderSearch, HeadRow } from "./header.ts";
import { HEADER_ROWS } from "./limits.ts";

/** The delimiter and header of a CSV file. */
export interface CsvForm {
  delimiter: string;
  /** Characters before the first row: Excel's hint for the delimiter. */
  skip: number;
  header: Header;
}

const DELIMITERS = [",", ";", "\t", "|"];
const EXCEL_HINT = /^sep=([^\r\n])(?:\r\n|\r|\n)/i;

interface Attempt {
  delimiter: string;
  search: HeaderSearch;
  header: Header | null;
  fields: number;
  error: SheetError | null;
}

function attempt(text: string, delimiter: string, search: HeaderSearch): Attempt {
  const rows: HeadRow[] = [];
  let fields = 0;
  let error: SheetError | null = null;
  try {
    readRecords(text, delimiter, (row, cells) => {
      rows.push({ row, cells });
      fields += cells.length - 1;
      return row < HEADER_ROWS;
    });
  } catch (thrown) {
    // Quotes need not match with a wrong delimiter or at the end of the sample.
    if (!(thrown instanceof SheetError)) throw thrown;
    error = thrown;
  }
  return { delimiter, search, header: search.choose(rows), fields, error };
}

/**
 * Detects the form of a CSV file from its beginning: the delimiter with the best header, of equal
 * ones that with most columns.
 * @throws SheetError when there is no header with any delimiter.
 */
export function csvForm(text: string, newSearch: () => HeaderSearch): CsvForm {
  const hint = EXCEL_HINT.exec(text);
  const skip = hint?.[0].length ?? 0;
  const body = text.slice(skip);
  const attempts = (hint?.[1] === undefined ? DELIMITERS : [hint[1]])
    .map((delimiter) => attempt(body, delimiter, newSearch()));
  let best: { delimiter: string; header: Header } | null = null;
  for (const { delimiter, header } of attempts) {
    if (header === null) continue;
    const better = best === null || header.score > best.header.score ||
      (header.score === best.header.score && header.columns.length > best.header.columns.length);
    if (better) best = { delimiter, header };
  }
  if (best !== null) return { ...best, skip };
  const closest = attempts.reduce((most, one) => one.fields > most.fields ? one : most);
  throw closest.error ?? closest.search.failure();
}
