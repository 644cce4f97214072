import assert from "node:assert/strict";
import { type ClientPage, readClient } from "../support/clients.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { inboxOf, readNote, sendNote, unreadOf } from "../support/notes.ts";
import { addMembers, newOrganization, type Organization, type Session } from "../support/people.ts";
import { clientAtRisk, recommendationsOf } from "../support/recommendations.ts";

/*
 * A day of each of ChurnGuard's three roles over HTTP. What each may not do: access_test.ts; that counts agree on two
 * devices: tests/notes/realtime_test.ts.
 */

async function office(): Promise<{
  organization: Organization;
  marketing: Session;
  technical: Session;
}> {
  const organization = await newOrganization();
  const [marketing, technical] = await addMembers(organization, [
    { role: "marketing_agent" },
    { role: "technical_agent" },
  ]);
  assert(marketing && technical);
  return { organization, marketing, technical };
}

interface Play {
  id: string;
  key: string;
  title: string;
  enabled: boolean;
}

Deno.test("An admin's day: the model card, what plays do, how churn is recognized, a word to everybody", async () => {
  const { organization, marketing, technical } = await office();
  const { admin } = organization;
  const { method, horizon_days } = await clientAtRisk(organization).then(async () =>
    expectStatus<{ model: { method: string; horizon_days: number } }>(
      await call(admin, "GET", "/clients/churn-model"),
      200,
    ).model
  );
  assert.deepEqual([method, horizon_days], ["rule", 90]);
  const plays =
    expectStatus<{ data: Play[] }>(await call(admin, "GET", "/clients/plays"), 200).data;
  assert(plays.length >= 10, "a new organization has a dozen");
  const changed = expectStatus<Play>(
    await call(admin, "PUT", `/clients/plays/${plays[0]?.id}`, {
      title: "Visit them",
      channel: "call",
      bands: ["critical"],
      enabled: true,
    }),
    200,
  );
  assert.deepEqual([changed.key, changed.title], [plays[0]?.key, "Visit them"]);
  expectStatus(await call(admin, "PATCH", "/clients/settings", { band_limits: [5, 20, 50] }), 200);
  expectStatus(await call(admin, "POST", "/clients/churn-model/train"), 202);
  await sendNote(admin, ["marketing_agent", "technical_agent"], { title: "New plays" });
  for (const person of [marketing, technical]) {
    assert.deepEqual(await inboxOf(person), ["New plays"]);
  }
});

Deno.test("A marketing agent's day: the list of risks, why, what to do, and that it was done", async () => {
  const { organization, marketing } = await office();
  const id = await clientAtRisk(organization);
  const risks = expectStatus<ClientPage>(
    await call(marketing, "GET", "/clients?band=critical&sort=-score"),
    200,
  );
  assert.deepEqual(risks.data.map((client) => client.id), [id]);
  expectStatus(await call(marketing, "GET", `/clients/${id}/factors`), 200);
  const added = expectStatus<{ id: string }>(
    await call(marketing, "POST", `/clients/${id}/recommendations`, { title: "Call on Monday" }),
    201,
  );
  const path = `/clients/${id}/recommendations/${added.id}`;
  for (const state of ["accepted", "done"]) {
    expectStatus(await call(marketing, "PATCH", path, { state }), 200);
  }
  expectStatus(
    await call(marketing, "POST", `/clients/${id}/interactions`, {
      type: "call",
      outcome: "Stays if the price does",
    }),
    201,
  );
  const mine = (await recommendationsOf(organization, id)).find((r) => r.id === added.id);
  assert.equal(mine?.state, "done");
  assert(mine?.decided_by_name);
  assert.notEqual((await readClient(marketing, id)).last_interaction_at, null);
  expectProblem(
    await call(marketing, "POST", `/clients/${id}/issues`, { title: "Dark" }),
    403,
    "permission_denied",
  );
});

Deno.test("A technical agent's day: issues are closed, the admin gets a note, marketing may get none", async () => {
  const { organization, technical } = await office();
  const { admin } = organization;
  const id = await clientAtRisk(organization);
  const issue = expectStatus<{ id: string }>(
    await call(technical, "POST", `/clients/${id}/issues`, { title: "No light since Sunday" }),
    201,
  );
  const path = `/clients/${id}/issues/${issue.id}`;
  for (const status of ["in_progress", "closed"]) {
    expectStatus(await call(technical, "PATCH", path, { status }), 200);
  }
  const note = await sendNote(technical, ["admin"], { title: "Line repaired", client_id: id });
  const body = { title: "x", description: "y", recipients: ["marketing_agent"] };
  expectProblem(await call(technical, "POST", "/notes", body), 403);
  assert.equal((await unreadOf(admin)).unread, 1);
  await readNote(admin, note.id);
  assert.equal((await unreadOf(admin)).unread, 0);
  const sent = expectStatus<{ data: { is_read: boolean }[] }>(
    await call(technical, "GET", "/notes/sent"),
    200,
  );
  assert.deepEqual(sent.data.map(({ is_read }) => is_read), [true]);
  expectProblem(await call(technical, "GET", "/clients/export"), 403, "permission_denied");
});
