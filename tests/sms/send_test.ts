import assert from "node:assert/strict";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization } from "../support/people.ts";
import {
  accepted,
  ordinaryNumber,
  type QueuedBody,
  reaches,
  send,
  status,
  texting,
} from "../support/texts.ts";
import { until } from "../support/wait.ts";

async function customerOf(
  session: { accessToken: string },
  phone: string,
): Promise<{ id: string }> {
  return expectStatus(
    await call(session, "POST", "/customers", {
      name: "Ama {{arrears}} Mensah",
      account_number: "A-1",
      phone,
      arrears: "1234.5",
    }),
    201,
  );
}

Deno.test("POST /sms/send queues a text that the carrier delivers once, and GET /sms/status tells its course", async () => {
  const { clerk } = await texting();
  const to = ordinaryNumber();
  const queued = await send(clerk, { to, message: "Your meter is read tomorrow." });
  assert.deepEqual(
    { ...queued, message_id: null, send_after: null },
    {
      message_id: null,
      status: "queued",
      segments: 1,
      encoding: "GSM-7",
      send_after: null,
      error_code: null,
    },
  );
  await reaches(clerk, queued.message_id, "delivered");
  // The receipts may overtake our own note that the carrier took the message, and each other.
  const message = await until(async () => {
    const told = await status(clerk, queued.message_id);
    return told.events.some((event) => event.status === "sent") ? told : null;
  }, { what: "the note that it was sent" });
  const events = message.events.map((event) => event.status);
  assert.deepEqual(events.slice(0, 2), ["queued", "sending"]);
  assert.deepEqual(new Set(events.slice(2)), new Set(["sent", "delivered"]));
  assert.equal(message.status, "delivered");
  const atCarrier = await accepted(to);
  assert.equal(atCarrier.length, 1, JSON.stringify(atCarrier));
  assert.equal(atCarrier[0]?.body, "Your meter is read tomorrow.");
  assert.equal(atCarrier[0]?.id, message.provider_message_id);
});

Deno.test("POST /sms/send fills in a customer's values, and never what those values hold", async () => {
  const { clerk } = await texting();
  const customer = await customerOf(clerk, ordinaryNumber());
  const queued = await send(clerk, {
    customer_id: customer.id,
    message: "{{ name }} owes {{arrears}} on {{account_number}}",
  });
  assert.equal(
    (await status(clerk, queued.message_id)).message,
    "Ama {{arrears}} Mensah owes GHS 1,234.50 on A-1",
  );
});

Deno.test("the three template texts go out with the customer's arrears and are recorded as sms_sent", async () => {
  const { clerk } = await texting();
  const customer = await customerOf(clerk, ordinaryNumber());
  for (const purpose of ["warning", "disconnection", "connection"]) {
    const queued = expectStatus<QueuedBody>(
      await call(clerk, "POST", `/sms/send/${purpose}/${customer.id}`),
      202,
    );
    assert.match((await status(clerk, queued.message_id)).message, /GHS 1,234\.50/);
  }
  const actions = expectStatus<{ data: { action: string }[] }>(
    await call(clerk, "GET", `/actions/customer/${customer.id}`),
    200,
  );
  assert.deepEqual(actions.data.map(({ action }) => action), ["sms_sent", "sms_sent", "sms_sent"]);
});

Deno.test("POST /sms/send refuses what cannot be sent, and says why", async () => {
  const { clerk } = await texting();
  const cases: [string, Record<string, unknown>, string][] = [
    ["no recipient", { message: "x" }, "to"],
    [
      "two recipients",
      { message: "x", to: ordinaryNumber(), customer_id: crypto.randomUUID() },
      "to",
    ],
    ["no number", { message: "x", to: "12" }, "to"],
    ["no text", { message: "  ", to: ordinaryNumber() }, "message"],
    [
      "a text beyond 1,600 characters",
      { message: "x".repeat(1601), to: ordinaryNumber() },
      "message",
    ],
    ["an unknown variable", { message: "{{password}}", to: ordinaryNumber() }, "message"],
    [
      "a customer's variable without customer",
      { message: "Dear {{name}}", to: ordinaryNumber() },
      "message",
    ],
    [
      "somebody else's sender",
      { message: "x", to: ordinaryNumber(), sender_id: "Stranger" },
      "sender_id",
    ],
  ];
  for (const [what, body, path] of cases) {
    const problem = expectProblem(await call(clerk, "POST", "/sms/send", body), 422);
    assert.ok(
      problem.errors?.some((error) => error.path === path),
      `${what}: ${JSON.stringify(problem)}`,
    );
  }
  expectProblem(
    await call(clerk, "POST", "/sms/send", { message: "x", customer_id: crypto.randomUUID() }),
    404,
    "not_found",
  );
});

Deno.test("only roles that may send can send, and nobody reads another organization's texts", async () => {
  const { organization, clerk } = await texting();
  const queued = await send(clerk, { to: ordinaryNumber() });
  const viewer = await addMember(organization, "viewer");
  expectStatus(await call(viewer, "GET", `/sms/status/${queued.message_id}`), 200);
  expectProblem(
    await call(viewer, "POST", "/sms/send", { to: ordinaryNumber(), message: "x" }),
    403,
    "permission_denied",
  );
  const counselor = await addMember(organization, "counselor");
  expectProblem(await call(counselor, "GET", "/sms/messages"), 403, "permission_denied");
  const stranger = await newOrganization();
  expectProblem(
    await call(stranger.admin, "GET", `/sms/status/${queued.message_id}`),
    404,
    "not_found",
  );
  const list = expectStatus<{ total: number }>(
    await call(stranger.admin, "GET", "/sms/messages"),
    200,
  );
  assert.equal(list.total, 0);
});

Deno.test("the same Idempotency-Key sends once, also at the same moment", async () => {
  const { clerk } = await texting();
  const to = ordinaryNumber();
  const headers = { "idempotency-key": `"${crypto.randomUUID()}"` };
  const answers = await Promise.all(
    [1, 2, 3].map(() => call(clerk, "POST", "/sms/send", { to, message: "Once" }, headers)),
  );
  const ids = new Set(
    answers.filter(({ status }) => status === 202).map(({ body }) =>
      (body as QueuedBody).message_id
    ),
  );
  assert.equal(ids.size, 1, JSON.stringify(answers.map(({ body }) => body)));
  for (const answer of answers) {
    if (answer.status !== 202) expectProblem(answer, 409, "idempotency_in_progress");
  }
  const repeated = await send(clerk, { to, message: "Once" }).then(
    () => call(clerk, "POST", "/sms/send", { to, message: "Once" }, headers),
  );
  assert.ok(ids.has(expectStatus<QueuedBody>(repeated, 202).message_id));
  expectProblem(
    await call(clerk, "POST", "/sms/send", { to, message: "Other" }, headers),
    422,
    "idempotency_key_reused",
  );
});

Deno.test("a text queued in quiet hours waits until they end", async () => {
  const { organization, clerk } = await texting();
  const hour = new Date().getUTCHours();
  const at = (h: number) => `${String((h + 24) % 24).padStart(2, "0")}:00`;
  const set = await organization.admin.client.from("organizations")
    .update({ time_zone: "UTC", quiet_hours_start: at(hour), quiet_hours_end: at(hour + 2) }).eq(
      "id",
      organization.id,
    );
  assert.equal(set.error, null);
  const to = ordinaryNumber();
  const queued = await send(clerk, { to });
  assert.ok(Date.parse(queued.send_after) > Date.now(), queued.send_after);
  assert.equal(new Date(queued.send_after).getUTCMinutes(), 0);
  assert.deepEqual(await accepted(to), []);
});
