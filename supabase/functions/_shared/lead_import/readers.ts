import { z } from "../zod.ts";
import { parseMoney } from "../money.ts";
import { normalizePhone } from "../phone.ts";
import { headerKey } from "../sheet/header_key.ts";
import { splitFullName } from "./full_name.ts";
import type { RowContext } from "../file_import/kind.ts";
import type { Reader as AnyReader } from "../file_import/row.ts";
import type { LeadRow } from "./row.ts";
import type { LeadFieldTerm, Terms } from "./terms.ts";
import {
  type Read,
  readBoolean,
  readCountry,
  readCustom,
  readDate,
  readTimestamp,
  readTimeZone,
} from "./values.ts";

type Reader = AnyReader<LeadRow>;

const Email = z.email();

function lineOf(field: "first_name" | "last_name" | "region"): Reader {
  return (text, lead) => {
    if ([...text].length > 100) return "This is longer than 100 characters.";
    lead[field] = text;
    return null;
  };
}

function set<F extends keyof LeadRow>(field: F, read: (text: string) => Read<LeadRow[F]>): Reader {
  return (text, lead) => {
    const result = read(text);
    if ("message" in result) return result.message;
    lead[field] = result.value;
    return null;
  };
}

const readFullName: Reader = (text, lead) => {
  const { first, last } = splitFullName(text);
  if ([...first].length > 100 || [...last].length > 100) {
    return "A first or last name is longer than 100 characters.";
  }
  lead.first_name ??= first;
  if (last) lead.last_name ??= last;
  return null;
};

/** An e-mail address. Of several addresses in one cell the first counts, as with phone numbers. */
export function readEmail(text: string): Read<string> {
  const inBrackets = /<([^<>\s]+)>/.exec(text)?.[1];
  const [first = ""] = (inBrackets ?? text).toLowerCase().split(/[\s;,/|]+/);
  const email = first.replace(/^mailto:/, "");
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

function readValue(text: string, currency: string): Read<string> {
  const result = parseMoney(text, currency);
  if (!result.ok) return result;
  return result.amount.startsWith("-")
    ? { message: "The value of a lead is not negative." }
    : { value: result.amount };
}

/** The reader of a built-in field or of `custom_fields.<key>`. */
export function fieldReader(
  field: string,
  { terms, country, currency, timeZone }: RowContext<Terms>,
): Reader {
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
      return set("value", (text) => readValue(text, currency));
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
  return (text, lead) => {
    const result = readCustom(text, term, country);
    if ("message" in result) return result.message;
    (lead.custom_fields ??= {})[term.key] = result.value;
    return null;
  };
}
