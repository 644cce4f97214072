import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Problem, problems, requireChange, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { etag, expectedVersion, IfMatchHeader, Version } from "../_shared/version.ts";
import { definitionOf, DefinitionParts } from "./definition.ts";
import { Report, toReport } from "./schemas.ts";

const ReportChange = DefinitionParts.extend({
  name: z.string().trim().min(1).max(200).optional(),
  description: z.string().max(1000).optional(),
  sharing: z.enum(["private", "team", "organization"]).optional().openapi({
    description: "Needs reports:share; the definition is shared, never somebody's rows",
  }),
  version: Version,
}).openapi("ReportChange");

const route = createRoute({
  method: "patch",
  path: "/{id}",
  operationId: "updateReport",
  tags: ["reports"],
  summary: "Change or share a report",
  description:
    "What is left out stays. With If-Match or `version` a report that was changed in between " +
    "is not overwritten: 409 `stale_version` has it as `current`. Runs keep the definition that they had.",
  ...permitted("reports:write"),
  request: { params: IdParam, headers: IfMatchHeader, body: jsonBody(ReportChange) },
  responses: { 200: json(Report, "The report"), ...guarded, ...problems(400, 404, 409, 422) },
});

const Outcome = z.object({ report: z.unknown().optional(), stale: z.unknown().optional() });

/** @throws Problem 409 with the current report */
export function rejectStale(outcome: { stale?: unknown }): void {
  if (outcome.stale !== undefined) {
    throw new Problem(409, "stale_version", "Somebody changed the report since you read it.", {
      members: { current: toReport(outcome.stale) },
    });
  }
}

export function updateReport(app: App) {
  app.openapi(route, async (c) => {
    const { version, name, description, sharing, ...parts } = c.req.valid("json");
    const expected = expectedVersion(c.req.valid("header")["if-match"], version);
    const definition = definitionOf(parts);
    const change = {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(sharing === undefined ? {} : { sharing }),
      ...(Object.keys(definition).length === 0 ? {} : { definition }),
    };
    requireChange(change);
    const answer = await c.var.db.rpc("update_report", {
      organization_id: c.var.actor.organizationId,
      report_id: c.req.valid("param").id,
      change,
      ...(expected === undefined ? {} : { expected_version: expected }),
    });
    const outcome = Outcome.parse(unwrap(answer, "report"));
    rejectStale(outcome);
    const report = toReport(outcome.report);
    c.header("etag", etag(report));
    return c.json(report, 200);
  });
}
