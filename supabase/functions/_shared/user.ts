import { z } from "./zod.ts";
import { Id, isoTime, Timestamp } from "./fields.ts";
import { isPlain, plainMessage } from "./plain_text.ts";

/** Whether a member has access. */
export const UserStatus = z.enum(["active", "suspended"]);

/** A person's name, trimmed. */
export const FullName = z.string().trim().min(1).max(200)
  .refine(isPlain, plainMessage).openapi({ example: "Ama Mensah" });

/** The key of a role. */
export const RoleKey = z.string().regex(/^[a-z][a-z0-9_]{1,49}$/, "is not a role").openapi({
  description: "The key of a system role or of one of the organization's own",
  example: "counselor",
});

/** A member as the API shows it. */
export const User = z.object({
  id: Id,
  email: z.string().openapi({ example: "ama@nileutility.com" }),
  full_name: z.string().openapi({ example: "Ama Mensah" }),
  role: z.string().openapi({ example: "counselor" }),
  role_name: z.string().openapi({ example: "Counselor" }),
  team_id: Id.nullable(),
  team_name: z.string().nullable().openapi({ example: "North" }),
  status: UserStatus.openapi({ description: "suspended: no access, and no new leads" }),
  open_leads: z.int().nullable().openapi({
    description: "null for callers who may not manage members",
    example: 12,
  }),
  last_sign_in_at: Timestamp.nullable().openapi({
    description: "null if never, or for callers who may not manage members",
  }),
  created_at: Timestamp.openapi({ description: "When the person joined the organization" }),
  updated_at: Timestamp,
}).openapi("User");

/** Parses a member in the answer of `private.user_json`. */
export function toUser(row: unknown): z.infer<typeof User> {
  const user = User.parse(row);
  return {
    ...user,
    last_sign_in_at: isoTime(user.last_sign_in_at),
    created_at: isoTime(user.created_at),
    updated_at: isoTime(user.updated_at),
  };
}
