import type postgres from "postgres";
import { CARRIER_CREDENTIALS } from "../local/carrier/credentials.ts";
import { type Audience, loadAudience, openAllDay, startCampaign } from "./campaign_data.ts";
import { inWorker } from "./support/fetch_loop.ts";
import { alternate, type Bench, type Benchmark, median } from "./support/benchmark.ts";
import { carrierOf, rateOf } from "./support/carrier.ts";
import { cpuMeter } from "./support/cpu.ts";

const leads = 3_000;
const rounds = 3;
const concurrency = Number(Deno.env.get("DISPATCH_CONCURRENCY") ?? 100);
const waitMs = 180_000;
/** What the provider takes to answer, and where the time of a run is the provider's rather than this machine's. */
const latencyMs = 20;
const slowLatencyMs = 400;

/** A campaign with its audience frozen, and how many of it may be texted. */
async function frozen(sql: postgres.Sql, audience: Audience): Promise<{ id: string; due: number }> {
  const id = await startCampaign(sql, audience);
  await sql.begin(async (transaction) => {
    await transaction`select private.snapshot_audience_batch(${id}, 100000)`;
    await transaction`update public.campaigns set status = 'paused' where id = ${id}`;
  });
  // The end of a freeze calls a dispatcher. It finds a paused campaign, and must be gone when the run begins.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const [count] = await sql`
    select count(*)::int as due from public.campaign_targets where campaign_id = ${id} and status = 'pending'`;
  return { id, due: count?.due };
}

/** Runs of the dispatcher that call nobody to help. */
async function begin(sql: postgres.Sql, campaign: string, workers: number): Promise<void> {
  await sql`update public.campaigns set status = 'running' where id = ${campaign}`;
  await sql`
    select private.invoke('jobs/dispatch-messages', '{"called": true}') from generate_series(1, ${workers}::integer)`;
}

/** Sends a campaign and gives the carrier's rate. @throws unless each recipient that may be texted got one text. */
async function send(bench: Bench, audience: Audience, workers: number): Promise<number> {
  const { sql } = bench;
  const carrier = carrierOf(bench.status);
  const { id, due } = await frozen(sql, audience);
  const [waiting] = await sql`
    select count(*)::int as n from public.campaign_targets t
    where t.campaign_id = ${id} and t.status = 'pending' and exists (
      select from public.reply_reviews r where r.organization_id = t.organization_id and r.phone = t.phone and r.status = 'open')`;
  await carrier.clear();
  await begin(sql, id, workers);
  const limit = Date.now() + waitMs;
  for (let unsent = due; unsent > 0;) {
    if (Date.now() > limit) {
      throw new Error(`${unsent} of ${due} were not sent within ${waitMs} ms.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    const [left] = await sql`
      select count(*)::int as n from public.messages
      where organization_id = ${audience.organization} and campaign_id = ${id} and status = 'sent'`;
    unsent = due - waiting?.n - left?.n;
  }
  const accepted = await carrier.accepted();
  const people = new Set(accepted.map(({ to }) => to)).size;
  if (accepted.length !== due - waiting?.n || people !== accepted.length) {
    throw new Error(`The carrier has ${accepted.length} texts to ${people} people, not ${due}.`);
  }
  await sql`update public.campaigns set status = 'canceled' where id = ${id}`;
  return rateOf(accepted);
}

/** A loop of `fetch` that creates as many messages. */
async function bare({ status }: Bench, audience: Audience): Promise<number> {
  const carrier = carrierOf(status);
  await carrier.clear();
  const { twilioAccountSid: sid, twilioAuthToken: token } = CARRIER_CREDENTIALS;
  const bodies = Array.from({ length: leads }, (_, index) =>
    new URLSearchParams({
      To: `+1212${2_000_000 + index * 10 + 5}`,
      From: audience.number,
      Body: "Hi Ama, the open day is on Saturday. Reply STOP to opt out.",
      StatusCallback: `${status.api_url}/functions/v1/webhooks/twilio/status?token=${
        "x".repeat(45)
      }`,
    }).toString());
  await inWorker({
    url: `${carrier.url}/2010-04-01/Accounts/${sid}/Messages.json`,
    headers: {
      authorization: `Basic ${btoa(`${sid}:${token}`)}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    bodies,
    concurrency,
  });
  return rateOf(await carrier.accepted());
}

/** Milliseconds from the request to pause until the carrier accepted the last text, and from its answer. */
async function pause(
  bench: Bench,
  audience: Audience,
): Promise<{ asked: number; answered: number }> {
  const { sql } = bench;
  const carrier = carrierOf(bench.status);
  const { id } = await frozen(sql, audience);
  await carrier.clear();
  await begin(sql, id, 2);
  const limit = Date.now() + waitMs;
  for (let sent = 0; sent < 300;) {
    if (Date.now() > limit) throw new Error("Nothing was sent that a pause could stop.");
    const [count] =
      await sql`select count(*)::int as n from public.messages where campaign_id = ${id}`;
    sent = count?.n;
  }
  const asked = Date.now();
  const claims = JSON.stringify({ sub: audience.admin, role: "authenticated" });
  await sql.begin(async (transaction) => {
    await transaction`select set_config('request.jwt.claims', ${claims}, true)`;
    await transaction`set local role authenticated`;
    await transaction`select public.pause_campaign(${audience.organization}, ${id})`;
  });
  const answered = Date.now();
  for (let underWay = true; underWay;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const [some] = await sql`
      select exists (select from public.messages where campaign_id = ${id} and status = 'sending') as some`;
    underWay = some?.some;
  }
  const times = (await carrier.accepted()).map(({ accepted_at }) => Date.parse(accepted_at));
  const last = times.reduce((a, b) => Math.max(a, b), 0);
  await sql`update public.campaigns set status = 'canceled' where id = ${id}`;
  return { asked: last - asked, answered: last - answered };
}

async function run(bench: Bench) {
  const { sql } = bench;
  const carrier = carrierOf(bench.status);
  await carrier.pauseCallbacks();
  const audience = await loadAudience(sql, { leads, listed: 4_000 });
  await openAllDay(sql);
  // The clock would send a worker of its own into the middle of a run.
  await sql`update cron.job set active = false where jobname = 'dispatch-messages'`;
  await carrier.latency(latencyMs);
  const rates = await alternate(
    rounds,
    () => send(bench, audience, 2),
    () => bare(bench, audience),
  );
  const fast = cpuMeter();
  const two = await alternate(
    rounds,
    () => send(bench, audience, 2),
    () => send(bench, audience, 1),
  );
  const fastIdle = fast();
  const pauses: { asked: number; answered: number }[] = [];
  for (let i = 0; i < 5; i++) pauses.push(await pause(bench, audience));
  await carrier.latency(slowLatencyMs);
  const slow = cpuMeter();
  const slowTwo = await alternate(
    1,
    () => send(bench, audience, 2),
    () => send(bench, audience, 1),
  );
  const slowIdle = slow();
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return {
    rows: [
      { what: "texts of a campaign sent", ...rates, unit: "/s", target: { atLeast: 0.5 } },
      { what: `two workers against one, ${latencyMs} ms a text`, ...two, unit: "/s" },
      {
        what: `two workers against one, ${slowLatencyMs} ms a text`,
        ...slowTwo,
        unit: "/s",
        // It is asked of a machine with a processor to spare.
        ...(slowIdle > 0.3 ? { target: { atLeast: 1.6 } } : {}),
      },
      {
        what: "from the request to pause to the last text",
        ours: median(pauses.map(({ asked }) => asked)),
        unit: "ms",
        target: { atMost: 2_000 },
      },
      {
        what: "the longest of five pauses",
        ours: Math.max(...pauses.map(({ asked }) => asked)),
        unit: "ms",
        target: { atMost: 2_000 },
      },
    ],
    notes: [
      `The provider answers after ${latencyMs} ms. Each text is checked when it is claimed: the lead, opt-outs, three lists, ` +
      "consent, doubtful replies, the law's hours at the recipient's place, the organization's cap and rate and the number's; it " +
      "is rendered from its template. In every round each recipient that may be texted got one text. The baseline is a loop of " +
      `\`fetch\` with ${concurrency} requests at once that creates as many messages. Windows are moved so that they are open at any hour.`,
      `While workers were compared, ${
        percent(fastIdle)
      } of the machine's CPU was free at ${latencyMs} ms and ${
        percent(slowIdle)
      } at ${slowLatencyMs} ms: a second worker helps where the time is the provider's.`,
    ],
  };
}

/** How fast a campaign goes out with every check, and how soon it stops. */
export const campaignDispatch: Benchmark = { title: "Sending a campaign", run };
