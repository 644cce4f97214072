import { countSegments } from "../../../supabase/functions/_shared/messaging/segments.ts";
import type { Cells } from "../cells.ts";
import { type Entity, PASSED_OVER } from "../entity.ts";
import { derivedId, microsOf } from "../legacy_id.ts";

const DIRECTIONS = new Set(["inbound", "outbound"]);
const PROVIDERS = new Set(["twilio", "arkesel"]);
const STATUSES = new Set([
  "sent",
  "delivered",
  "undelivered",
  "failed",
  "canceled",
]);

/** The two numbers of a message: ours as it is written, the other side's as E.164 where it can be read. */
function numbersOf(
  cells: Cells,
  direction: string,
): { to: string; from: string } | null {
  const other = direction === "inbound" ? "from" : "to";
  const phone = cells.phone(other) ??
    (direction === "inbound" ? cells.text(other, 50) : null);
  const ours = cells.text(direction === "inbound" ? "to" : "from", 50) ??
    "unknown";
  if (phone === null) {
    cells.leaveOut(other, "A message has a number.");
    return null;
  }
  return direction === "inbound" ? { to: ours, from: phone } : { to: phone, from: ours };
}

function bodyOf(cells: Cells): string {
  const body = String(cells.raw("body") ?? "").toWellFormed();
  if (body.length <= 1_600) return body;
  cells.note("body", "This is longer than 1,600 characters and was cut.");
  // Twilio counts UTF-16 code units; a character of two is not halved.
  return body.slice(0, 1_600).replace(/[\ud800-\udbff]$/, "");
}

/** An accepted message without a receipt: its provider is not asked about it any more. */
const outcomeOf = (status: string, at: string) =>
  status === "sent"
    ? { unknown_at: at, unknown_reason: "too_old" }
    : { unknown_at: null, unknown_reason: null };

/** Messages, out and in. None is queued: what the old service had not sent is canceled. */
export const messages: Entity = {
  required: ["body", "at"],
  table: "messages",
  references: {
    customer_id: { table: "customers", needed: false },
    lead_id: { table: "leads", needed: false },
    campaign_id: { table: "campaigns", needed: false },
  },
  figures: { by: "status" },
  read(cells, context) {
    const at = cells.time("at");
    if (at === null) {
      cells.leaveOut("at", "A message has a time.");
      return null;
    }
    if (microsOf(at) < microsOf(context.messagesSince)) return PASSED_OVER;
    const direction = cells.choice("direction", DIRECTIONS) ?? "outbound";
    const status = direction === "inbound" ? "received" : cells.choice("status", STATUSES);
    const numbers = numbersOf(cells, direction);
    if (status === null) cells.leaveOut("status", "The status is missing.");
    if (status === null || numbers === null) return null;
    const body = bodyOf(cells);
    if (body === "" && direction === "outbound") {
      cells.leaveOut("body", "A message has a text.");
      return null;
    }
    const { encoding, segments } = countSegments(body);
    const campaign = cells.reference("campaign_id", "campaigns");
    return {
      // The same as in the step of replies, whatever this step is called.
      id: derivedId(at, context.place.origin, "messages", cells.oldId),
      organization_id: context.organizationId,
      direction,
      category: campaign === null ? "service" : "marketing",
      purpose: "custom",
      customer_id: cells.reference("customer_id", "customers"),
      lead_id: cells.reference("lead_id", "leads"),
      campaign_id: campaign,
      to_number: numbers.to,
      from_number: numbers.from,
      body,
      encoding,
      segments,
      status,
      provider: cells.choice("provider", PROVIDERS) ?? "twilio",
      provider_message_id: cells.text("provider_message_id", 100),
      error_code: cells.text("error_code", 50),
      error_message: cells.text("error_message", 500),
      attempts: 1,
      send_after: at,
      sent_at: status === "canceled" ? null : cells.time("sent_at") ?? at,
      delivered_at: status === "delivered" ? cells.time("delivered_at") ?? at : null,
      media: [],
      created_by: context.people.find(cells.raw("created_by")),
      ...outcomeOf(status, at),
      lookups_made: 0,
      created_at: at,
      updated_at: at,
    };
  },
};
