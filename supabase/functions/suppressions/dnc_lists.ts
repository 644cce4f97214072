import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { ensure, problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, IdParam, json, permitted } from "../_shared/route.ts";
import { receiveList } from "./dnc_upload.ts";
import { DncList, Rows, toDncList } from "./schemas.ts";

const list = createRoute({
  method: "get",
  path: "/dnc-lists",
  operationId: "listDncLists",
  tags: ["suppressions"],
  summary: "The do-not-call lists that numbers are checked against",
  ...permitted("suppressions:read"),
  request: { query: PageQuery },
  responses: {
    200: json(pageOf(DncList).openapi("DncListPage"), "A page of lists"),
    ...guarded,
    ...problems(422),
  },
});

const create = createRoute({
  method: "post",
  path: "/dnc-lists",
  operationId: "createDncList",
  tags: ["suppressions"],
  summary: "Upload a do-not-call list",
  description:
    "A text or CSV file of up to 50 MB, one number a line; area code and number in two columns, as the national " +
    "registry has them, are understood. Numbers without + are of `country` (an ISO code; the organization's if left " +
    "out). The fields come before `file`. The import continues in the " +
    "background; the list counts once it is active. Consent overrides a registry, never the other kinds.",
  ...permitted("suppressions:write"),
  request: {
    headers: IdempotencyHeader,
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          schema: {
            type: "object",
            required: ["name", "kind", "file"],
            properties: {
              name: { type: "string" },
              kind: { type: "string", enum: ["registry", "litigator", "internal"] },
              country: { type: "string", example: "US" },
              file: { type: "string", format: "binary" },
            },
          },
        },
      },
    },
  },
  responses: {
    201: json(DncList, "The list, importing"),
    ...guarded,
    ...problems(400, 409, 413, 422, 429),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/dnc-lists/{id}",
  operationId: "deleteDncList",
  tags: ["suppressions"],
  summary: "Delete a do-not-call list; it stops counting at once",
  ...permitted("suppressions:write"),
  request: { params: IdParam },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 422) },
});

/** /suppressions/dnc-lists. */
export function dncListRoutes(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_dnc_lists", {
      organization_id: c.var.actor.organizationId,
      page_limit: limit,
      page_offset: offset,
    });
    const page = Rows.parse(unwrap(answer));
    return c.json({ data: page.rows.map(toDncList), total: page.total, limit, offset }, 200);
  });
  app.openapi(create, async (c) => {
    // With an Idempotency-Key the body was read already, for its fingerprint.
    const request = c.req.raw.bodyUsed
      ? new Request(c.req.url, {
        method: "POST",
        headers: c.req.raw.headers,
        body: await c.req.arrayBuffer(),
      })
      : c.req.raw;
    return c.json(toDncList(await receiveList(c.var.db, c.var.actor, request)), 201);
  });
  app.openapi(remove, async (c) => {
    ensure(
      await c.var.db.rpc("delete_dnc_list", {
        organization_id: c.var.actor.organizationId,
        list_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
}
