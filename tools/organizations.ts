/*
 * What an operator of the platform does with organizations and the deployment's settings:
 *
 *   deno task organizations list [--standing sandbox] [--search <part of the name>]
 *   deno task organizations approve <id> --operator <name> [--reason <text>]
 *   deno task organizations suspend <id> --operator <name> --reason <text>
 *   deno task organizations limit <id> --operator <name> [--reason <text>] [--max-segments-per-day <n>|none]
 *     [--permitted-countries GH,NG|none]
 *   deno task organizations settings [--operator <name>] [--registration open|invitation|closed]
 *     [--new-organizations sandbox|approved] [--new-senders pending|active] [--max-organizations-per-person <n>]
 *     [--trusted-ip-header <name>] [--max-segments-per-day <n>|none] [--permitted-countries GH,NG|none]
 *   deno task organizations senders [--status pending] [--search <part of the sender>]
 *   deno task organizations approve-sender <sender's id> --operator <name>
 *   deno task organizations refuse-sender <sender's id> --operator <name> --reason <text>
 *   deno task organizations assign-sender <organization's id> --operator <name> --provider twilio|arkesel
 *     --sender <number or name>
 *
 * SUPABASE_URL and SUPABASE_SECRET_KEY name the project; without them it is the running local stack. Each decision is in
 * the audit log with the operator's name.
 */
import { parseArgs } from "node:util";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { messageOf, say, warn } from "../local/log.ts";
import { dataDirFromEnv } from "../local/settings.ts";
import { readStatus } from "../local/status_file.ts";
import type { Database } from "../supabase/functions/_shared/database.types.ts";

function project(): { url: string; key: string } {
  const url = Deno.env.get("SUPABASE_URL");
  const key = Deno.env.get("SUPABASE_SECRET_KEY");
  if (url && key) return { url, key };
  const status = readStatus(dataDirFromEnv());
  if (!status) {
    throw new Error(
      "Set SUPABASE_URL and SUPABASE_SECRET_KEY, or start a stack.",
    );
  }
  const { api_url, secret_key } = JSON.parse(status);
  return { url: api_url, key: secret_key };
}

const { positionals: [command, id], values } = parseArgs({
  allowPositionals: true,
  options: {
    standing: { type: "string" },
    status: { type: "string" },
    provider: { type: "string" },
    sender: { type: "string" },
    search: { type: "string" },
    operator: { type: "string" },
    reason: { type: "string" },
    registration: { type: "string" },
    "new-organizations": { type: "string" },
    "new-senders": { type: "string" },
    "max-organizations-per-person": { type: "string" },
    "trusted-ip-header": { type: "string" },
    "max-segments-per-day": { type: "string" },
    "permitted-countries": { type: "string" },
  },
});

/** The limits that were given; `none` ends one. */
function limits(): Record<string, number | string[] | null> {
  const segments = values["max-segments-per-day"];
  const countries = values["permitted-countries"];
  return {
    ...(segments !== undefined &&
      { max_segments_per_day: segments === "none" ? null : Number(segments) }),
    ...(countries !== undefined &&
      { permitted_countries: countries === "none" ? null : countries.split(",") }),
  };
}

/** The settings that were given, under their names in the database. */
function changes(): Record<string, string | number | string[] | null> {
  const given = Object.entries({
    registration: values.registration,
    new_organizations: values["new-organizations"],
    new_senders: values["new-senders"],
    max_organizations_per_person: values["max-organizations-per-person"],
    trusted_ip_header: values["trusted-ip-header"],
  });
  return {
    ...Object.fromEntries(
      given.filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    ...limits(),
  };
}

async function run(): Promise<unknown> {
  const { url, key } = project();
  const db = createClient<Database>(url, key, {
    auth: { persistSession: false },
  });
  const operator = values.operator ?? "";
  const reason = values.reason ?? "";
  switch (command) {
    case "list": {
      const { standing, search } = values;
      const filters = {
        ...(standing && { standing }),
        ...(search && { search }),
      };
      return await db.rpc("list_organizations", { filters, page_limit: 200 })
        .throwOnError();
    }
    case "approve":
      return await db.rpc("approve_organization", {
        organization_id: id ?? "",
        operator,
        reason,
      })
        .throwOnError();
    case "suspend":
      return await db.rpc("suspend_organization", {
        organization_id: id ?? "",
        operator,
        reason,
      })
        .throwOnError();
    case "limit":
      return await db.rpc("limit_organization", {
        organization_id: id ?? "",
        limits: limits(),
        operator,
        reason,
      })
        .throwOnError();
    case "settings":
      return await db.rpc("change_deployment", { changes: changes(), operator })
        .throwOnError();
    default:
      return await runForSenders(db, operator, reason);
  }
}

async function runForSenders(
  db: SupabaseClient<Database>,
  operator: string,
  reason: string,
): Promise<unknown> {
  const { status, search, provider = "", sender = "" } = values;
  switch (command) {
    case "senders": {
      const filters = { ...(status && { status }), ...(search && { search }) };
      return await db.rpc("list_senders", { filters, page_limit: 200 }).throwOnError();
    }
    case "approve-sender":
      return await db.rpc("approve_sender", { account_id: id ?? "", operator }).throwOnError();
    case "refuse-sender":
      return await db.rpc("refuse_sender", { account_id: id ?? "", operator, reason })
        .throwOnError();
    case "assign-sender":
      return await db.rpc("assign_sender", {
        organization_id: id ?? "",
        provider,
        sender,
        operator,
      }).throwOnError();
    default:
      throw new Error(
        "Give one of list, approve, suspend, limit, settings, senders, approve-sender, refuse-sender and assign-sender.",
      );
  }
}

try {
  const answer = await run();
  const data = typeof answer === "object" && answer !== null && "data" in answer
    ? answer.data
    : null;
  say(JSON.stringify(data, null, 2));
} catch (error) {
  warn(messageOf(error));
  Deno.exit(1);
}
