import { z } from "../_shared/zod.ts";
import { cleanText } from "../_shared/clean_text.ts";
import type { Json } from "../_shared/database.types.ts";
import { Id } from "../_shared/fields.ts";
import { parseMoney } from "../_shared/money.ts";
import { normalizePhone } from "../_shared/phone.ts";
import { type FieldError, invalidFields } from "../_shared/problem.ts";
import { Status } from "./schemas.ts";

/** One cleaned line of text of at most `maximum` characters. */
export function line(maximum: number) {
  return z.string().max(5_000).transform(cleanText).pipe(z.string().max(maximum))
    .openapi({ type: "string", maxLength: maximum });
}

const Email = z.string().trim().toLowerCase().max(254)
  .refine((text) => text === "" || z.email().safeParse(text).success, "is not an e-mail address");

const Tags = z.array(line(50).pipe(z.string().min(1))).max(50)
  .transform((tags) => [...new Set(tags)]);

const isNested = (value: unknown): value is object => typeof value === "object" && value !== null;

/** No field type is deeper than a list of texts; PostgreSQL fails on JSON that is nested thousands of times. */
function refuseNesting(values: Record<string, unknown>, context: z.RefinementCtx): void {
  for (const [key, value] of Object.entries(values)) {
    if (isNested(value) && Object.values(value).some(isNested)) {
      context.addIssue({ code: "custom", path: [key], message: "is nested too deeply" });
    }
  }
}

/** The fields of a lead that people write. Null or an empty text clears a field. */
const fields = {
  first_name: line(100).optional().openapi({ example: "Ama" }),
  last_name: line(100).optional().openapi({ example: "Mensah" }),
  email: Email.nullable().optional().openapi({
    type: ["string", "null"],
    format: "email",
    example: "ama@example.com",
  }),
  phone: z.union([z.string().max(100), z.number()]).nullable().optional().openapi({
    description: "E.164, or a local number of the organization's country",
    example: "0244123456",
  }),
  source: z.string().max(500).transform((text) => cleanText(text).toLowerCase())
    .pipe(z.string().min(1).max(100)).optional()
    .openapi({ type: "string", example: "website" }),
  status: Status.optional(),
  value: z.union([z.string().max(60), z.number()]).optional().openapi({
    description: "Potential value, in the organization's currency",
    example: "1234.50",
  }),
  tags: Tags.optional().openapi({
    type: "array",
    items: { type: "string", maxLength: 50 },
    maxItems: 50,
    example: ["hot"],
  }),
  time_zone: z.string().max(100).nullable().optional().openapi({ example: "Africa/Accra" }),
  country: z.string().trim().toUpperCase()
    .refine((code) => code === "" || /^[A-Z]{2}$/.test(code), "is not a country code")
    .nullable().optional().openapi({ description: "ISO 3166-1 alpha-2", example: "GH" }),
  region: line(100).nullable().optional().openapi({
    type: ["string", "null"],
    example: "Greater Accra",
  }),
  custom_fields: z.record(z.string(), z.unknown()).superRefine(refuseNesting)
    .optional().openapi({
      description: "Values of the organization's lead fields (GET /leads/fields), by their keys",
      example: { program: "MBA" },
    }),
  team_id: Id.nullable().optional().openapi({
    description: "The team whose managers see an unassigned lead; afterwards the assignee's team",
  }),
  assigned_to: Id.nullable().optional(),
};

export const LeadInput = z.object(fields).openapi("LeadInput");

export const LeadChange = z.object({
  ...fields,
  version: z.int().min(1).max(2_147_483_647).optional().openapi({
    description: "The version that was read, if If-Match is not sent",
  }),
}).openapi("LeadChange");

/** Allows a second lead with the same number or address. */
export const DuplicateQuery = z.object({
  allow_duplicate: z.enum(["true", "false"]).default("false").openapi({
    description: "With leads:duplicate two leads may have the same number or address",
  }),
});

const emptyToNull = (text: string | null) => text === "" ? null : text;

type Fields = z.infer<typeof LeadInput>;

function readPhone(value: string | number | null, country: string, errors: FieldError[]) {
  if (value === null || value === "") return null;
  const result = normalizePhone(value, country);
  if (result.ok) return result.phone;
  errors.push({ path: "phone", message: result.message });
  return null;
}

function readValue(value: string | number, currency: string, errors: FieldError[]) {
  const result = parseMoney(value, currency);
  if (result.ok && !result.amount.startsWith("-")) return result.amount;
  errors.push({ path: "value", message: result.ok ? "must not be negative" : result.message });
  return null;
}

/**
 * The given fields in the database's form: phone in E.164, value as a decimal, empty texts as null.
 * @throws Problem 422 with every invalid field.
 */
export function leadFields(
  { phone, value, email, time_zone, country, region, custom_fields, ...rest }: Fields,
  organization: { country: string; currency: string },
): Record<string, Json> {
  const errors: FieldError[] = [];
  const read = {
    ...rest,
    ...(email === undefined ? {} : { email: emptyToNull(email) }),
    ...(time_zone === undefined ? {} : { time_zone: emptyToNull(time_zone) }),
    ...(country === undefined ? {} : { country: emptyToNull(country) }),
    ...(region === undefined ? {} : { region: emptyToNull(region) }),
    ...(phone === undefined ? {} : { phone: readPhone(phone, organization.country, errors) }),
    ...(value === undefined ? {} : { value: readValue(value, organization.currency, errors) }),
    // Parsed from JSON, so this is JSON.
    ...(custom_fields === undefined ? {} : { custom_fields: custom_fields as Json }),
  };
  if (errors.length > 0) throw invalidFields(errors);
  return Object.fromEntries(
    Object.entries(read).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
}
