import { cleanText } from "../../supabase/functions/_shared/clean_text.ts";
import {
  readBoolean,
  readCountry,
  readDate,
  readTimestamp,
} from "../../supabase/functions/_shared/lead_import/values.ts";
import { parseMoney } from "../../supabase/functions/_shared/money.ts";
import { normalizePhone } from "../../supabase/functions/_shared/phone.ts";
import { digestId, isUuid, microsOf } from "./legacy_id.ts";
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

const TIMESTAMP =
  /^\d{4}-\d\d-\d\d[ T]\d{1,2}:\d\d:\d\d(?:\.\d+)?\s*(?:Z|UTC|[+-]\d\d(?::?\d\d)?)?$/;

function timestampOf(text: string, place: Place): string | { message: string } {
  if (TIMESTAMP.test(text)) {
    const year = Number(text.slice(0, 4));
    if (year < 1990 || year > 2199) {
      return { message: "This is not a plausible time." };
    }
    try {
      microsOf(text);
      return text;
    } catch {
      return { message: "This time does not exist." };
    }
  }
  const read = readTimestamp(text, place.country, place.timeZone);
  return "message" in read ? read : withoutZoneName(read.value, place.timeZone);
}

/** A local time with the name of its zone as a time in UTC; a time with an offset as it is. */
function withoutZoneName(text: string, timeZone: string): string {
  if (TIMESTAMP.test(text)) return text;
  const local = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`);
  // Twice, because the offset at the first guess may be that of the other side of a change of the clocks.
  let at = local;
  for (let guess = 0; guess < 2; guess++) at = local - offsetAt(at, timeZone);
  return new Date(at).toISOString();
}

/** By how many milliseconds the clocks of a zone are before UTC at a moment. */
function offsetAt(at: number, timeZone: string): number {
  const name = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" })
    .formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  const [, sign = "+", hours = "0", minutes = "0"] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** The cells of an old row. */
export function cellsOf(row: Row, step: ReadableStep, place: Place): Cells {
  const oldId = String(row["signalbox_id"]);
  const problems: Problem[] = [];
  const valueOf = (column: string): unknown => {
    const value = row[column] ?? null;
    return typeof value === "string" && value.trim() === "" ? null : value;
  };
  const raw = (field: string): unknown => valueOf(step.column[field] ?? "");
  const add = (field: string, message: string, left_out: boolean) => {
    problems.push({
      old_id: oldId,
      field,
      value: shown(raw(field)),
      message,
      left_out,
    });
    return null;
  };
  const note = (field: string, message: string) => add(field, message, false);
  const scalar = (field: string): string | number | null => {
    const value = raw(field);
    if (value === null || typeof value === "number") return value;
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  };
  const text = (field: string): string | null => {
    const value = scalar(field);
    return value === null ? null : cleanText(String(value)) || null;
  };
  return {
    oldId,
    problems,
    raw,
    all: (field) => (step.columnsOf[field] ?? []).map(valueOf).filter((value) => value !== null),
    note,
    text(field, maxLength) {
      const value = text(field);
      if (value === null || [...value].length <= maxLength) return value;
      note(field, `This is longer than ${maxLength} characters and was cut.`);
      return [...value].slice(0, maxLength).join("").trim();
    },
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
      const value = text(field);
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
    time(field) {
      const value = text(field);
      if (value === null) return null;
      const read = timestampOf(value, place);
      return typeof read === "string" ? read : note(field, read.message);
    },
    date(field) {
      const value = text(field);
      if (value === null) return null;
      const read = readDate(value, place.country);
      return "value" in read ? read.value : note(field, read.message);
    },
    country(field) {
      const value = text(field);
      if (value === null) return null;
      const read = readCountry(value);
      return "value" in read ? read.value : note(field, read.message);
    },
    choice(field, allowed) {
      const value = text(field)?.toLowerCase() ?? null;
      const words = step.values[field] ?? {};
      const word = value === null
        ? words[""] ?? null
        : words[value] ?? (allowed.has(value) ? value : words["*"] ?? value);
      if (word === null || allowed.has(word)) return word;
      return note(
        field,
        `This is none of ${
          [...allowed].join(", ")
        }: add it to [steps.values.${field}] of the mapping.`,
      );
    },
    id: () =>
      isUuid(oldId) ? oldId.toLowerCase() : digestId(place.organizationId, step.name, oldId),
    reference(field, target) {
      const value = scalar(field);
      if (value === null) return null;
      const id = String(value).trim();
      return isUuid(id) ? id.toLowerCase() : digestId(place.organizationId, target, id);
    },
    leaveOut(field, message) {
      const known = problems.find((problem) => problem.field === field);
      if (known) known.left_out = true;
      else add(field, message, true);
    },
  };
}
