import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";

const Events = z.array(z.string().max(100)).min(1).max(100).openapi({
  description: "Types of GET /admin/integrations/webhooks/events, or * for all",
  example: ["lead.created", "lead.assigned"],
});
const Bulk = z.enum(["each", "grouped"]).openapi({
  description: "What a statement that changes more than 100 objects sends: an event for each, or " +
    "objects.changed with up to 400 ids",
});

export const Webhook = z.object({
  id: Id,
  url: z.string().openapi({ example: "https://hooks.example.com/signalbox" }),
  endpoint_url: z.string().openapi({
    description: "The same by its name in the old API",
    example: "https://hooks.example.com/signalbox",
  }),
  description: z.string(),
  events: Events,
  bulk: Bulk,
  status: z.enum(["active", "paused", "disabled"]).openapi({
    description: "disabled: by the service, see disabled_reason",
  }),
  disabled_reason: z.enum(["gone", "failing"]).nullable().openapi({
    description: "gone: it answered 410; failing: no success for five days",
  }),
  disabled_at: Timestamp.nullable(),
  silent_reason: z.enum([
    "owner_not_member",
    "key_expired",
    "permission_lost",
    "organization_suspended",
  ])
    .nullable().openapi({
      description: "Why nothing is sent although it is active: its owner's rights have ended",
    }),
  owner_id: Id.nullable().openapi({
    description: "Whose rights deliveries have: who made it or last changed it",
  }),
  owner_name: z.string().nullable(),
  created_by: Id.nullable(),
  failing_since: Timestamp.nullable(),
  last_success_at: Timestamp.nullable(),
  last_error: z.string().nullable(),
  pending: z.number().openapi({ description: "Deliveries that wait or are under way" }),
  previous_secret_ends_at: Timestamp.nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("Webhook");

export const WebhookSecret = Webhook.extend({
  secret: z.string().nullable().openapi({
    description: "Only in this answer, not in repeats with an Idempotency-Key",
    example: "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
  }),
}).openapi("WebhookSecret");

export const WebhookDelivery = z.object({
  id: Id,
  webhook_id: Id,
  message_id: z.string().openapi({
    description: "The header webhook-id, the same for every try",
    example: "msg_0199aa5c6f0e7c1e9a520d5c1f5a3b11_0",
  }),
  type: z.string().openapi({ example: "lead.created" }),
  object_id: z.string().nullable(),
  status: z.enum(["pending", "sending", "delivered", "failed", "withheld"]),
  reason: z.string().nullable().openapi({
    description: "Why it was withheld",
    example: "lacks leads:read",
  }),
  attempts: z.number(),
  next_attempt_at: Timestamp.nullable(),
  delivered_at: Timestamp.nullable(),
  tries: z.array(z.object({
    at: Timestamp,
    status: z.number().nullable(),
    ms: z.number().nullable(),
    error: z.string().nullable(),
  })).openapi({ description: "The latest 20" }),
  answer: z.string().nullable().openapi({ description: "The latest answer, at most 4 KB" }),
  occurred_at: Timestamp,
  created_at: Timestamp,
}).openapi("WebhookDelivery");

export const WebhookEvent = z.object({
  type: z.string(),
  description: z.string(),
  permission: z.string().openapi({ description: "What the owner needs to be sent it" }),
  permission_by_kind: z.record(z.string(), z.string()).nullable().openapi({
    description: "Where data.kind decides: the permission for each kind",
  }),
  schema: z.record(z.string(), z.unknown()).openapi({ description: "JSON Schema of data" }),
  example: z.record(z.string(), z.unknown()),
}).openapi("WebhookEvent");

/** The row with its times as the API gives them. */
function withTimes<T extends Record<string, unknown>>(row: T): T {
  const times = Object.entries(row).filter(([name, value]) =>
    /_(at|since)$/.test(name) && typeof value === "string"
  );
  return { ...row, ...Object.fromEntries(times.map(([name, at]) => [name, isoTime(String(at))])) };
}

/** Parses an endpoint in the answers of `private.webhook_json`. */
export const toWebhook = (row: unknown): z.infer<typeof Webhook> => withTimes(Webhook.parse(row));

/** The same with its secret. */
export const toWebhookSecret = (row: unknown): z.infer<typeof WebhookSecret> =>
  withTimes(WebhookSecret.parse(row));

/** Parses a delivery in the answers of `private.webhook_delivery_json`. */
export function toWebhookDelivery(row: unknown): z.infer<typeof WebhookDelivery> {
  const delivery = WebhookDelivery.parse(row);
  const tries = delivery.tries.map((one) => ({ ...one, at: isoTime(one.at) }));
  return { ...withTimes(delivery), tries };
}

const urlForm = "https, a public host, port 443 or at least 1024";

const fields = {
  url: z.url().max(2_000).openapi({ description: urlForm }),
  description: z.string().trim().max(200).refine(isPlain, plainMessage),
  events: Events,
  bulk: Bulk,
};

/** The name of the URL in the old API. */
const endpoint_url = fields.url.optional().openapi({
  description: "The old name of url",
  deprecated: true,
});

type Urls = { url?: string | undefined; endpoint_url?: string | undefined };
const agree = ({ url, endpoint_url }: Urls): boolean =>
  url === undefined || endpoint_url === undefined || url === endpoint_url;
const disagreement = { path: ["endpoint_url"], message: "is not the same as url" };

/** The body with the URL under its present name. */
export function withUrl<T extends Urls>({ endpoint_url, ...rest }: T) {
  const url = rest.url ?? endpoint_url;
  return url === undefined ? rest : { ...rest, url };
}

export const WebhookInput = z.object({
  url: fields.url.optional().openapi({
    description: `${urlForm}. Required, here or as endpoint_url`,
    example: "https://hooks.example.com/signalbox",
  }),
  endpoint_url,
  events: fields.events,
  description: fields.description.optional(),
  bulk: fields.bulk.optional(),
  secret: z.string().min(24).max(100).optional().openapi({
    description: "whsec_ and base64 of 24 to 64 bytes, or a text whose bytes are the key. Best " +
      "left out: then a random one is made",
  }),
})
  .refine((body) => body.url !== undefined || body.endpoint_url !== undefined, {
    path: ["url"],
    message: "is required",
  })
  .refine(agree, disagreement)
  .openapi("WebhookInput");

export const WebhookChange = z.object({
  ...fields,
  endpoint_url,
  status: z.enum(["active", "paused"]).openapi({
    description: "Switching on starts with a webhook.test",
  }),
}).partial()
  .refine((change) => Object.keys(change).length > 0, "Give at least one field to change.")
  .refine(agree, disagreement)
  .openapi("WebhookChange", { example: { status: "paused" } });
