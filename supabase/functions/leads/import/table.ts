import { leadFieldOf } from "../../_shared/lead_import/mapping.ts";
import type { Column } from "../../_shared/lead_import/terms.ts";
import { readRecords } from "../../_shared/sheet/csv_records.ts";
import { SheetError } from "../../_shared/sheet/error.ts";
import { HEADER_ROWS } from "../../_shared/sheet/limits.ts";
import { type ColumnKey, LeadHeaderSearch } from "./header.ts";
import type { Header } from "../../_shared/sheet/row_collector.ts";

const DELIMITERS = [",", ";", "\t", "|"];
const EXCEL_HINT = /^sep=([^\r\n])(?:\r\n|\r|\n)/i;
const longestSample = 200;

/** The delimiter, header and columns of a file. */
export interface TableForm {
  delimiter: string;
  /** Characters before the first row: a hint for Excel. */
  skip: number;
  headerRow: number;
  columns: Column[];
}

interface Found {
  headerRow: number;
  header: Header<ColumnKey>;
  sample: string[];
  known: number;
}

function findHeader(
  text: string,
  delimiter: string,
  isOwnField: (header: string) => boolean,
): Found | SheetError {
  const search = new LeadHeaderSearch(isOwnField);
  let found: Found | null = null;
  try {
    readRecords(text, delimiter, (record, fields) => {
      if (found !== null) {
        if (fields.every((field) => field.trim() === "")) return true;
        found.sample = fields;
        return false;
      }
      const header = search.offer(fields);
      if (header !== null) {
        const names = Array.from(header.values(), (place) => place.text);
        const known = names.filter((name) => leadFieldOf(name) ?? isOwnField(name)).length;
        found = { headerRow: record, header, sample: [], known };
      }
      return record < HEADER_ROWS || found !== null;
    });
  } catch (error) {
    // Quotes need not match with a wrong delimiter or at the end of the sample.
    if (!(error instanceof SheetError)) throw error;
    return found ?? error;
  }
  return found ?? search.failure();
}

/**
 * Detects the form of a CSV file from its beginning: the delimiter that gives most columns with a known name, or else
 * most columns with a name.
 * @throws SheetError when there is no header.
 */
export function tableForm(text: string, isOwnField: (header: string) => boolean): TableForm {
  const hint = EXCEL_HINT.exec(text);
  const body = hint ? text.slice(hint[0].length) : text;
  const tried = (hint?.[1] === undefined ? DELIMITERS : [hint[1]])
    .map((delimiter) => ({ delimiter, found: findHeader(body, delimiter, isOwnField) }));
  let best: { delimiter: string; found: Found } | null = null;
  for (const { delimiter, found } of tried) {
    if (found instanceof SheetError) continue;
    const better = best === null || found.known > best.found.known ||
      (found.known === best.found.known && found.header.size > best.found.header.size);
    if (better) best = { delimiter, found };
  }
  if (best === null) {
    const failure = tried[0]?.found;
    throw failure instanceof SheetError
      ? failure
      : new SheetError("no_rows", "The file has no rows.");
  }
  const { header, headerRow, sample } = best.found;
  const columns = Array.from(header.values(), ({ column, text: name }) => ({
    index: column,
    name,
    sample: sample[column]?.trim().slice(0, longestSample).toWellFormed() || null,
  }));
  return { delimiter: best.delimiter, skip: hint?.[0].length ?? 0, headerRow, columns };
}
