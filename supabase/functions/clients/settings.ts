import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { ExchangeRates } from "../_shared/exchange_rates.ts";
import { problems, requireChange, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";
import { Day } from "./schemas.ts";

const Recognition = z.enum(["service_end", "cancellation", "notice"]).openapi({
  description: "When a client that gives notice is lost",
});
const Days = z.int().min(1).max(730);

const Settings = z.object({
  churn_recognition: Recognition,
  pause_days: z.int().openapi({ description: "How long a client may pause before it is lost" }),
  unpaid_days: z.int().nullable().openapi({
    description: "A client whose linked account owes something for so long is lost; null: never",
  }),
  band_limits: z.array(z.number()).openapi({
    description: "In percent: below the first low, then moderate, high, from the last on critical",
    example: [10, 30, 60],
  }),
  holdout_share: z.number().openapi({
    description: "The share of recommendations that are recorded and not shown to anybody",
  }),
  incident_threshold: z.number().openapi({
    description: "From which probability of an incident on something is recommended",
  }),
  exchange_rates: z.array(z.object({
    currency: z.string().openapi({ example: "USD" }),
    starts_on: Day,
    rate: z.string().openapi({
      description: "What one unit is worth in the organization's currency",
      example: "15.20000000",
    }),
  })),
}).openapi("ChurnSettings");

const Change = z.object({
  churn_recognition: Recognition,
  pause_days: Days,
  unpaid_days: Days.nullable(),
  band_limits: z.array(z.number().gt(0).lt(100)).length(3).refine(
    ([first = 0, second = 0, third = 0]) => first < second && second < third,
    "does not rise",
  ),
  holdout_share: z.number().min(0).max(0.5),
  incident_threshold: z.number().min(0).max(1),
  exchange_rates: ExchangeRates,
}).partial().openapi("ChurnSettingsChange");

const read = createRoute({
  method: "get",
  path: "/settings",
  operationId: "getChurnSettings",
  tags: ["clients"],
  summary: "How churn is recognized, and exchange rates",
  ...permitted("clients:read"),
  responses: { 200: json(Settings, "The settings"), ...guarded },
});

const change = createRoute({
  method: "patch",
  path: "/settings",
  operationId: "updateChurnSettings",
  tags: ["clients"],
  summary: "Change how churn is recognized, or the exchange rates",
  description:
    "Fields that are left out stay unchanged. What is in the ledger already stays as it was recognized.",
  ...permitted("churn:configure"),
  request: { body: jsonBody(Change) },
  responses: { 200: json(Settings, "The settings"), ...guarded, ...problems(400, 409, 422) },
});

export function churnSettings(app: App) {
  app.openapi(read, async (c) => {
    const organization_id = c.var.actor.organizationId;
    const answer = await c.var.db.rpc("churn_settings", { organization_id });
    return c.json(Settings.parse(unwrap(answer, "settings")), 200);
  });
  app.openapi(change, async (c) => {
    const change = c.req.valid("json");
    requireChange(change);
    const answer = await c.var.db.rpc("churn_settings", {
      organization_id: c.var.actor.organizationId,
      change,
    });
    return c.json(Settings.parse(unwrap(answer, "settings")), 200);
  });
}
