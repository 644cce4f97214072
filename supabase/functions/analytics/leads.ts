import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { IfNoneMatchHeader, isUnchanged, notModified } from "../_shared/etag.ts";
import { isoTime } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import {
  FunnelQuery,
  KpisQuery,
  readFunnel,
  readKpis,
  readPeople,
  readSources,
  readVolume,
  VolumeQuery,
} from "./lead_figures.ts";
import {
  CounselorFigures,
  FunnelStage,
  Kpis,
  LeadAlert,
  Period,
  SourceFigures,
  VolumePoint,
} from "./lead_schemas.ts";

const scope = "Within the scope of the caller's `dashboard:read`: own, team or organization. ";
const cohort = "The period filters the local day on which a lead was created; what became of " +
  "it is its present state, whenever it changed. Deleted leads do not count. ";

/** What every route of figures of leads has. */
const common = {
  method: "get" as const,
  tags: ["analytics"],
  ...permitted("dashboard:read"),
};

/** Its responses: the answer, or 304 where the client has it already. */
const answers = <T extends z.ZodType>(schema: T, description: string) => ({
  200: json(schema, description),
  ...notModified,
  ...guarded,
  ...problems(422),
});

const kpis = createRoute({
  ...common,
  path: "/kpis",
  operationId: "getLeadKpis",
  summary: "Key figures of the leads of a period",
  description: scope + cohort + "total_leads = enrollments + lost + active_pipeline. Rates are " +
    "null without leads. `status` is the present stage, `assigned_to` the present assignee.",
  request: {
    headers: IfNoneMatchHeader,
    query: KpisQuery,
  },
  responses: answers(Kpis, "The figures, and those of as many days before"),
});

export function leadKpis(app: App) {
  app.openapi(kpis, async (c) => {
    const found = await readKpis(c.var, c.req.valid("query"));
    if (await isUnchanged(c, found)) return c.body(null, 304);
    return c.json(found, 200);
  });
}

const volume = createRoute({
  ...common,
  path: "/lead-volume",
  operationId: "getLeadVolume",
  summary: "New leads by day, week or month",
  description: scope + "Counts the events of creation, by the organization's calendar; weeks " +
    "begin on its first weekday. Days without leads have 0. Deleted leads do not count.",
  request: {
    headers: IfNoneMatchHeader,
    query: VolumeQuery,
  },
  responses: answers(z.array(VolumePoint), "Every day, week or month of the period"),
});

export function leadVolume(app: App) {
  app.openapi(volume, async (c) => {
    const found = await readVolume(c.var, c.req.valid("query"));
    if (await isUnchanged(c, found)) return c.body(null, 304);
    return c.json(found, 200);
  });
}

const funnel = createRoute({
  ...common,
  path: "/funnel",
  operationId: "getLeadFunnel",
  summary: "How far the leads of a period have come",
  description: scope + "The period filters the local day of creation. A stage counts the leads " +
    "that have ever been in it or in a later one, whatever their stage is now: a lead that " +
    "skipped stages has reached them, a lost lead what it reached before. Lost stages are not " +
    "steps of the funnel. Order is that of the pipeline now.",
  request: { headers: IfNoneMatchHeader, query: FunnelQuery },
  responses: answers(z.array(FunnelStage), "Every stage that is not lost, in pipeline order"),
});

export function leadFunnel(app: App) {
  app.openapi(funnel, async (c) => {
    const found = await readFunnel(c.var, c.req.valid("query"));
    if (await isUnchanged(c, found)) return c.body(null, 304);
    return c.json(found, 200);
  });
}

const bySource = createRoute({
  ...common,
  path: "/conversion-by-source",
  operationId: "getConversionBySource",
  summary: "Conversion of each source",
  description: scope + cohort,
  request: { headers: IfNoneMatchHeader, query: Period },
  responses: answers(z.array(SourceFigures), "The sources of the period's leads, largest first"),
});

export function conversionBySource(app: App) {
  app.openapi(bySource, async (c) => {
    const found = await readSources(c.var, c.req.valid("query"));
    if (await isUnchanged(c, found)) return c.body(null, 304);
    return c.json(found, 200);
  });
}

const byCounselor = createRoute({
  ...common,
  path: "/counselor-performance",
  operationId: "getCounselorPerformance",
  summary: "Leads and interactions of each person",
  description: scope + cohort +
    "A lead counts for its present assignee. Interactions are events: " +
    "they count for the person who recorded them, on the local day on which they took place. People in " +
    "the scope who may hold leads are listed without leads too.",
  request: { headers: IfNoneMatchHeader, query: Period },
  responses: answers(z.array(CounselorFigures), "The people, most enrollments first"),
});

export function counselorPerformance(app: App) {
  app.openapi(byCounselor, async (c) => {
    const found = await readPeople(c.var, c.req.valid("query"));
    if (await isUnchanged(c, found)) return c.body(null, 304);
    return c.json(found, 200);
  });
}

const alerts = createRoute({
  ...common,
  path: "/alerts",
  operationId: "getLeadAlerts",
  summary: "What needs attention now",
  description: scope + "Present state: up to twenty open leads each whose response is overdue or " +
    "due soon, open leads without an assignee, the caller's overdue tasks; and, for those who may " +
    "see them, open alerts of campaigns, numbers that fail, imports of the last week that stopped, scheduled reports that were paused because they cannot run, webhooks that were disabled, and API keys that expire within 14 days.",
  request: { headers: IfNoneMatchHeader },
  responses: {
    200: json(z.array(LeadAlert), "The alerts, most severe first"),
    ...notModified,
    ...guarded,
  },
});

export function leadAlerts(app: App) {
  app.openapi(alerts, async (c) => {
    const answer = await c.var.db.rpc("lead_alerts", {
      organization_id: c.var.actor.organizationId,
    });
    const found = z.array(LeadAlert).parse(unwrap(answer))
      .map((alert) => ({ ...alert, created_at: isoTime(alert.created_at) }));
    if (await isUnchanged(c, found)) return c.body(null, 304);
    return c.json(found, 200);
  });
}
