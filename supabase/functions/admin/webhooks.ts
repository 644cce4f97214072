import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { ensure, Problem, problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import { callableAddresses, RefusedAddress } from "../_shared/webhooks/address.ts";
import { deploymentRules } from "../_shared/webhooks/rules.ts";
import {
  toWebhook,
  toWebhookSecret,
  Webhook,
  WebhookChange,
  WebhookEvent,
  WebhookInput,
  WebhookSecret,
  withUrl,
} from "./webhook_schemas.ts";

const path = "/integrations/webhooks";
const tags = ["admin"];

const list = createRoute({
  method: "get",
  path,
  operationId: "adminListWebhooks",
  tags,
  summary: "List webhooks, newest first",
  ...permitted("webhooks:manage"),
  request: { query: PageQuery },
  responses: {
    200: json(pageOf(Webhook).openapi("WebhookPage"), "A page of webhooks"),
    ...guarded,
    ...problems(422),
  },
});

const create = createRoute({
  method: "post",
  path,
  operationId: "adminCreateWebhook",
  tags,
  summary: "Subscribe an endpoint to events",
  description: "Deliveries are signed as Standard Webhooks has it and carry ids and what " +
    "changed. The URL is checked now and at each try: all addresses of its host must be public. " +
    "Deliveries have the rights of the owner, who is the caller.",
  ...permitted("webhooks:manage"),
  request: { headers: IdempotencyHeader, body: jsonBody(WebhookInput) },
  responses: {
    201: json(WebhookSecret, "The webhook with its secret"),
    ...guarded,
    ...problems(400, 409, 422),
  },
});

const change = createRoute({
  method: "patch",
  path: `${path}/{id}`,
  operationId: "adminUpdateWebhook",
  tags,
  summary: "Change, pause or switch on a webhook",
  description: "The caller becomes its owner.",
  ...permitted("webhooks:manage"),
  request: { params: IdParam, body: jsonBody(WebhookChange) },
  responses: { 200: json(Webhook, "The webhook"), ...guarded, ...problems(400, 404, 422) },
});

const remove = createRoute({
  method: "delete",
  path: `${path}/{id}`,
  operationId: "adminDeleteWebhook",
  tags,
  summary: "Delete a webhook with its deliveries",
  ...permitted("webhooks:manage"),
  request: { params: IdParam },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 422) },
});

const rotate = createRoute({
  method: "post",
  path: `${path}/{id}/rotate-secret`,
  operationId: "adminRotateWebhookSecret",
  tags,
  summary: "Give a webhook a new secret",
  description: "Both secrets sign until grace_seconds are over. The caller becomes its owner.",
  ...permitted("webhooks:manage"),
  request: {
    params: IdParam,
    body: jsonBody(
      z.strictObject({
        grace_seconds: z.int().min(0).max(604_800).default(86_400).openapi({
          description: "Seconds, at most 7 days",
          example: 86_400,
        }),
      }).openapi("WebhookRotation"),
    ),
  },
  responses: {
    200: json(WebhookSecret, "The webhook with its new secret"),
    ...guarded,
    ...problems(400, 404, 422),
  },
});

const events = createRoute({
  method: "get",
  path: `${path}/events`,
  operationId: "adminListWebhookEvents",
  tags,
  summary: "The events that webhooks may subscribe to",
  description: "Each with a JSON Schema of its data and an example. Further types of deliveries: " +
    "webhook.test, and objects.changed ({ event, count, ids }) for grouped changes.",
  ...permitted("webhooks:manage"),
  responses: {
    200: json(z.object({ data: z.array(WebhookEvent) }).openapi("WebhookEvents"), "The events"),
    ...guarded,
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

/** How long a look-up of a host's name may take, in ms. */
const lookUpMs = 5_000;

/** Refuses a URL that deliveries would not go to. */
async function requireCallable(url: string | undefined): Promise<void> {
  if (url === undefined) return;
  const refuse = (message: string): never => {
    throw new Problem(422, "invalid_field", "Some fields are invalid.", {
      errors: [{ path: "url", message }],
    });
  };
  try {
    await callableAddresses(new URL(url), deploymentRules(), AbortSignal.timeout(lookUpMs));
  } catch (error) {
    refuse(error instanceof RefusedAddress ? error.message : "The host's name cannot be resolved.");
  }
}

/** GET and POST /admin/integrations/webhooks, PATCH and DELETE …/{id}, POST …/{id}/rotate-secret, GET …/events. */
export function webhooks(app: App) {
  app.openapi(events, async (c) => {
    const answer = await c.var.db.rpc("list_webhook_events", {
      organization_id: c.var.actor.organizationId,
    });
    return c.json({ data: z.array(WebhookEvent).parse(unwrap(answer)) }, 200);
  });
  app.openapi(list, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_webhooks", {
      organization_id: c.var.actor.organizationId,
      page_limit: limit,
      page_offset: offset,
    });
    const { total, rows } = Page.parse(unwrap(answer, "webhook"));
    return c.json({ data: rows.map(toWebhook), total, limit, offset }, 200);
  });
  app.openapi(create, async (c) => {
    const webhook = withUrl(c.req.valid("json"));
    await requireCallable(webhook.url);
    const answer = await c.var.db.rpc("create_webhook", {
      organization_id: c.var.actor.organizationId,
      webhook,
    });
    return c.json(toWebhookSecret(unwrap(answer, "webhook")), 201);
  });
  app.openapi(change, async (c) => {
    const changes = withUrl(c.req.valid("json"));
    await requireCallable(changes.url);
    const answer = await c.var.db.rpc("update_webhook", {
      organization_id: c.var.actor.organizationId,
      webhook_id: c.req.valid("param").id,
      changes,
    });
    return c.json(toWebhook(unwrap(answer, "webhook")), 200);
  });
  app.openapi(remove, async (c) => {
    ensure(
      await c.var.db.rpc("delete_webhook", {
        organization_id: c.var.actor.organizationId,
        webhook_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
  app.openapi(rotate, async (c) => {
    const answer = await c.var.db.rpc("rotate_webhook_secret", {
      organization_id: c.var.actor.organizationId,
      webhook_id: c.req.valid("param").id,
      grace_seconds: c.req.valid("json").grace_seconds,
    });
    return c.json(toWebhookSecret(unwrap(answer, "webhook")), 200);
  });
}
