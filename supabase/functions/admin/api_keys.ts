import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { ensure, problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import {
  ApiKey,
  ApiKeyChange,
  ApiKeyInput,
  ApiKeySecret,
  toApiKey,
  toApiKeySecret,
} from "./api_key_schemas.ts";

const path = "/integrations/api-keys";
const tags = ["admin"];

const list = createRoute({
  method: "get",
  path,
  operationId: "adminListApiKeys",
  tags,
  summary: "List API keys, newest first",
  description: "Secrets are stored as hashes and never shown again.",
  ...permitted("keys:manage"),
  request: {
    query: PageQuery.extend({
      search: z.string().trim().max(200).optional().openapi({ description: "Part of a name" }),
      status: z.enum(["active", "expired", "revoked"]).optional(),
    }),
  },
  responses: {
    200: json(pageOf(ApiKey).openapi("ApiKeyPage"), "A page of keys"),
    ...guarded,
    ...problems(422),
  },
});

const create = createRoute({
  method: "post",
  path,
  operationId: "adminCreateApiKey",
  tags,
  summary: "Create an API key",
  description: "A service account with a role of its own, which has no more rights than the " +
    "caller (403 role_exceeds_own). Requests send it in X-API-Key or as a bearer token. Closed to " +
    "API keys and impersonation.",
  ...permitted("keys:manage"),
  request: { headers: IdempotencyHeader, body: jsonBody(ApiKeyInput) },
  responses: {
    201: json(ApiKeySecret, "The key with its secret"),
    ...guarded,
    ...problems(400, 409, 422),
  },
});

const change = createRoute({
  method: "patch",
  path: `${path}/{id}`,
  operationId: "adminUpdateApiKey",
  tags,
  summary: "Change an API key's name, role, team, networks or expiry",
  description: "Rights change with the next request, networks within a minute.",
  ...permitted("keys:manage"),
  request: { params: IdParam, body: jsonBody(ApiKeyChange) },
  responses: { 200: json(ApiKey, "The key"), ...guarded, ...problems(400, 404, 409, 422) },
});

const revoke = createRoute({
  method: "delete",
  path: `${path}/{id}`,
  operationId: "adminRevokeApiKey",
  tags,
  summary: "Revoke an API key",
  description: "Ends it with the next request. What it made stays and names it.",
  ...permitted("keys:manage"),
  request: { params: IdParam },
  responses: { 204: { description: "Revoked" }, ...guarded, ...problems(404, 409, 422) },
});

const rotate = createRoute({
  method: "post",
  path: `${path}/{id}/rotate`,
  operationId: "adminRotateApiKey",
  tags,
  summary: "Give an API key a second secret",
  description: "The first one ends after grace_seconds, with 0 at once.",
  ...permitted("keys:manage"),
  request: {
    params: IdParam,
    body: jsonBody(
      z.strictObject({
        grace_seconds: z.int().min(0).max(2_592_000).default(86_400).openapi({
          description: "Seconds, at most 30 days",
          example: 86_400,
        }),
      }).openapi("ApiKeyRotation"),
    ),
  },
  responses: {
    200: json(ApiKeySecret, "The key with its new secret"),
    ...guarded,
    ...problems(400, 404, 409, 422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

/** GET and POST /admin/integrations/api-keys, PATCH and DELETE …/{id}, POST …/{id}/rotate. */
export function apiKeys(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_api_keys", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const { total, rows } = Page.parse(unwrap(answer, "API key"));
    return c.json({ data: rows.map(toApiKey), total, limit, offset }, 200);
  });
  app.openapi(create, async (c) => {
    const answer = await c.var.db.rpc("create_api_key", {
      organization_id: c.var.actor.organizationId,
      key: c.req.valid("json"),
    });
    return c.json(toApiKeySecret(unwrap(answer, "API key")), 201);
  });
  app.openapi(change, async (c) => {
    const answer = await c.var.db.rpc("update_api_key", {
      organization_id: c.var.actor.organizationId,
      key_id: c.req.valid("param").id,
      changes: c.req.valid("json"),
    });
    return c.json(toApiKey(unwrap(answer, "API key")), 200);
  });
  app.openapi(revoke, async (c) => {
    ensure(
      await c.var.db.rpc("revoke_api_key", {
        organization_id: c.var.actor.organizationId,
        key_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
  app.openapi(rotate, async (c) => {
    const answer = await c.var.db.rpc("rotate_api_key", {
      organization_id: c.var.actor.organizationId,
      key_id: c.req.valid("param").id,
      grace_seconds: c.req.valid("json").grace_seconds,
    });
    return c.json(toApiKeySecret(unwrap(answer, "API key")), 200);
  });
}
