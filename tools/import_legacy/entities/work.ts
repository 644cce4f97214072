import type { Entity } from "../entity.ts";
import { derivedId } from "../legacy_id.ts";

/** Moves between stages. Stages that the pipeline no longer has are kept as text. */
export const leadHistory: Entity = {
  required: ["lead_id", "to_status"],
  table: "lead_history",
  references: { lead_id: { table: "leads", needed: true } },
  read(cells, context, step) {
    const to = cells.text("to_status", 50)?.toLowerCase() ?? null;
    if (to === null) {
      cells.leaveOut("to_status", "The new stage is missing.");
      return null;
    }
    const words = step.values["to_status"] ?? {};
    const from = cells.text("from_status", 50)?.toLowerCase() ?? null;
    const at = cells.time("at") ?? context.now;
    return {
      id: derivedId(at, context.place.origin, step.name, cells.oldId),
      organization_id: context.organizationId,
      lead_id: cells.reference("lead_id", "leads"),
      from_status: from === null ? null : words[from] ?? from,
      to_status: words[to] ?? to,
      note: cells.lines("note", 2_000),
      changed_by: context.people.find(cells.raw("changed_by")),
      created_at: at,
    };
  },
};

const STATUSES = new Set(["open", "in_progress", "done", "canceled"]);
const PRIORITIES = new Set(["low", "normal", "high"]);

/** Tasks. Nobody is reminded of one: the old service did that, or did not. */
export const tasks: Entity = {
  required: ["title"],
  table: "tasks",
  references: { lead_id: { table: "leads", needed: false } },
  figures: { by: "status" },
  read(cells, context, step) {
    const title = cells.text("title", 200);
    if (title === null) {
      cells.leaveOut("title", "The title is missing.");
      return null;
    }
    const status = cells.choice("status", STATUSES);
    if (status === null) {
      cells.leaveOut("status", "The status is missing.");
      return null;
    }
    const created = cells.time("created_at") ?? context.now;
    const due = cells.time("due_at");
    return {
      id: derivedId(created, context.place.origin, step.name, cells.oldId),
      organization_id: context.organizationId,
      lead_id: cells.reference("lead_id", "leads"),
      title,
      description: cells.lines("description", 5_000),
      status,
      priority: cells.choice("priority", PRIORITIES) ?? "normal",
      due_at: due,
      assigned_to: context.people.find(cells.raw("assigned_to")),
      created_by: context.people.find(cells.raw("created_by")),
      completed_at: status === "done"
        ? cells.time("completed_at") ?? cells.time("updated_at") ?? created
        : null,
      version: 1,
      remind_minutes_before: null,
      lead_deleted: false,
      created_at: created,
      updated_at: cells.time("updated_at") ?? created,
    };
  },
};

const TYPES = new Set(["call", "note", "meeting", "email", "sms"]);
const DIRECTIONS = new Set(["inbound", "outbound"]);

/** What was talked about with leads. */
export const interactions: Entity = {
  required: ["lead_id", "type"],
  table: "interactions",
  references: { lead_id: { table: "leads", needed: true } },
  figures: { by: "type" },
  read(cells, context, step) {
    const type = cells.choice("type", TYPES);
    if (type === null) {
      cells.leaveOut("type", "The type is missing.");
      return null;
    }
    const created = cells.time("created_at");
    const at = cells.time("at") ?? created ?? context.now;
    return {
      id: derivedId(at, context.place.origin, step.name, cells.oldId),
      organization_id: context.organizationId,
      lead_id: cells.reference("lead_id", "leads"),
      type,
      direction: cells.choice("direction", DIRECTIONS),
      subject: cells.text("subject", 200),
      body: cells.lines("body", 20_000),
      outcome: cells.text("outcome", 100),
      duration_seconds: cells.whole("duration_seconds", 0, 86_400),
      occurred_at: at,
      created_by: context.people.find(cells.raw("created_by")),
      created_at: created ?? at,
    };
  },
};
