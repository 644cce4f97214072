import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { IfNoneMatchHeader, isUnchanged, notModified } from "../_shared/etag.ts";
import { Id, Timestamp } from "../_shared/fields.ts";
import { PageQuery } from "../_shared/page.ts";
import { ensure, problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import { RunStatus } from "./run_schemas.ts";
import { Schedule, ScheduleChange, ScheduleInput, toSchedule } from "./schedule_schemas.ts";

const Made = Schedule.extend({ schedule_id: Id, next_run: Timestamp })
  .openapi("ReportScheduleMade");

const create = createRoute({
  method: "post",
  path: "/schedule",
  operationId: "scheduleReport",
  tags: ["reports"],
  summary: "Run a report on a schedule and mail it",
  description:
    "It runs with the caller's rights of each due time, and its rows are those that the " +
    "caller sees. Other recipients need `reports:share`: with the scope team those of one's team; people " +
    "without an account the scope organization and `outside_links` in the settings.",
  ...permitted("reports:export"),
  request: { headers: IdempotencyHeader, body: jsonBody(ScheduleInput) },
  responses: { 201: json(Made, "The schedule"), ...guarded, ...problems(400, 404, 409, 422, 429) },
});

const list = createRoute({
  method: "get",
  path: "/scheduled",
  operationId: "listReportSchedules",
  tags: ["reports"],
  summary: "Schedules, newest first",
  description: "One's own; all for those with `reports:write` in the whole organization. " +
    "`X-Total-Count` is the number of all.",
  ...permitted("reports:read"),
  request: { query: PageQuery, headers: IfNoneMatchHeader },
  responses: { 200: json(z.array(Schedule), "The schedules"), ...notModified, ...guarded },
});

const update = createRoute({
  method: "patch",
  path: "/scheduled/{id}",
  operationId: "updateReportSchedule",
  tags: ["reports"],
  summary: "Change, pause or activate a schedule",
  description:
    "An activated schedule goes on with its next time; those before are not run. To activate " +
    "one's own needs what making it needs. " +
    "Schedules of others need `reports:write` in the whole organization and all permissions of their owner.",
  ...permitted("reports:read"),
  request: { params: IdParam, body: jsonBody(ScheduleChange) },
  responses: { 200: json(Schedule, "The schedule"), ...guarded, ...problems(400, 404, 409, 422) },
});

const remove = createRoute({
  method: "delete",
  path: "/scheduled/{id}",
  operationId: "deleteReportSchedule",
  tags: ["reports"],
  summary: "Delete a schedule; its past runs stay",
  ...permitted("reports:read"),
  request: { params: IdParam },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 422) },
});

const Started = z.object({ run_id: Id, status: RunStatus }).openapi("ReportRunStarted");

const runNow = createRoute({
  method: "post",
  path: "/scheduled/{id}/run-now",
  operationId: "runReportSchedule",
  tags: ["reports"],
  summary: "Run a schedule now for its recipients, beside its due times",
  ...permitted("reports:export"),
  request: { params: IdParam, headers: IdempotencyHeader },
  responses: { 202: json(Started, "Queued"), ...guarded, ...problems(400, 404, 409, 422, 429) },
});

const HandOver = z.strictObject({ user_id: Id }).openapi("ReportScheduleHandOver");

const handOver = createRoute({
  method: "post",
  path: "/scheduled/{id}/hand-over",
  operationId: "handOverReportSchedule",
  tags: ["reports"],
  summary: "Give a schedule to another member",
  description:
    "It runs with their rights from then on, which the caller must have too. A report whose owner has " +
    "left goes with it.",
  ...permitted("reports:write"),
  request: { params: IdParam, body: jsonBody(HandOver) },
  responses: { 200: json(Schedule, "The schedule"), ...guarded, ...problems(400, 404, 422) },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function reportSchedules(app: App) {
  app.openapi(create, async (c) => {
    const { report_id, ...schedule } = c.req.valid("json");
    const { organizationId: organization_id } = c.var.actor;
    const answer = await c.var.db.rpc("schedule_report", { organization_id, report_id, schedule });
    const made = toSchedule(unwrap(answer, "report"));
    return c.json({ ...made, schedule_id: made.id, next_run: made.next_run ?? "" }, 201);
  });
  app.openapi(list, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_report_schedules", {
      organization_id: c.var.actor.organizationId,
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer));
    const schedules = page.rows.map(toSchedule);
    c.header("x-total-count", String(page.total));
    if (await isUnchanged(c, schedules)) return c.body(null, 304);
    return c.json(schedules, 200);
  });
  app.openapi(update, async (c) => {
    const changes = Object.fromEntries(
      Object.entries(c.req.valid("json")).filter(([, value]) => value !== undefined),
    );
    const answer = await c.var.db.rpc("update_report_schedule", {
      organization_id: c.var.actor.organizationId,
      schedule_id: c.req.valid("param").id,
      changes,
    });
    return c.json(toSchedule(unwrap(answer, "schedule")), 200);
  });
  app.openapi(remove, async (c) => {
    const { organizationId: organization_id } = c.var.actor;
    const schedule_id = c.req.valid("param").id;
    ensure(await c.var.db.rpc("delete_report_schedule", { organization_id, schedule_id }));
    return c.body(null, 204);
  });
  app.openapi(runNow, async (c) => {
    const { organizationId: organization_id } = c.var.actor;
    const schedule_id = c.req.valid("param").id;
    const answer = await c.var.db.rpc("run_report_schedule_now", { organization_id, schedule_id });
    return c.json(Started.parse(unwrap(answer, "schedule")), 202);
  });
  app.openapi(handOver, async (c) => {
    const answer = await c.var.db.rpc("hand_over_report_schedule", {
      organization_id: c.var.actor.organizationId,
      schedule_id: c.req.valid("param").id,
      ...c.req.valid("json"),
    });
    return c.json(toSchedule(unwrap(answer, "schedule")), 200);
  });
}
