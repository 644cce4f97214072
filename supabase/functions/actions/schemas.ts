import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { isMultiline, multilineMessage } from "../_shared/plain_text.ts";

/** Actions that people record; `sms_sent` is recorded when a text is queued. */
export const ActionKind = z.enum(["connect", "disconnect", "warn"]);

export const Action = z.object({
  id: Id,
  customer_id: Id,
  action: z.enum([...ActionKind.options, "sms_sent"]),
  note: z.string().nullable(),
  source: z.enum(["manual", "batch"]),
  batch_id: Id.nullable(),
  performed_by: Id.nullable(),
  performed_by_name: z.string().nullable().openapi({ example: "Kofi Boateng" }),
  timestamp: Timestamp,
}).openapi("Action");

export const ActionInput = z.object({
  customer_id: Id,
  action: ActionKind,
  note: z.string().max(2000).refine(isMultiline, multilineMessage).optional(),
}).openapi("ActionInput");

const ActionRow = Action.omit({ timestamp: true }).extend({ created_at: z.string() });

/** A database row as the API's action. */
export function toAction(row: unknown): z.infer<typeof Action> {
  const { created_at, ...action } = ActionRow.parse(row);
  return { ...action, timestamp: isoTime(created_at) };
}
