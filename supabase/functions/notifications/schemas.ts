import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";

export const Notification = z.object({
  id: Id,
  kind: z.string().openapi({ example: "assignment" }),
  title: z.string().openapi({ example: "Ama Mensah was assigned to you" }),
  body: z.string(),
  data: z.record(z.string(), z.unknown()).openapi({ description: "Ids and values of the event" }),
  read_at: Timestamp.nullable(),
  created_at: Timestamp,
}).openapi("Notification");

/** A notification as the API shows it, from the database's answer. */
export function toNotification(row: unknown): z.infer<typeof Notification> {
  const notification = Notification.parse(row);
  return {
    ...notification,
    read_at: isoTime(notification.read_at),
    created_at: isoTime(notification.created_at),
  };
}

const Kind = z.enum([
  "assignment",
  "sla_reminder",
  "sla_breach",
  "task_due",
  "import_finished",
  "report_ready",
  "campaign",
  "note",
  "churn",
  "system",
]);

const Preference = z.object({ kind: Kind, in_app: z.boolean(), email: z.boolean() });

export const Preferences = z.object({ data: z.array(Preference) })
  .openapi("NotificationPreferences");

export const PreferencesChange = z.object({
  data: z.array(Preference.partial({ in_app: true, email: true })).min(1).max(50)
    .refine((list) => new Set(list.map(({ kind }) => kind)).size === list.length, {
      message: "names a kind twice",
    }),
}).openapi("NotificationPreferencesChange");

export const EmailStatus = z.enum(["queued", "sending", "sent", "failed", "canceled"]);

export const Email = z.object({
  id: Id,
  kind: z.string().openapi({ example: "assignment" }),
  to: z.string().openapi({ example: "ama@example.com" }),
  user_id: Id.nullable(),
  user_name: z.string().nullable(),
  lead_id: Id.nullable(),
  title: z.string().nullable(),
  status: EmailStatus,
  attempts: z.int(),
  reason: z.string().nullable().openapi({
    description: "Why the last attempt failed, or why it was canceled",
    example: "550 5.1.1 No such user",
  }),
  next_attempt_at: Timestamp.nullable(),
  sent_at: Timestamp.nullable(),
  provider: z.string().nullable().openapi({ example: "smtp" }),
  created_at: Timestamp,
}).openapi("Email");

/** An e-mail of the outbox as the API shows it, from the database's answer. */
export function toEmail(row: unknown): z.infer<typeof Email> {
  const email = Email.parse(row);
  return {
    ...email,
    next_attempt_at: isoTime(email.next_attempt_at),
    sent_at: isoTime(email.sent_at),
    created_at: isoTime(email.created_at),
  };
}
