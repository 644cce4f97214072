import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { ensure } from "../_shared/problem.ts";
import { job } from "../_shared/jobs/job.ts";

/** A run hands over to the next long before the platform ends it. */
const runMs = 50_000;

const Batch = z.object({ state: z.string() }).nullable();

/** Works in batches until nothing is left. Each is one transaction: a killed run loses only its current one. */
async function importDnc(db: Client) {
  const ends = Date.now() + runMs;
  let batches = 0;
  while (Date.now() < ends) {
    const answer = await db.rpc("import_dnc_slice");
    ensure(answer);
    if (Batch.parse(answer.data) === null) return { batches };
    batches++;
  }
  ensure(await db.rpc("invoke_job", { job: "import-dnc" }));
  return { batches };
}

export function importDncLists(app: App) {
  job(app, "import-dnc", "Imports do-not-call lists and removes deleted ones", importDnc);
}
