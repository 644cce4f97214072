import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { isoTime, Timestamp } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";

const fields = {
  sla_minutes: z.int().min(0).max(525_600).openapi({
    description:
      "Working minutes to the first response, unless the stage has its own. 0: no deadline",
    example: 120,
  }),
  reminder_minutes: z.int().min(0).max(10_080).openapi({
    description: "Minutes before the deadline at which the assignee is reminded. 0: no reminder",
    example: 30,
  }),
  clock_starts: z.enum(["assignment", "creation"]).openapi({
    description: "Whether unassigned leads have a running clock",
  }),
  on_reassignment: z.enum(["keep", "restart"]).openapi({
    description: "What happens to an unanswered clock on reassignment",
  }),
  capacity: z.int().min(0).max(2_147_483_647).nullable().openapi({
    description: "Open leads per person, unless set for the person. null: unlimited",
    example: 50,
  }),
};

const Settings = z.object({ ...fields, updated_at: Timestamp }).openapi("LeadSettings");

const SettingsChange = z.strictObject(fields).partial()
  .refine((change) => Object.keys(change).length > 0, "Give at least one field to change.")
  .openapi("LeadSettingsChange");

const read = createRoute({
  method: "get",
  path: "/settings",
  operationId: "getLeadSettings",
  tags: ["leads"],
  summary: "The organization's lead settings",
  ...permitted("leads:read"),
  responses: { 200: json(Settings, "The settings"), ...guarded },
});

const change = createRoute({
  method: "patch",
  path: "/settings",
  operationId: "updateLeadSettings",
  tags: ["leads"],
  summary: "Change the organization's lead settings",
  description: "Fields that are left out stay unchanged. Deadlines of running clocks follow " +
    "`sla_minutes`; the other settings apply to later events.",
  ...permitted("leads:configure"),
  request: { body: jsonBody(SettingsChange) },
  responses: { 200: json(Settings, "The settings"), ...guarded, ...problems(400, 409, 422) },
});

function toSettings(row: unknown): z.infer<typeof Settings> {
  const settings = Settings.parse(row);
  return { ...settings, updated_at: isoTime(settings.updated_at) };
}

/** GET and PATCH /leads/settings. */
export function leadSettings(app: App) {
  app.openapi(read, async (c) => {
    const answer = await c.var.db.rpc("read_lead_settings", {
      organization_id: c.var.actor.organizationId,
    });
    return c.json(toSettings(unwrap(answer, "setting")), 200);
  });
  app.openapi(change, async (c) => {
    const answer = await c.var.db.rpc("update_lead_settings", {
      organization_id: c.var.actor.organizationId,
      changes: c.req.valid("json"),
    });
    return c.json(toSettings(unwrap(answer, "setting")), 200);
  });
}
