import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import {
  accepted,
  carrier,
  numberEnding,
  ordinaryNumber,
  reaches,
  send,
  status,
  texting,
} from "../support/texts.ts";

/** What becomes of a text to a number with this ending: with Arkesel (the default sender) and with Twilio. */
const fates: {
  ending: string;
  arkesel: [string, string | null];
  twilio: [string, string | null];
  copies: number[];
}[] = [
  {
    ending: "0001",
    arkesel: ["failed", "invalid_number"],
    twilio: ["failed", "21211"],
    copies: [0, 0],
  },
  {
    ending: "0003",
    arkesel: ["undelivered", "NOT_DELIVERED"],
    twilio: ["undelivered", "30003"],
    copies: [1, 1],
  },
  {
    ending: "0005",
    arkesel: ["undelivered", "NOT_DELIVERED"],
    twilio: ["undelivered", "30005"],
    copies: [1, 1],
  },
  {
    ending: "0007",
    arkesel: ["failed", "PROHIBITED"],
    twilio: ["undelivered", "30007"],
    copies: [1, 1],
  },
  { ending: "0029", arkesel: ["delivered", null], twilio: ["delivered", null], copies: [1, 1] },
  { ending: "0050", arkesel: ["delivered", null], twilio: ["delivered", null], copies: [1, 1] },
  { ending: "0051", arkesel: ["delivered", null], twilio: ["delivered", null], copies: [1, 1] },
  { ending: "0060", arkesel: ["delivered", null], twilio: ["delivered", null], copies: [1, 1] },
  { ending: "0061", arkesel: ["sent", null], twilio: ["sent", null], copies: [1, 1] },
];

for (const { ending, arkesel, twilio, copies } of fates) {
  for (const [index, [provider, [wanted, code]]] of Object.entries({ arkesel, twilio }).entries()) {
    Deno.test(`a text by ${provider} to …${ending} ends as ${wanted}, with ${copies[index]} at the carrier`, async () => {
      const { clerk, twilio: number } = await texting();
      const to = numberEnding(ending);
      // Other tests may text the same number: few end in these digits.
      const text = `Text ${crypto.randomUUID()}`;
      const queued = await send(clerk, {
        to,
        message: text,
        ...(provider === "twilio" ? { sender_id: number } : {}),
      });
      const message = await reaches(clerk, queued.message_id, wanted);
      assert.equal(message.provider, provider);
      assert.equal(message.error_code, code, JSON.stringify(message));
      const copiesSent = (await accepted(to)).filter(({ body }) => body === text);
      assert.equal(copiesSent.length, copies[index]);
    });
  }
}

Deno.test("an opt-out answer (21610) ends the text and suppresses the number for every later one", async () => {
  const { organization, clerk, twilio } = await texting();
  const to = numberEnding("0004");
  const first = await send(clerk, { to, sender_id: twilio });
  assert.equal((await reaches(clerk, first.message_id, "failed")).error_code, "21610");
  const second = await send(clerk, { to });
  assert.equal(second.status, "suppressed");
  const { data } = await organization.admin.client.from("suppressions").select(
    "phone, source, scope",
  );
  assert.deepEqual(data, [{ phone: to, source: "provider", scope: "all" }]);
  assert.deepEqual(await accepted(to), []);
});

Deno.test("a provider that refuses bodies without a length gets each text once, with one", async () => {
  const { clerk } = await texting();
  // Others that text meanwhile are refused as well, and sent again in the same way.
  await carrier("/chunked-bodies", { provider: "arkesel", refusal: 411 });
  try {
    for (const to of [ordinaryNumber(), ordinaryNumber()]) {
      const { message_id } = await send(clerk, { to });
      const { attempts } = await reaches(clerk, message_id, "delivered");
      assert.deepEqual([attempts, (await accepted(to)).length], [1, 1]);
    }
  } finally {
    await carrier("/chunked-bodies", { provider: "arkesel", refusal: null });
  }
});

Deno.test("a number suppressed after a text was queued does not get it", async () => {
  const { organization, clerk } = await texting();
  const hour = new Date().getUTCHours();
  const at = (h: number) => `${String(h % 24).padStart(2, "0")}:00`;
  const settings = organization.admin.client.from("organizations");
  await settings.update({
    time_zone: "UTC",
    quiet_hours_start: at(hour),
    quiet_hours_end: at(hour + 2),
  }).eq("id", organization.id);
  const to = ordinaryNumber();
  const waiting = await send(clerk, { to });
  await organization.admin.client.from("suppressions")
    .insert({ organization_id: organization.id, phone: to, source: "manual" });
  await settings.update({ quiet_hours_start: null, quiet_hours_end: null }).eq(
    "id",
    organization.id,
  );
  await makeDue(organization.id);
  expectStatus(
    await call(clerk, "POST", "/sms/send", {
      to: ordinaryNumber(),
      message: "wakes the dispatcher",
    }),
    202,
  );
  await reaches(clerk, waiting.message_id, "suppressed");
  assert.deepEqual(await accepted(to), []);
  assert.equal((await status(clerk, waiting.message_id)).attempts, 0);
});

async function makeDue(organizationId: string): Promise<void> {
  await withDatabase((sql) =>
    sql`update public.messages set send_after = now() where organization_id = ${organizationId} and status = 'queued'`
  );
}
