import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { Column, type Mapping } from "../_shared/file_import/columns.ts";
import { resolveMapping } from "../_shared/file_import/mapping.ts";
import { requestedMapping } from "../_shared/file_import/schemas.ts";
import { leadFiles } from "../_shared/lead_import/kind.ts";
import { identifiesLeads, leadFieldRules } from "../_shared/lead_import/mapping.ts";
import { Terms } from "../_shared/lead_import/terms.ts";
import { type FieldError, invalidFields, problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";

const text = (max: number) => z.string().trim().min(1).max(max);

const Consent = z.object({
  disclosure: text(10_000).openapi({
    description: "The text that the people were shown",
    example: "By giving my number I agree to texts about my application.",
  }),
  disclosure_version: text(100).openapi({ example: "2026-09" }),
  act: text(500).openapi({
    description: "What they did to agree",
    example: "Ticked the box on the paper form",
  }),
  source: text(200).optional().openapi({
    description: "Where the consent was given; the file's name if left out",
  }),
  scope: z.enum(["all", "marketing"]).default("marketing"),
  occurred_at: z.iso.datetime({ offset: true })
    .refine((at) => Date.parse(at) <= Date.now(), "is in the future").optional()
    .openapi({
      description: "When the consent was given, for rows without consent_at",
      example: "2026-09-01T00:00:00Z",
    }),
}).openapi("LeadImportConsent");

const Request = z.object({
  upload_id: z.uuid(),
  mapping: requestedMapping(leadFiles),
  on_duplicate: z.enum(["skip", "update"]).default("skip").openapi({
    description: "What to do with a row whose phone number or e-mail address a lead already has",
  }),
  consent: Consent.optional().openapi({
    description:
      "Recorded for each row with a phone number; with a column mapped to `consent` only for rows with yes",
  }),
  assigned_to: z.uuid().optional().openapi({
    description: "The assignee of the new leads, up to their capacity",
  }),
  source: z.string().trim().toLowerCase().min(1).max(100).default("import").openapi({
    description: "The source of rows without one",
  }),
}).openapi("ExecuteLeadImport");

const Started = z.object({ import_id: Id }).openapi("LeadImportStarted");

const route = createRoute({
  method: "post",
  path: "/import/execute",
  operationId: "executeLeadImport",
  tags: ["leads"],
  summary: "Import an uploaded file",
  description: "The import runs in the background: GET /leads/import/{id} has its progress.",
  ...permitted("leads:import"),
  request: { headers: IdempotencyHeader, body: jsonBody(Request) },
  responses: { 202: json(Started, "Started"), ...guarded, ...problems(400, 404, 409, 422) },
});

const Upload = Terms.extend({ file_name: z.string(), columns: z.array(Column) });
const Replayed = z.object({ replayed: z.unknown() }).strict();

function consentErrors(
  consent: z.infer<typeof Consent> | undefined,
  mapping: Mapping,
): FieldError[] {
  const fields = Object.values(mapping);
  if (consent === undefined) {
    return fields.includes("consent") || fields.includes("consent_at")
      ? [{ path: "consent", message: "is required: what the people agreed to" }]
      : [];
  }
  const errors: FieldError[] = [];
  if (!fields.includes("phone")) {
    errors.push({ path: "consent", message: "needs a column mapped to phone" });
  }
  if (consent.occurred_at === undefined && !fields.includes("consent_at")) {
    errors.push({
      path: "consent.occurred_at",
      message: "or a column mapped to consent_at is required",
    });
  }
  return errors;
}

export function executeLeadImport(app: App) {
  app.openapi(route, async (c) => {
    const { upload_id, mapping: requested, consent, ...rest } = c.req.valid("json");
    const upload = { organization_id: c.var.actor.organizationId, upload_id };
    const known = unwrap(await c.var.db.rpc("read_lead_upload", upload), "upload");
    const replayed = Replayed.safeParse(known);
    if (replayed.success) return c.json(Started.parse(replayed.data.replayed), 202);
    const { columns, file_name, ...terms } = Upload.parse(known);
    const { mapping, errors } = resolveMapping(
      requested,
      columns,
      leadFieldRules(terms, c.var.actor.organization.currency),
    );
    if (errors.length === 0 && !identifiesLeads(mapping)) {
      errors.push({
        path: "mapping",
        message: "must include a name, an e-mail address or a phone number",
      });
    }
    errors.push(...consentErrors(consent, mapping));
    if (errors.length > 0) throw invalidFields(errors.slice(0, 100));
    const answer = await c.var.db.rpc("execute_lead_import", {
      ...upload,
      settings: {
        ...rest,
        assigned_to: rest.assigned_to ?? null,
        mapping,
        consent: consent === undefined ? null : {
          ...consent,
          source: consent.source ?? `Import of ${file_name}`.slice(0, 200),
          occurred_at: consent.occurred_at ?? null,
        },
      },
    });
    return c.json(Started.parse(unwrap(answer, "upload")), 202);
  });
}
