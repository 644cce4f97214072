import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import type { Status } from "../local/status_file.ts";
import { firstsOf, type Lead } from "./support/campaign_crowd.ts";
import { lawHolds, outcomesHold, textsHold } from "./support/campaign_laws.ts";
import { outcomeOf } from "./support/campaign_model.ts";
import { carriedFrom, claimsOf, ourTexts, settled, targetsOf } from "./support/campaign_record.ts";
import { freePorts } from "./support/free_ports.ts";
import { startStack, tokenOf } from "./support/own_stack.ts";
import { until } from "./support/wait.ts";
import { arrange, CAPPED, TWO_WORDINGS, wordingsOf } from "./support/whole_campaign.ts";

const LEADS = 2_000;
/** Texts a second of each of the three numbers. */
const PER_SECOND = 20;
/** The demo organization, which every new stack has. */
const DEMO = { id: "0199aa00-0000-7000-8000-000000000001" };

/** A running stack, a person of it, and its database. */
interface Running {
  child: Deno.ChildProcess;
  status: Status;
  token: string;
  sql: postgres.Sql;
}

Deno.test("a campaign whose stack is killed three times leaves nobody out and texts nobody twice", async () => {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-campaign-kill-" });
  const port = freePorts(31_200);
  let running = await start(folder, port);
  try {
    await running.sql`update public.organizations set ${running.sql(CAPPED)} where id = ${DEMO.id}`;
    const { leads, senders, kept, rules } = await arrange(running.sql, DEMO, LEADS, PER_SECOND);
    const began = Date.now();
    const numbers = senders.map(({ number }) => number);
    const carried = () => carriedFrom(running.status.carrier_url, numbers);
    const { campaign, wordings } = await begin(running, senders.map(({ id }) => id), leads);

    for (let kill = 1; kill <= 3; kill++) {
      const { length } = await carried();
      await until(async () => (await carried()).length >= length + 60, {
        timeoutMs: 300_000,
        what: `texts after kill ${kill - 1}`,
      });
      running.child.kill("SIGKILL");
      await running.child.status;
      await running.sql.end({ timeout: 1 });
      await Deno.remove(join(folder, "status.json"));
      running = await start(folder, port);
      await pauseAndResume(running, campaign);
    }
    await settled(running.sql, campaign);

    const firsts = firstsOf(leads);
    const ended = Date.now();
    const allowed = ({ id, frozen }: Lead) =>
      [began, ended].map((at) =>
        outcomeOf(rules, { frozen, claimed: frozen }, {
          earlier: !firsts.has(id),
          needsLastName: true,
          at,
        })
      );
    const { sql } = running;
    const ours = (await ourTexts(sql, DEMO.id)).filter((text) => text.campaign_id === campaign);
    // A text whose fate nobody knows is held, not sent again. Nothing changes after the freeze.
    const nobodys = ["lead_deleted", "number_changed"];
    outcomesHold(leads, await targetsOf(sql, campaign), ours, allowed, nobodys);
    textsHold(leads, ours, { wordings, organization: "" });
    lawHolds({
      rules,
      leads,
      carried: await carried(),
      ours,
      claims: await claimsOf(sql, campaign),
      known: new Map(),
      kept,
      numbers,
      rates: { number: PER_SECOND },
    });
  } finally {
    await running.sql.end({ timeout: 1 });
    running.child.kill("SIGTERM");
    await running.child.status;
    await Deno.remove(folder, { recursive: true });
  }
});

async function start(folder: string, port: number): Promise<Running> {
  const { child, status } = await startStack(folder, port);
  const sql = postgres(status.db_url, { max: 2, onnotice: () => {} });
  return { child, status, sql, token: await tokenOf(status, "campaigns@demo.signalbox.test") };
}

async function call<T>({ status, token }: Running, path: string, body: unknown): Promise<T> {
  const response = await fetch(`${status.api_url}/functions/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  assert.ok(response.ok, JSON.stringify(answer));
  return answer;
}

/** Makes the campaign to all of the audience and starts it. */
async function begin(running: Running, numbers: string[], leads: Lead[]) {
  const template = await call<{ id: string; variants: { id: string }[] }>(
    running,
    "/templates",
    TWO_WORDINGS,
  );
  const { id } = await call<{ id: string }>(running, "/campaigns", {
    name: "Killed three times",
    audience: {
      lead_ids: leads.filter(({ frozen }) => !frozen.deleted).map((lead) => lead.id),
    },
    templates: [{ template_id: template.id }],
    numbers,
    pause_error_rate: 0.9,
    pause_filtered_rate: 0.9,
  });
  await call(running, `/campaigns/${id}/start`, {});
  return { campaign: id, wordings: wordingsOf(template) };
}

/** Two dispatchers at once, a pause in the middle, and on. */
async function pauseAndResume(running: Running, campaign: string): Promise<void> {
  const dispatch = () => running.sql`select private.invoke('jobs/dispatch-messages')`;
  await Promise.all([dispatch(), dispatch()]);
  await call(running, `/campaigns/${campaign}/pause`, {});
  await call(running, `/campaigns/${campaign}/resume`, {});
  await Promise.all([dispatch(), dispatch()]);
}
