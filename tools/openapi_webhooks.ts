import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the catalogue of events lies, which `task types` writes from a database; relative to the root. */
export const eventsPath = "docs/webhook_events.json";

type Json = Record<string, unknown>;

/** An event as GET /admin/integrations/webhooks/events answers it; `schema` and `example` are of its data. */
export interface WebhookEvent {
  type: string;
  description: string;
  permission: string;
  permission_by_kind: Record<string, string> | null;
  schema: Json;
  example: Json;
}

type Message = Omit<WebhookEvent, "permission" | "permission_by_kind">;

const id = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";

/** What is sent besides the events of the catalogue. */
const further: Message[] = [
  {
    type: "objects.changed",
    description: "Many objects changed at once, at a webhook with bulk: grouped",
    schema: {
      type: "object",
      required: ["event", "count", "ids"],
      properties: {
        event: { type: "string", description: "The type of each of the events" },
        count: { type: "integer", minimum: 1, maximum: 400 },
        ids: { type: "array", items: { type: "string", format: "uuid" }, maxItems: 400 },
      },
    },
    example: { event: "lead.created", count: 1, ids: [id] },
  },
  {
    type: "webhook.test",
    description: "A test: asked for, or because the webhook was switched on",
    schema: {
      type: "object",
      required: ["webhook_id"],
      properties: { webhook_id: { type: "string", format: "uuid" } },
    },
    example: { webhook_id: id },
  },
];

const header = (name: string, schema: Json, description: string): Json => ({
  name,
  in: "header",
  required: true,
  schema: { type: "string", ...schema },
  description,
});

/** The headers of each request, as Standard Webhooks has them. */
const parameters = [
  header(
    "webhook-id",
    { example: "msg_0199aa5c6f0e7c1e9a520d5c1f5a3b11_0" },
    "The same for every try of a message: ignore what you have seen",
  ),
  header(
    "webhook-timestamp",
    { pattern: "^[0-9]+$", example: "1796000000" },
    "When this try was made, in seconds since 1970",
  ),
  header(
    "webhook-signature",
    { example: "v1,2vzCDA8DT8hJNTh9naj6TlSMLSy9syE62pdUTF1+TaI=" },
    "v1 and the HMAC-SHA256 of webhook-id.webhook-timestamp.body in Base64; two, with a space " +
      "between them, while a secret is rotated",
  ),
];

const responses = {
  "2XX": {
    description: "Received; anything else within 10 seconds is a failure and is tried again",
  },
  "410": { description: "The webhook is disabled" },
  "429": { description: "Tried again, not before Retry-After (a day at most)" },
};

/** `lead.stage_changed` as `LeadStageChangedEvent`. */
const schemaName = (type: string): string =>
  type.replace(/(?:^|[._])([a-z])/g, (_, letter: string) => letter.toUpperCase()) + "Event";

/** What the owner of a webhook needs to be sent an event. */
const neededFor = ({ permission, permission_by_kind }: WebhookEvent): string =>
  permission_by_kind === null ? permission : Object.entries(permission_by_kind)
    .map(([kind, needed]) => `${needed} (kind ${kind})`).join(", ");

function messageSchema({ type, description, schema, example }: Message) {
  return {
    type: "object",
    description,
    required: ["type", "timestamp", "data"],
    properties: {
      type: { type: "string", const: type },
      timestamp: { type: "string", format: "date-time", description: "When it happened" },
      data: schema,
    },
    example: { type, timestamp: "2026-12-01T08:00:00.000Z", data: example },
  };
}

const reference = (type: string): Json => ({ $ref: `#/components/schemas/${schemaName(type)}` });

/** What receivers get: the OpenAPI 3.1 section `webhooks` with the schemas that it refers to. */
export async function webhooksSection(): Promise<
  { webhooks: Json; schemas: Record<string, Json> }
> {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const events: WebhookEvent[] = JSON.parse(await Deno.readTextFile(join(root, eventsPath)));
  const messages = [
    ...events.map((event) => ({ ...event, needs: ` The owner needs ${neededFor(event)}.` })),
    ...further.map((event) => ({ ...event, needs: "" })),
  ];
  const operation = ({ type, description, needs }: typeof messages[number]) => ({
    summary: description,
    description: `Subscribe with POST /admin/integrations/webhooks.${needs}`,
    security: [],
    parameters,
    requestBody: { required: true, content: { "application/json": { schema: reference(type) } } },
    responses,
  });
  return {
    webhooks: Object.fromEntries(messages.map((one) => [one.type, { post: operation(one) }])),
    schemas: {
      ...Object.fromEntries(messages.map((one) => [schemaName(one.type), messageSchema(one)])),
      WebhookMessage: {
        description: "What webhooks are sent; type says which",
        oneOf: messages.map(({ type }) => reference(type)),
      },
    },
  };
}
