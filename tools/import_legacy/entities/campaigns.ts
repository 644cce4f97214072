import type { Entity } from "../entity.ts";

/** Old placeholders of one brace become ours of two. */
const withDoubleBraces = (body: string): string =>
  body.replace(
    /(?<!\{)\{\s*([a-z_][a-z0-9_.]*)\s*\}(?!\})/gi,
    (_, name: string) => `{{${name.toLowerCase()}}}`,
  );

const CATEGORIES = new Set(["service", "marketing"]);

/** Texts of campaigns; one that does not say how to opt out is refused, as everywhere. */
export const templates: Entity = {
  required: ["name", "body"],
  table: "templates",
  read(cells, context) {
    const name = cells.text("name", 100);
    const body = cells.raw("body");
    if (name === null || body === null) {
      cells.leaveOut(
        name === null ? "name" : "body",
        "A template has a name and a text.",
      );
      return null;
    }
    const created = cells.time("created_at") ?? context.now;
    return {
      id: cells.id(),
      organization_id: context.organizationId,
      kind: "custom",
      name,
      body: withDoubleBraces(String(body).trim()),
      category: cells.choice("category", CATEGORIES) ?? "marketing",
      weight: 1,
      created_at: created,
      updated_at: cells.time("updated_at") ?? created,
    };
  },
};

const STATUSES = new Set(["draft", "completed", "canceled"]);

/** Campaigns. What the old service had not finished is canceled here: a person makes a new one of what is left. */
export const campaigns: Entity = {
  required: ["name", "status"],
  table: "campaigns",
  figures: { by: "status" },
  read(cells, context) {
    const name = cells.text("name", 200);
    const status = cells.choice("status", STATUSES);
    if (name === null || status === null) {
      cells.leaveOut(
        name === null ? "name" : "status",
        "A campaign has a name and a status.",
      );
      return null;
    }
    const created = cells.time("created_at") ?? context.now;
    const updated = cells.time("updated_at") ?? created;
    const old = cells.text("status", 50);
    return {
      id: cells.id(),
      organization_id: context.organizationId,
      name,
      status,
      version: 1,
      audience: {},
      late_after_minutes: 60,
      pause_error_rate: 0.2,
      pause_filtered_rate: 0.05,
      pause_after: 100,
      status_reason: status === "canceled"
        ? `It was ${old} in ${context.kind} when it was imported.`
        : null,
      scheduled_at: cells.time("scheduled_at"),
      started_at: cells.time("started_at"),
      finished_at: status === "draft" ? null : cells.time("finished_at") ?? updated,
      created_by: context.people.find(cells.raw("created_by")),
      created_at: created,
      updated_at: updated,
    };
  },
};

const TARGET_STATUSES = new Set(["sent", "excluded", "canceled"]);
const REASONS = new Set([
  "no_phone",
  "duplicate_number",
  "suppressed",
  "dnc",
  "no_consent",
]);

/** Who was in the audience of a campaign. Nobody of them is left to be texted. */
export const campaignTargets: Entity = {
  required: ["campaign_id", "lead_id", "status"],
  table: "campaign_targets",
  conflict: "(campaign_id, lead_id)",
  counted: { by: { campaign_id: "uuid", lead_id: "uuid" } },
  references: {
    campaign_id: { table: "campaigns", needed: true },
    lead_id: { table: "leads", needed: true },
  },
  read(cells, context) {
    const status = cells.choice("status", TARGET_STATUSES);
    if (status === null) {
      cells.leaveOut("status", "The status is missing.");
      return null;
    }
    return {
      organization_id: context.organizationId,
      campaign_id: cells.reference("campaign_id", "campaigns"),
      position: 0,
      lead_id: cells.reference("lead_id", "leads"),
      phone: cells.phone("phone"),
      status,
      reason: status === "excluded" ? cells.choice("reason", REASONS) ?? "suppressed" : null,
      send_after: cells.time("at") ?? context.now,
      updated_at: cells.time("at") ?? context.now,
    };
  },
  async prepare(tx, drafts) {
    const ids = [
      ...new Set(
        drafts.map(({ row }) => row["campaign_id"]).filter((id) => typeof id === "string"),
      ),
    ];
    const found = await tx`
      select campaign_id::text, max(position) as last from public.campaign_targets
      where campaign_id = any (${ids}::uuid[]) group by 1`;
    const last = new Map<string, number>(
      found.map((row) => [String(row["campaign_id"]), Number(row["last"])]),
    );
    for (const { row } of drafts) {
      const campaign = String(row["campaign_id"]);
      const position = (last.get(campaign) ?? 0) + 1;
      last.set(campaign, position);
      row["position"] = position;
    }
  },
};
