import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Day } from "./schemas.ts";

const Probability = z.number().min(0).max(1);

/** How likely incidents are, with the columns of ChurnGuard's table beside ours. */
export const IncidentPredictions = z.object({
  client_id: Id,
  predicted_on: Day.nullable().openapi({ description: "null: there is no forecast (yet)" }),
  quarters: z.array(z.string().openapi({ example: "2027-Q1" })),
  probabilities: z.array(Probability).openapi({
    description: "Of at least one incident of any type, by quarter",
  }),
  q1_prediction: Probability.nullable().openapi({
    description: "Of the next quarter that is the first of a year; the others likewise",
  }),
  q2_prediction: Probability.nullable(),
  q3_prediction: Probability.nullable(),
  q4_prediction: Probability.nullable(),
  by_type: z.record(
    z.string(),
    z.object({ expected: z.number(), probabilities: z.array(Probability) }),
  ).openapi({ description: "expected: incidents within the four quarters" }),
  most_likely_incident: z.string().nullable().openapi({
    description: "The type with the most expected",
    example: "outage",
  }),
  most_likely_label: z.string().nullable(),
  recommendation: z.string().nullable().openapi({
    description: "What the type recommends, from the organization's threshold on",
  }),
  basis: z.enum(["client", "all clients"]).nullable().openapi({
    description: "all clients: what is known of the client does not make forecasts better",
  }),
  skill: z.number().nullable().openapi({
    description:
      "1 - deviance of forecasts of the last four quarters / that of the type's rate for all",
  }),
  forecasts: z.int().nullable().openapi({ description: "How many forecasts that was measured on" }),
  customer_id: z.string().nullable().openapi({ description: "The same as external_id" }),
  client_region: z.string().nullable(),
  client_type: z.string().nullable(),
  client_category: z.string().nullable(),
}).openapi("IncidentPredictions");

const route = createRoute({
  method: "get",
  path: "/{id}/incident-predictions",
  operationId: "getIncidentPredictions",
  tags: ["clients"],
  summary: "How likely a client is to report incidents in the next four quarters",
  description: "Computed every night. Incidents that come in clusters are one a day.",
  ...permitted("clients:read"),
  request: { params: IdParam },
  responses: { 200: json(IncidentPredictions, "The forecast"), ...guarded, ...problems(404, 422) },
});

export function incidentPredictions(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("incident_predictions", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
    });
    return c.json(IncidentPredictions.parse(unwrap(answer, "client")), 200);
  });
}
