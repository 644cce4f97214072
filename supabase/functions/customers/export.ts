import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { exportFile, fileContent, fileDescription, FileFormat } from "../_shared/export_file.ts";
import { definedOnly } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, permitted } from "../_shared/route.ts";
import { CustomerFilters } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/export",
  operationId: "exportCustomers",
  tags: ["customers"],
  summary: "All customers that match, as a file",
  description: fileDescription,
  ...permitted("customers:read"),
  request: { query: CustomerFilters.extend({ format: FileFormat }) },
  responses: {
    200: {
      description: "The file",
      content: fileContent("name,account_number,phone,status,arrears,currency"),
    },
    ...guarded,
    ...problems(422, 429),
  },
});

export function exportCustomers(app: App) {
  app.openapi(route, (c) => {
    const { format, ...filters } = c.req.valid("query");
    const { organizationId, organization } = c.var.actor;
    const wanted = { organization_id: organizationId, filters: definedOnly(filters) };
    return exportFile(
      { name: "customers", format, timeZone: organization.time_zone },
      async (slice) =>
        unwrap(await c.var.db.rpc("export_customers", { ...wanted, ...slice }), "customer"),
    );
  });
}
