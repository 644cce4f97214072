import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { exportFile, fileContent, fileDescription, FileFormat } from "../_shared/export_file.ts";
import { definedOnly } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, permitted } from "../_shared/route.ts";
import { ClientFilters } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/export",
  operationId: "exportClients",
  tags: ["clients"],
  summary: "All clients that match, as a file",
  description: fileDescription,
  ...permitted("clients:export"),
  request: { query: ClientFilters.extend({ format: FileFormat }) },
  responses: {
    200: { description: "The file", content: fileContent("id,name,segment,status,mrr") },
    ...guarded,
    ...problems(422, 429),
  },
});

export function exportClients(app: App) {
  app.openapi(route, (c) => {
    const { format, ...filters } = c.req.valid("query");
    const { organizationId, organization } = c.var.actor;
    const wanted = { organization_id: organizationId, filters: definedOnly(filters) };
    return exportFile(
      { name: "clients", format, timeZone: organization.time_zone },
      async (slice) =>
        unwrap(await c.var.db.rpc("export_clients", { ...wanted, ...slice }), "client"),
    );
  });
}
