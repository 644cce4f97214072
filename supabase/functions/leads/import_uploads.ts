import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { ensure, problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";

const WaitingLeadUpload = z.object({
  upload_id: Id,
  file_name: z.string().openapi({ example: "leads.csv" }),
  total_rows: z.int(),
  size: z.int().openapi({ description: "Bytes of its text as stored", example: 20480 }),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: Timestamp,
  expires_at: Timestamp,
}).openapi("WaitingLeadUpload");

const listRoute = createRoute({
  method: "get",
  path: "/import/uploads",
  operationId: "listLeadUploads",
  tags: ["leads"],
  summary: "Files that wait for their import, newest first",
  ...permitted("leads:import"),
  request: { query: PageQuery },
  responses: {
    200: json(pageOf(WaitingLeadUpload).openapi("WaitingLeadUploadPage"), "A page of files"),
    ...guarded,
    ...problems(422),
  },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/import/uploads/{id}",
  operationId: "deleteLeadUpload",
  tags: ["leads"],
  summary: "Delete a file that waits for its import",
  ...permitted("leads:import"),
  request: { params: IdParam },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 422) },
});

const Page = z.object({ total: z.number(), rows: z.array(WaitingLeadUpload) });

export function leadUploads(app: App) {
  app.openapi(listRoute, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_lead_uploads", {
      organization_id: c.var.actor.organizationId,
      page_limit: limit,
      page_offset: offset,
    });
    const { rows, total } = Page.parse(unwrap(answer, "upload"));
    const data = rows.map((row) => ({
      ...row,
      created_at: isoTime(row.created_at),
      expires_at: isoTime(row.expires_at),
    }));
    return c.json({ data, total, limit, offset }, 200);
  });
  app.openapi(deleteRoute, async (c) => {
    ensure(
      await c.var.db.rpc("delete_lead_upload", {
        organization_id: c.var.actor.organizationId,
        upload_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
}
