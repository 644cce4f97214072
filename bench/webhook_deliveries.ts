import { demoOrganization, type Session, signIn } from "./support/api.ts";
import { alternate, type Bench, type Benchmark } from "./support/benchmark.ts";
import { inWorker } from "./support/fetch_loop.ts";

const deliveries = Number(Deno.env.get("WEBHOOK_DELIVERIES") ?? 10_000);
const rounds = 3;
/** How long the receiver takes, in ms. */
const latencyMs = 20;
/** Requests of a sender to one endpoint at once. */
const concurrency = 10;
const waitMs = 300_000;

/** A receiver that answers after 20 ms and keeps when each message came. */
function newReceiver() {
  const came = new Map<string, number>();
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(options, async (request) => {
    const id = request.headers.get("webhook-id") ?? "";
    if (came.has(id)) throw new Error(`${id} came twice.`);
    came.set(id, performance.now());
    await request.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, latencyMs));
    return Response.json({});
  });
  return { came, server, url: `http://127.0.0.1:${server.addr.port}/hook` };
}
type Receiver = ReturnType<typeof newReceiver>;

/** Messages a second, from the first to the last. */
function rateOf({ came }: Receiver): number {
  if (came.size !== deliveries) throw new Error(`${came.size} of ${deliveries} messages came.`);
  const times = [...came.values()].toSorted((a, b) => a - b);
  return (times.length - 1) / ((times.at(-1) ?? 0) - (times[0] ?? 0)) * 1_000;
}

let customers = 0;

/** Adds customers in one statement and waits until each is recorded as delivered. */
async function ours({ sql }: Bench, receiver: Receiver): Promise<number> {
  receiver.came.clear();
  const first = customers;
  customers += deliveries;
  await sql`
    insert into public.customers (organization_id, name, account_number, phone, currency)
    select ${demoOrganization}, 'Ama', 'WB-' || n, '+233244000001', 'GHS'
    from generate_series(${first + 1}::integer, ${customers}::integer) n`;
  const limit = Date.now() + waitMs;
  while (receiver.came.size < deliveries || await isUnderWay(sql)) {
    if (Date.now() > limit) throw new Error(`Not all was delivered within ${waitMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return rateOf(receiver);
}

/** Asked often, so from the index of what is under way. */
async function isUnderWay(sql: Bench["sql"]): Promise<boolean> {
  const [answer] = await sql`
    select exists (select from private.webhook_deliveries where status = 'sending') as some`;
  return answer?.["some"];
}

/** The same requests by bare `fetch`, whose ids are made up front; the receiver tells them apart by one header each. */
async function baseline(receiver: Receiver): Promise<number> {
  receiver.came.clear();
  const body = JSON.stringify({
    type: "customer.created",
    timestamp: new Date().toISOString(),
    data: { customer_id: crypto.randomUUID(), status: "connected" },
  });
  await inWorker({
    url: receiver.url,
    headers: { "content-type": "application/json" },
    idHeader: "webhook-id",
    bodies: Array.from({ length: deliveries }, () => body),
    concurrency,
  });
  return rateOf(receiver);
}

async function subscribe(admin: Session, url: string): Promise<void> {
  await admin.call({
    path: "/admin/integrations/webhooks",
    body: { url, events: ["customer.created"] },
    headers: { "x-organization-id": demoOrganization },
  });
}

async function run(bench: Bench) {
  const receiver = newReceiver();
  try {
    await subscribe(await signIn(bench.status, "admin"), receiver.url);
    const rates = await alternate(rounds, () => ours(bench, receiver), () => baseline(receiver));
    const count = deliveries.toLocaleString("en");
    return {
      rows: [{
        what: `${count} events delivered to a receiver at ${latencyMs} ms`,
        ...rates,
        unit: "/s",
        target: { atLeast: 0.6 },
      }],
      notes: [
        `${count} customers are added in one statement; each message came once and is signed. Baseline: a loop of \`fetch\` ` +
        `in a worker, ${concurrency} at once as the sender has it, without signatures and a database.`,
      ],
    };
  } finally {
    await receiver.server.shutdown();
  }
}

/** How fast events reach a receiver, against a loop of `fetch` that does nothing else. */
export const webhookDeliveries: Benchmark = { title: "Webhooks out: delivery", run };
