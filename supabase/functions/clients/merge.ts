import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import { Client, toClient } from "./schemas.ts";

const Merge = z.object({
  duplicate_id: Id,
  revenue: z.enum(["keep", "add"]).default("keep").openapi({
    description:
      "keep: the revenue of the remaining client; add: that of both, as several contracts",
  }),
}).openapi("ClientMerge");

const route = createRoute({
  method: "post",
  path: "/{id}/merge",
  operationId: "mergeClients",
  tags: ["clients"],
  summary: "Merge two clients",
  description:
    "The older client remains, whichever is in the path, and gets the other's contacts, interactions, " +
    "issues, links and missing values. The other's movements are reversed on their own days: it has never been a " +
    "client, and has not left. This cannot be undone. A repeat gets 409 `already_merged` with `merged_into`.",
  ...permitted("clients:delete"),
  request: { params: IdParam, headers: IdempotencyHeader, body: jsonBody(Merge) },
  responses: {
    200: json(Client, "The client that remains"),
    ...guarded,
    ...problems(400, 404, 409, 422),
  },
});

export function mergeClients(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("merge_clients", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
      ...c.req.valid("json"),
    });
    return c.json(toClient(unwrap(answer, "client")), 200);
  });
}
