import type { Benchmark, Findings } from "./support/benchmark.ts";
import { benchUploadParse } from "./upload_parse.ts";

const rows = 10_000;

async function run(): Promise<Findings> {
  const { oursMs, sheetJsMs, cpuMs, peakMemoryMb, fileBytes } = await benchUploadParse(rows);
  const what = `${rows.toLocaleString("en")} rows of .xlsx`;
  return {
    rows: [
      {
        what: `${what} read and checked`,
        ours: oursMs,
        baseline: sheetJsMs,
        unit: "ms",
        target: { atMost: 2 },
      },
      { what: "CPU time in a fresh process", ours: cpuMs, unit: "ms", target: { atMost: 2_000 } },
      {
        what: "peak memory of that process",
        ours: peakMemoryMb,
        unit: "MB",
        target: { atMost: 256 },
      },
    ],
    notes: [
      `A file of ${
        Math.round(fileBytes / 1024)
      } kB. Ours unpacks and reads it, finds the header, normalizes and checks ` +
      "every row; the baseline is SheetJS reading the same file into rows.",
    ],
  };
}

/** How long a spreadsheet takes to read, against SheetJS alone. */
export const upload: Benchmark = { title: "Reading a spreadsheet", run };
