import type { Context } from "hono";
import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Chart } from "../_shared/charts/chart.ts";
import { svgAnswer, svgResponse, ThemeQuery } from "../_shared/charts/response.ts";
import type { AppEnv } from "../_shared/context.ts";
import { IfNoneMatchHeader, notModified } from "../_shared/etag.ts";
import { problems } from "../_shared/problem.ts";
import { guarded, permitted } from "../_shared/route.ts";
import {
  FunnelQuery,
  readFunnel,
  readPeople,
  readSources,
  readVolume,
  VolumeQuery,
} from "./lead_figures.ts";
import { Period } from "./lead_schemas.ts";

/** People and sources beyond these are not shown. */
const most = 20;

function route<P extends string, Q extends z.ZodObject>(path: P, operationId: string, query: Q) {
  return createRoute({
    method: "get",
    path,
    operationId,
    tags: ["analytics"],
    summary: `${path.slice(1, -4)} as a chart`,
    description: "The same figures for the same parameters, readable without colour.",
    ...permitted("dashboard:read"),
    request: { headers: IfNoneMatchHeader, query },
    responses: { 200: svgResponse, ...notModified, ...guarded, ...problems(422) },
  });
}

const volume = route(
  "/lead-volume.svg",
  "getLeadVolumeChart",
  VolumeQuery.extend(ThemeQuery.shape),
);
const funnel = route("/funnel.svg", "getLeadFunnelChart", FunnelQuery.extend(ThemeQuery.shape));
const sources = route(
  "/conversion-by-source.svg",
  "getConversionBySourceChart",
  Period.extend(ThemeQuery.shape),
);
const people = route(
  "/counselor-performance.svg",
  "getCounselorPerformanceChart",
  Period.extend(ThemeQuery.shape),
);

const periodText = ({ date_from, date_to }: z.infer<typeof Period>) =>
  date_from || date_to ? `${date_from ?? "…"} to ${date_to ?? "today"}` : "the last 30 days";

/** A bar for each row: won, open and lost one after another. */
function outcomes(
  rows: { label: string; won: number; lost: number; total: number }[],
): Pick<Chart, "categories" | "series"> {
  const shown = rows.slice(0, most);
  return {
    categories: shown.map(({ label }) => label),
    series: [
      { label: "Won", values: shown.map(({ won }) => won) },
      { label: "Open", values: shown.map(({ won, lost, total }) => total - won - lost) },
      { label: "Lost", values: shown.map(({ lost }) => lost) },
    ],
  };
}

type Query = z.infer<typeof Period> & z.infer<typeof ThemeQuery>;

/** Answers a chart with the period in its subtitle. */
function answer(
  c: Context<AppEnv>,
  { theme, ...period }: Query,
  chart: Omit<Chart, "subtitle" | "unit">,
  what: string,
) {
  const subtitle = `${what} · ${periodText(period)}`;
  return svgAnswer(c, { ...chart, subtitle, unit: "number" }, theme);
}

export function leadCharts(app: App) {
  app.openapi(volume, async (c) => {
    const query = c.req.valid("query");
    const points = await readVolume(c.var, query);
    const categories = points.map(({ date }) => date);
    return await answer(c, query, {
      kind: "line",
      isTime: true,
      title: "New leads",
      categories,
      series: [{ label: "New leads", values: points.map(({ count }) => count) }],
      partial: points.filter(({ partial }) => partial).map(({ date }) => date),
    }, `By ${query.granularity}`);
  });
  app.openapi(funnel, async (c) => {
    const query = c.req.valid("query");
    const stages = await readFunnel(c.var, query);
    return await answer(c, query, {
      kind: "funnel",
      title: "Funnel",
      categories: stages.map(({ label }) => label),
      series: [{ label: "Leads", values: stages.map(({ count }) => count) }],
    }, "Stages that new leads have reached");
  });
  app.openapi(sources, async (c) => {
    const query = c.req.valid("query");
    const rows = (await readSources(c.var, query)).map((row) => ({
      label: row.source,
      won: row.enrolled,
      lost: row.lost,
      total: row.total_leads,
    }));
    const chart = { kind: "bars" as const, title: "New leads by source", ...outcomes(rows) };
    return await answer(c, query, chart, "By what became of them");
  });
  app.openapi(people, async (c) => {
    const query = c.req.valid("query");
    const rows = (await readPeople(c.var, query)).map((row) => ({
      label: row.full_name ?? "(no name)",
      won: row.enrolled,
      lost: row.lost,
      total: row.total_leads,
    }));
    const chart = { kind: "bars" as const, title: "New leads by person", ...outcomes(rows) };
    return await answer(c, query, chart, "By what became of them");
  });
}
