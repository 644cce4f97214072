import assert from "node:assert/strict";
import { addClient, type ClientBody, dayFromNow, move, readClient } from "../support/clients.ts";
import { database, withDatabase, withOwnDatabase } from "../support/db.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { runTask } from "../support/jobs.ts";
import { newOrganization } from "../support/people.ts";

interface MovementBody {
  id: string;
  day: string;
  kind: string;
  amount: string;
  mrr_after: string;
  reverses: string | null;
  reversed_by: string | null;
  recorded_by_name: string;
}

interface LedgerBody {
  total: number;
  data: MovementBody[];
  planned: { movement: string; effective_on: string }[];
}

const ledger = async (session: Caller, id: string): Promise<LedgerBody> =>
  expectStatus(await call(session, "GET", `/clients/${id}/movements?limit=100`), 200);

/** Rows that count, in the order of their days. */
const counting = async (session: Caller, id: string): Promise<string[]> =>
  (await ledger(session, id)).data
    .filter(({ kind, reversed_by }) => kind !== "correction" && reversed_by === null)
    .map(({ day, kind, amount }) => `${day} ${kind} ${amount}`).sort();

Deno.test("A client's life: it joins, pays more, pays less, leaves and comes back", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { since: "2026-01-15", amount: 100 });
  await move(admin, id, "mrr", { amount: 150, effective_on: "2026-03-01" });
  await move(admin, id, "mrr", { amount: 1_440, interval: "year", effective_on: "2026-05-01" });
  const left = await move(admin, id, "churn", { effective_on: "2026-07-01", reason: "price" });
  assert.deepEqual([left.status, left.mrr], ["churned", "0.00"]);
  const back = await move(admin, id, "reactivate", { amount: 90, effective_on: "2026-09-01" });
  assert.deepEqual([back.status, back.mrr, back.since], ["active", "90.00", "2026-01-15"]);
  assert.deepEqual(await counting(admin, id), [
    "2026-01-15 new 100.00",
    "2026-03-01 expansion 50.00",
    "2026-05-01 contraction -30.00",
    "2026-07-01 churn -120.00",
    "2026-09-01 reactivation 90.00",
  ]);
  const entered = await ledger(admin, id);
  assert.equal(entered.data[0]?.recorded_by_name, "Test Person");
  assert.equal(back.version, 1, "movements are no edits of the client");
});

Deno.test("A late entry corrects what follows on its own day, and the ledger keeps both", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { since: "2026-01-15", amount: 100 });
  await move(admin, id, "mrr", { amount: 150, effective_on: "2026-03-01" });
  await move(admin, id, "mrr", { amount: 130, effective_on: "2026-02-01" });
  assert.deepEqual(await counting(admin, id), [
    "2026-01-15 new 100.00",
    "2026-02-01 expansion 30.00",
    "2026-03-01 expansion 20.00",
  ]);
  const { data } = await ledger(admin, id);
  const correction = data.find(({ kind }) => kind === "correction");
  assert.deepEqual([correction?.day, correction?.amount], ["2026-03-01", "-50.00"]);
  assert.equal(data.find((row) => row.id === correction?.reverses)?.reversed_by, correction?.id);
});

Deno.test("A movement that was a mistake is taken back once", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { since: "2026-01-15", amount: 100 });
  await move(admin, id, "churn", { effective_on: "2026-03-01" });
  const churn = (await ledger(admin, id)).data.find(({ kind }) => kind === "churn");
  const reverse = () => call(admin, "POST", `/clients/${id}/movements/${churn?.id}/reverse`);
  assert.equal(expectStatus<ClientBody>(await reverse(), 200).status, "active");
  expectProblem(await reverse(), 409, "already_reversed");
  expectProblem(
    await call(admin, "POST", `/clients/${id}/movements/${crypto.randomUUID()}/reverse`),
    404,
  );
  assert.deepEqual(await counting(admin, id), ["2026-01-15 new 100.00"]);
});

Deno.test("A client that pauses pays nothing, and what it paid again when it resumes", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { since: "2026-01-15", amount: 100 });
  assert.equal((await move(admin, id, "pause", { effective_on: "2026-03-01" })).status, "paused");
  assert.equal((await move(admin, id, "resume", { effective_on: "2026-04-01" })).status, "active");
  assert.equal((await readClient(admin, id)).status, "active");
});

Deno.test("Movements that do not fit the client are refused and enter nothing", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { since: "2026-01-15", amount: 100 });
  const post = (movement: string, body: Record<string, unknown> = {}) =>
    call(admin, "POST", `/clients/${id}/${movement}`, body);
  expectProblem(await post("reactivate", { amount: 5 }), 409, "client_not_churned");
  expectProblem(await post("resume"), 409, "wrong_status");
  expectProblem(await post("churn", { effective_on: "2025-12-31" }), 409, "client_not_active");
  expectProblem(await post("churn", { contract: "nope" }), 422);
  expectProblem(await post("churn", { reason: "spite" }), 422);
  expectProblem(await post("mrr", { amount: "-1" }), 422);
  expectProblem(await post("mrr", {}), 422);
  expectProblem(await post("mrr", { amount: 5, effective_on: "2026-02-30" }), 422);
  expectProblem(await post("notice", {}), 422);
  expectProblem(await call(admin, "DELETE", `/clients/${id}/notice`), 409, "wrong_status");
  assert.equal((await ledger(admin, id)).total, 1);
  await move(admin, id, "churn", { effective_on: "2026-03-01" });
  expectProblem(await post("mrr", { amount: 5 }), 409, "client_churned");
});

Deno.test("A day to come is planned, and enters the ledger when it has come", async () => {
  const { admin, id: organization } = await newOrganization();
  const { id } = await addClient(admin, { since: "2026-01-15", amount: 100 });
  const planned = await move(admin, id, "churn", { effective_on: dayFromNow(20), reason: "moved" });
  assert.deepEqual([planned.status, planned.leaves_on], ["active", dayFromNow(20)]);
  await move(admin, id, "churn", { effective_on: dayFromNow(30), reason: "moved" });
  assert.deepEqual((await ledger(admin, id)).planned.map(({ effective_on }) => effective_on), [
    dayFromNow(30),
  ]);
  await database()`update private.client_plans set effective_on = current_date where organization_id = ${organization}`;
  await runTask("run_client_plans");
  const left = await readClient(admin, id);
  assert.deepEqual([left.status, left.leaves_on], ["churned", null]);
  assert.equal((await ledger(admin, id)).planned.length, 0);
  const later = await addClient(admin, { since: dayFromNow(10), amount: 5 });
  assert.deepEqual([later.status, later.since], ["prospect", null]);
});

Deno.test("A client that a request holds holds up neither plans nor rules of the others", async () => {
  const [busy, other] = [await newOrganization(), await newOrganization()];
  const clients = await Promise.all([busy, other].map(async ({ admin }) => {
    const { id } = await addClient(admin, { since: "2026-01-15", amount: 100 });
    await move(admin, id, "churn", { effective_on: dayFromNow(20) });
    const trial = await addClient(admin, {
      trial: true,
      since: dayFromNow(-40),
      trial_ends_on: dayFromNow(5),
    });
    return { planned: id, trial: trial.id };
  }));
  const ids = clients.flatMap(({ planned, trial }) => [planned, trial]);
  const statuses = () =>
    withDatabase(async (sql) => {
      const rows = await sql<{ id: string; status: string }[]>`
        select id, status from public.clients where id = any (${ids})`;
      return clients.map((pair) =>
        [pair.planned, pair.trial].map((id) => rows.find((row) => row.id === id)?.status)
      );
    });
  const runJobs = () =>
    withOwnDatabase({ lock_timeout: "5s" }, async (sql) => {
      await sql`select private.run_client_plans(), private.run_client_rules()`;
    });
  await withDatabase(async (sql) => {
    await sql`update private.client_plans set effective_on = current_date where client_id = any (${ids})`;
    await sql`
      update public.clients set trial_ends_on = current_date - 1 where id = any (${ids}) and status = 'trial'`;
    await sql.begin(async (held) => {
      const busyIds = Object.values(clients[0] ?? {});
      await held`select from public.clients where id = any (${busyIds}) for update`;
      await runJobs();
      assert.deepEqual(await statuses(), [["active", "trial"], ["churned", "trial_lost"]]);
    });
  });
  await runJobs();
  assert.deepEqual(await statuses(), [["churned", "trial_lost"], ["churned", "trial_lost"]]);
});

Deno.test("Notice makes a client leaving until its service ends, and may be withdrawn", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { since: "2026-01-15", amount: 100 });
  const leaving = await move(admin, id, "notice", {
    service_ends_on: dayFromNow(30),
    reason: "competitor",
  });
  assert.deepEqual([leaving.status, leaving.notice_on, leaving.leaves_on, leaving.mrr], [
    "leaving",
    dayFromNow(0),
    dayFromNow(30),
    "100.00",
  ]);
  const stays = await call(admin, "DELETE", `/clients/${id}/notice`);
  assert.deepEqual(
    [expectStatus<ClientBody>(stays, 200).status, expectStatus<ClientBody>(stays, 200).leaves_on],
    ["active", null],
  );
});

Deno.test("A repeat of a movement with the same Idempotency-Key enters nothing", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { since: "2026-01-15", amount: 100 });
  const headers = { "idempotency-key": `"${crypto.randomUUID()}"` };
  for (let twice = 0; twice < 2; twice++) {
    expectStatus(await call(admin, "POST", `/clients/${id}/mrr`, { amount: 120 }, headers), 200);
  }
  assert.equal((await ledger(admin, id)).total, 2);
});

Deno.test("Two people who enter at the same moment do it one after the other", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { since: "2026-01-01", amount: 100 });
  await Promise.all(
    [2, 3, 4, 5, 6].map((month) =>
      move(admin, id, "mrr", { amount: 100 + month, effective_on: `2026-0${month}-01` })
    ),
  );
  assert.deepEqual(await counting(admin, id), [
    "2026-01-01 new 100.00",
    "2026-02-01 expansion 2.00",
    "2026-03-01 expansion 1.00",
    "2026-04-01 expansion 1.00",
    "2026-05-01 expansion 1.00",
    "2026-06-01 expansion 1.00",
  ]);
});
