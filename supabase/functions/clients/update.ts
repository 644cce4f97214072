import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Problem, problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { etag, expectedVersion, IfMatchHeader } from "../_shared/version.ts";
import { clientFields, ClientReplacement } from "./input.ts";
import { Client, toClient } from "./schemas.ts";

const route = createRoute({
  method: "put",
  path: "/{id}",
  operationId: "replaceClient",
  tags: ["clients"],
  summary: "Replace a client",
  description:
    "What is left out is cleared, but for the owner, the team, the contacts, the segment and the first " +
    "day of service. With If-Match or `version` a client that was changed in between is not overwritten: 409 " +
    "`stale_version` has it as `current`. Status and revenue follow from movements; `since` corrects the first day.",
  ...permitted("clients:write"),
  request: { params: IdParam, headers: IfMatchHeader, body: jsonBody(ClientReplacement) },
  responses: { 200: json(Client, "The client"), ...guarded, ...problems(400, 404, 409, 422) },
});

const Outcome = z.union([z.object({ client: z.unknown() }), z.object({ stale: z.unknown() })]);

export function updateClient(app: App) {
  app.openapi(route, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const body = c.req.valid("json");
    const expected = expectedVersion(c.req.valid("header")["if-match"], body.version);
    const answer = await c.var.db.rpc("update_client", {
      organization_id: organizationId,
      client_id: c.req.valid("param").id,
      client: clientFields(body, organization),
      ...(expected === undefined ? {} : { expected_version: expected }),
    });
    const outcome = Outcome.parse(unwrap(answer, "client"));
    if ("stale" in outcome) {
      throw new Problem(409, "stale_version", "Somebody changed the client since you read it.", {
        members: { current: toClient(outcome.stale) },
      });
    }
    const client = toClient(outcome.client);
    c.header("etag", etag(client));
    return c.json(client, 200);
  });
}
