import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";

const text = z.string().nullable();

/** One kind of event: the common fields and its own. */
const event = <K extends string, S extends z.ZodRawShape>(kind: K, shape: S) =>
  z.object({
    id: Id,
    kind: z.literal(kind),
    at: Timestamp,
    actor_id: Id.nullable(),
    actor_name: text,
    ...shape,
  });

const TimelineItem = z.discriminatedUnion("kind", [
  event("interaction", {
    type: z.enum(["call", "note", "meeting", "email", "sms"]),
    direction: z.enum(["inbound", "outbound"]).nullable(),
    subject: text,
    body: text,
    outcome: text,
    duration_seconds: z.int().nullable(),
    occurred_at: Timestamp,
  }),
  event("task", {
    title: z.string(),
    status: z.enum(["open", "in_progress", "done", "canceled"]),
    priority: z.enum(["low", "normal", "high"]),
    due_at: Timestamp.nullable(),
    completed_at: Timestamp.nullable(),
    assigned_to: Id.nullable(),
    assigned_to_name: text,
  }),
  event("message", {
    direction: z.enum(["inbound", "outbound"]),
    status: z.string(),
    body: z.string(),
    to: z.string(),
    from: z.string(),
  }),
  event("stage_change", {
    from_status: text,
    to_status: z.string(),
    seconds_in_stage: z.number().nullable(),
    note: text,
  }),
  event("assignment", {
    from_user: Id.nullable(),
    from_user_name: text,
    to_user: Id.nullable(),
    to_user_name: text,
    method: z.string(),
    note: text,
    deadline: Timestamp.nullable(),
  }),
  event("student_added", { student_id: Id, student_name: z.string() }),
  event("lead_created", { source: z.string() }),
]).openapi("TimelineItem");

const Timeline = z.object({
  data: z.array(TimelineItem),
  next_before: z.string().nullable()
    .openapi({ description: "`before` of the next page; null on the last page" }),
}).openapi("Timeline");

const route = createRoute({
  method: "get",
  path: "/{id}/timeline",
  operationId: "leadTimeline",
  tags: ["leads"],
  summary: "The timeline of a lead",
  description:
    "Newest first, by the time of recording. A task appears at the time it was added, in its current " +
    "state. Interactions, tasks and texts that the caller may not read are left out.",
  ...permitted("leads:read"),
  request: {
    params: IdParam,
    query: z.object({
      limit: PageQuery.shape.limit,
      before: z.uuid("is not a cursor").optional()
        .openapi({ description: "next_before of the previous page" }),
      kind: z.enum([
        "interaction",
        "task",
        "message",
        "stage_change",
        "assignment",
        "student_added",
        "lead_created",
      ]).optional(),
    }),
  },
  responses: { 200: json(Timeline, "A page of events"), ...guarded, ...problems(404, 422) },
});

const Answer = z.object({ rows: z.array(z.unknown()), next_before: z.string().nullable() });

function toItem(row: unknown): z.infer<typeof TimelineItem> {
  const parsed = TimelineItem.parse(row);
  const item = { ...parsed, at: isoTime(parsed.at) };
  switch (item.kind) {
    case "interaction":
      return { ...item, occurred_at: isoTime(item.occurred_at) };
    case "task":
      return { ...item, due_at: isoTime(item.due_at), completed_at: isoTime(item.completed_at) };
    case "assignment":
      return { ...item, deadline: isoTime(item.deadline) };
    default:
      return item;
  }
}

export function leadTimeline(app: App) {
  app.openapi(route, async (c) => {
    const { limit, before, kind } = c.req.valid("query");
    const answer = await c.var.db.rpc("lead_timeline", {
      organization_id: c.var.actor.organizationId,
      lead_id: c.req.valid("param").id,
      ...(kind && { wanted_kind: kind }),
      ...(before && { before }),
      page_limit: limit,
    });
    const { rows, next_before } = Answer.parse(unwrap(answer, "lead"));
    return c.json({ data: rows.map(toItem), next_before }, 200);
  });
}
