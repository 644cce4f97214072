import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { Batch, toBatch } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/batches",
  operationId: "listBatches",
  tags: ["upload"],
  summary: "Processed uploads, newest first",
  ...permitted("uploads:read"),
  request: { query: PageQuery },
  responses: {
    200: json(pageOf(Batch).openapi("BatchPage"), "A page of batches"),
    ...guarded,
    ...problems(422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function listBatches(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_batches", {
      organization_id: c.var.actor.organizationId,
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "batch"));
    return c.json({ data: page.rows.map(toBatch), total: page.total, limit, offset }, 200);
  });
}
