import type { FrozenRow, FrozenRun } from "./run.ts";

/**
 * Writes the file of a run in slices. What one slice must know of those before it is in its state, which is JSON and is
 * kept with the piece, so that any runner can go on. The same run gives the same bytes, however it is cut.
 */
export interface ReportFormat<State = unknown> {
  /** Rows that one slice turns into bytes in a small part of the time that the platform allows. */
  rowsPerSlice: number;
  /** What comes before the rows. */
  begin(run: FrozenRun): Piece<State>;
  /** The next rows, subtotals and the total among them. */
  rows(run: FrozenRun, state: State, rows: readonly FrozenRow[]): Piece<State>;
  /** What comes after the rows. */
  end(run: FrozenRun, state: State): Uint8Array;
}

/** Writes a file at once from its first rows, for formats that cannot be put together from pieces. */
export interface WholeFormat {
  /** The file. The same run gives the same bytes. rows: as many as `private.report_formats` lets it have. */
  write(run: FrozenRun, rows: readonly FrozenRow[]): Promise<Uint8Array<ArrayBuffer>>;
}

/** A piece of a file, and what the next one must know. */
export interface Piece<State> {
  bytes: Uint8Array;
  state: State;
}

/** Bytes one after another. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
