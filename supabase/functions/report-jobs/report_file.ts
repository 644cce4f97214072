import { Buffer } from "node:buffer";
import { z } from "../_shared/zod.ts";
import type { Client } from "../_shared/clients.ts";
import { unwrap } from "../_shared/problem.ts";
import {
  joined,
  type Piece,
  type ReportFormat,
  type WholeFormat,
} from "../_shared/reports/format.ts";
import type { FrozenRow, FrozenRun } from "../_shared/reports/run.ts";
import { storeFile } from "../_shared/reports/storage.ts";
import type { Budget } from "../_shared/jobs/budget.ts";

/** What is kept between slices: the writer's own state, and whether all that comes after the rows is in the file. */
const Progress = z.object({ writer: z.unknown(), ended: z.boolean() });
type Progress = z.infer<typeof Progress>;

/** A run that was claimed, and how far its file is written. */
export const Claimed = z.object({
  id: z.string(),
  status: z.string(),
  format: z.string(),
  path: z.string(),
  content_type: z.string(),
  position: z.int(),
  state: Progress.nullable(),
});
export type Claimed = z.infer<typeof Claimed>;

/** A run that this runner has, as far as its file is written. */
export interface Work<Format = ReportFormat | WholeFormat> {
  db: Client;
  runner: string;
  budget: Budget;
  claimed: Claimed;
  run: FrozenRun;
  format: Format;
}

/** A whole file takes most of an invocation: one that has worked this many milliseconds leaves it to the next. */
const freshMs = 200;

const isWhole = (work: Work): work is Work<WholeFormat> => "write" in work.format;

const Step = z.object({
  state: z.enum(["writing", "handed_over", "moved_on", "too_large"]),
  rows: z.array(z.custom<FrozenRow>(Array.isArray)).default([]),
});

interface Slice {
  piece: Piece<unknown>;
  /** The last row that is in the file with this piece. */
  position: number;
  rows: number;
  ended: boolean;
  cpu: number;
}

/** Keeps a piece and answers the rows that follow; without a piece it only answers rows. */
async function write(work: Work, from: number, slice: Slice | null, handOver: boolean) {
  const progress = slice === null ? {} : {
    piece: Buffer.from(slice.piece.bytes).toString("base64"),
    position: slice.position,
    rows: slice.rows,
    state: { writer: slice.piece.state, ended: slice.ended },
    cpu_ms: Math.round(slice.cpu),
  };
  const answer = await work.budget.measureAsync(() =>
    work.db.rpc("write_report_slice", {
      run_id: work.claimed.id,
      runner: work.runner,
      from_position: from,
      // What writers keep between slices is JSON, whatever its type.
      progress: progress as never,
      slice_rows: "write" in work.format ? work.run.row_limit : work.format.rowsPerSlice,
      hand_over: handOver,
    })
  );
  return Step.parse(unwrap(answer));
}

/** One slice, with the time it took. */
function timed(
  work: Work,
  position: number,
  rows: readonly FrozenRow[],
  make: () => Piece<unknown>,
) {
  const before = work.budget.spent();
  const piece = work.budget.measure(make);
  return {
    piece,
    position,
    rows: rows.filter(([, level]) => level === null).length,
    ended: false,
    cpu: work.budget.spent() - before,
  };
}

/** Writes all pieces that are still missing. Answers `writing` when the file is whole, and the last row in it. */
async function writePieces(work: Work<ReportFormat>): Promise<{ state: string; position: number }> {
  const { claimed, run, format, budget } = work;
  let progress: Progress | null = claimed.state;
  let position = claimed.position;
  if (progress?.ended) return { state: "writing", position };
  let slice = progress === null ? timed(work, position, [], () => format.begin(run)) : null;
  for (;;) {
    const step = await write(work, position, slice, budget.isOver());
    if (slice !== null) progress = { writer: slice.piece.state, ended: slice.ended };
    position = slice?.position ?? position;
    if (step.state !== "writing" || progress?.ended) return { state: step.state, position };
    const { rows } = step;
    const state = progress?.writer;
    const last = rows.at(-1);
    slice = last === undefined
      ? {
        ...timed(work, position, [], () => ({ bytes: format.end(run, state), state })),
        ended: true,
      }
      : timed(work, last[0], rows, () => format.rows(run, state, rows));
  }
}

/** Writes a file that is made at once. Answers as `writePieces`. */
async function writeWhole(work: Work<WholeFormat>): Promise<{ state: string; position: number }> {
  const { claimed, run, format, budget } = work;
  const { position } = claimed;
  if (claimed.state?.ended) return { state: "writing", position };
  if (budget.spent() > freshMs) {
    return { state: (await write(work, position, null, true)).state, position };
  }
  const { state, rows } = await write(work, position, null, false);
  if (state !== "writing") return { state, position };
  const started = performance.now();
  const bytes = await format.write(run, rows);
  const cpu = performance.now() - started;
  budget.add(cpu);
  const written = rows.filter(([, level]) => level === null).length;
  const last = rows.at(-1)?.[0] ?? position;
  const slice = {
    piece: { bytes, state: null },
    position: last,
    rows: written,
    ended: true,
    cpu,
  };
  const kept = await write(work, position, slice, budget.isOver());
  return { state: kept.state, position: last };
}

const Pieces = z.object({
  state: z.enum(["writing", "moved_on"]),
  pieces: z.array(z.string()).default([]),
});

/** The file from its pieces; null if another runner has the run. */
async function readFile(work: Work): Promise<Uint8Array<ArrayBuffer> | null> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const answer = await work.db.rpc("read_report_pieces", {
      run_id: work.claimed.id,
      runner: work.runner,
      from_piece: parts.length,
    });
    const { state, pieces } = Pieces.parse(unwrap(answer));
    if (state === "moved_on") return null;
    if (pieces.length === 0) return work.budget.measure(() => joined(parts));
    for (const piece of pieces) {
      parts.push(work.budget.measure(() => Buffer.from(piece, "base64")));
    }
  }
}

const Finished = z.object({ state: z.string() });

/** Puts the file into Storage and ends the run. Done again, it leaves the same file. */
async function finish(work: Work): Promise<string> {
  const file = await readFile(work);
  if (file === null) return "moved_on";
  const { path, content_type: contentType } = work.claimed;
  await storeFile(path, file, contentType);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", file));
  const answer = await work.db.rpc("finish_report_run", {
    run_id: work.claimed.id,
    runner: work.runner,
    file_size: file.length,
    checksum: Buffer.from(digest).toString("hex"),
    cpu_ms: 0,
  });
  return Finished.parse(unwrap(answer)).state;
}

/** Writes what is missing of a file and ends its run, or goes as far as the budget does. Answers what became of it. */
export async function writeFile(work: Work): Promise<string> {
  const { state, position } = isWhole(work)
    ? await writeWhole(work)
    : await writePieces(work as Work<ReportFormat>);
  if (state !== "writing") return state;
  if (work.budget.isOver()) return (await write(work, position, null, true)).state;
  return await finish(work);
}
