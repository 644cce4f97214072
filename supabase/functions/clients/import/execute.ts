import { createRoute, z } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { clientFieldRules, missingOf } from "../../_shared/client_import/fields.ts";
import { clientFiles } from "../../_shared/client_import/kind.ts";
import { Id } from "../../_shared/fields.ts";
import { Column } from "../../_shared/file_import/columns.ts";
import { resolveMapping } from "../../_shared/file_import/mapping.ts";
import { requestedMapping } from "../../_shared/file_import/schemas.ts";
import { invalidFields, problems, unwrap } from "../../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../../_shared/route.ts";
import { DayInput } from "../input.ts";

const Request = z.object({
  upload_id: z.uuid(),
  mapping: requestedMapping(clientFiles),
  on_duplicate: z.enum(["skip", "update"]).default("skip").openapi({
    description:
      "What to do with a row about a client that is known, by external id, else account number, phone number or " +
      "e-mail address, and where a row has none of these by its name",
  }),
  observed_from: DayInput.optional().openapi({
    description:
      "From which day on the file has every client that left. Service before it is known, but was only seen of those " +
      "who stayed. Today if left out",
  }),
}).openapi("ExecuteClientImport");

const Started = z.object({ import_id: Id }).openapi("ClientImportStarted");

const route = createRoute({
  method: "post",
  path: "/import/execute",
  operationId: "executeClientImport",
  tags: ["clients"],
  summary: "Import an uploaded file",
  description:
    "The import runs in the background: GET /clients/import/{id} has its progress. A row with `since` and `churned_on` " +
    "is a past time of service; several rows about one client are several. `mrr` of a client in service counts from " +
    "today on, unless its service begins with the row.",
  ...permitted("clients:import"),
  request: { headers: IdempotencyHeader, body: jsonBody(Request) },
  responses: { 202: json(Started, "Started"), ...guarded, ...problems(400, 404, 409, 422) },
});

const Upload = z.object({ columns: z.array(Column) });
const Replayed = z.object({ replayed: z.unknown() }).strict();

export function executeClientImport(app: App) {
  app.openapi(route, async (c) => {
    const { actor, db } = c.var;
    const { upload_id, mapping: requested, on_duplicate, observed_from } = c.req.valid("json");
    const upload = { organization_id: actor.organizationId, upload_id, kind: clientFiles.name };
    const known = unwrap(await db.rpc("read_lead_upload", upload), "upload");
    const replayed = Replayed.safeParse(known);
    if (replayed.success) return c.json(Started.parse(replayed.data.replayed), 202);
    const { columns } = Upload.parse(known);
    const rules = clientFieldRules({}, actor.organization.currency);
    const { mapping, errors } = resolveMapping(requested, columns, rules);
    const missing = errors.length === 0 ? missingOf(mapping) : null;
    if (missing !== null) errors.push({ path: "mapping", message: missing });
    if (errors.length > 0) throw invalidFields(errors.slice(0, 100));
    const answer = await db.rpc("execute_lead_import", {
      ...upload,
      settings: { mapping, on_duplicate, observed_from: observed_from ?? null },
    });
    return c.json(Started.parse(unwrap(answer, "upload")), 202);
  });
}
