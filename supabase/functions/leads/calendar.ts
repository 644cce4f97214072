import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";

const From = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, "is not a time such as 09:00");
const Until = z.string().regex(
  /^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/,
  "is not a time such as 17:00; the end of the day is 24:00",
);
const Day = z.array(z.tuple([From, Until])).max(24).default([]).openapi({
  description: "Opening periods: start, end (24:00 is the end of the day)",
  example: [["09:00", "12:00"], ["13:00", "17:00"]],
});

const Week = z.strictObject({
  mon: Day,
  tue: Day,
  wed: Day,
  thu: Day,
  fri: Day,
  sat: Day,
  sun: Day,
});

const Holiday = z.strictObject({
  date: z.iso.date().openapi({ example: "2026-12-25" }),
  name: z.string().trim().max(200).default("").openapi({ example: "Christmas Day" }),
});

const Calendar = z.strictObject({
  enabled: z.boolean().openapi({
    description: "Whether deadlines count these hours; otherwise they count wall-clock time",
  }),
  time_zone: z.string().max(100).nullable().openapi({
    description: "Time zone of the hours; null: the organization's",
    example: "Africa/Accra",
  }),
  week: Week.nullable().openapi({ description: "null: the organization has no calendar" }),
  holidays: z.array(Holiday).max(1_000),
}).openapi("LeadCalendar");

const NewCalendar = z.strictObject({
  enabled: Calendar.shape.enabled.default(true),
  time_zone: Calendar.shape.time_zone.default(null),
  week: Calendar.shape.week.default(null),
  holidays: Calendar.shape.holidays.default([]),
}).refine(({ week, holidays }) => week !== null || holidays.length === 0, {
  path: ["week"],
  message: "is required with holidays",
}).openapi("NewLeadCalendar");

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
