import { CARRIER_CREDENTIALS } from "../local/carrier/credentials.ts";
import { type ApiRequest, type Session, signIn } from "./support/api.ts";
import { alternate, type Bench, type Benchmark } from "./support/benchmark.ts";
import { type Accepted, carrierOf, rateOf } from "./support/carrier.ts";
import { inWorker } from "./support/fetch_loop.ts";
import { jobRuns, mostAtOnce } from "./support/job_runs.ts";
import { phoneOf } from "./support/numbers.ts";

const messages = 10_000;
const rounds = 3;
const concurrency = Number(Deno.env.get("DISPATCH_CONCURRENCY") ?? 100);
const waitMs = 120_000;
const text = "Dear customer, your account is in arrears. Please pay soon to avoid disconnection.";

/** All of them through the public API, so that the queue starts its own dispatcher. */
const bulk: ApiRequest = {
  path: "/sms/send-bulk",
  body: {
    message: text,
    recipients: Array.from({ length: messages }, (_, index) => ({ to: phoneOf(index) })),
  },
};

/** Queues, waits until the carrier has all of them and the database knows, and gives the rate. */
async function ours({ status, sql }: Bench, session: Session): Promise<number> {
  const carrier = carrierOf(status);
  await carrier.clear();
  await session.call(bulk);
  const limit = Date.now() + waitMs;
  while (await isUnderWay(sql)) {
    if (Date.now() > limit) throw new Error(`Not all messages were sent within ${waitMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const [unsent] = await sql`select count(*)::int as n from public.messages where status <> 'sent'`;
  if (unsent?.n !== 0) throw new Error(`${unsent?.n} messages were not sent.`);
  return rateOf(allDifferent(await carrier.accepted()));
}

/** Asked often, so from the indexes of what is queued and what is being sent. */
async function isUnderWay(sql: Bench["sql"]): Promise<boolean> {
  const [answer] = await sql`
    select exists (select from public.messages where status = 'queued')
      or exists (select from public.messages where status = 'sending') as some`;
  return answer?.some;
}

async function baseline({ status }: Bench): Promise<number> {
  const carrier = carrierOf(status);
  await carrier.clear();
  const callbackUrl = `${status.api_url}/functions/v1/webhooks/arkesel/delivery?token=${
    "x".repeat(45)
  }`;
  const bodies = Array.from({ length: messages }, (_, index) =>
    JSON.stringify({
      sender: "DemoPower",
      message: text,
      recipients: [phoneOf(index).slice(1)],
      callback_url: callbackUrl,
    }));
  await inWorker({
    url: `${carrier.url}/api/v2/sms/send`,
    headers: { "api-key": CARRIER_CREDENTIALS.arkeselApiKey, "content-type": "application/json" },
    bodies,
    concurrency,
  });
  return rateOf(allDifferent(await carrier.accepted()));
}

/** @throws when a recipient got none or more than one. */
function allDifferent(accepted: Accepted[]): Accepted[] {
  const recipients = new Set(accepted.map(({ to }) => to)).size;
  if (accepted.length !== messages || recipients !== messages) {
    throw new Error(
      `The carrier accepted ${accepted.length} messages to ${recipients} recipients.`,
    );
  }
  return accepted;
}

async function run(bench: Bench) {
  const session = await signIn(bench.status, "clerk");
  await carrierOf(bench.status).pauseCallbacks();
  const rates = await alternate(rounds, () => ours(bench, session), () => baseline(bench));
  const runs = jobRuns(await bench.log(), "dispatch-messages");
  const sharing = mostAtOnce(runs);
  return {
    rows: [
      {
        what: `${messages.toLocaleString("en")} messages sent`,
        ...rates,
        unit: "/s",
        target: { atLeast: 0.6 },
      },
      { what: "dispatchers at once", ours: sharing, unit: "runs", target: { atLeast: 2 } },
    ],
    notes: [
      `In every round each of the ${
        messages.toLocaleString("en")
      } recipients got exactly one message and each message ` +
      `ended as \`sent\`. Callbacks are held back for both sides. ${runs.length} runs did the sending.`,
    ],
  };
}

/** How fast the queue is emptied, against a loop of `fetch` that does nothing else. */
export const dispatch: Benchmark = { title: "Sending", run };
