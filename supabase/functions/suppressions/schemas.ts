import { z } from "../_shared/zod.ts";
import { Id, isoTime, Phone, Timestamp } from "../_shared/fields.ts";
import { normalizePhone } from "../_shared/phone.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";
import { invalidFields } from "../_shared/problem.ts";

export const Scope = z.enum(["all", "marketing"]).openapi({ example: "all" });
export const Source = z.enum([
  "reply",
  "provider",
  "manual",
  "import",
  "litigator",
  "dnc",
  "erased",
]);
export const PhoneInput = z.string().min(1).max(40).openapi({
  description: "E.164, or a local number of the organization's country",
  example: "+233244123456",
});
export const Reason = z.string().trim().min(1).max(500).refine(isPlain, plainMessage)
  .openapi({ example: "Asked on the phone" });

const times = <T extends Record<string, unknown>>(row: T, ...names: (keyof T)[]): T => ({
  ...row,
  ...Object.fromEntries(names.map((name) => {
    const value = row[name];
    return [name, typeof value === "string" ? isoTime(value) : null];
  })),
});

export const Suppression = z.object({
  id: Id,
  phone: Phone,
  scope: Scope,
  source: Source,
  reason: z.string().nullable(),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: Timestamp,
  lifted_at: Timestamp.nullable(),
  lifted_by: Id.nullable(),
  lifted_by_name: z.string().nullable(),
  lifted_reason: z.string().nullable(),
}).openapi("Suppression");

export const toSuppression = (row: unknown) =>
  times(Suppression.parse(row), "created_at", "lifted_at");

export const Undeliverable = z.object({
  id: Id,
  phone: Phone,
  is_final: z.boolean().openapi({
    description: "Nothing is sent to it; otherwise only campaigns leave it out, until `until`",
  }),
  reason: z.string().openapi({ example: "The number is a landline." }),
  error_code: z.string().openapi({ description: "The provider's", example: "21614" }),
  provider: z.enum(["arkesel", "twilio"]),
  message_id: Id.openapi({ description: "The latest message that failed for it" }),
  until: Timestamp.nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
  lifted_at: Timestamp.nullable(),
  lifted_by: Id.nullable(),
  lifted_by_name: z.string().nullable(),
  lifted_reason: z.string().nullable(),
}).openapi("UndeliverableNumber");

export const toUndeliverable = (row: unknown) =>
  times(Undeliverable.parse(row), "until", "created_at", "updated_at", "lifted_at");

/** Why a number must not get a marketing message now. */
export const BlockedReason = z.enum([
  "invalid_phone",
  "litigator",
  "suppressed",
  "dnc",
  "consent_revoked",
  "no_consent",
  "country_not_allowed",
  "undeliverable",
  "doubtful_reply",
]);

export const Consent = z.object({
  id: Id,
  lead_id: Id.nullable(),
  event: z.enum(["granted", "revoked"]),
  phone: Phone,
  channel: z.enum(["sms", "call"]),
  scope: Scope,
  source: z.string(),
  disclosure: z.string().nullable(),
  disclosure_version: z.string().nullable(),
  act: z.string().nullable(),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  message_id: Id.nullable(),
  raw_text: z.string().nullable(),
  recognized_by: z.string().nullable(),
  occurred_at: Timestamp,
  honored_at: Timestamp.nullable(),
  outdated: z.boolean().openapi({
    description: "Given before a revocation that was known when it was recorded: it does not count",
  }),
  recorded_by: Id.nullable(),
  recorded_by_name: z.string().nullable(),
  created_at: Timestamp,
  suppressed: z.boolean().optional().openapi({
    description: "After a new entry: whether the number is suppressed nevertheless",
  }),
}).openapi("Consent");

export const toConsent = (row: unknown) =>
  times(Consent.parse(row), "occurred_at", "honored_at", "created_at");

export const Review = z.object({
  id: Id,
  phone: Phone,
  message_id: Id,
  text: z.string().nullable().optional(),
  last_text: z.string().nullable().optional().openapi({
    description: "The latest further reply that needs review, received while this review was open",
  }),
  status: z.enum(["open", "opt_out", "dismissed"]),
  decided_by: Id.nullable(),
  decided_by_name: z.string().nullable().optional(),
  decided_at: Timestamp.nullable(),
  created_at: Timestamp,
}).openapi("ReplyReview");

export const toReview = (row: unknown) => times(Review.parse(row), "decided_at", "created_at");

export const Rule = z.object({
  id: Id,
  organization_id: Id.nullable().openapi({ description: "null: the system's own" }),
  kind: z.enum(["keyword", "phrase", "not_phrase"]),
  meaning: z.enum(["stop", "start", "help", "doubtful"]),
  language: z.string(),
  pattern: z.string(),
  as_written: z.boolean().openapi({
    description:
      "The pattern is matched against the reply as written, not in lower case without punctuation",
  }),
  answers_question: z.boolean().openapi({
    description: "It does not count if the organization's last message asks a question: NO",
  }),
  undoes_only: z.boolean().openapi({ description: "It counts only after an opt-out: YES" }),
  source: z.string(),
  effective_from: z.string(),
  effective_to: z.string().nullable(),
  created_at: Timestamp,
}).openapi("ReplyRule");

export const toRule = (row: unknown) => times(Rule.parse(row), "created_at");

export const DncList = z.object({
  id: Id,
  name: z.string(),
  kind: z.enum(["registry", "litigator", "internal"]),
  status: z.enum(["importing", "active", "failed"]),
  calling_code: z.string().openapi({
    description: "Of the country that numbers without + belong to",
    example: "1",
  }),
  numbers: z.int().openapi({ description: "Different numbers so far" }),
  invalid: z.int().openapi({ description: "Lines without a number so far" }),
  progress: z.number().openapi({ description: "0 to 1" }),
  error: z.string().nullable(),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("DncList");

export const toDncList = (row: unknown) => times(DncList.parse(row), "created_at", "updated_at");

/** What every paged SQL function returns. */
export const Rows = z.object({ total: z.number(), rows: z.array(z.unknown()) });

/** The number in E.164. @throws Problem 422 */
export function phoneOf(value: string, country: string, path = "phone"): string {
  const result = normalizePhone(value, country);
  if (!result.ok) throw invalidFields([{ path, message: result.message }]);
  return result.phone;
}
