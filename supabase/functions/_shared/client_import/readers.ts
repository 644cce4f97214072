import type { RowContext } from "../file_import/kind.ts";
import type { Reader } from "../file_import/row.ts";
import { readEmail } from "../lead_import/readers.ts";
import type { Read } from "../lead_import/values.ts";
import { parseMoney } from "../money.ts";
import { normalizePhone } from "../phone.ts";
import { headerKey } from "../sheet/header_key.ts";
import { customKeyOf } from "./fields.ts";
import type { ClientRow } from "./row.ts";
import type { ClientTerms } from "./terms.ts";
import { readDay, readInterval, readReason, readRisk, readStatus } from "./values.ts";

type Text = Exclude<keyof ClientRow, "custom_fields" | "trial">;

const set =
  (field: Text, read: (text: string) => Read<string>): Reader<ClientRow> => (text, row) => {
    const result = read(text);
    if ("message" in result) return result.message;
    row[field] = result.value;
    return null;
  };

const line = (field: Text, maximum: number): Reader<ClientRow> =>
  set(
    field,
    (text) =>
      [...text].length > maximum
        ? { message: `This is longer than ${maximum} characters.` }
        : { value: text },
  );

/** A code of a spreadsheet that took it for a number: "1234.0" is 1234. */
const codeOf = (text: string) => text.replace(/^(\d+)\.0+$/, "$1");

function readAccountNumber(text: string): Read<string> {
  const code = codeOf(text);
  return [...code].length <= 50 && !/[{}]/.test(code)
    ? { value: code }
    : { message: "This is not an account number: at most 50 characters, without braces." };
}

function readCurrency(text: string): Read<string> {
  const code = text.toUpperCase();
  return /^[A-Z]{3}$/.test(code)
    ? { value: code }
    : { message: "This is not a currency code. Write it like GHS." };
}

function segmentReader({ segments }: ClientTerms): (text: string) => Read<string> {
  const known = new Map<string, string>();
  for (const { key, label } of segments.toReversed()) known.set(headerKey(label), key);
  for (const { key } of segments) known.set(headerKey(key), key);
  return (text) => {
    const key = known.get(headerKey(text));
    return key === undefined
      ? { message: "This is not a segment of the organization." }
      : { value: key };
  };
}

/** An amount in the row's currency, which is read before. */
function readAmount(currency: string): Reader<ClientRow> {
  return (text, row) => {
    const result = parseMoney(text, row.currency ?? currency);
    if (!result.ok) return result.message;
    if (result.amount.startsWith("-")) return "What a client pays is not negative.";
    row.mrr = result.amount;
    return null;
  };
}

function phone(field: "phone" | "contact_phone", country: string): Reader<ClientRow> {
  return set(field, (text) => {
    const result = normalizePhone(text, country);
    return result.ok ? { value: result.phone } : result;
  });
}

/** The reader of a field, or of `custom_fields.<key>`. */
export function clientFieldReader(
  field: string,
  { terms, country, currency }: RowContext<ClientTerms>,
): Reader<ClientRow> {
  switch (field) {
    case "name":
    case "contact_name":
      return line(field, 200);
    case "client_type":
    case "region":
    case "category":
    case "contact_role":
      return line(field, 100);
    case "external_id": {
      const read = line(field, 100);
      return (text, row) => read(codeOf(text), row);
    }
    case "account_number":
      return set(field, readAccountNumber);
    case "segment":
      return set(field, segmentReader(terms));
    case "phone":
    case "contact_phone":
      return phone(field, country);
    case "email":
    case "contact_email":
      return set(field, readEmail);
    case "since":
    case "churned_on":
    case "contract_ends_on":
      return set(field, (text) => readDay(text, country));
    case "churn_reason":
      return set(field, readReason);
    case "stated_risk":
      return set(field, readRisk);
    case "status":
      return set(field, readStatus);
    case "interval":
      return set(field, readInterval);
    case "currency":
      return set(field, readCurrency);
    case "mrr":
      return readAmount(currency);
    default:
      return customReader(customKeyOf(field));
  }
}

function customReader(key: string | undefined): Reader<ClientRow> {
  if (key === undefined) return () => "This is not a field of a client.";
  return (text, row) => {
    if (text.length > 300) return "This is longer than 300 characters.";
    (row.custom_fields ??= {})[key] = text;
    return null;
  };
}
