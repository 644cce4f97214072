import { loadChurn, loadSnapshots } from "./churn_data.ts";
import { features } from "./churn_features.ts";
import { incidents } from "./churn_forecasts.ts";
import { noteRows } from "./churn_notes.ts";
import { detail, reportRows } from "./churn_reads.ts";
import { scoring } from "./churn_scoring.ts";
import { training } from "./churn_training.ts";
import type { Bench, Benchmark } from "./support/benchmark.ts";

const clients = Number(Deno.env.get("CHURN_CLIENTS") ?? 200_000);
/** The organization that reports are compared with, and those that train and forecast. */
const smaller = Math.max(1_000, clients / 20);
const trained = Math.min(20_000, clients);
const forecast = 5_000;

const shown = (number: number) => number.toLocaleString("en");

const sizeOf = (name: string, size: number) => ({
  name,
  clients: size,
  interactions: 10 * size,
  issues: Math.ceil(1.5 * size),
});

async function run({ sql, say }: Bench) {
  // The stack's own runs of each minute must not meet what is measured.
  await sql`select cron.unschedule(jobname) from cron.job`;
  say(`loading ${shown(clients)} clients`);
  const [large, small, learner, forecaster] = await loadChurn(sql, [
    sizeOf("Large", clients),
    sizeOf("Small", smaller),
    { ...sizeOf("Learner", trained), interactions: trained },
    { ...sizeOf("Forecaster", forecast), issues: 6 * forecast },
  ]);
  if (!large || !small || !learner || !forecaster) throw new Error("Not all were loaded.");
  await loadSnapshots(sql, learner.organization);
  say("features");
  const snapshot = await features(sql, large.organization, shown(clients));
  await features(sql, small.organization, "");
  say("training");
  const learned = await training(sql, learner.organization);
  say("scoring");
  const scores = await scoring(sql, large.organization, clients);
  await scoring(sql, small.organization, smaller);
  say("forecasts");
  const what = `forecasts of ${shown(5 * forecast)} clients and types`;
  const forecasts = await incidents(sql, forecaster.organization, what);
  say("reports and notes");
  const sizes = `${shown(clients)} against ${shown(smaller)}`;
  return {
    rows: [
      ...snapshot,
      ...learned.rows,
      ...scores,
      ...forecasts,
      ...await reportRows(sql, large, small, sizes),
      await detail(sql, large),
      ...await noteRows(sql),
    ],
    notes: [
      `An organization of ${
        shown(clients)
      } clients that came within five years, a third of whom have left, with ten ` +
      `interactions and one and a half issues each; \`CHURN_CLIENTS=1000000\` before the command measures another size. ` +
      "Features: all nineteen of a client in the slices of the job; the baseline is one `group by` over interactions, one over " +
      "issues and one over movements. First scores are those of the job, with the features of the moment, trend, factors, history and " +
      "rollups; their baseline is the features alone. What is written: the baseline is an insert of as many rows of two columns " +
      "into a bare table. Reports: fourteen months as an admin; blocks are those that PostgreSQL touches. Parts of the detail " +
      "are statements of their own as the owner of the tables, the features of the client and what may be linked among them.",
      learned.note,
    ],
  };
}

/** What the risk of leaving, its reports and notes cost. */
export const churn: Benchmark = { title: "Clients and churn", run };
