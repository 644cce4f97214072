import type postgres from "postgres";
import { addAdmin, addTenants, queueTexts, stopDispatcher, zipf } from "./scaling_data.ts";
import { type Bench, type Benchmark, median, type Row, timed } from "./support/benchmark.ts";
import { usageOf } from "./support/process_cpu.ts";

const leads = 100_000;
const texts = 10_000;
const receipts = 2_000;
const lists = 100;

/** Milliseconds of processor time that PostgreSQL uses for some work. */
async function postgresMs(pid: number, work: () => Promise<unknown>): Promise<number> {
  const before = usageOf(pid).postgres;
  await work();
  return usageOf(pid).postgres - before;
}

interface Claimed {
  id: string;
  attempts: number;
}

interface Sending {
  sent: string[];
  steps: number[];
}

/** A dispatcher whose provider accepts everything at once: claims and records until nothing is due. */
async function sendAll(sql: postgres.Sql): Promise<Sending> {
  const done: Sending = { sent: [], steps: [] };
  let outcomes: unknown[] = [];
  while (true) {
    let claimed: Claimed[] = [];
    done.steps.push(
      await timed(async () => {
        const [row] = await sql`
          select public.exchange_dispatch_batch((${
          JSON.stringify(outcomes)
        }::text)::jsonb, 100) as step`;
        claimed = row?.["step"].messages;
      }),
    );
    if (claimed.length === 0) return done;
    done.sent.push(...claimed.map(({ id }) => id));
    outcomes = claimed.map(({ id, attempts }) => ({
      id,
      attempt: attempts,
      kind: "accepted",
      provider_message_id: `SM${id.replaceAll("-", "")}`,
      segments: 1,
    }));
  }
}

async function reportReceipts(sql: postgres.Sql, ids: string[]): Promise<void> {
  for (const id of ids) {
    await sql`
      select public.record_receipt('twilio', ${`SM${
      id.replaceAll("-", "")
    }`}, 'delivered', message_id => ${id}::uuid)`;
  }
}

/** The newest page of a tenant's leads as an admin of it asks for it: under row level security, by the endpoint's function. */
async function listLeads(sql: postgres.Sql, rank: number, times: number): Promise<void> {
  const { organization, user } = await addAdmin(sql, rank);
  const claims = JSON.stringify({ sub: user, role: "authenticated" });
  await sql.begin(async (transaction) => {
    await transaction`
      select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${claims}, true)`;
    for (let time = 0; time < times; time++) {
      await transaction`select public.list_leads(${organization}::uuid)`;
    }
  });
}

async function measure({ sql, pid }: Bench, tenants: number): Promise<Row[]> {
  await queueTexts(sql, tenants, texts);
  let sending: Sending = { sent: [], steps: [] };
  const sendMs = await postgresMs(pid, async () => {
    sending = await sendAll(sql);
  });
  const some = sending.sent.slice(0, receipts);
  const receiptMs = await postgresMs(pid, () => reportReceipts(sql, some));
  const listMs = await postgresMs(pid, () => listLeads(sql, tenants, lists));
  const of = `${tenants.toLocaleString("en")} tenants`;
  return [
    {
      what: `${of}: PostgreSQL's time for a text, claimed and recorded`,
      ours: sendMs / sending.sent.length,
      unit: "ms",
    },
    { what: `${of}: a step of 100 texts (median)`, ours: median(sending.steps), unit: "ms" },
    { what: `${of}: PostgreSQL's time for a receipt`, ours: receiptMs / some.length, unit: "ms" },
    {
      what: `${of}: PostgreSQL's time for the smallest tenant's newest 50 leads, as an admin`,
      ours: listMs / lists,
      unit: "ms",
    },
  ];
}

/** What a text, a receipt and a list cost the database among few and many tenants of a Zipf size. */
export const scaling: Benchmark = {
  title: "Many tenants",
  async run(bench) {
    await stopDispatcher(bench.sql);
    const rows: Row[] = [];
    const sizes = zipf(1_000, leads);
    let there = 0;
    for (const tenants of [10, 100, 1_000]) {
      await addTenants(bench.sql, there + 1, sizes.slice(there, tenants));
      there = tenants;
      bench.say(`${tenants} tenants`);
      rows.push(...await measure(bench, tenants));
    }
    return {
      rows,
      notes: [
        `${leads.toLocaleString("en")} leads and ${
          texts.toLocaleString("en")
        } queued texts, spread over the tenants by Zipf's law.`,
      ],
    };
  },
};
