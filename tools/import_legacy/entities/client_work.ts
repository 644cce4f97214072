import type { Entity } from "../entity.ts";
import { derivedId, microsOf } from "../legacy_id.ts";
import { cut, keyOf } from "../text.ts";
import { ensureKeys } from "./client_keys.ts";

const TYPES = new Set(["call", "meeting", "visit", "email", "sms", "note", "other"]);

/** What was talked about with clients. */
export const clientInteractions: Entity = {
  required: ["client_id", "type"],
  table: "client_interactions",
  references: { client_id: { table: "clients", needed: true } },
  figures: { by: "type" },
  read(cells, context, step) {
    const at = cells.time("at") ?? cells.time("created_at") ?? context.now;
    return {
      id: derivedId(at, context.place.origin, step.name, cells.oldId),
      organization_id: context.organizationId,
      client_id: cells.reference("client_id", "clients"),
      type: cells.choice("type", TYPES) ?? "other",
      details: cells.lines("details", 20_000),
      occurred_at: at,
      recorded_at: cells.time("created_at") ?? at,
    };
  },
};

const STATUSES = new Set(["open", "in_progress", "closed"]);

/** What clients reported. The old table names the client by its number, which is external_id here. */
export const clientIssues: Entity = {
  required: ["external_customer_id", "title"],
  table: "client_issues",
  references: { client_id: { table: "clients", needed: true } },
  figures: { by: "status" },
  read(cells, context, step) {
    const title = cells.text("title", 200);
    if (title === null) {
      cells.leaveOut("title", "The issue has no title.");
      return null;
    }
    const at = cells.time("created_at") ?? context.now;
    const status = cells.choice("status", STATUSES) ?? "open";
    const updated = cells.time("updated_at") ?? at;
    // Clocks of an old service that went back do not keep an issue out.
    const closedAt = status !== "closed" ? null : microsOf(updated) < microsOf(at) ? at : updated;
    return {
      id: derivedId(at, context.place.origin, step.name, cells.oldId),
      organization_id: context.organizationId,
      client_id: null,
      type: keyOf(title),
      title,
      severity: "medium",
      status,
      contract_code: cells.text("contract_code", 100),
      external_customer_id: cells.text("external_customer_id", 100),
      opened_at: at,
      closed_at: closedAt,
      close_recorded_at: closedAt,
      recorded_at: at,
      updated_at: closedAt ?? at,
    };
  },
  async prepare(tx, drafts, context) {
    await ensureKeys(
      tx,
      "incident_types",
      new Map(drafts.map(({ row }) => [String(row["type"]), cut(String(row["title"]), 100)])),
      context.organizationId,
    );
    const found = await tx`
      select distinct on (external_id) external_id, id::text from public.clients
      where organization_id = ${context.organizationId} and deleted_at is null
        and external_id = any (${drafts.map(({ row }) => String(row["external_customer_id"]))})
      order by external_id, created_at`;
    const byNumber = new Map(found.map((row) => [String(row["external_id"]), row["id"]]));
    for (const { row } of drafts) {
      row["client_id"] = byNumber.get(String(row["external_customer_id"])) ?? null;
    }
  },
};
