import type postgres from "postgres";
import { loadAudience, startCampaign } from "./campaign_data.ts";
import { claimRows } from "./claim.ts";
import { type Bench, type Benchmark, median, timed } from "./support/benchmark.ts";

const leads = 1_000_000;
const listed = 400_000;
/** As jobs/snapshot_audiences.ts has it. */
const size = 10_000;
/** Slices after which the baseline copies what they have frozen. */
const turn = 10;

interface Frozen {
  slices: number[];
  ours: number[];
  baseline: number[];
}

/** The same rows into the same columns, checks and indexes, without what makes them: no filter, no judgement, no totals. */
async function makeTwin(sql: postgres.Sql): Promise<void> {
  await sql`create table private.bench_targets (like public.campaign_targets including all)`;
}

const copy = (sql: postgres.Sql, campaign: string, after: number) =>
  sql`
    insert into private.bench_targets select * from public.campaign_targets
    where campaign_id = ${campaign} and position > ${after} order by position`;

/** Freezes the whole audience; every so many slices the baseline takes its turn on the rows that came about. */
export async function freezeAll(sql: postgres.Sql, campaign: string): Promise<Frozen> {
  await makeTwin(sql);
  const slices: number[] = [];
  const ours: number[] = [];
  const baseline: number[] = [];
  for (let frozen = 0, done = false; !done;) {
    const before = frozen;
    const here: number[] = [];
    for (let i = 0; i < turn && !done; i++) {
      here.push(
        await timed(async () => {
          const [answer] =
            await sql`select public.snapshot_audience_batch(${campaign}, ${size}) as slice`;
          frozen += answer?.slice.leads;
          done = answer?.slice.done;
        }),
      );
    }
    slices.push(...here);
    ours.push(here.reduce((a, b) => a + b, 0));
    baseline.push(await timed(() => copy(sql, campaign, before)));
  }
  return { slices, ours, baseline };
}

async function reasons(sql: postgres.Sql, campaign: string): Promise<string> {
  const rows = await sql`
    select coalesce(reason, status) as what, count(*)::int as n from public.campaign_targets
    where campaign_id = ${campaign} group by 1 order by 2 desc`;
  return rows.map(({ what, n }) => `${n.toLocaleString("en")} ${what}`).join(", ");
}

async function run({ sql, say }: Bench) {
  say(`Loading ${leads.toLocaleString("en")} leads …`);
  // The stack's own clock would freeze beside us, and the end of the freeze would call a dispatcher.
  await sql`update cron.job set active = false where jobname ~ 'campaign|dispatch|settle'`;
  await sql`delete from vault.secrets where name = 'jobs_secret_key'`;
  const audience = await loadAudience(sql, { leads, listed });
  const campaign = await startCampaign(sql, audience);
  const { slices, ours, baseline } = await freezeAll(sql, campaign);
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0) / 1_000;
  const outcomes = await reasons(sql, campaign);
  const claimed = await claimRows(sql, audience, campaign);
  return {
    rows: [
      {
        what: `an audience of ${leads.toLocaleString("en")} leads frozen`,
        ours: sum(ours),
        baseline: sum(baseline),
        unit: "s",
        target: { atMost: 3 },
      },
      { what: `a slice of ${size.toLocaleString("en")}, median`, ours: median(slices), unit: "ms" },
      {
        what: "the longest transaction",
        ours: Math.max(...slices),
        unit: "ms",
        target: { atMost: 8_000 },
      },
      ...claimed,
    ],
    notes: [
      `Outcomes: ${outcomes}. Checked against ${
        listed.toLocaleString("en")
      } numbers of a registry, two further lists, 950,000 consents, 19,800 opt-outs and the numbers of the leads before. ` +
      "The baseline is `insert … select` of the very rows that came about, 100,000 at a time in turn with ours, into a table " +
      "made `like campaign_targets including all`: the same columns, checks and seven indexes, no triggers. 8 s is what Supabase " +
      "lets a statement of the Data API take.",
    ],
  };
}

/** What it takes to turn an audience into targets, each of them checked, and to claim these. */
export const freeze: Benchmark = { title: "An audience frozen and claimed", run };
