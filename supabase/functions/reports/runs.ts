import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { IfNoneMatchHeader, isUnchanged, notModified } from "../_shared/etag.ts";
import { definedOnly } from "../_shared/fields.ts";
import { PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { ReportColumn } from "../_shared/reports/run.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { Run, RunDetail, RunStatus, toRun, toRunDetail } from "./run_schemas.ts";
import { Preview, rowsOf, valuesOf } from "./schemas.ts";

const get = createRoute({
  method: "get",
  path: "/runs/{id}",
  operationId: "getReportRun",
  tags: ["reports"],
  summary: "A run and its progress",
  description:
    "One's own, one that one was mailed, or of a schedule that one sees: the last without " +
    "what its file holds.",
  ...permitted("reports:read"),
  request: { params: IdParam, headers: IfNoneMatchHeader },
  responses: {
    200: json(RunDetail, "The run"),
    ...notModified,
    ...guarded,
    ...problems(404, 422),
  },
});

export function getReportRun(app: App) {
  app.openapi(get, async (c) => {
    const answer = await c.var.db.rpc("get_report_run", {
      organization_id: c.var.actor.organizationId,
      run_id: c.req.valid("param").id,
    });
    const run = toRunDetail(unwrap(answer, "run"));
    if (await isUnchanged(c, run)) return c.body(null, 304);
    return c.json(run, 200);
  });
}

const FrozenRows = Preview.pick({ columns: true, subtotals: true, totals: true }).extend({
  row_count: z.int(),
  data: Preview.shape.preview_data.openapi({ description: "The rows of the page" }),
}).openapi("ReportRunRows");

const rows = createRoute({
  method: "get",
  path: "/runs/{id}/rows",
  operationId: "listReportRunRows",
  tags: ["reports"],
  summary: "A page of a run's frozen rows",
  description:
    "The rows that are in the file, in its order; limit and offset count rows and subtotals. " +
    "They are kept for a day after the run has ended.",
  ...permitted("reports:read"),
  request: {
    params: IdParam,
    query: PageQuery.extend({
      limit: z.coerce.number().int().min(1).max(1000).default(100)
        .openapi({ description: "Rows per page, 1 to 1000", example: 100 }),
    }),
  },
  responses: { 200: json(FrozenRows, "A page of rows"), ...guarded, ...problems(404, 422) },
});

const PageRow = z.object({
  columns: z.array(ReportColumn),
  totals: z.array(z.unknown()),
  row_count: z.int(),
  rows: z.array(z.object({ level: z.int().nullable(), cells: z.array(z.unknown()) })),
});

export function listReportRunRows(app: App) {
  app.openapi(rows, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("report_run_rows", {
      organization_id: c.var.actor.organizationId,
      run_id: c.req.valid("param").id,
      page_limit: limit,
      page_offset: offset,
    });
    const { columns, totals, row_count, rows } = PageRow.parse(unwrap(answer, "run"));
    const page = rowsOf(columns, rows);
    return c.json({ columns, ...page, totals: valuesOf(columns, totals), row_count }, 200);
  });
}

const history = createRoute({
  method: "get",
  path: "/history",
  operationId: "listReportHistory",
  tags: ["reports"],
  summary: "One's past runs and those of one's schedules, newest first",
  description:
    "With download links, and reasons where there is no file. `X-Total-Count` is the number of all.",
  ...permitted("reports:read"),
  request: {
    query: PageQuery.extend({ report_id: z.uuid().optional(), status: RunStatus.optional() }),
    headers: IfNoneMatchHeader,
  },
  responses: { 200: json(z.array(Run), "The runs"), ...notModified, ...guarded, ...problems(422) },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function listReportHistory(app: App) {
  app.openapi(history, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_report_runs", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer));
    const runs = page.rows.map(toRun);
    c.header("x-total-count", String(page.total));
    if (await isUnchanged(c, runs)) return c.body(null, 304);
    return c.json(runs, 200);
  });
}
