import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Batch, BatchResult, toBatch } from "./schemas.ts";

const Details = z.object({
  skipped: BatchResult.shape.skipped,
  delivery: z.record(z.string(), z.int()).openapi({
    description: "The batch's texts by current status",
    example: { delivered: 240, sent: 9, failed: 1 },
  }),
});
const BatchDetail = Batch.extend(Details.shape).openapi("BatchDetail");

const route = createRoute({
  method: "get",
  path: "/batches/{id}",
  operationId: "getBatch",
  tags: ["upload"],
  summary: "One batch and the delivery state of its texts",
  ...permitted("uploads:read"),
  request: { params: IdParam },
  responses: { 200: json(BatchDetail, "The batch"), ...guarded, ...problems(404, 422) },
});

export function getBatch(app: App) {
  app.openapi(route, async (c) => {
    const answer = unwrap(
      await c.var.db.rpc("batch_detail", {
        organization_id: c.var.actor.organizationId,
        batch_id: c.req.valid("param").id,
      }),
      "batch",
    );
    return c.json({ ...toBatch(answer), ...Details.parse(answer) }, 200);
  });
}
