import { createRoute, z } from "../zod.ts";
import type { App } from "../app.ts";
import { Id, isoTime, Timestamp } from "../fields.ts";
import { pageOf, PageQuery } from "../page.ts";
import { ensure, problems, unwrap } from "../problem.ts";
import { guarded, IdParam, json, permitted } from "../route.ts";
import type { FileKind } from "./kind.ts";

type Kind = Pick<FileKind<object, object>, "name" | "title" | "permission">;

const WaitingUpload = z.object({
  upload_id: Id,
  file_name: z.string().openapi({ example: "november.csv" }),
  total_rows: z.int(),
  size: z.int().openapi({ description: "Bytes of its text as stored", example: 20480 }),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: Timestamp,
  expires_at: Timestamp,
});

const listRoute = ({ name, title, permission }: Kind) =>
  createRoute({
    method: "get",
    path: "/import/uploads",
    operationId: `list${title}Uploads`,
    tags: [name],
    summary: "Files that wait for their import, newest first",
    ...permitted(permission),
    request: { query: PageQuery },
    responses: {
      200: json(
        pageOf(WaitingUpload.openapi(`Waiting${title}Upload`)).openapi(
          `Waiting${title}UploadPage`,
        ),
        "A page of files",
      ),
      ...guarded,
      ...problems(422),
    },
  });

const deleteRoute = ({ name, title, permission }: Kind) =>
  createRoute({
    method: "delete",
    path: "/import/uploads/{id}",
    operationId: `delete${title}Upload`,
    tags: [name],
    summary: "Delete a file that waits for its import",
    ...permitted(permission),
    request: { params: IdParam },
    responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 422) },
  });

const Page = z.object({ total: z.number(), rows: z.array(WaitingUpload) });

/** GET …/import/uploads and DELETE …/import/uploads/{id} for files of this kind. */
export function importUploads(app: App, kind: Kind) {
  app.openapi(listRoute(kind), async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_lead_uploads", {
      organization_id: c.var.actor.organizationId,
      page_limit: limit,
      page_offset: offset,
      kind: kind.name,
    });
    const { rows, total } = Page.parse(unwrap(answer, "upload"));
    const data = rows.map((row) => ({
      ...row,
      created_at: isoTime(row.created_at),
      expires_at: isoTime(row.expires_at),
    }));
    return c.json({ data, total, limit, offset }, 200);
  });
  app.openapi(deleteRoute(kind), async (c) => {
    ensure(
      await c.var.db.rpc("delete_lead_upload", {
        organization_id: c.var.actor.organizationId,
        upload_id: c.req.valid("param").id,
        kind: kind.name,
      }),
    );
    return c.body(null, 204);
  });
}
