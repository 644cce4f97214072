import assert from "node:assert/strict";
import { call, expectStatus } from "../support/http.ts";
import { startJob } from "../support/jobs.ts";
import {
  accepted,
  carrier,
  ordinaryNumber,
  reaches,
  send,
  status,
  texting,
} from "../support/texts.ts";
import { until } from "../support/wait.ts";

Deno.test("a provider that refuses everything opens the circuit, alerts the admins once, and loses nothing", async () => {
  const { organization, clerk, twilio } = await texting();
  const numbers = [ordinaryNumber(), ordinaryNumber(), ordinaryNumber()];
  const account = () =>
    organization.admin.client.from("sms_accounts").select("status").eq("provider", "twilio")
      .single();
  await carrier("/outage", { provider: "twilio", mode: "refuse_auth", from: twilio });
  try {
    const queued = [];
    for (const to of numbers) queued.push(await send(clerk, { to, sender_id: twilio }));
    await until(async () => (await account()).data?.status === "circuit_open", {
      what: "an account that is left alone",
    });
    for (const { message_id } of queued) {
      // One of them may be the probe that is under way.
      assert.match((await status(clerk, message_id)).status, /^(queued|sending)$/);
    }
    const { data } = await organization.admin.client.from("notifications").select("kind");
    assert.deepEqual(data, [{ kind: "sender_circuit_open" }]);
    await carrier("/outage", { provider: "twilio", mode: "none" });
    for (const { message_id } of queued) await reaches(clerk, message_id, "delivered", 300_000);
  } finally {
    await carrier("/outage", { provider: "twilio", mode: "none" });
  }
  assert.equal((await account()).data?.status, "active");
  for (const to of numbers) assert.equal((await accepted(to)).length, 1);
});

Deno.test("a provider that answers 500 to all leaves outcomes unknown, opens the circuit, and later each text is sent once", async () => {
  const { organization, clerk, twilio } = await texting();
  const recipients = Array.from({ length: 30 }, () => ({ to: ordinaryNumber() }));
  await carrier("/outage", { provider: "twilio", mode: "http500", from: twilio });
  const account = () =>
    organization.admin.client.from("sms_accounts").select("status").eq("provider", "twilio")
      .single();
  try {
    expectStatus(
      await call(clerk, "POST", "/sms/send-bulk", {
        message: "Later",
        recipients,
        sender_id: twilio,
      }),
      202,
    );
    await until(async () => (await account()).data?.status === "circuit_open", {
      what: "an account that is left alone",
    });
  } finally {
    await carrier("/outage", { provider: "twilio", mode: "none" });
  }
  // Doubt lasts at least 50 s; then the settling job asks the carrier, finds nothing, and the texts are sent again.
  await until(async () => {
    await startJob("resolve-unknown-outcomes");
    const copies = await Promise.all(recipients.map(({ to }) => accepted(to)));
    return copies.every((list) => list.length === 1);
  }, { timeoutMs: 400_000, what: "each text at the carrier exactly once" });
});
