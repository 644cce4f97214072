import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { etag } from "../_shared/version.ts";
import { clientFields, ClientInput } from "./input.ts";
import { Client, toClient } from "./schemas.ts";

const route = createRoute({
  method: "post",
  path: "/",
  operationId: "createClient",
  tags: ["clients"],
  summary: "Add a client",
  description:
    "Paid service begins on `since` (today if left out) with `amount` a month (0 if left out). A day to " +
    "come is planned. With `trial` a trial begins instead. An `external_id` that another client has is refused " +
    "with 409 `duplicate_client` and, if the caller may see that client, its `existing_id`.",
  ...permitted("clients:write"),
  request: { headers: IdempotencyHeader, body: jsonBody(ClientInput) },
  responses: { 201: json(Client, "The new client"), ...guarded, ...problems(400, 404, 409, 422) },
});

export function createClient(app: App) {
  app.openapi(route, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const answer = await c.var.db.rpc("create_client", {
      organization_id: organizationId,
      client: clientFields(c.req.valid("json"), organization),
    });
    const client = toClient(unwrap(answer, "client"));
    c.header("etag", etag(client));
    return c.json(client, 201);
  });
}
