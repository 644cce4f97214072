import postgres from "postgres";
import {
  changeLead,
  dispatch,
  leadLister,
  queueText,
  reportReceipt,
  type Tenant,
  tenantsOf,
  zipfDice,
} from "./rising_load_work.ts";
import { addTenants, stopDispatcher, zipf } from "./scaling_data.ts";
import type { Bench, Benchmark, Row } from "./support/benchmark.ts";
import { arrive, type Clock, note, p95, start, watchWaits, type Work } from "./support/load.ts";
import { usageOf } from "./support/process_cpu.ts";

const tenants = Number(Deno.env.get("SCALING_TENANTS") ?? 1_000);
const leads = Number(Deno.env.get("SCALING_LEADS") ?? 20_000);
const stageMs = Number(Deno.env.get("SCALING_STAGE_SECONDS") ?? 8) * 1_000;
const firstRate = 25;
const growth = 1.5;
const maxRate = 1_000;
/** As many connections as the Data API's pool has on a small compute. */
const connections = 20;
const dispatchers = 2;
const sending = "a text, sent";
/** Fewer of a stage's texts sent before it ends: the dispatchers fall behind. */
const minDone = 0.8;

/** What one kind of work took in a stage. */
interface Measured {
  name: string;
  p95: number;
  limitMs: number;
  /** The share that was done before the stage ended, where falling behind shows later than in its times. */
  done?: number;
}

interface Stage {
  rate: number;
  works: Measured[];
  /** Of a processor; 2 is two of them. */
  postgres: number;
  /** What its connections waited for, the most frequent first. */
  waits: string[];
}

interface Ground {
  bench: Bench;
  pool: postgres.Sql;
  ranked: Tenant[];
  list: () => Promise<unknown>;
}

/** The work that comes with each text. `queued`: when each text that was queued was due to go. */
function worksOf({ pool, ranked, list }: Ground, queued: Map<string, number>): Work[] {
  const draw = zipfDice(ranked.length);
  const some = () => ranked[draw()] ?? ranked[0] as Tenant;
  return [
    {
      name: "a text, queued",
      perText: 1,
      limitMs: 1_000,
      run: async () => {
        const asked = performance.now();
        queued.set(await queueText(pool, some()), asked);
      },
    },
    { name: "a lead, changed", perText: 0.3, limitMs: 1_000, run: () => changeLead(pool, some()) },
    { name: "a page of leads", perText: 0.5, limitMs: 1_000, run: list },
  ];
}

/** Runs everything at a rate of texts a second, and lets what is under way end. */
async function stage(ground: Ground, rate: number): Promise<Stage> {
  const { bench, pool } = ground;
  const clock: Clock = { times: new Map(), under: new Set() };
  const queued = new Map<string, number>();
  const works = worksOf(ground, queued);
  const until = performance.now() + stageMs;
  const before = usageOf(bench.pid).postgres;
  let isStopped = false;
  const onSent = (ids: string[]) => {
    for (const id of ids) {
      const now = performance.now();
      note(clock, sending, now - (queued.get(id) ?? now));
      for (const status of ["sent", "delivered"]) {
        start(clock, "a receipt", now, reportReceipt(pool, id, status));
      }
    }
  };
  const dispatching = Array.from(
    { length: dispatchers },
    () => dispatch(pool, () => isStopped, onSent),
  );
  const [waits] = await Promise.all([
    watchWaits(bench.sql, until),
    ...works.map((work) => arrive(work, rate, until, clock)),
  ]);
  const busy = usageOf(bench.pid).postgres - before;
  const sentInTime = clock.times.get(sending)?.length ?? 0;
  while (await isQueued(bench.sql)) await new Promise((done) => setTimeout(done, 100));
  isStopped = true;
  await Promise.all(dispatching);
  await Promise.all(clock.under);
  bench.say(`  ${sentInTime} of ${queued.size} texts sent within the stage`);
  const limits = new Map(works.map(({ name, limitMs }) => [name, limitMs]));
  return {
    rate,
    postgres: busy / stageMs,
    waits,
    works: [...clock.times].map(([name, times]) => ({
      name,
      p95: p95(times),
      ...(name === sending && { done: sentInTime / queued.size }),
      // A text may wait for its dispatcher's step; a provider waits 10 s or more for an answer to its receipt.
      limitMs: limits.get(name) ?? (name === "a receipt" ? 5_000 : 3_000),
    })),
  };
}

async function isQueued(sql: postgres.Sql): Promise<boolean> {
  const [row] =
    await sql`select exists (select from public.messages where status = 'queued') as some`;
  return row?.["some"];
}

const isBroken = ({ p95, limitMs, done = 1 }: Measured): boolean => p95 > limitMs || done < minDone;

const tell = ({ rate, works, postgres, waits }: Stage): string =>
  `${rate} texts a second: PostgreSQL ${postgres.toFixed(2)} processors; ` +
  works.map(({ name, p95, limitMs }) => `${name} ${Math.round(p95)} of ${limitMs} ms`).join(", ") +
  `; ${waits.join(", ")}`;

/** Rates that rise until something is broken. */
async function rise(ground: Ground): Promise<Stage[]> {
  const stages: Stage[] = [];
  // Connections are opened and plans made before anything counts.
  await stage(ground, firstRate);
  for (let rate = firstRate; rate <= maxRate; rate = Math.round(rate * growth)) {
    const now = await stage(ground, rate);
    stages.push(now);
    ground.bench.say(tell(now));
    if (now.works.some(isBroken)) break;
  }
  return stages;
}

function rowsOf(stages: Stage[]): Row[] {
  const carried = stages.filter(({ works }) => !works.some(isBroken)).at(-1);
  const broken = stages.find(({ works }) => works.some(isBroken));
  const first = broken?.works.filter(isBroken).map(({ name }) => name).join(" and ");
  return [
    { what: "texts a second that were carried", ours: carried?.rate ?? 0, unit: "/s" },
    {
      what: "PostgreSQL's processors at that rate, of two that all share",
      ours: carried?.postgres ?? 0,
      unit: "",
    },
    {
      what: `what broke first: ${first ?? "nothing"}, at texts a second`,
      ours: broken?.rate ?? maxRate,
      unit: "/s",
    },
    ...(broken ?? carried)?.works.map(({ name, p95 }) => ({
      what: `p95 at that rate: ${name}`,
      ours: p95,
      unit: "ms",
    })) ?? [],
  ];
}

/** A rising load of a thousand tenants of Zipf sizes, until something breaks. */
export const risingLoad: Benchmark = {
  title: "A rising load of many tenants",
  async run(bench) {
    await stopDispatcher(bench.sql);
    await addTenants(bench.sql, 1, zipf(tenants, leads));
    const pool = postgres(bench.status.db_url, { max: connections, onnotice: () => {} });
    try {
      const ranked = await tenantsOf(bench.sql);
      const list = await leadLister(
        pool,
        [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]
          .filter((rank) => rank <= tenants),
      );
      const stages = await rise({ bench, pool, ranked, list });
      const last = stages.at(-1);
      return {
        rows: rowsOf(stages),
        notes: [
          `${tenants.toLocaleString("en")} tenants, ${leads.toLocaleString("en")} leads; ${
            stageMs / 1_000
          } s at each rate, each ${growth} times the one before. With each text come two receipts, 0.3 changes of a lead and ` +
          `half a page of leads; ${connections} connections, ${dispatchers} dispatchers, carriers that take everything at ` +
          `once. Broken: p95 over 1 s, of receipts over 5 s, of texts until they are sent over 3 s or fewer than 80 % of them sent before the next rate, counted from when each was due.`,
          `At the end PostgreSQL's connections waited for: ${last?.waits.join(", ")}.`,
        ],
      };
    } finally {
      await pool.end({ timeout: 5 });
    }
  },
};
