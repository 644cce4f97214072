import { z } from "zod";
import { cleanText } from "../../../supabase/functions/_shared/clean_text.ts";
import type { Cells } from "../cells.ts";
import type { Context, Entity } from "../entity.ts";
import { derivedId, microsOf } from "../legacy_id.ts";
import { cut } from "../text.ts";
import { suppressSameDigits } from "./opt_outs.ts";

const Email = z.email();

/** Parts of a name, as lead imports split it: "Mensah, Ama" and "Ama Mensah". */
export function splitName(text: string): { first: string; last: string } {
  const [family = "", given] = text.split(/\s*,\s*/, 2);
  if (given) return { first: given, last: family };
  const space = text.lastIndexOf(" ");
  return space === -1
    ? { first: text, last: "" }
    : { first: text.slice(0, space).trim(), last: text.slice(space + 1) };
}

/** First and last name from their own columns, or from one column with both. */
export function namesOf(cells: Cells): { first: string; last: string } {
  const first = cells.text("first_name", 100);
  const last = cells.text("last_name", 100);
  const full = first === null && last === null ? cells.text("full_name", 200) : null;
  const names = full === null ? { first: first ?? "", last: last ?? "" } : splitName(full);
  return {
    first: cut(names.first, 100),
    last: cut(names.last, 100),
  };
}

function emailOf(cells: Cells): string | null {
  const email = cells.text("email", 254)?.replace(/^mailto:/i, "").toLowerCase() ?? null;
  if (email === null || Email.safeParse(email).success) return email;
  cells.note("email", "This is not an e-mail address.");
  return null;
}

function tagsOf(cells: Cells): string[] {
  const old = cells.raw("tags");
  const tags = Array.isArray(old) ? old.map(String) : String(old ?? "").split(/[,;|]/);
  const clean = [
    ...new Set(
      tags.map((tag) => cut(cleanText(tag), 50)).filter((tag) => tag !== ""),
    ),
  ];
  if (clean.length > 50) {
    cells.note("tags", "Only the first 50 tags were kept.");
  }
  return clean.slice(0, 50);
}

function valueOf(cells: Cells): string {
  const value = cells.money("value") ?? "0.00";
  if (!value.startsWith("-")) return value;
  cells.note("value", "The value of a lead is not negative.");
  return "0.00";
}

/** A response clock with the old deadline: it goes on if the deadline is to come, and is breached if it has passed. */
function clockOf(
  cells: Cells,
  context: Context,
  isOpen: boolean,
  startedAt: string,
) {
  const none = {
    sla_status: null,
    sla_started_at: null,
    sla_deadline: null,
    sla_next_at: null,
    sla_responded_at: null,
    sla_breached_at: null,
    sla_explicit: false,
  };
  const deadline = cells.time("deadline");
  if (deadline === null || !isOpen) return none;
  const responded = cells.time("responded_at");
  const clock = {
    ...none,
    sla_started_at: startedAt,
    sla_deadline: deadline,
    sla_explicit: true,
  };
  const isLate = microsOf(deadline) <= microsOf(responded ?? context.now) ||
    cells.flag("breached") === true;
  if (isLate) {
    return {
      ...clock,
      sla_status: "breached",
      sla_breached_at: deadline,
      sla_responded_at: responded,
    };
  }
  if (responded !== null) {
    return { ...clock, sla_status: "met", sla_responded_at: responded };
  }
  const remindAt = new Date(
    Number(microsOf(deadline) / 1000n) - context.reminderMinutes * 60_000,
  ).toISOString();
  return remindAt > context.now
    ? { ...clock, sla_status: "running", sla_next_at: remindAt }
    : { ...clock, sla_status: "due_soon", sla_next_at: deadline };
}

function contactOf(cells: Cells, context: Context) {
  const country = cells.country("country");
  const { first, last } = namesOf(cells);
  const phone = cells.phone("phone", country ?? context.place.country);
  return {
    first_name: first,
    last_name: last,
    email: emailOf(cells),
    phone,
    country,
  };
}

/** Leads with their ids. They start no response clocks: only a deadline that the old service had goes on. */
export const leads: Entity = {
  required: [],
  table: "leads",
  figures: { money: "t.value", amount: valueOf, by: "status" },
  begin: (tx, context, step, source) =>
    context.leadFields.begin(tx, source, step, context.organizationId),
  read(cells, context) {
    const contact = contactOf(cells, context);
    if (
      !contact.first_name && !contact.last_name && !contact.email &&
      !contact.phone
    ) {
      cells.leaveOut("full_name", "The lead has no name, address or number.");
      return null;
    }
    const status = cells.choice("status", context.stages);
    if (status === null) {
      cells.leaveOut("status", "The stage is not one of the pipeline.");
      return null;
    }
    const created = cells.time("created_at") ?? context.now;
    const updated = cells.time("updated_at") ?? created;
    const assigned = context.people.find(cells.raw("assigned_to"));
    const assignedAt = assigned === null ? null : cells.time("assigned_at") ?? updated;
    const isClosed = context.closedStages.has(status);
    const deleted = cells.time("deleted_at") ??
      (cells.flag("deleted") ? updated : null);
    return {
      id: cells.id(),
      organization_id: context.organizationId,
      version: 1,
      ...contact,
      source: cells.text("source", 100)?.toLowerCase() ?? "import",
      status,
      status_since: cells.time("status_since") ?? updated,
      closed_at: isClosed ? cells.time("closed_at") ?? updated : null,
      value: valueOf(cells),
      currency: context.place.currency,
      tags: tagsOf(cells),
      region: cells.text("region", 100),
      custom_fields: context.leadFields.read(cells, context.place.country),
      assigned_to: assigned,
      assigned_at: assignedAt,
      created_by: context.people.find(cells.raw("created_by")),
      ...clockOf(
        cells,
        context,
        assigned !== null && !isClosed && deleted === null,
        assignedAt ?? created,
      ),
      deleted_at: deleted,
      created_at: created,
      updated_at: updated,
    };
  },
  after: suppressSameDigits,
};

/** Students of leads. */
export const students: Entity = {
  required: ["lead_id"],
  table: "students",
  references: { lead_id: { table: "leads", needed: true } },
  read(cells, context, step) {
    const { first, last } = namesOf(cells);
    if (first === "" && last === "") {
      cells.leaveOut("full_name", "The student has no name.");
      return null;
    }
    const created = cells.time("created_at") ?? context.now;
    return {
      id: derivedId(created, context.place.origin, step.name, cells.oldId),
      organization_id: context.organizationId,
      lead_id: cells.reference("lead_id", "leads"),
      first_name: first || last,
      last_name: first ? last : "",
      birth_date: cells.date("birth_date"),
      grade: cells.text("grade", 50),
      school: cells.text("school", 200),
      notes: cells.lines("notes", 5_000),
      created_by: context.people.find(cells.raw("created_by")),
      created_at: created,
      updated_at: cells.time("updated_at") ?? created,
    };
  },
};
