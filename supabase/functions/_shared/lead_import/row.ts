import { z } from "../zod.ts";
import { excelError, isExcelError } from "../cell.ts";
import { cleanText } from "../clean_text.ts";
import { parseMoney } from "../money.ts";
import { normalizePhone } from "../phone.ts";
import { headerKey } from "../sheet/header_key.ts";
import type { LeadFieldTerm, Mapping, Terms } from "./terms.ts";
import {
  type Read,
  readBoolean,
  readCountry,
  readCustom,
  readDate,
  readTimestamp,
  readTimeZone,
} from "./values.ts";

/** The fields of a lead that a row has. */
export interface LeadRow {
  first_name?: string;
  last_name?: string;
  email?: string;
  phone?: string;
  source?: string;
  status?: string;
  value?: string;
  tags?: string[];
  country?: string;
  region?: string;
  time_zone?: string;
  custom_fields?: Record<string, string | number | boolean | string[]>;
  /** Whether the consent column says yes; true for every row without such a column. */
  consented?: boolean;
  consent_at?: string;
}

/** A cell with an invalid value. */
export interface CellError {
  field: string;
  value: string | null;
  message: string;
}

export interface RowContext {
  mapping: Mapping;
  terms: Terms;
  country: string;
  currency: string;
  timeZone: string;
}

type Reader = (text: string, row: LeadRow) => string | null;

const Email = z.email();

function lineOf(field: "first_name" | "last_name" | "region"): Reader {
  return (text, row) => {
    if ([...text].length > 100) return "This is longer than 100 characters.";
    row[field] = text;
    return null;
  };
}

function set<F extends keyof LeadRow>(field: F, read: (text: string) => Read<LeadRow[F]>): Reader {
  return (text, row) => {
    const result = read(text);
    if ("message" in result) return result.message;
    row[field] = result.value;
    return null;
  };
}

const readFullName: Reader = (text, row) => {
  const [family, given] = text.split(/\s*,\s*/, 2);
  const space = text.lastIndexOf(" ");
  const [first, last] = given && family
    ? [given, family]
    : space === -1
    ? [text, ""]
    : [text.slice(0, space), text.slice(space + 1)];
  if ([...first].length > 100 || [...last].length > 100) {
    return "A first or last name is longer than 100 characters.";
  }
  row.first_name ??= first;
  if (last) row.last_name ??= last;
  return null;
};

function readEmail(text: string): Read<string> {
  const email = text.replace(/^mailto:/i, "").toLowerCase();
  return email.length <= 254 && Email.safeParse(email).success
    ? { value: email }
    : { message: "This is not an e-mail address." };
}

function readTags(text: string): Read<string[]> {
  const tags = [
    ...new Set(text.split(/[,;|]/).map((tag) => tag.trim()).filter((tag) => tag !== "")),
  ];
  if (tags.length > 50) return { message: "There are more than 50 tags." };
  if (tags.some((tag) => [...tag].length > 50)) {
    return { message: "A tag is longer than 50 characters." };
  }
  return { value: tags };
}

function readSource(text: string): Read<string> {
  const source = text.toLowerCase();
  return [...source].length <= 100
    ? { value: source }
    : { message: "This is longer than 100 characters." };
}

function stageReader({ stages }: Terms): (text: string) => Read<string> {
  const known = new Map<string, string>();
  for (const { key, label } of stages.toReversed()) known.set(headerKey(label), key);
  for (const { key } of stages) known.set(headerKey(key), key);
  return (text) => {
    const key = known.get(headerKey(text));
    return key === undefined
      ? { message: "This is not a stage of the organization's pipeline." }
      : { value: key };
  };
}

function readerOf(field: string, { terms, country, currency, timeZone }: RowContext): Reader {
  switch (field) {
    case "first_name":
    case "last_name":
    case "region":
      return lineOf(field);
    case "full_name":
      return readFullName;
    case "email":
      return set("email", readEmail);
    case "phone":
      return set("phone", (text) => {
        const result = normalizePhone(text, country);
        return result.ok ? { value: result.phone } : result;
      });
    case "source":
      return set("source", readSource);
    case "status":
      return set("status", stageReader(terms));
    case "value":
      return set("value", (text) => {
        const result = parseMoney(text, currency);
        if (!result.ok) return result;
        return result.amount.startsWith("-")
          ? { message: "The value of a lead is not negative." }
          : { value: result.amount };
      });
    case "tags":
      return set("tags", readTags);
    case "country":
      return set("country", readCountry);
    case "time_zone":
      return set("time_zone", readTimeZone);
    case "consent":
      return set("consented", (text) => {
        // A date in the consent column means that consent was given.
        return "value" in readDate(text, country) ? { value: true } : readBoolean(text);
      });
    case "consent_at":
      return set("consent_at", (text) => readTimestamp(text, country, timeZone));
    default:
      return customReader(
        terms.fields.find(({ key }) => `custom_fields.${key}` === field),
        country,
      );
  }
}

function customReader(term: LeadFieldTerm | undefined, country: string): Reader {
  if (term === undefined) return () => "The organization no longer has this field.";
  return (text, row) => {
    const result = readCustom(text, term, country);
    if ("message" in result) return result.message;
    (row.custom_fields ??= {})[term.key] = result.value;
    return null;
  };
}

const NO_CONTACT = {
  field: "",
  value: null,
  message: "The row has neither a name nor an e-mail address nor a phone number.",
};

/** Parses the rows of a file by its mapping; `loadPhoneNumbers` must have been awaited. */
export function leadReader(
  context: RowContext,
): (cells: readonly string[]) => { row: LeadRow; errors: CellError[] } {
  // A full name fills only missing parts, so its column comes after the columns of first and last names.
  const columns = Object.entries(context.mapping)
    .map(([index, field]) => ({ index: Number(index), field, read: readerOf(field, context) }))
    .sort((a, b) => Number(a.field === "full_name") - Number(b.field === "full_name"));
  const hasConsentColumn = columns.some(({ field }) => field === "consent");
  return (cells) => {
    const row: LeadRow = { consented: !hasConsentColumn };
    const errors: CellError[] = [];
    for (const { index, field, read } of columns) {
      const text = cleanText(cells[index] ?? "");
      if (text === "") continue;
      const message = isExcelError(text) ? excelError(text) : read(text, row);
      if (message !== null) {
        errors.push({ field, value: text.length > 100 ? `${text.slice(0, 99)}…` : text, message });
      }
    }
    if (errors.length === 0 && !row.first_name && !row.last_name && !row.email && !row.phone) {
      errors.push(NO_CONTACT);
    }
    return { row, errors };
  };
}
