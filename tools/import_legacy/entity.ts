import type postgres from "postgres";
import type { Cells, Place, Problem } from "./cells.ts";
import type { OptOutDigits } from "./opt_out_digits.ts";
import type { LeadFields } from "./lead_fields.ts";
import type { People } from "./people.ts";
import type { ReadableStep } from "./source.ts";
import type { ReplyBook } from "./entities/replies.ts";

/** What reading and writing rows needs to know. */
export interface Context {
  kind: string;
  organizationId: string;
  place: Place;
  /** The keys of the pipeline's stages and which of them close a lead. */
  stages: ReadonlySet<string>;
  closedStages: ReadonlySet<string>;
  reminderMinutes: number;
  /** Messages from before this moment (ISO 8601) are older than the organization keeps messages. */
  messagesSince: string;
  /** When the run began, ISO 8601. */
  now: string;
  people: People;
  optOuts: OptOutDigits;
  replies: ReplyBook;
  leadFields: LeadFields;
}

/** One row to insert, by column; every row of a step has the same columns. */
export interface Draft {
  oldId: string;
  row: Record<string, unknown>;
}

export interface Written {
  brought: number;
  present: number;
  problems: Problem[];
}

/** A row that need not come: older than the organization keeps such rows, or an opt-out that was lifted. */
export const PASSED_OVER = Symbol("passed over");

/** How the rows of a step are read and written. */
export interface Entity {
  /** Fields without whose columns the step cannot run. */
  required: readonly string[];
  /** Read from the first row in every run: little, or needed to read what follows. */
  restarts?: boolean;
  /** The table that rows go to, and the conflicts by which a row is known to be there; without, its id. */
  table?: string;
  conflict?: string;
  /** Columns that refer to rows of other tables; without them the row is left out, or comes without the reference. */
  references?: Record<string, { table: string; needed: boolean }>;
  /** Where the report counts rows again, and by which columns it knows them; without, the table and its id. */
  counted?: { from?: string; by: Record<string, string> };
  /**
   * The columns whose sum and whose counts by value are compared. money: SQL over the new table t. amount: what an old row
   * says, read for the comparison alone; null where it says nothing that can be read.
   */
  figures?: { by?: string; money?: string; amount?: (cells: Cells) => string | null };
  /** The row's columns, or those of several rows; null: it is left out, as its problems say. */
  read(
    cells: Cells,
    context: Context,
    step: ReadableStep,
  ): Record<string, unknown> | Record<string, unknown>[] | null | typeof PASSED_OVER;
  begin?(
    tx: postgres.Sql,
    context: Context,
    step: ReadableStep,
    source: postgres.Sql,
  ): Promise<void>;
  /** Before the rows are inserted, in the same transaction. */
  prepare?(
    tx: postgres.TransactionSql,
    drafts: Draft[],
    context: Context,
  ): Promise<void>;
  write?(
    tx: postgres.TransactionSql,
    drafts: Draft[],
    context: Context,
  ): Promise<Written>;
  /** After the rows were inserted, in the same transaction. */
  after?(
    tx: postgres.TransactionSql,
    drafts: Draft[],
    context: Context,
  ): Promise<void>;
  /** After the last row; answers what could not be kept of what the rows said together. */
  finish?(
    tx: postgres.TransactionSql,
    context: Context,
  ): Promise<Problem[]>;
}
