import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";

export const NumberType = z.enum(["long_code", "toll_free", "short_code", "alphanumeric"]);

const Rate = z.number().positive().max(10_000);
const Price = z.number().min(0).max(1_000);
const TimeZone = z.string().max(64).refine(isTimeZone, "is not a time zone");

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "" &&
      (name.includes("/") || name === "UTC");
  } catch {
    return false;
  }
}

const Secret = z.string().regex(/^[!-~]{1,200}$/, "must be 1 to 200 printable characters");

const Credentials = z.union([
  z.object({
    account_sid: z.string().regex(/^AC[0-9a-f]{32}$/, "must be AC and 32 hexadecimal digits"),
    auth_token: Secret,
  }),
  z.object({ api_key: Secret }),
]).nullable().openapi({
  description: "Write-only: credentials of an own provider account; null: the platform's",
});

const settings = {
  number_type: NumberType.openapi({
    description: "Derived from the form of the number when left out",
  }),
  label: z.string().trim().min(1).max(100).refine(isPlain, plainMessage).nullable().openapi({
    example: "Admissions",
  }),
  per_second: Rate.nullable().openapi({
    description:
      "Messages a second; null: no limit. Left out: long code 1, toll-free 3, short code 30, a name none",
    example: 1,
  }),
  daily_cap: z.int().positive().max(100_000_000).nullable().openapi({
    description: "Messages a day of cap_zone; null: no cap",
    example: 2000,
  }),
  cap_zone: TimeZone.openapi({ example: "America/Los_Angeles" }),
  segment_price: Price.nullable().openapi({
    description:
      "What a segment costs, in the organization's currency. For the daily spending limit a sender on the " +
      "platform's account counts the platform's default at least",
    example: 0.0079,
  }),
  is_default: z.boolean(),
  credentials: Credentials,
};

const SenderForm = z.object({
  provider: z.enum(["arkesel", "twilio"]).openapi({ example: "arkesel" }),
  number: z.string().trim().min(1).max(16).openapi({
    description: "Twilio: E.164 or a short code; Arkesel: a name of up to 11 characters",
    example: "Acme",
  }),
});

export const PhoneNumberInput = SenderForm.extend(z.object(settings).partial().shape)
  .refine(
    ({ provider, number }) =>
      provider === "arkesel"
        ? /^[A-Za-z0-9 ._-]{1,11}$/.test(number)
        : /^(\+[1-9][0-9]{6,14}|[0-9]{5,6})$/.test(number),
    { path: ["number"], message: "is not a sender of this provider" },
  )
  .openapi("PhoneNumberInput");

export const PhoneNumberChange = z.object({
  ...settings,
  is_default: z.literal(true).openapi({
    description: "Makes this the default instead of the current one",
  }),
  status: z.enum(["active", "disabled"]),
  cooldown_until: z.null().openapi({ description: "null ends the cooldown now" }),
}).partial().openapi("PhoneNumberChange");

const Fraction = z.number().nullable().openapi({
  description: "Of those with a known outcome",
  example: 0.97,
});

export const PhoneNumber = z.object({
  id: Id,
  provider: z.enum(["arkesel", "twilio"]),
  number: z.string().openapi({ example: "+12025550143" }),
  number_type: NumberType,
  label: z.string().nullable(),
  per_second: z.number().nullable(),
  daily_cap: z.int().nullable(),
  cap_zone: z.string(),
  segment_price: z.number().nullable(),
  is_default: z.boolean(),
  status: z.enum(["pending", "active", "circuit_open", "disabled"]).openapi({
    description:
      "pending: on the platform's account, until the platform approves it; circuit_open: the provider refuses " +
      "everything at the moment",
  }),
  status_reason: z.string().nullable(),
  has_credentials: z.boolean(),
  cooldown_until: Timestamp.nullable().openapi({
    description: "It fails too often: no campaign uses it until then",
  }),
  cooldown_reason: z.string().nullable(),
  health: z.object({
    messages: z.int(),
    delivered: z.int(),
    failed: z.int(),
    filtered: z.int(),
    delivered_rate: Fraction,
    failed_rate: Fraction,
    filtered_rate: Fraction,
  }).openapi({ description: "Campaign messages of the last 24 hours" }),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("PhoneNumber");

/** A number as the API shows it, from what the database answers. */
export function toPhoneNumber(row: unknown): z.infer<typeof PhoneNumber> {
  const number = PhoneNumber.parse(row);
  return {
    ...number,
    cooldown_until: isoTime(number.cooldown_until),
    created_at: isoTime(number.created_at),
    updated_at: isoTime(number.updated_at),
  };
}
