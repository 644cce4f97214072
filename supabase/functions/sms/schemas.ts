import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { TextBody } from "../_shared/messaging/text.ts";
import { normalizePhone } from "../_shared/phone.ts";
import { invalidFields } from "../_shared/problem.ts";

export const MessageStatus = z.enum([
  "queued",
  "sending",
  "sent",
  "delivered",
  "undelivered",
  "failed",
  "canceled",
  "suppressed",
  "received",
]);

export const Text = z.string().trim().pipe(TextBody).openapi({
  description:
    "With a customer, {{name}}, {{account_number}}, {{arrears}} and {{organization}} are filled in; " +
    "with a lead, {{name}} and {{organization}}",
  example: "Dear {{name}}, you owe {{arrears}}.",
});

export const SenderId = z.string().max(20).openapi({
  description: "One of the organization's senders; its default without",
  example: "ECG",
});

export const To = z.string().max(50).openapi({
  description: "E.164, or a local number of the organization's country",
  example: "0244123456",
});

export const Queued = z.object({
  message_id: Id,
  status: z.enum(["queued", "suppressed"]),
  segments: z.int().openapi({ example: 1 }),
  encoding: z.enum(["GSM-7", "UCS-2"]),
  send_after: Timestamp.openapi({
    description:
      "Later than now outside the hours in which the number may be texted: the organization's, and to a " +
      "lead or a number also the law's, except within an hour after it wrote",
  }),
  error_code: z.enum(["suppressed", "undeliverable", "own_number"]).nullable().openapi({
    description:
      "Why it is suppressed: the number opted out, its provider said before that it cannot be reached, " +
      "or it is the sender itself",
  }),
}).openapi("QueuedMessage");

/** What was queued, from what the SQL function answers. */
export function toQueued(answer: unknown): z.infer<typeof Queued> {
  const queued = Queued.extend({ send_after: z.string() }).parse(answer);
  return { ...queued, send_after: isoTime(queued.send_after) };
}

/** A number as a request writes it, in E.164. @throws Problem 422 naming `to`. */
export function numberOf(to: string, country: string): string {
  const result = normalizePhone(to, country);
  if (!result.ok) throw invalidFields([{ path: "to", message: result.message }]);
  return result.phone;
}
