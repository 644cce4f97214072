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
import { cleanLines, cut, isLonger, keptId, shown } from "./text.ts";

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
  /** The organization and the old service. Ids are digested with it: 4711 of two services is not the same row. */
  origin: string;
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
  /** Text of several lines. */
  lines(field: string, maxLength: number): string | null;
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
  /** The same about a part of a value. */
  noteValue(field: string, value: unknown, message: string): void;
}

/** The values of an old row as they are, and the list of their problems. */
function plainCells(row: Row, step: ReadableStep) {
  const oldId = keptId(String(row["signalbox_id"]));
  const problems: Problem[] = [];
  const valueOf = (column: string): unknown => {
    const value = row[column] ?? null;
    return typeof value === "string" && value.trim() === "" ? null : value;
  };
  const raw = (field: string): unknown => valueOf(step.column[field] ?? "");
  const push = (field: string, value: unknown, message: string, left_out: boolean) => {
    problems.push({
      old_id: oldId,
      field: cut(field, 100),
      value: shown(value),
      message,
      left_out,
    });
    return null;
  };
  const add = (field: string, message: string, left_out: boolean) =>
    push(field, raw(field), message, left_out);
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
    noteValue: (field: string, value: unknown, message: string): void => {
      push(field, value, message, false);
    },
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
  { clean, note, scalar }: PlainCells,
  step: ReadableStep,
  place: Place,
): Pick<Cells, "text" | "lines" | "time" | "date" | "country" | "choice"> {
  return {
    text(field, maxLength) {
      const value = clean(field);
      if (value === null || !isLonger(value, maxLength)) return value;
      note(field, `This is longer than ${maxLength} characters and was cut.`);
      return cut(value, maxLength);
    },
    lines(field, maxLength) {
      const value = cleanLines(String(scalar(field) ?? ""));
      if (isLonger(value, maxLength)) {
        note(field, `This is longer than ${maxLength} characters and was cut.`);
      }
      return cut(value, maxLength) || null;
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
  const { oldId, problems, raw, all, note, noteValue, leaveOut, scalar } = plain;
  return {
    oldId,
    problems,
    raw,
    all,
    note,
    noteValue,
    leaveOut,
    ...numberCells(plain, place),
    ...textCells(plain, step, place),
    id: () => isUuid(oldId) ? oldId.toLowerCase() : digestId(place.origin, step.name, oldId),
    reference(field, target) {
      const value = scalar(field);
      if (value === null) return null;
      const id = keptId(String(value).trim());
      return isUuid(id) ? id.toLowerCase() : digestId(place.origin, target, id);
    },
  };
}
