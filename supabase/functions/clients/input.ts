import { z } from "../_shared/zod.ts";
import { cleanText } from "../_shared/clean_text.ts";
import { readSince } from "../_shared/client_import/values.ts";
import type { Json } from "../_shared/database.types.ts";
import { Id } from "../_shared/fields.ts";

import { parseMoney } from "../_shared/money.ts";
import { normalizePhone } from "../_shared/phone.ts";
import { type FieldError, invalidFields } from "../_shared/problem.ts";

/** One cleaned line of text of at most `maximum` characters. */
export function line(maximum: number) {
  return z.string().max(5_000).transform(cleanText).pipe(z.string().max(maximum))
    .openapi({ type: "string", maxLength: maximum });
}

const optionalLine = (maximum: number) =>
  line(maximum).nullable().optional().openapi({ type: ["string", "null"], maxLength: maximum });

const Email = z.string().trim().toLowerCase().max(254)
  .refine((text) => text === "" || z.email().safeParse(text).success, "is not an e-mail address")
  .nullable().optional()
  .openapi({ type: ["string", "null"], format: "email", example: "ama@example.com" });

const PhoneInput = z.union([z.string().max(100), z.number()]).nullable().optional().openapi({
  description: "E.164, or a local number of the organization's country",
  example: "0244123456",
});

/** A day of the API; PostgreSQL has no year 0. */
export const DayInput = z.iso.date().refine((day) => day >= "1900", "is too long ago")
  .openapi({ example: "2026-09-01" });

const Amount = z.union([z.string().max(60), z.number()]).openapi({
  description: "A decimal amount of at least 0",
  example: "1234.50",
});

export const Currency = z.string().trim().toUpperCase()
  .refine((code) => /^[A-Z]{3}$/.test(code), "is not a currency code")
  .openapi({
    description: "ISO 4217; the client's, else the organization's, if left out",
    example: "GHS",
  });

/** What a contact of a client has. Null or an empty text clears a field. */
export const ContactFields = {
  name: line(200).pipe(z.string().min(1)).openapi({ type: "string", example: "Ama Mensah" }),
  role: optionalLine(100),
  email: Email,
  phone: PhoneInput,
  is_primary: z.boolean().optional(),
  left_on: DayInput.nullable().optional().openapi({
    description: "The day on which the person left the client",
  }),
};

const ContactInput = z.object({ id: Id.optional(), ...ContactFields });

/** The fields of a client that people write. */
const fields = {
  name: line(200).pipe(z.string().min(1)).openapi({ type: "string", example: "Volta Foods Ltd" }),
  segment: z.string().max(50).optional().openapi({
    description: "A key of GET /clients/segments; the first if left out",
    example: "enterprise",
  }),
  client_type: optionalLine(100),
  region: optionalLine(100),
  category: optionalLine(100),
  external_id: optionalLine(100),
  account_number: optionalLine(50),
  phone: PhoneInput,
  email: Email,
  contract_ends_on: DayInput.nullable().optional(),
  stated_risk: z.enum(["low", "medium", "high"]).nullable().optional().openapi({
    description: "What a person thinks of the risk that the client leaves",
  }),
  churn_risk: z.string().max(100).nullable().optional().openapi({
    description: "ChurnGuard's name of stated_risk; taken where stated_risk is left out",
  }),
  custom_fields: z.record(z.string().max(100), z.unknown()).optional(),
  owner_id: Id.nullable().optional(),
  team_id: Id.nullable().optional(),
  contacts: z.union([z.array(ContactInput).max(100), ContactInput.transform((one) => [one])])
    .optional().openapi({
      description:
        "All contacts: those with an id of the client's change it, missing ones are deleted",
      type: "array",
      items: { type: "object" },
    }),
  since: z.string().trim().max(40).nullable().optional().openapi({
    description: "The first day of paid service; also a month, a year or a local date",
    example: "2024-03-01",
  }),
};

/** What a new client pays. */
const terms = {
  amount: Amount.optional(),
  monthly_revenue: z.union([z.string().max(60), z.number()]).nullable().optional().openapi({
    description: "ChurnGuard's name of amount",
  }),
  interval: z.enum(["month", "quarter", "year"]).optional().openapi({
    description: "What the amount is for: other than monthly amounts are divided",
  }),
  currency: Currency.optional(),
  contract: optionalLine(100),
  observed_from: DayInput.optional().openapi({
    description:
      "From when on it would have been seen that the client leaves; today, if service began before",
  }),
  trial: z.boolean().optional().openapi({ description: "A trial begins, not paid service" }),
  trial_ends_on: DayInput.optional().openapi({ description: "The first day after the trial" }),
  lead_id: Id.optional().openapi({ description: "The lead that becomes a client" }),
  amount_from_lead: z.boolean().optional().openapi({
    description: "The lead's value is the monthly amount",
  }),
};

export const ClientInput = z.object({ ...fields, ...terms }).openapi("ClientInput");

export const ClientReplacement = z.object({
  ...fields,
  status: z.string().max(50).optional().openapi({ description: "May be repeated, not changed" }),
  mrr: Amount.optional().openapi({ description: "May be repeated, not changed" }),
  currency: z.string().max(10).optional().openapi({ description: "May be repeated, not changed" }),
  version: z.int().min(1).max(2_147_483_647).optional().openapi({
    description: "The version that was read, if If-Match is not sent",
  }),
}).openapi("ClientReplacement");

interface Organization {
  country: string;
  currency: string;
}

const emptyToNull = (text: string | null | undefined) => text === "" ? null : text;

/** A phone number in E.164; an error is added where it is none. */
export function readPhone(
  value: string | number | null | undefined,
  country: string,
  path: string,
  errors: FieldError[],
): string | null | undefined {
  if (value === undefined || value === null || value === "") {
    return value === undefined ? value : null;
  }
  const result = normalizePhone(value, country);
  if (result.ok) return result.phone;
  errors.push({ path, message: result.message });
  return null;
}

/** A decimal of at least 0; an error is added where it is none. */
export function readAmount(
  value: string | number,
  currency: string,
  path: string,
  errors: FieldError[],
): string {
  const result = parseMoney(value, currency);
  if (result.ok && !result.amount.startsWith("-")) return result.amount;
  errors.push({ path, message: result.ok ? "must not be negative" : result.message });
  return "0.00";
}

type Input = Partial<z.infer<typeof ClientInput>> & Partial<z.infer<typeof ClientReplacement>>;

function statedRisk({ stated_risk, churn_risk }: Input): string | null | undefined {
  if (stated_risk !== undefined || churn_risk === undefined) return stated_risk;
  const level = churn_risk?.trim().toLowerCase();
  return level === "low" || level === "medium" || level === "high" ? level : null;
}

function contactRows(contacts: Input["contacts"], country: string, errors: FieldError[]) {
  return contacts?.map((contact, index) => ({
    ...contact,
    role: emptyToNull(contact.role) ?? null,
    email: emptyToNull(contact.email) ?? null,
    phone: readPhone(contact.phone, country, `contacts.${index}.phone`, errors) ?? null,
  }));
}

/**
 * The given fields in the database's form: phones in E.164, amounts as decimals, empty texts as null.
 * @throws Problem 422 with every invalid field.
 */
export function clientFields(input: Input, organization: Organization): Record<string, Json> {
  const errors: FieldError[] = [];
  const {
    churn_risk: _,
    monthly_revenue,
    amount,
    mrr,
    since,
    phone,
    contacts,
    version: __,
    ...rest
  } = input;
  const currency = input.currency ?? organization.currency;
  const money = amount ?? monthly_revenue ?? undefined;
  const day = since ? readSince(since, organization.country) : undefined;
  if (since && day === undefined) errors.push({ path: "since", message: "is not a date" });
  const read = {
    ...Object.fromEntries(
      Object.entries(rest).map(([key, value]) => [key, value === "" ? null : value]),
    ),
    stated_risk: statedRisk(input),
    since: day,
    phone: readPhone(phone, organization.country, "phone", errors),
    amount: money === undefined ? undefined : readAmount(money, currency, "amount", errors),
    mrr: mrr === undefined ? undefined : readAmount(mrr, currency, "mrr", errors),
    contacts: contactRows(contacts, organization.country, errors),
  };
  if (errors.length > 0) throw invalidFields(errors);
  // Parsed from JSON, so this is JSON.
  return Object.fromEntries(
    Object.entries(read).filter((entry) => entry[1] !== undefined),
  ) as Record<string, Json>;
}
