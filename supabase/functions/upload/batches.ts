import { createRoute } from "@hono/zod-openapi";
import type { App } from "../_shared/app.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { fromPostgres, problems } from "../_shared/problem.ts";
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

export function listBatches(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const { data, count, error } = await c.var.db.from("batches")
      .select(
        "id, upload_id, file_name, action, send_sms, counts, created_by, created_at, creator:profiles!batches_created_by_fkey(full_name)",
        { count: "exact" },
      )
      .eq("organization_id", c.var.actor.organizationId)
      .eq("kind", "upload")
      .order("id", { ascending: false })
      .range(offset, offset + limit - 1);
    if (error) throw fromPostgres(error, "batch");
    const rows = data.map(({ creator, ...batch }) =>
      toBatch({ ...batch, created_by_name: creator?.full_name ?? null })
    );
    return c.json({ data: rows, total: count ?? 0, limit, offset }, 200);
  });
}
