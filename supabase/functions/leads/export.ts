import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { exportFile, fileContent, fileDescription, FileFormat } from "../_shared/export_file.ts";
import { definedOnly } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, permitted } from "../_shared/route.ts";
import { LeadFilters } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/export",
  operationId: "exportLeads",
  tags: ["leads"],
  summary: "All leads that match, as a file",
  description: `${fileDescription} Custom fields are columns.`,
  ...permitted("leads:export"),
  request: { query: LeadFilters.extend({ format: FileFormat }) },
  responses: {
    200: { description: "The file", content: fileContent("id,first_name,last_name,email") },
    ...guarded,
    ...problems(422, 429),
  },
});

export function exportLeads(app: App) {
  app.openapi(route, (c) => {
    const { format, ...filters } = c.req.valid("query");
    const { organizationId, organization } = c.var.actor;
    const wanted = { organization_id: organizationId, filters: definedOnly(filters) };
    return exportFile(
      { name: "leads", format, timeZone: organization.time_zone },
      async (slice) => unwrap(await c.var.db.rpc("export_leads", { ...wanted, ...slice }), "lead"),
    );
  });
}
