import type { z } from "../zod.ts";
import type { FieldRules, Mapping } from "./columns.ts";
import type { FileRow } from "./piece.ts";
import type { Reading } from "./row.ts";

/** By what the cells of a file are read. */
export interface RowContext<T> {
  mapping: Mapping;
  terms: T;
  country: string;
  currency: string;
  timeZone: string;
}

/** The first earlier row that is about the same record, by what they share. */
export interface Repeat {
  field: string;
  firstRow: number;
  /** Rows of a round are about different records. */
  round?: number;
  /** Whether it says something that the earlier one does not. */
  isOwn?: boolean;
}

/** Which records of an organization a row may be about. */
export type Keys = Record<string, string | null>;

/** What files of leads have that files of clients have not, and the other way round. */
export interface FileKind<T extends object, R extends object> {
  name: "leads" | "clients";
  /** As in the names of operations and schemas. */
  title: "Lead" | "Client";
  permission: "leads:import" | "clients:import";
  /** Rows that an import writes in one transaction, within the time that a statement has. */
  pieceRows: number;
  /** The record of a duplicate in a preview. */
  idField: "lead_id" | "client_id";
  /** The fields that a column can be mapped to, and an example of a mapping. */
  fieldNames: string;
  example: Record<string, string>;
  /** What makes a row a duplicate. */
  duplicateBy: readonly string[];
  /** What the database says about the organization when a file arrives. */
  terms: z.ZodType<T>;
  fields(terms: T, currency: string): FieldRules;
  reader(context: RowContext<T>): (row: FileRow) => Reading<R>;
  repeats(rows: readonly { row: number; record: R }[]): (Repeat | null)[];
  keys(record: R): Keys;
  /** A warning about the file as a whole, from the rows that were checked. */
  warning?(records: readonly R[]): string | null;
}
