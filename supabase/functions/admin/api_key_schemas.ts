import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";
import { RoleKey } from "../_shared/user.ts";

export const ApiKey = z.object({
  id: Id.openapi({ description: "Also the user_id of the key in audit logs and records" }),
  name: z.string().openapi({ example: "Website form" }),
  status: z.enum(["active", "expired", "revoked"]),
  prefix: z.string().openapi({ example: "sgb_live_4fT0" }),
  last_four: z.string().openapi({ example: "cCQ0" }),
  role: z.string().nullable().openapi({ description: "null once revoked", example: "operator" }),
  role_name: z.string().nullable(),
  team_id: Id.nullable(),
  allowed_networks: z.array(z.string()).openapi({
    description: "Where requests may come from; empty: anywhere",
    example: ["192.0.2.0/24"],
  }),
  expires_at: Timestamp.nullable(),
  revoked_at: Timestamp.nullable(),
  previous_secret_ends_at: Timestamp.nullable().openapi({
    description: "The end of the grace after a rotation",
  }),
  last_used_at: Timestamp.nullable().openapi({ description: "To the minute" }),
  last_used_ip: z.string().nullable(),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  creator_is_member: z.boolean(),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("ApiKey");

export const ApiKeySecret = ApiKey.extend({
  key_id: Id,
  api_key: z.string().nullable().openapi({
    description: "The secret; only in this answer, not in repeats with an Idempotency-Key",
    example: "sgb_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg37cCQ0",
  }),
}).openapi("ApiKeySecret");

const times = [
  "expires_at",
  "revoked_at",
  "previous_secret_ends_at",
  "last_used_at",
  "created_at",
  "updated_at",
] as const;

type Times = Record<typeof times[number], string | null>;

function withTimes<T extends Times>(row: T): T {
  return {
    ...row,
    ...Object.fromEntries(times.map((name) => [name, isoTime(row[name])])),
  };
}

/** Parses a key in the answers of `private.api_key_json`. */
export const toApiKey = (row: unknown): z.infer<typeof ApiKey> => withTimes(ApiKey.parse(row));

/** The same with a new secret. */
export const toApiKeySecret = (row: unknown): z.infer<typeof ApiKeySecret> =>
  withTimes(ApiKeySecret.parse(row));

const fields = {
  name: z.string().trim().min(1).max(100).refine(isPlain, plainMessage)
    .openapi({ example: "Website form" }),
  role: RoleKey,
  team_id: z.uuid().nullable(),
  allowed_networks: z.array(z.string().max(50)).max(50).openapi({
    description: "CIDR, IPv4 or IPv6",
    example: ["192.0.2.0/24"],
  }),
  expires_at: z.iso.datetime({ offset: true }).nullable().openapi({
    description: "At most ten years from now; null: never",
    example: "2027-11-30T00:00:00Z",
  }),
};

export const ApiKeyInput = z.object({
  name: fields.name,
  role: fields.role,
  team_id: fields.team_id.optional(),
  allowed_networks: fields.allowed_networks.optional(),
  expires_at: fields.expires_at.optional().openapi({ description: "In a year if left out" }),
}).openapi("ApiKeyInput");

export const ApiKeyChange = z.object(fields).partial()
  .refine((change) => Object.keys(change).length > 0, "Give at least one field to change.")
  .openapi("ApiKeyChange", { example: { name: "Website form" } });
