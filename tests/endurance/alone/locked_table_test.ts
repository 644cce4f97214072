import assert from "node:assert/strict";
import { addCustomer } from "../../support/customers.ts";
import { withTableLocked } from "../../support/ddl.ts";
import { type Answer, call, expectProblem, expectStatus } from "../../support/http.ts";
import { newOrganization, type Session } from "../../support/people.ts";

/* A table that is locked for long, by a migration or a load, stops its own endpoints and no others. */

/** Requests at once that need the locked table, of two functions: more than the Data API has connections. */
const needy = [...Array<string>(16).fill("/customers"), ...Array<string>(8).fill("/actions")];
const LOCKED_MS = 25_000;
/** Others answer before a person gives up, on a slow machine too. */
const OTHERS_LIMIT_MS = 4_000;
/** Who needs the table is told so: their turn, and the wait for the lock. */
const LOCKED_LIMIT_MS = 15_000;

const others = [
  "/auth/me",
  "/notifications",
  "/templates",
  "/tasks",
  "/users",
  "/audit-logs",
  "/phone-numbers",
  "/health",
];

async function timed(session: Session, path: string): Promise<{ answer: Answer; ms: number }> {
  const started = performance.now();
  const answer = await call(session, "GET", path);
  return { answer, ms: performance.now() - started };
}

Deno.test("while a table is locked its endpoints answer 503 in time, and all others as ever", async () => {
  const { admin } = await newOrganization();
  await addCustomer(admin);
  for (const path of others) expectStatus(await call(admin, "GET", path), 200);
  const refused: number[] = [];
  const slowest = new Map<string, number>();
  await withTableLocked(async (tx) => {
    await tx`lock table public.customers in access exclusive mode`;
    const end = performance.now() + LOCKED_MS;
    const askForLocked = async (path: string) => {
      while (performance.now() < end) {
        const { answer, ms } = await timed(admin, path);
        expectProblem(answer, 503);
        refused.push(ms);
      }
    };
    const askForOthers = async (path: string) => {
      while (performance.now() < end) {
        const { answer, ms } = await timed(admin, path);
        expectStatus(answer, 200);
        slowest.set(path, Math.max(ms, slowest.get(path) ?? 0));
      }
    };
    const asked = await Promise.allSettled([
      ...needy.map(askForLocked),
      ...others.map(askForOthers),
    ]);
    const failed = asked.find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  });
  for (const [path, ms] of slowest) {
    assert.ok(ms < OTHERS_LIMIT_MS, `${path}: ${Math.round(ms)} ms`);
  }
  assert.ok(refused.length >= needy.length, `${refused.length} refused`);
  assert.ok(Math.max(...refused) < LOCKED_LIMIT_MS, `${Math.round(Math.max(...refused))} ms`);
  const { answer, ms } = await timed(admin, "/customers");
  expectStatus(answer, 200);
  assert.ok(ms < OTHERS_LIMIT_MS, `afterwards: ${Math.round(ms)} ms`);
});
