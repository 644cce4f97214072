import { createRoute, z } from "../zod.ts";
import type { App } from "../app.ts";
import { pageOf, PageQuery } from "../page.ts";
import { problems, unwrap } from "../problem.ts";
import { guarded, IdParam, json, permitted } from "../route.ts";
import type { FileKind } from "./kind.ts";

type Kind = Pick<FileKind<object, object>, "name" | "title" | "permission">;

const listRoute = <I extends z.ZodType>({ name, title, permission }: Kind, Import: I) =>
  createRoute({
    method: "get",
    path: "/import",
    operationId: `list${title}Imports`,
    tags: [name],
    summary: `List imports of ${name}, newest first`,
    ...permitted(permission),
    request: { query: PageQuery },
    responses: {
      200: json(pageOf(Import).openapi(`${title}ImportPage`), "A page of imports"),
      ...guarded,
      ...problems(422),
    },
  });

const getRoute = <I extends z.ZodType>({ name, title, permission }: Kind, Import: I) =>
  createRoute({
    method: "get",
    path: "/import/{id}",
    operationId: `get${title}Import`,
    tags: [name],
    summary: "The progress and result of an import",
    ...permitted(permission),
    request: { params: IdParam },
    responses: { 200: json(Import, "The import"), ...guarded, ...problems(404, 422) },
  });

const cancelRoute = <I extends z.ZodType>({ name, title, permission }: Kind, Import: I) =>
  createRoute({
    method: "post",
    path: "/import/{id}/cancel",
    operationId: `cancel${title}Import`,
    tags: [name],
    summary: "Cancel an import",
    description: "What was imported is kept.",
    ...permitted(permission),
    request: { params: IdParam },
    responses: { 200: json(Import, "The import"), ...guarded, ...problems(404, 409, 422) },
  });

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

/**
 * GET …/import, GET …/import/{id} and POST …/import/{id}/cancel for files of this kind.
 * @param Import The schema of an import.
 * @param toImport An import from the result of `private.lead_import_json`.
 */
export function importStatus<S extends z.ZodRawShape>(
  app: App,
  kind: Kind,
  Import: z.ZodObject<S>,
  toImport: (row: unknown) => z.output<z.ZodObject<S>>,
) {
  app.openapi(listRoute(kind, Import), async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_lead_imports", {
      organization_id: c.var.actor.organizationId,
      page_limit: limit,
      page_offset: offset,
      kind: kind.name,
    });
    const page = Page.parse(unwrap(answer, "import"));
    return c.json({ data: page.rows.map(toImport), total: page.total, limit, offset }, 200);
  });
  app.openapi(getRoute(kind, Import), async (c) => {
    const answer = await c.var.db.rpc("get_lead_import", {
      organization_id: c.var.actor.organizationId,
      import_id: c.req.valid("param").id,
      kind: kind.name,
    });
    return c.json(toImport(unwrap(answer, "import")), 200);
  });
  app.openapi(cancelRoute(kind, Import), async (c) => {
    const answer = await c.var.db.rpc("cancel_lead_import", {
      organization_id: c.var.actor.organizationId,
      import_id: c.req.valid("param").id,
      kind: kind.name,
    });
    return c.json(toImport(unwrap(answer, "import")), 200);
  });
}
