import { z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Client } from "../_shared/clients.ts";
import { ensure } from "../_shared/problem.ts";
import { job } from "./job.ts";

/** A run hands over to a next one long before the platform ends it. */
const runMs = 50_000;

const Slice = z.object({ state: z.string() }).nullable();

/** Does slices until nothing is left. Each is one transaction, so whoever is killed loses only the slice in hand. */
async function importDnc(db: Client) {
  const ends = Date.now() + runMs;
  let slices = 0;
  while (Date.now() < ends) {
    const answer = await db.rpc("import_dnc_slice");
    ensure(answer);
    if (Slice.parse(answer.data) === null) return { slices };
    slices++;
  }
  ensure(await db.rpc("invoke_job", { job: "import-dnc" }));
  return { slices };
}

export function importDncLists(app: App) {
  job(app, "import-dnc", "Imports do-not-call lists and deletes those that go", importDnc);
}
