import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";

const Row = z.object({
  id: Id,
  title: z.string().openapi({ example: "Reconnections" }),
  description: z.string().openapi({ example: "The crews are out from eight tomorrow" }),
  recipients: z.array(z.string()).openapi({ description: "Roles", example: ["technical_agent"] }),
  sender_id: Id.nullable(),
  sender_name: z.string().nullable(),
  sender_role: z.string(),
  client_id: Id.nullable().openapi({
    description: "The client that it is about, if the caller may see it",
  }),
  client_name: z.string().nullable(),
  is_read: z.boolean().openapi({ description: "Whether any of the readers has read it" }),
  first_read_at: Timestamp.nullable(),
  read_by_me: z.boolean().nullable().openapi({
    description: "null: the caller is no reader of it",
  }),
  read_count: z.int(),
  recipient_count: z.int().openapi({
    description: "People who hold one of the roles now, but for the sender",
  }),
  readers: z.array(z.object({ user_id: Id, name: z.string(), read_at: Timestamp })).nullable()
    .openapi({ description: "The first 100 who read it: for the sender and for admins" }),
  created_at: Timestamp,
});

export const Note = Row.extend({
  timestamp: Timestamp.openapi({ description: "The same as created_at" }),
}).openapi("Note");

/** A note of `private.note_rows` as the API's. */
export function toNote(row: unknown): z.infer<typeof Note> {
  const note = Row.parse(row);
  const created_at = isoTime(note.created_at);
  return {
    ...note,
    first_read_at: isoTime(note.first_read_at),
    readers: note.readers?.map((reader) => ({ ...reader, read_at: isoTime(reader.read_at) })) ??
      null,
    created_at,
    timestamp: created_at,
  };
}

export const Unread = z.object({
  organization_id: Id,
  unread: z.int().openapi({ description: "At most 100", example: 3 }),
  more: z.boolean().openapi({ description: "Whether there are more than that" }),
  version: z.int().openapi({
    description: "A later state has a higher one: drop what has a lower",
  }),
}).openapi("UnreadNotes");
