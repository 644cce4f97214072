import { csvFormat } from "./csv_format.ts";
import type { ReportFormat } from "./format.ts";
import { xlsxFormat } from "./xlsx_format.ts";

/** The writers by the names of `private.report_formats`. A state goes back to the writer that made it. */
const formats: Record<string, ReportFormat<never>> = {
  csv: csvFormat as ReportFormat<never>,
  xlsx: xlsxFormat as ReportFormat<never>,
};

/** The writer of a format, which takes and gives its state as JSON; undefined for a name that has none. */
export const formatNamed = (name: string): ReportFormat | undefined =>
  formats[name] as ReportFormat | undefined;
