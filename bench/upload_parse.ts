import { cpuUsage } from "node:process";
import * as XLSX from "@e965/xlsx";
import { readCustomerSheet } from "../supabase/functions/upload/sheet/read.ts";
import { MAX_ROWS } from "../supabase/functions/_shared/sheet/limits.ts";
import { customers, workbook } from "../tests/fixtures/sheets.ts";

/** Times are medians in milliseconds, memory is the peak of a process of its own. */
export interface UploadParseFigures {
  rows: number;
  fileBytes: number;
  /** Unpacking, reading, normalizing and checking every row. */
  oursMs: number;
  /** SheetJS, unpacking and reading into rows and nothing more. */
  sheetJsMs: number;
  ratio: number;
  /** One reading in a fresh process, compiling included. */
  cpuMs: number;
  peakMemoryMb: number;
}

interface Measured {
  cpuMs: number;
  peakMemoryMb: number;
}

const ROUNDS = 7;

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function readOurs(bytes: Uint8Array): Promise<number> {
  const result = await readCustomerSheet(
    { name: "bench", bytes },
    { country: "GH", currency: "GHS" },
  );
  if (result.invalidRows > 0) throw new Error("the bench's rows must be good");
  return result.rows.length;
}

function readSheetJs(bytes: Uint8Array): number {
  const book = XLSX.read(bytes, { type: "array", dense: true });
  const sheet = book.Sheets[book.SheetNames[0] ?? ""];
  return sheet ? XLSX.utils.sheet_to_json(sheet, { header: 1 }).length - 1 : 0;
}

/** Reads one file in a process of its own, as a fresh worker would. */
async function inFreshProcess(bytes: Uint8Array): Promise<Measured> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeFile(file, bytes);
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", import.meta.filename ?? "", file],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(file);
  }
}

/** Our whole reading of a file against SheetJS reading the same file into rows. */
export async function benchUploadParse(
  rows: number,
  bookType: "xlsx" | "biff8" = "xlsx",
): Promise<UploadParseFigures> {
  const bytes = workbook({ Arrears: customers(rows) }, { bookType, bookSST: true });
  const ours: number[] = [];
  const sheetJs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const read = await readOurs(bytes);
    const between = performance.now();
    const same = readSheetJs(bytes);
    ours.push(between - start);
    sheetJs.push(performance.now() - between);
    if (read !== rows || same !== rows) throw new Error(`${read} and ${same} of ${rows} rows`);
  }
  const fresh = await inFreshProcess(bytes);
  return {
    rows,
    fileBytes: bytes.length,
    oursMs: median(ours),
    sheetJsMs: median(sheetJs),
    ratio: median(ours) / median(sheetJs),
    ...fresh,
  };
}

/** The peak that the kernel saw (Linux), else what is held now; in megabytes. */
async function peakMemoryMb(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status").catch(() => "");
  const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  return peak ? Number(peak) / 1024 : Deno.memoryUsage().rss / 2 ** 20;
}

async function main(file: string | undefined): Promise<void> {
  if (file === undefined) {
    const lines = [];
    for (const [type, most] of [["xlsx", MAX_ROWS.xlsx], ["biff8", MAX_ROWS.xls]] as const) {
      for (const rows of [10_000, most]) {
        lines.push({ type, ...(await benchUploadParse(rows, type)) });
      }
    }
    // deno-lint-ignore no-console -- a bench prints
    return console.table(lines);
  }
  const bytes = await Deno.readFile(file);
  const before = cpuUsage();
  await readOurs(bytes);
  const { user, system } = cpuUsage(before);
  const measured: Measured = {
    cpuMs: (user + system) / 1000,
    peakMemoryMb: await peakMemoryMb(),
  };
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(measured)));
}

if (import.meta.main) await main(Deno.args[0]);
