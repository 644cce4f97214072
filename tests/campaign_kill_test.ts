import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import postgres from "postgres";
import type { Status } from "../local/status_file.ts";
import { type Outcome, outcomeOf, reportedStatus } from "./support/audience.ts";
import { checkCarrier, checkRate } from "./support/carrier_checker.ts";
import { freePorts } from "./support/free_ports.ts";
import { startStack, tokenOf } from "./support/own_stack.ts";
import { until } from "./support/wait.ts";
import { arrange, isKnown, type Member, TWO_WORDINGS } from "./support/whole_campaign.ts";
import { firstsOf, type Hours, hoursOf, settled } from "./support/whole_outcome.ts";
import type { CarrierMessage } from "./sms/support.ts";

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
    await running
      .sql`update public.organizations set marketing_gap_messages = 2, marketing_gap_hours = 24
      where id = ${DEMO.id}`;
    const { members, senders } = await arrange(running.sql, DEMO, LEADS, PER_SECOND);
    const hours = await hoursOf(running.sql, members);
    const began = Date.now();
    const numbers = senders.map(({ number }) => number);
    const campaign = await begin(running, senders.map(({ id }) => id), members);

    for (let kill = 1; kill <= 3; kill++) {
      const texts = await carried(running, numbers);
      await until(async () => (await carried(running, numbers)).length >= texts.length + 60, {
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

    await checkOutcomes(running.sql, { campaign, members, hours, began });
    await checkTheCarrier(running, { campaign, members, hours, numbers });
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
async function begin(running: Running, numbers: string[], members: Member[]): Promise<string> {
  const template = await call<{ id: string }>(running, "/templates", TWO_WORDINGS);
  const { id } = await call<{ id: string }>(running, "/campaigns", {
    name: "Killed three times",
    audience: {
      lead_ids: members.filter(({ kind }) => kind !== "deleted_before").map(({ lead }) => lead),
    },
    templates: [{ template_id: template.id }],
    numbers,
    pause_error_rate: 0.9,
    pause_filtered_rate: 0.9,
  });
  await call(running, `/campaigns/${id}/start`, {});
  return id;
}

/** Two dispatchers at once, a pause in the middle, and on. */
async function pauseAndResume(running: Running, campaign: string): Promise<void> {
  const dispatch = () => running.sql`select private.invoke('jobs/dispatch-messages')`;
  await Promise.all([dispatch(), dispatch()]);
  await call(running, `/campaigns/${campaign}/pause`, {});
  await call(running, `/campaigns/${campaign}/resume`, {});
  await Promise.all([dispatch(), dispatch()]);
}

async function carried(
  { status }: Running,
  numbers: string[],
): Promise<CarrierMessage[]> {
  const response = await fetch(`${status.carrier_url}/messages`);
  const messages: CarrierMessage[] = await response.json();
  return messages.filter(({ from }) => numbers.includes(from));
}

interface Checked {
  campaign: string;
  members: Member[];
  hours: Hours;
}

/** Each lead's target is what the rules give it. A text whose fate nobody knows is held, not sent again. */
async function checkOutcomes(
  sql: postgres.Sql,
  { campaign, members, hours, began }: Checked & { began: number },
) {
  const targets = await sql`
    select t.lead_id, t.status, t.reason, m.status as message, m.held_at from public.campaign_targets t
    left join public.messages m on m.id = t.message_id where t.campaign_id = ${campaign}`;
  const found = new Map(targets.map((row) => [row["lead_id"], row]));
  assert.equal(found.size, targets.length);
  const firsts = firstsOf(members);
  for (const member of members) {
    const row = found.get(member.lead);
    const came = {
      target: row?.["status"] ?? null,
      reason: row?.["reason"] ?? null,
      message: reportedStatus(member.phone, row?.["message"] ?? null),
    };
    const allowed = [began, Date.now()].flatMap((at): Outcome[] => {
      // Nobody decides about the doubtful replies: it is as if their hours never came.
      const open = member.kind !== "doubtful" && member.phone !== null &&
        hours.isOpen(member.phone, at);
      const outcome = outcomeOf(member, {
        firstOfNumber: firsts.has(member.lead),
        reached: true,
        open,
      });
      const held = { ...outcome, message: "sending" };
      return row?.["held_at"] && outcome.message !== null ? [outcome, held] : [outcome];
    });
    assert.ok(
      allowed.some((outcome) => isDeepStrictEqual(outcome, came)),
      `${JSON.stringify(member)} came to ${JSON.stringify(came)}, not ${JSON.stringify(allowed)}`,
    );
  }
}

async function checkTheCarrier(
  running: Running,
  { campaign, members, hours, numbers }: Checked & { numbers: string[] },
) {
  const texts = await carried(running, numbers);
  checkCarrier(texts.map((text) => ({ ...text, at: Date.parse(text.accepted_at) })), {
    forbidden: new Map(),
    isOpen: hours.isOpen,
    senders: numbers,
    knownFrom: new Map(
      members.filter(({ kind, phone }) => kind === "ordinary" && isKnown(phone))
        .map(({ phone }) => [phone ?? "", numbers[2] ?? ""]),
    ),
  });
  const ours = await running.sql`
    select provider_message_id, to_number, from_number, body, held_at from public.messages where campaign_id = ${campaign}`;
  assert.deepEqual(
    texts.map(({ id, to, from, body }) => `${id} ${to} ${from} ${body}`).sort(),
    ours.filter((m) => m["provider_message_id"] !== null)
      .map((m) => `${m["provider_message_id"]} ${m["to_number"]} ${m["from_number"]} ${m["body"]}`)
      .sort(),
  );
  const claims = await running.sql`
    select m.from_number, m.checked_at, e.occurred_at from public.message_events e join public.messages m on m.id = e.message_id
    where m.campaign_id = ${campaign} and e.status = 'sending'`;
  for (const number of numbers) {
    const own = claims.filter((claim) => claim["from_number"] === number)
      .map((claim) => ({
        began: claim["checked_at"].getTime(),
        at: claim["occurred_at"].getTime(),
      }));
    checkRate(own, PER_SECOND, number);
  }
}
