import assert from "node:assert/strict";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { startJob } from "../support/jobs.ts";
import { addMember, newOrganization, type Organization } from "../support/people.ts";
import { until } from "../support/wait.ts";
import {
  expectDescribed,
  later,
  type NewWebhook,
  Receiver,
  subscribe,
  webhooksPath,
} from "../support/webhooks.ts";

interface Delivery {
  id: string;
  message_id: string;
  type: string;
  status: string;
  reason: string | null;
  attempts: number;
  answer: string | null;
  tries: { status: number | null; error: string | null }[];
}

async function deliveriesOf(organization: Organization, id: string, query = "") {
  const path = `${webhooksPath}/${id}/deliveries${query}`;
  const page = await call(organization.admin, "GET", path);
  return expectStatus<{ data: Delivery[]; total: number }>(page, 200).data;
}

async function webhookOf(organization: Organization, id: string) {
  const page = expectStatus<{ data: Record<string, unknown>[] }>(
    await call(organization.admin, "GET", webhooksPath),
    200,
  );
  return page.data.find((webhook) => webhook["id"] === id) ?? {};
}

let customers = 0;

/** A customer whose status then changes as given, each in a request of its own. */
async function customer(organization: Organization, statuses: string[] = []): Promise<string> {
  const { id } = expectStatus<{ id: string }>(
    await call(organization.admin, "POST", "/customers", {
      name: "Ama",
      account_number: `W${++customers}`,
      phone: "+233244000001",
    }),
    201,
  );
  for (const action of statuses) {
    expectStatus(
      await call(organization.admin, "POST", "/actions", { customer_id: id, action }),
      201,
    );
  }
  return id;
}

Deno.test("A receiver with the public package gets signed events of several domains, and a test", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  await using receiver = new Receiver();
  const webhook = await subscribe(organization, receiver, ["*"]);
  assert.match(webhook.secret, /^whsec_/);
  const lead = expectStatus<{ id: string }>(
    await call(admin, "POST", "/leads", { first_name: "Esi", phone: "+233244000009" }),
    201,
  );
  expectStatus(
    await call(admin, "PATCH", `/leads/${lead.id}/assign`, { assigned_to: admin.userId }),
    200,
  );
  expectStatus(await call(admin, "POST", "/tasks", { title: "Call" }), 201);
  const suppression = { phone: "+233244000008" };
  expectStatus(await call(admin, "POST", "/suppressions", suppression), 201);
  expectStatus(await call(admin, "POST", `${webhooksPath}/${webhook.id}/test`), 202);
  const received = await receiver.waitFor(5);
  const types = received.map(({ type }) => type).sort();
  assert.deepEqual(types, [
    "lead.assigned",
    "lead.created",
    "number.opted_out",
    "task.created",
    "webhook.test",
  ]);
  const created = received.find(({ type }) => type === "lead.created");
  assert.equal(created?.data["lead_id"], lead.id);
  assert.equal(new Set(received.map(({ id }) => id)).size, 5);
  assert(!JSON.stringify(received).includes("Esi"), "payloads have no names");
  await expectDescribed(received);
  await until(async () => (await webhookOf(organization, webhook.id))["pending"] === 0, {
    what: "the outcomes",
  });
  const delivered = await deliveriesOf(organization, webhook.id, "?status=delivered");
  const test = delivered.find(({ type }) => type === "webhook.test");
  assert.deepEqual([delivered.length, test?.answer, test?.tries[0]?.status], [5, "thanks", 200]);
  const text = JSON.stringify((await call(admin, "GET", webhooksPath)).body);
  assert(!text.includes(webhook.secret.slice(6)), "a list has no secret");
});

Deno.test("After an hour of failures everything arrives once and in order", async () => {
  const organization = await newOrganization();
  await using receiver = new Receiver();
  const webhook = await subscribe(organization, receiver, ["customer.created", "customer.updated"]);
  let tries = 0;
  receiver.answer = () => {
    tries++;
    return new Response("down", { status: 503 });
  };
  const ids = [
    await customer(organization, ["warn", "disconnect", "connect"]),
    await customer(organization, ["disconnect"]),
  ];
  for (const minutes of ["0", "7", "40"]) {
    const before = tries;
    await later(webhook.id, `${minutes} minutes`);
    await until(() => tries > before, { what: "another try" });
  }
  const failing = await webhookOf(organization, webhook.id);
  assert.notEqual(failing["failing_since"], null);
  receiver.answer = () => new Response();
  await until(async () => {
    await later(webhook.id, "20 minutes");
    return receiver.received.length >= 6;
  }, { what: "six deliveries" });
  const of = (id: string | undefined) =>
    receiver.received.filter(({ data }) => data["customer_id"] === id)
      .map(({ data }) => data["status"]);
  assert.deepEqual(of(ids[0]), ["connected", "warned", "disconnected", "connected"]);
  assert.deepEqual(of(ids[1]), ["connected", "disconnected"]);
  assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 6, "each once");
});

Deno.test("While a secret is rotated both sign, and one of them after the grace", async () => {
  const organization = await newOrganization();
  await using receiver = new Receiver();
  const webhook = await subscribe(organization, receiver, ["customer.created"]);
  const rotate = async (grace_seconds: number): Promise<string> => {
    const path = `${webhooksPath}/${webhook.id}/rotate-secret`;
    const answer = await call(organization.admin, "POST", path, { grace_seconds });
    return expectStatus<NewWebhook>(answer, 200).secret;
  };
  receiver.secrets = [webhook.secret, await rotate(3_600)];
  await customer(organization);
  assert.equal((await receiver.waitFor(1))[0]?.signatures, 2);
  receiver.secrets = [await rotate(0)];
  await customer(organization);
  assert.equal((await receiver.waitFor(2))[1]?.signatures, 1);
});

Deno.test("An answer 410 disables an endpoint, notifies the admins, and a replay brings what it missed", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  await using receiver = new Receiver();
  const webhook = await subscribe(organization, receiver, ["customer.created"]);
  receiver.answer = () => new Response(null, { status: 410 });
  await customer(organization);
  await startJob("deliver-webhooks");
  await until(
    async () => (await webhookOf(organization, webhook.id))["disabled_reason"] === "gone",
    {
      what: "the end of the endpoint",
    },
  );
  const notices = await call(admin, "GET", "/notifications");
  const { data } = expectStatus<{ data: { title: string }[] }>(notices, 200);
  assert.deepEqual(data.map(({ title }) => title), ["A webhook was disabled"]);
  await customer(organization);
  const path = `${webhooksPath}/${webhook.id}`;
  expectProblem(await call(admin, "POST", `${path}/test`), 409, "webhook_not_active");
  const since = new Date(Date.now() - 600_000).toISOString();
  expectProblem(await call(admin, "POST", `${path}/replay`, { since }), 409, "webhook_not_active");
  receiver.answer = () => new Response();
  expectStatus(await call(admin, "PATCH", path, { status: "active" }), 200);
  const replayed = await call(admin, "POST", `${path}/replay`, { since });
  // The second may have been queued already, if its event was not yet read while the endpoint was disabled.
  assert.equal(expectStatus<{ complete: boolean }>(replayed, 202).complete, true);
  const received = await receiver.waitFor(3);
  assert.equal(received.filter(({ type }) => type === "customer.created").length, 2);
  await until(async () => (await webhookOf(organization, webhook.id))["pending"] === 0, {
    what: "the outcomes",
  });
  const all = await deliveriesOf(organization, webhook.id);
  const again = all.find(({ type }) => type === "customer.created");
  const redeliver = `${webhooksPath}/deliveries/${again?.id}/redeliver`;
  expectStatus(await call(admin, "POST", redeliver), 202);
  assert.equal((await receiver.waitFor(4))[3]?.id, again?.message_id, "with the same webhook-id");
});

Deno.test("An endpoint of somebody who lost their rights falls silent and says why", async () => {
  const organization = await newOrganization();
  const other = await addMember(organization, "admin");
  await using receiver = new Receiver();
  const webhook = await subscribe(
    { ...organization, admin: other },
    receiver,
    ["customer.created"],
  );
  expectStatus(
    await call(organization.admin, "PATCH", `/users/${other.userId}`, { status: "suspended" }),
    200,
  );
  await customer(organization);
  await startJob("deliver-webhooks");
  const withheld = await until(
    async () => (await deliveriesOf(organization, webhook.id, "?status=withheld"))[0],
    { what: "a delivery that is withheld" },
  );
  assert.equal(withheld.reason, "owner_not_member");
  const { silent_reason, status } = await webhookOf(organization, webhook.id);
  assert.deepEqual([silent_reason, status, receiver.received.length], [
    "owner_not_member",
    "active",
    0,
  ]);
  const path = `${webhooksPath}/${webhook.id}`;
  expectStatus(await call(organization.admin, "PATCH", path, { description: "Taken over" }), 200);
  const since = new Date(Date.now() - 600_000).toISOString();
  expectStatus(await call(organization.admin, "POST", `${path}/replay`, { since }), 202);
  assert.equal((await receiver.waitFor(1))[0]?.type, "customer.created");
});

Deno.test("URLs that lead inwards and unknown events are refused", async () => {
  const { admin } = await newOrganization();
  const refusedUrls = [
    "http://10.0.0.1/",
    "https://169.254.169.254/latest",
    "https://[::1]/",
    "https://localhost/",
    "https://2130706432.internal/",
    "https://user:secret@example.com/",
    "https://127.0.0.1:22/",
    "ftp://example.com/",
  ];
  for (const url of refusedUrls) {
    const answer = await call(admin, "POST", webhooksPath, { url, events: ["*"] });
    assert.equal(expectProblem(answer, 422, "invalid_field").errors?.[0]?.path, "url", url);
  }
  const url = "http://127.0.0.1:9999/";
  const unknown = await call(admin, "POST", webhooksPath, { url, events: ["lead.exploded"] });
  assert.equal(expectProblem(unknown, 422, "invalid_field").errors?.[0]?.path, "events");
  const events = await call(admin, "GET", `${webhooksPath}/events`);
  const { data } = expectStatus<{ data: { type: string; schema: object }[] }>(events, 200);
  assert.equal(data.length, 19);
});

Deno.test("The old body with endpoint_url and a secret of one's own makes a webhook that signs with it", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  await using receiver = new Receiver();
  const secret = "the shared secret of an old receiver";
  const body = { events: ["customer.created"], endpoint_url: receiver.url, secret };
  const made = expectStatus<Record<string, string>>(
    await call(admin, "POST", webhooksPath, body),
    201,
  );
  assert.deepEqual([made["url"], made["endpoint_url"]], [receiver.url, receiver.url]);
  assert.equal(made["secret"], `whsec_${btoa(secret)}`);
  receiver.secrets = [made["secret"] ?? ""];
  await customer(organization);
  assert.equal((await receiver.waitFor(1))[0]?.type, "customer.created");
  const path = `${webhooksPath}/${made["id"]}`;
  const moved = { endpoint_url: `${receiver.url}&moved` };
  const after = expectStatus<Record<string, string>>(await call(admin, "PATCH", path, moved), 200);
  assert.equal(after["url"], moved.endpoint_url);
  const refused: [Record<string, unknown>, string][] = [
    [{ events: ["*"] }, "url"],
    [{ events: ["*"], url: receiver.url, endpoint_url: "http://127.0.0.1:9999/" }, "endpoint_url"],
    [{ events: ["*"], endpoint_url: "http://10.0.0.1/" }, "url"],
    [{ ...body, secret: "short" }, "secret"],
    [{ ...body, secret: `whsec_${"=".repeat(40)}` }, "secret"],
  ];
  for (const [wrong, field] of refused) {
    const problem = expectProblem(
      await call(admin, "POST", webhooksPath, wrong),
      422,
      "invalid_field",
    );
    assert.equal(problem.errors?.[0]?.path, field, JSON.stringify(problem));
  }
});

Deno.test("An endpoint that hangs delays no other", async () => {
  const organization = await newOrganization();
  await using slow = new Receiver();
  await using fast = new Receiver();
  const released = Promise.withResolvers<void>();
  slow.answer = async () => {
    await released.promise;
    return new Response();
  };
  await subscribe(organization, slow, ["customer.created"]);
  await subscribe(organization, fast, ["customer.created"]);
  for (let n = 0; n < 15; n++) await customer(organization);
  assert.equal((await fast.waitFor(15)).length, 15);
  assert.equal(slow.received.length, 0);
  released.resolve();
});
