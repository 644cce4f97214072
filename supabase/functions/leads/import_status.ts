import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { LeadImport, toLeadImport } from "./import/schemas.ts";

const listRoute = createRoute({
  method: "get",
  path: "/import",
  operationId: "listLeadImports",
  tags: ["leads"],
  summary: "List imports of leads, newest first",
  ...permitted("leads:import"),
  request: { query: PageQuery },
  responses: {
    200: json(pageOf(LeadImport).openapi("LeadImportPage"), "A page of imports"),
    ...guarded,
    ...problems(422),
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/import/{id}",
  operationId: "getLeadImport",
  tags: ["leads"],
  summary: "The progress and result of an import",
  ...permitted("leads:import"),
  request: { params: IdParam },
  responses: { 200: json(LeadImport, "The import"), ...guarded, ...problems(404, 422) },
});

const cancelRoute = createRoute({
  method: "post",
  path: "/import/{id}/cancel",
  operationId: "cancelLeadImport",
  tags: ["leads"],
  summary: "Cancel an import",
  description: "Leads that were imported are kept.",
  ...permitted("leads:import"),
  request: { params: IdParam },
  responses: { 200: json(LeadImport, "The import"), ...guarded, ...problems(404, 409, 422) },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function leadImportRoutes(app: App) {
  app.openapi(listRoute, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_lead_imports", {
      organization_id: c.var.actor.organizationId,
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "import"));
    return c.json({ data: page.rows.map(toLeadImport), total: page.total, limit, offset }, 200);
  });
  app.openapi(getRoute, async (c) => {
    const answer = await c.var.db.rpc("get_lead_import", {
      organization_id: c.var.actor.organizationId,
      import_id: c.req.valid("param").id,
    });
    return c.json(toLeadImport(unwrap(answer, "import")), 200);
  });
  app.openapi(cancelRoute, async (c) => {
    const answer = await c.var.db.rpc("cancel_lead_import", {
      organization_id: c.var.actor.organizationId,
      import_id: c.req.valid("param").id,
    });
    return c.json(toLeadImport(unwrap(answer, "import")), 200);
  });
}
