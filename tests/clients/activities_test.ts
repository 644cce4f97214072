import assert from "node:assert/strict";
import { addClient, type ContactBody, readClient } from "../support/clients.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { newOrganization } from "../support/people.ts";

Deno.test("Contacts are added, changed and removed; one is the primary one", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin);
  const add = async (body: Record<string, unknown>) =>
    expectStatus<ContactBody>(await call(admin, "POST", `/clients/${id}/contacts`, body), 201);
  const ama = await add({ name: "Ama", is_primary: true, phone: "0244100001" });
  const kofi = await add({ name: "Kofi", is_primary: true });
  const contacts = async () =>
    expectStatus<{ data: ContactBody[] }>(await call(admin, "GET", `/clients/${id}/contacts`), 200)
      .data;
  assert.deepEqual((await contacts()).map(({ name, is_primary }) => [name, is_primary]), [
    ["Kofi", true],
    ["Ama", false],
  ]);
  const left = await call(admin, "PATCH", `/clients/${id}/contacts/${kofi.id}`, {
    left_on: "2026-10-01",
  });
  assert.equal(expectStatus<ContactBody>(left, 200).left_on, "2026-10-01");
  expectStatus(await call(admin, "DELETE", `/clients/${id}/contacts/${ama.id}`), 204);
  expectProblem(await call(admin, "DELETE", `/clients/${id}/contacts/${ama.id}`), 404);
  assert.deepEqual((await readClient(admin, id)).contacts.map(({ name }) => name), ["Kofi"]);
  expectProblem(
    await call(admin, "POST", `/clients/${id}/contacts`, { name: "x", phone: "12" }),
    422,
  );
  expectProblem(await call(admin, "POST", `/clients/${id}/contacts`, {}), 422);
});

Deno.test("Interactions are logged with their time and cannot be changed", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin);
  const log = (body: Record<string, unknown>) =>
    call(admin, "POST", `/clients/${id}/interactions`, body);
  expectStatus(
    await log({
      type: "meeting",
      direction: "inbound",
      sentiment: "negative",
      occurred_at: "2026-10-01T09:00:00Z",
    }),
    201,
  );
  assert.equal((await readClient(admin, id)).last_interaction_at, "2026-10-01T09:00:00.000Z");
  // As ChurnGuard wrote them.
  const old = await log({ type: "call", date: "2026-09-01", details: "Asked for a discount" });
  assert.equal(
    expectStatus<{ occurred_at: string }>(old, 201).occurred_at,
    "2026-09-01T00:00:00.000Z",
  );
  assert.equal(
    (await readClient(admin, id)).last_interaction_at,
    "2026-10-01T09:00:00.000Z",
    "an older one is not the latest",
  );
  expectProblem(await log({ type: "call", occurred_at: "2100-01-01T00:00:00Z" }), 422);
  expectProblem(await log({ type: "telepathy" }), 422);
  const list = async (query = "") =>
    expectStatus<{ total: number; data: { type: string }[] }>(
      await call(admin, "GET", `/clients/${id}/interactions${query}`),
      200,
    );
  assert.deepEqual((await list()).data.map(({ type }) => type), ["call", "meeting"]);
  assert.equal((await list("?type=meeting")).total, 1);
  assert.equal((await readClient(admin, id)).version, 1, "logging is no edit of the client");
});

interface IssueBody {
  id: string;
  status: string;
  type: string;
  type_label: string;
  closed_at: string | null;
  closed_by_name: string | null;
}

Deno.test("Issues are opened, worked on and closed for good", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin);
  const path = `/clients/${id}/issues`;
  const opened = expectStatus<IssueBody>(
    await call(admin, "POST", path, {
      title: "No supply",
      type: "outage",
      severity: "high",
      contract_code: "1234",
      opened_at: "2026-10-01T09:00:00Z",
    }),
    201,
  );
  assert.deepEqual([opened.status, opened.type_label], ["open", "Outage"]);
  const other = expectStatus<IssueBody>(
    await call(admin, "POST", path, { title: "Something" }),
    201,
  );
  assert.equal(other.type, "other");
  const change = (body: Record<string, unknown>) =>
    call(admin, "PATCH", `${path}/${opened.id}`, body);
  expectProblem(await change({ status: "closed", closed_at: "2026-09-01T00:00:00Z" }), 422);
  expectProblem(await change({ type: "nope" }), 422);
  const closed = expectStatus<IssueBody>(
    await change({ status: "closed", resolution: "Fuse" }),
    200,
  );
  assert.deepEqual([closed.status, closed.closed_by_name], ["closed", "Test Person"]);
  assert(closed.closed_at !== null);
  expectProblem(await change({ status: "open" }), 409, "issue_closed");
  const list = expectStatus<{ total: number }>(
    await call(admin, "GET", `${path}?status=closed`),
    200,
  );
  assert.equal(list.total, 1);
});

Deno.test("Segments and incident types are the organization's own", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { segment: "individual", amount: 10, since: "2026-01-01" });
  const put = (body: Record<string, unknown>) => call(admin, "PUT", "/clients/segments", body);
  const gold = { key: "gold", label: "Gold" };
  const inUse = expectProblem(await put({ segments: [gold] }), 409, "segment_in_use");
  assert.deepEqual((inUse as unknown as { clients: unknown }).clients, { individual: 1 });
  expectProblem(await put({ segments: [gold], move: { individual: "silver" } }), 422);
  expectProblem(await put({ segments: [gold, gold] }), 422);
  const replaced = await put({ segments: [gold], move: { individual: "gold" } });
  assert.deepEqual(expectStatus<{ data: unknown }>(replaced, 200).data, [{ ...gold, clients: 1 }]);
  assert.equal((await readClient(admin, id)).segment, "gold");
  const types = [{ key: "power", label: "Power", action: "Call them" }, {
    key: "other",
    label: "Other",
    action: null,
  }];
  const saved = await call(admin, "PUT", "/clients/incident-types", { types });
  assert.deepEqual(expectStatus<{ data: unknown }>(saved, 200).data, types);
});
