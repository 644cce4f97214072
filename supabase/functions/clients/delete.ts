import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { ensure, problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { etag } from "../_shared/version.ts";
import { Client, toClient } from "./schemas.ts";

const deleteRoute = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "deleteClient",
  tags: ["clients"],
  summary: "Delete a client that was entered by mistake",
  description:
    "Its movements are reversed on their own days, so it has never been in any figure. A client that " +
    "leaves is not deleted: POST /clients/{id}/churn. POST /clients/{id}/restore undoes it.",
  ...permitted("clients:delete"),
  request: { params: IdParam },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 422) },
});

const restoreRoute = createRoute({
  method: "post",
  path: "/{id}/restore",
  operationId: "restoreClient",
  tags: ["clients"],
  summary: "Restore a deleted client with its movements",
  description:
    "A client that is not deleted is unchanged. 409 `duplicate_client` if another client has its " +
    "external_id by now; 409 `merged` if the client was merged.",
  ...permitted("clients:delete"),
  request: { params: IdParam },
  responses: { 200: json(Client, "The client"), ...guarded, ...problems(404, 409, 422) },
});

export function deleteClient(app: App) {
  app.openapi(deleteRoute, async (c) => {
    ensure(
      await c.var.db.rpc("delete_client", {
        organization_id: c.var.actor.organizationId,
        client_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
  app.openapi(restoreRoute, async (c) => {
    const answer = await c.var.db.rpc("restore_client", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
    });
    const client = toClient(unwrap(answer, "client"));
    c.header("etag", etag(client));
    return c.json(client, 200);
  });
}
