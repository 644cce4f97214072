import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Calendar, NewCalendar } from "../_shared/calendar.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";

const read = createRoute({
  method: "get",
  path: "/calendar",
  operationId: "getLeadCalendar",
  tags: ["leads"],
  summary: "The business hours for deadlines",
  ...permitted("leads:read"),
  responses: { 200: json(Calendar, "The calendar"), ...guarded },
});

const replace = createRoute({
  method: "put",
  path: "/calendar",
  operationId: "replaceLeadCalendar",
  tags: ["leads"],
  summary: "Replace the business hours",
  description: "Recomputes the deadlines of running clocks, except those that a person gave. " +
    "An empty object, or `week` null, removes the calendar: then deadlines count wall-clock time.",
  ...permitted("leads:configure"),
  request: { body: jsonBody(NewCalendar) },
  responses: { 200: json(Calendar, "The calendar"), ...guarded, ...problems(400, 409, 422) },
});

/** GET and PUT /leads/calendar. */
export function leadCalendar(app: App) {
  app.openapi(read, async (c) => {
    const answer = await c.var.db.rpc("lead_calendar", {
      organization_id: c.var.actor.organizationId,
    });
    return c.json(Calendar.parse(unwrap(answer, "calendar")), 200);
  });
  app.openapi(replace, async (c) => {
    const answer = await c.var.db.rpc("set_calendar", {
      organization_id: c.var.actor.organizationId,
      calendar: c.req.valid("json"),
    });
    return c.json(Calendar.parse(unwrap(answer, "calendar")), 200);
  });
}
