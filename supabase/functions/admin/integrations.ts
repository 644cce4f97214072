import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { ensure, notFound, problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";
import { checkCredentials, Tester } from "./integration_checks.ts";
import {
  Connection,
  Integration,
  type IntegrationType,
  toIntegration,
  types,
} from "./integration_schemas.ts";

const path = "/integrations";
const tags = ["admin"];
const closed = "Closed to API keys and impersonation.";
const TypeParam = z.object({
  type: z.string().max(40).openapi({
    param: { name: "type", in: "path" },
    enum: [...types],
    example: "google_sheets",
  }),
});

/** @throws Problem 404 for any other type */
function requireType(type: string): IntegrationType {
  const known = types.find((one) => one === type);
  if (known === undefined) throw notFound("integration");
  return known;
}

const list = createRoute({
  method: "get",
  path,
  operationId: "adminListIntegrations",
  tags,
  summary: "List every type of integration, connected or not",
  description: `Without secrets. ${closed}`,
  ...permitted("integrations:manage"),
  responses: { 200: json(z.array(Integration), "The integrations"), ...guarded },
});

const connect = createRoute({
  method: "post",
  path: `${path}/{type}/connect`,
  operationId: "adminConnectIntegration",
  tags,
  summary: "Connect a service with an account of the organization's own",
  description: "The credentials are tried by a real call, of a mail server by an e-mail to the " +
    "caller, and then stored in place of those before. If they are refused (422 " +
    "credentials_refused, test_mail_failed), or nobody can say (502), nothing is stored. " + closed,
  ...permitted("integrations:manage"),
  request: { params: TypeParam, body: jsonBody(Connection) },
  responses: {
    200: json(Integration, "The integration"),
    ...guarded,
    ...problems(400, 404, 409, 422, 429, 502),
  },
});

const disconnect = createRoute({
  method: "delete",
  path: `${path}/{type}/disconnect`,
  operationId: "adminDisconnectIntegration",
  tags,
  summary: "Disconnect a service and delete its credentials",
  description: closed,
  ...permitted("integrations:manage"),
  request: { params: TypeParam },
  responses: { 204: { description: "Disconnected" }, ...guarded, ...problems(404, 409, 422) },
});

/** GET /admin/integrations, POST …/{type}/connect, DELETE …/{type}/disconnect. */
export function integrations(app: App) {
  app.openapi(list, async (c) => {
    const answer = await c.var.db.rpc("list_integrations", {
      organization_id: c.var.actor.organizationId,
    });
    return c.json(z.array(z.unknown()).parse(unwrap(answer)).map(toIntegration), 200);
  });
  app.openapi(connect, async (c) => {
    const type = requireType(c.req.valid("param").type);
    const about = { organization_id: c.var.actor.organizationId, integration_type: type };
    const tester = Tester.parse(unwrap(await c.var.db.rpc("begin_integration_check", about)));
    const { credentials, config } = await checkCredentials(type, c.req.valid("json"), tester);
    const answer = await c.var.db.rpc("connect_integration", { ...about, credentials, config });
    return c.json(toIntegration(unwrap(answer, "integration")), 200);
  });
  app.openapi(disconnect, async (c) => {
    ensure(
      await c.var.db.rpc("disconnect_integration", {
        organization_id: c.var.actor.organizationId,
        integration_type: requireType(c.req.valid("param").type),
      }),
    );
    return c.body(null, 204);
  });
}
