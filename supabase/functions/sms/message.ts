import { z } from "../_shared/zod.ts";
import { Id, isoTime, Phone, Timestamp } from "../_shared/fields.ts";
import { MessageStatus } from "./schemas.ts";

const WaitReason = z.enum([
  "quiet_hours",
  "frequency_cap",
  "review",
  "circuit_open",
  "cooldown",
  "rate",
  "paused",
  "sandbox",
  "suspended",
  "budget",
  "sender_pending",
  "retry",
]);

export const Message = z.object({
  message_id: Id,
  direction: z.enum(["outbound", "inbound"]),
  status: MessageStatus,
  to: Phone,
  from: z.string().openapi({ example: "ECG" }),
  message: z.string(),
  segments: z.int(),
  encoding: z.enum(["GSM-7", "UCS-2"]),
  provider: z.enum(["arkesel", "twilio"]),
  provider_message_id: z.string().nullable(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  customer_id: Id.nullable(),
  lead_id: Id.nullable(),
  batch_id: Id.nullable(),
  campaign_id: Id.nullable(),
  attempts: z.int(),
  lookups_made: z.int().openapi({
    description: "How often the provider was asked for its status without a final answer",
  }),
  unknown_at: Timestamp.nullable().openapi({
    description: "Since when the provider is no longer asked and the outcome counts as unknown",
  }),
  unknown_reason: z.enum([
    "not_final",
    "not_found",
    "unclear",
    "too_old",
    "no_account",
    "other_account",
  ]).nullable(),
  held_at: Timestamp.nullable().openapi({
    description: "Since when it awaits a person's decision: it is unknown whether it was sent",
  }),
  send_after: Timestamp,
  wait_reason: WaitReason.nullable().openapi({
    description: "Why a queued message is not sent yet; null: it is due, or not queued",
  }),
  wait_until: Timestamp.nullable().openapi({
    description: "When it is looked at again; null: nobody knows, or it does not wait",
  }),
  created_at: Timestamp,
  sent_at: Timestamp.nullable(),
  delivered_at: Timestamp.nullable(),
}).openapi("Message");

const MessageRow = Message.omit({ message_id: true, to: true, from: true, message: true }).extend({
  id: z.string(),
  to_number: z.string(),
  from_number: z.string(),
  body: z.string(),
  send_after: z.string(),
  wait_until: z.string().nullable(),
  created_at: z.string(),
  unknown_at: z.string().nullable(),
  held_at: z.string().nullable(),
  sent_at: z.string().nullable(),
  delivered_at: z.string().nullable(),
});

/** A message as the API shows it, from a row as the database gives it. */
export function toMessage(row: unknown): z.infer<typeof Message> {
  const { id, to_number, from_number, body, ...message } = MessageRow.parse(row);
  return {
    message_id: id,
    to: to_number,
    from: from_number,
    message: body,
    ...message,
    send_after: isoTime(message.send_after),
    wait_until: isoTime(message.wait_until),
    created_at: isoTime(message.created_at),
    unknown_at: isoTime(message.unknown_at),
    held_at: isoTime(message.held_at),
    sent_at: isoTime(message.sent_at),
    delivered_at: isoTime(message.delivered_at),
  };
}
