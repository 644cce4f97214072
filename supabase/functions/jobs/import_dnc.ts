import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { ensure } from "../_shared/problem.ts";
import { job } from "../_shared/jobs/job.ts";
import { perItem } from "../_shared/jobs/per_item.ts";

/** A run hands over to the next long before the platform ends it. */
const runMs = 50_000;

const name = "import-dnc";

const Claim = z.uuid().nullable();

/**
 * Works in batches until nothing is left. Each is one transaction: a killed run loses only its current one, and a list
 * that fails waits for the end of its lease.
 */
async function importDnc(db: Client) {
  const ends = Date.now() + runMs;
  let batches = 0;
  while (Date.now() < ends) {
    const answer = await db.rpc("claim_dnc_list");
    ensure(answer);
    const list_id = Claim.parse(answer.data);
    if (list_id === null) return { batches };
    await perItem(
      name,
      { list_id },
      async () => ensure(await db.rpc("import_dnc_slice", { list_id })),
      () => undefined,
    );
    batches++;
  }
  ensure(await db.rpc("invoke_job", { job: name }));
  return { batches };
}

export function importDncLists(app: App) {
  job(app, name, "Imports do-not-call lists and removes deleted ones", importDnc);
}
