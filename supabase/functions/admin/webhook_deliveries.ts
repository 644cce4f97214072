import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import { toWebhookDelivery, WebhookDelivery } from "./webhook_schemas.ts";

const path = "/integrations/webhooks";
const tags = ["admin"];

const test = createRoute({
  method: "post",
  path: `${path}/{id}/test`,
  operationId: "adminTestWebhook",
  tags,
  summary: "Send webhook.test to a webhook",
  description: "Queued; the delivery is in GET …/{id}/deliveries.",
  ...permitted("webhooks:manage"),
  request: { params: IdParam, headers: IdempotencyHeader },
  responses: {
    202: json(WebhookDelivery, "The delivery"),
    ...guarded,
    ...problems(400, 404, 409, 422, 429),
  },
});

const list = createRoute({
  method: "get",
  path: `${path}/{id}/deliveries`,
  operationId: "adminListWebhookDeliveries",
  tags,
  summary: "List a webhook's deliveries, newest first",
  description: "Kept for 30 days.",
  ...permitted("webhooks:manage"),
  request: {
    params: IdParam,
    query: PageQuery.extend({
      status: z.enum(["pending", "sending", "delivered", "failed", "withheld"]).optional(),
      object_id: z.uuid().optional().openapi({ description: "Of the lead, message, …" }),
    }),
  },
  responses: {
    200: json(pageOf(WebhookDelivery).openapi("WebhookDeliveryPage"), "A page of deliveries"),
    ...guarded,
    ...problems(404, 422),
  },
});

const redeliver = createRoute({
  method: "post",
  path: `${path}/deliveries/{id}/redeliver`,
  operationId: "adminRedeliverWebhook",
  tags,
  summary: "Send a delivery again",
  description: "Under the same webhook-id, also if it was delivered.",
  ...permitted("webhooks:manage"),
  request: { params: IdParam },
  responses: {
    202: json(WebhookDelivery, "The delivery"),
    ...guarded,
    ...problems(404, 409, 422, 429),
  },
});

const replay = createRoute({
  method: "post",
  path: `${path}/{id}/replay`,
  operationId: "adminReplayWebhook",
  tags,
  summary: "Send what a webhook did not get since a time",
  description: "What failed or was withheld, and what it missed while it was disabled, under the " +
    "same webhook-ids. About 10,000 in one call; repeat until complete.",
  ...permitted("webhooks:manage"),
  request: {
    params: IdParam,
    body: jsonBody(
      z.strictObject({
        since: z.iso.datetime({ offset: true }).openapi({
          description: "Within the last 30 days",
          example: "2026-11-30T00:00:00Z",
        }),
      }).openapi("WebhookReplay"),
    ),
  },
  responses: {
    202: json(
      z.object({ queued: z.number(), complete: z.boolean() }).openapi("WebhookReplayResult"),
      "How many were queued, and whether those are all",
    ),
    ...guarded,
    ...problems(400, 404, 409, 422, 429),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });
const Replayed = z.object({ queued: z.number(), complete: z.boolean() });

/** POST /admin/integrations/webhooks/{id}/test, …/{id}/replay and …/deliveries/{id}/redeliver, GET …/{id}/deliveries. */
export function webhookDeliveries(app: App) {
  app.openapi(redeliver, async (c) => {
    const answer = await c.var.db.rpc("redeliver_webhook", {
      organization_id: c.var.actor.organizationId,
      delivery_id: c.req.valid("param").id,
    });
    return c.json(toWebhookDelivery(unwrap(answer, "delivery")), 202);
  });
  app.openapi(test, async (c) => {
    const answer = await c.var.db.rpc("test_webhook", {
      organization_id: c.var.actor.organizationId,
      webhook_id: c.req.valid("param").id,
    });
    return c.json(toWebhookDelivery(unwrap(answer, "webhook")), 202);
  });
  app.openapi(list, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_webhook_deliveries", {
      organization_id: c.var.actor.organizationId,
      webhook_id: c.req.valid("param").id,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const { total, rows } = Page.parse(unwrap(answer, "delivery"));
    return c.json({ data: rows.map(toWebhookDelivery), total, limit, offset }, 200);
  });
  app.openapi(replay, async (c) => {
    const answer = await c.var.db.rpc("replay_webhook", {
      organization_id: c.var.actor.organizationId,
      webhook_id: c.req.valid("param").id,
      since: c.req.valid("json").since,
    });
    return c.json(Replayed.parse(unwrap(answer, "webhook")), 202);
  });
}
