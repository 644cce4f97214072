import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { svgAnswer, svgResponse, ThemeQuery } from "../_shared/charts/response.ts";
import { IfNoneMatchHeader, notModified } from "../_shared/etag.ts";
import { notFound, problems, unwrap } from "../_shared/problem.ts";
import { ChartSource, reportChart } from "../_shared/reports/chart.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";

const about = "The first figure by the first group: a line over time, else bars; a second group " +
  "is stacked where the figure can be summed. 422 `no_chart` without groups.";

const common = {
  method: "get" as const,
  tags: ["reports"],
  ...permitted("reports:read"),
  request: { params: IdParam, query: ThemeQuery, headers: IfNoneMatchHeader },
};

const ofReport = createRoute({
  ...common,
  path: "/{id}/chart.svg",
  operationId: "getReportChart",
  summary: "A saved report as a chart",
  description: `${about} Its rows are those that the caller may see now.`,
  responses: { 200: svgResponse, ...notModified, ...guarded, ...problems(404, 422, 429) },
});

const ofRun = createRoute({
  ...common,
  path: "/runs/{id}/chart.svg",
  operationId: "getReportRunChart",
  summary: "A run as a chart",
  description: `${about} From the frozen rows that are in the file.`,
  responses: { 200: svgResponse, ...notModified, ...guarded, ...problems(404, 422) },
});

/** The chart of what the database answered. */
function chartOf(source: unknown) {
  const chart = reportChart(ChartSource.parse(source));
  if (chart === null) throw notFound("chart");
  return chart;
}

export function reportCharts(app: App) {
  app.openapi(ofReport, async (c) => {
    const answer = await c.var.db.rpc("report_chart", {
      organization_id: c.var.actor.organizationId,
      report_id: c.req.valid("param").id,
    });
    return await svgAnswer(c, chartOf(unwrap(answer, "report")), c.req.valid("query").theme);
  });
  app.openapi(ofRun, async (c) => {
    const answer = await c.var.db.rpc("report_run_chart", {
      organization_id: c.var.actor.organizationId,
      run_id: c.req.valid("param").id,
    });
    return await svgAnswer(c, chartOf(unwrap(answer, "run")), c.req.valid("query").theme);
  });
}
