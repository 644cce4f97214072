import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { TextBody } from "../_shared/messaging/text.ts";

export const ConversationStatus = z.enum(["open", "closed"]);

const fields = {
  id: Id,
  provider: z.enum(["arkesel", "twilio"]),
  sender: z.string().openapi({ description: "The organization's number", example: "+15550009999" }),
  phone: z.string().openapi({ description: "The other party's", example: "+15551230001" }),
  status: ConversationStatus,
  assigned_to: Id.nullable(),
  assigned_to_name: z.string().nullable(),
  lead_id: Id.nullable().openapi({ description: "Also null if the caller may not see it" }),
  lead_name: z.string().nullable(),
  customer_id: Id.nullable(),
  customer_name: z.string().nullable(),
  unread: z.int(),
  last_message_at: Timestamp.openapi({
    description: "Of the newest message that a person wrote, on either side",
  }),
  last_direction: z.enum(["inbound", "outbound"]),
  last_preview: z.string(),
  closed_at: Timestamp.nullable(),
  closed_by: Id.nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
};

export const Conversation = z.object(fields).openapi("Conversation");

const ThreadMessage = z.object({
  message_id: Id,
  direction: z.enum(["inbound", "outbound"]),
  status: z.string().openapi({ example: "delivered" }),
  message: z.string(),
  media: z.array(z.string()).openapi({ description: "URLs of pictures and the like" }),
  segments: z.int(),
  purpose: z.string().openapi({ example: "custom" }),
  campaign_id: Id.nullable(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  send_after: Timestamp,
  created_at: Timestamp,
  sent_at: Timestamp.nullable(),
  delivered_at: Timestamp.nullable(),
}).openapi("ThreadMessage");

export const Thread = z.object({
  ...fields,
  opted_out: z.boolean().openapi({ description: "Whether nothing may be sent to the number" }),
  awaits_review: z.boolean().openapi({
    description: "A reply may be an opt-out: what is sent waits until a person has decided",
  }),
  messages: z.array(ThreadMessage).openapi({
    description: "Newest first, including those of campaigns",
  }),
  next_before: Id.nullable().openapi({ description: "`before` of the next page; null: none" }),
}).openapi("ConversationThread");

/** A conversation as the API shows it. */
export function toConversation(row: unknown): z.infer<typeof Conversation> {
  return inIsoTime(Conversation.parse(row));
}

function inIsoTime<T extends z.infer<typeof Conversation>>(conversation: T): T {
  return {
    ...conversation,
    last_message_at: isoTime(conversation.last_message_at),
    closed_at: isoTime(conversation.closed_at),
    created_at: isoTime(conversation.created_at),
    updated_at: isoTime(conversation.updated_at),
  };
}

const ThreadRow = Thread.extend({
  messages: z.array(
    ThreadMessage.omit({ message_id: true, message: true }).extend({ id: Id, body: z.string() }),
  ),
});

/** A conversation with a page of its messages, as the API shows it. */
export function toThread(row: unknown): z.infer<typeof Thread> {
  const thread = ThreadRow.parse(row);
  const messages = thread.messages.map(({ id, body, ...message }) => ({
    message_id: id,
    message: body,
    ...message,
    send_after: isoTime(message.send_after),
    created_at: isoTime(message.created_at),
    sent_at: isoTime(message.sent_at),
    delivered_at: isoTime(message.delivered_at),
  }));
  return inIsoTime({ ...thread, messages });
}

export const Text = z.string().trim().pipe(TextBody).openapi({
  description:
    "{{name}}, {{account_number}}, {{arrears}} and {{organization}} are filled in where they are known",
  example: "Thank you, {{name}}. We will call you tomorrow.",
});

export const Written = z.object({
  message_id: Id,
  conversation_id: Id,
  status: z.enum(["queued", "suppressed"]),
  segments: z.int().openapi({ example: 1 }),
  encoding: z.enum(["GSM-7", "UCS-2"]),
  send_after: Timestamp,
  waits_for: z.enum(["quiet_hours", "review"]).nullable().openapi({
    description: "Why it is not sent at once; review: a reply of the number may be an opt-out",
  }),
  error_code: z.enum(["suppressed", "undeliverable", "own_number"]).nullable().openapi({
    description:
      "Why it is suppressed: the number opted out, its provider said before that it cannot be reached, " +
      "or it is the sender itself",
  }),
}).openapi("WrittenMessage");

/** The queued message, from what the SQL function returns. */
export function toWritten(answer: unknown): z.infer<typeof Written> {
  const written = Written.parse(answer);
  return { ...written, send_after: isoTime(written.send_after) };
}
