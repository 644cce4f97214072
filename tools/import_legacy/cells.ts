import { cleanText } from "../../supabase/functions/_shared/clean_text.ts";
import {
  readBoolean,
  readCountry,
  readDate,
} from "../../supabase/functions/_shared/lead_import/values.ts";
import { parseMoney } from "../../supabase/functions/_shared/money.ts";
import { normalizePhone } from "../../supabase/functions/_shared/phone.ts";
import { digestId, isUuid } from "./legacy_id.ts";
import { timestampOf } from "./legacy_time.ts";
import type { ReadableStep, Row } from "./source.ts";

/** A value that could not be read. left_out: so the whole row is not imported. */
export interface Problem {
  old_id: string;
  field: string;
  value: string | null;
  message: string;
  left_out: boolean;
}

/** Where the organization is: its numbers, its money, its clock. */
export interface Place {
  /** Ids that are no UUIDs are digested with it: 4711 of two services is not the same row. */
  organizationId: string;
  country: string;
  currency: string;
  timeZone: string;
}

/** Reads the fields of one old row; what cannot be read is a problem, and the field is null. */
export interface Cells {
  oldId: string;
  problems: Problem[];
  /** The old value, untouched; null if the column is missing or empty. */
  raw(field: string): unknown;
  /** The values of all columns that the mapping names for a field, untouched, without empty ones. */
  all(field: string): unknown[];
  text(field: string, maxLength: number): string | null;
  phone(field: string, country?: string): string | null;
  money(field: string): string | null;
  whole(field: string, min: number, max: number): number | null;
  flag(field: string): boolean | null;
  time(field: string): string | null;
  date(field: string): string | null;
  country(field: string): string | null;
  /** One of the allowed words, after the mapping's [steps.values]. */
  choice(field: string, allowed: ReadonlySet<string>): string | null;
  /** The old id as a UUID; of another form it gets a UUID of its own. */
  id(): string;
  /** The UUID of a row of another step that this one points to. */
  reference(field: string, step: string): string | null;
  /** Says that the row cannot be imported without this field. */
  leaveOut(field: string, message: string): void;
  note(field: string, message: string): void;
}

const shown = (value: unknown): string | null =>
  value === null || value === undefined
    ? null
    : (typeof value === "object" ? JSON.stringify(value) : String(value)).slice(
      0,
      300,
    );

// deno-lint-ignore no-control-regex -- what PostgreSQL and the constraints refuse.
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** Text of several lines without control characters. */
export const cleanLines = (value: string): string => value.replace(CONTROLS, "").trim();

/** The values of an old row as they are, and the list of their problems. */
function plainCells(row: Row, step: ReadableStep) {
  const oldId = String(row["signalbox_id"]);
  const problems: Problem[] = [];
  const valueOf = (column: string): unknown => {
    const value = row[column] ?? null;
    return typeof value === "string" && value.trim() === "" ? null : value;
  };
  const raw = (field: string): unknown => valueOf(step.column[field] ?? "");
  const add = (field: string, message: string, left_out: boolean) => {
    problems.push({ old_id: oldId, field, value: shown(raw(field)), message, left_out });
    return null;
  };
  const scalar = (field: string): string | number | null => {
    const value = raw(field);
    if (value === null || typeof value === "number") return value;
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  };
  return {
    oldId,
    problems,
    raw,
    all: (field: string): unknown[] =>
      (step.columnsOf[field] ?? []).map(valueOf).filter((value) => value !== null),
    note: (field: string, message: string) => add(field, message, false),
    scalar,
    clean(field: string): string | null {
      const value = scalar(field);
      return value === null ? null : cleanText(String(value)) || null;
    },
    leaveOut(field: string, message: string): void {
      const known = problems.find((problem) => problem.field === field);
      if (known) known.left_out = true;
      else add(field, message, true);
    },
  };
}

type PlainCells = ReturnType<typeof plainCells>;

/** Numbers, amounts and flags. */
function numberCells(
  { raw, scalar, clean, note }: PlainCells,
  place: Place,
): Pick<Cells, "phone" | "money" | "whole" | "flag"> {
  return {
    phone(field, country) {
      const value = scalar(field);
      if (value === null) return null;
      const read = normalizePhone(value, country ?? place.country);
      return read.ok ? read.phone : note(field, read.message);
    },
    money(field) {
      const value = scalar(field);
      if (value === null) return null;
      const read = parseMoney(value, place.currency);
      return read.ok ? read.amount : note(field, read.message);
    },
    whole(field, min, max) {
      const value = clean(field);
      if (value === null) return null;
      const number = Number(value);
      return Number.isInteger(number) && number >= min && number <= max
        ? number
        : note(field, `This is not a whole number from ${min} to ${max}.`);
    },
    flag(field) {
      const value = raw(field);
      if (value === null || typeof value === "boolean") return value;
      const read = readBoolean(String(value).trim());
      return "value" in read ? read.value : note(field, read.message);
    },
  };
}

/** Text, and what is read from it. */
function textCells(
  { clean, note }: PlainCells,
  step: ReadableStep,
  place: Place,
): Pick<Cells, "text" | "time" | "date" | "country" | "choice"> {
  return {
    text(field, maxLength) {
      const value = clean(field);
      if (value === null || [...value].length <= maxLength) return value;
      note(field, `This is longer than ${maxLength} characters and was cut.`);
      return [...value].slice(0, maxLength).join("").trim();
    },
    time(field) {
      const value = clean(field);
      if (value === null) return null;
      const read = timestampOf(value, place);
      return typeof read === "string" ? read : note(field, read.message);
    },
    date(field) {
      const value = clean(field);
      if (value === null) return null;
      const read = readDate(value, place.country);
      return "value" in read ? read.value : note(field, read.message);
    },
    country(field) {
      const value = clean(field);
      if (value === null) return null;
      const read = readCountry(value);
      return "value" in read ? read.value : note(field, read.message);
    },
    choice(field, allowed) {
      const value = clean(field)?.toLowerCase() ?? null;
      const words = step.values[field] ?? {};
      const word = value === null
        ? words[""] ?? null
        : words[value] ?? (allowed.has(value) ? value : words["*"] ?? value);
      if (word === null || allowed.has(word)) return word;
      const list = [...allowed].join(", ");
      return note(
        field,
        `This is none of ${list}: add it to [steps.values.${field}] of the mapping.`,
      );
    },
  };
}

/** The cells of an old row. */
export function cellsOf(row: Row, step: ReadableStep, place: Place): Cells {
  const plain = plainCells(row, step);
  const { oldId, problems, raw, all, note, leaveOut, scalar } = plain;
  return {
    oldId,
    problems,
    raw,
    all,
    note,
    leaveOut,
    ...numberCells(plain, place),
    ...textCells(plain, step, place),
    id: () =>
      isUuid(oldId) ? oldId.toLowerCase() : digestId(place.organizationId, step.name, oldId),
    reference(field, target) {
      const value = scalar(field);
      if (value === null) return null;
      const id = String(value).trim();
      return isUuid(id) ? id.toLowerCase() : digestId(place.organizationId, target, id);
    },
  };
}
