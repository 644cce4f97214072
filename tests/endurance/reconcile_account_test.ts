import assert from "node:assert/strict";
import { accountFingerprint } from "../../supabase/functions/_shared/messaging/accounts.ts";
import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import { ordinaryNumbers } from "../support/campaigns.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { startJob } from "../support/jobs.ts";
import { addMember } from "../support/people.ts";
import {
  allMessages,
  answers,
  carrierAccepts,
  daysPass,
  questions,
  sendSilently,
  type Silent,
  silentOffice,
} from "../support/reconciling.ts";
import { acceptedFrom, ordinaryNumber } from "../support/texts.ts";
import { until } from "../support/wait.ts";

/* A sender's credentials may change while its texts are under way: the new account knows nothing of them. */

const platform = accountFingerprint("twilio", undefined, {
  twilio: await fingerprint(`twilio:${CARRIER_CREDENTIALS.twilioAccountSid}`),
});

async function fingerprint(account: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(account));
  return Array.from(new Uint8Array(hash).slice(0, 8), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

const otherAccount = { account_sid: `AC${"7".repeat(32)}`, auth_token: "another-token" };

/** Texts that a dispatcher marked and of which it recorded nothing more, on their way through an account. */
async function leaveInDoubt(
  office: Silent,
  numbers: string[],
  { through, category = "service" }: { through: string | null; category?: string },
): Promise<void> {
  await withDatabase((sql) =>
    sql`insert into public.messages (organization_id, account_id, category, to_number, from_number, body, encoding, segments,
        status, provider, provider_account, attempts, sending_at)
      select a.organization_id, a.id, ${category}, n.phone, a.sender_id, 'Unknown outcome', 'GSM-7', 1, 'sending', a.provider,
        ${through}, 1, now() - interval '2 minutes'
      from public.sms_accounts a, unnest(${numbers}::text[]) as n (phone)
      where a.organization_id = ${office.organization.id} and a.sender_id = ${office.twilio}`
  );
}

/** What is kept of each text about its account, in the order in which they were made. */
function accountsOf(office: Silent) {
  return withDatabase((sql) =>
    sql<{ provider_account: string | null; unknown_reason: string | null; listed: boolean }[]>`
      select provider_account, unknown_reason, unknown_at is not null as listed from public.messages
      where organization_id = ${office.organization.id} and direction = 'outbound' order by id`
  );
}

async function twilioNumber({ organization, twilio }: Silent): Promise<string> {
  const list = await call(organization.admin, "GET", "/phone-numbers");
  const { data } = expectStatus<{ data: { id: string; number: string }[] }>(list, 200);
  return data.find(({ number }) => number === twilio)?.id ?? "";
}

Deno.test("the account that a text goes through is kept with it, the platform's and a tenant's own", async () => {
  const office = await silentOffice();
  await sendSilently(office, [ordinaryNumber()], office.twilio);
  assert.equal((await accountsOf(office))[0]?.provider_account, platform);
  // The same account, brought by the tenant; then only its token is another.
  const { twilioAccountSid: account_sid, twilioAuthToken: auth_token } = CARRIER_CREDENTIALS;
  const path = `/phone-numbers/${await twilioNumber(office)}`;
  const { admin } = office.organization;
  const credentials = { account_sid, auth_token };
  expectStatus(await call(admin, "PATCH", path, { credentials }), 200);
  await sendSilently(office, [ordinaryNumber()], office.twilio);
  const kept = await accountsOf(office);
  assert.deepEqual(kept.map(({ provider_account }) => provider_account), [platform, platform]);
  await daysPass(office.organization);
  await startJob("reconcile-messages");
  await allMessages(office.organization, "deliveries", ({ status }) => status === "delivered");
});

Deno.test("a text with an unknown outcome whose sender has moved to another account is held, never sent again", async () => {
  const office = await silentOffice();
  const [there, here] = [ordinaryNumber(), ordinaryNumber()];
  await leaveInDoubt(office, [there], { through: await fingerprint("twilio:before") });
  await leaveInDoubt(office, [here], { through: platform });
  await startJob("resolve-unknown-outcomes");
  const [doubtful, resent] = await allMessages(
    office.organization,
    "one that is held and one that is sent again",
    ({ held, status }) => held || status === "sent",
  );
  assert.deepEqual(
    [doubtful?.to_number, doubtful?.held, doubtful?.unknown_reason],
    [there, true, "other_account"],
  );
  assert.deepEqual([resent?.to_number, resent?.status], [here, "sent"]);
  assert.deepEqual((await acceptedFrom(office.twilio)).map(({ to }) => to), [here]);
  const unknown = await call(office.clerk, "GET", "/sms/messages?unknown=true");
  assert.equal(expectStatus<{ total: number }>(unknown, 200).total, 1);
  // A person decides; what goes out then goes through the account that is there now.
  const settle = `/sms/messages/${doubtful?.id}/resolve`;
  const outcome = { outcome: "resend", reason: "They got nothing." };
  expectStatus(await call(office.clerk, "POST", settle, outcome), 200);
  await allMessages(office.organization, "both sent", ({ status }) => status === "sent");
  assert.deepEqual(
    (await accountsOf(office)).map(({ provider_account, unknown_reason }) => [
      provider_account,
      unknown_reason,
    ]),
    [[platform, null], [platform, null]],
  );
});

Deno.test("nothing follows for texts with unknown outcomes from a number that was deleted with its credentials", async () => {
  const office = await silentOffice();
  const path = `/phone-numbers/${await twilioNumber(office)}`;
  const { admin } = office.organization;
  const own = { credentials: otherAccount };
  expectStatus(await call(admin, "PATCH", path, own), 200);
  const through = await fingerprint(`twilio:${otherAccount.account_sid}`);
  await withDatabase(async (sql) => {
    const [row] = await sql`select provider_account from public.sms_accounts
      where organization_id = ${office.organization.id} and sender_id = ${office.twilio}`;
    assert.equal(row?.["provider_account"], through);
  });
  const [taken, lost] = [ordinaryNumber(), ordinaryNumber()];
  // The platform's account, which is asked from now on, has such a text: it is another one.
  await carrierAccepts(office.twilio, taken, "Unknown outcome");
  await withDatabase((sql) =>
    sql`insert into private.lookup_pauses (account_id, organization_id, until, failures, reason)
      select a.id, a.organization_id, now() + interval '1 hour', 1, 'for the test' from public.sms_accounts a
      where a.organization_id = ${office.organization.id} and a.sender_id = ${office.twilio}`
  );
  await leaveInDoubt(office, [taken, lost], { through });
  const deleted = await call(admin, "DELETE", path);
  assert.ok(deleted.status < 300, `the number goes: ${deleted.status}`);
  await withDatabase((sql) =>
    sql`delete from private.lookup_pauses where organization_id = ${office.organization.id}`
  );
  await startJob("resolve-unknown-outcomes");
  const texts = await allMessages(office.organization, "two that are held", ({ held }) => held);
  assert.deepEqual(
    texts.map(({ status, unknown_reason, provider_message_id }) => [
      status,
      unknown_reason,
      provider_message_id,
    ]),
    [["sending", "other_account", null], ["sending", "other_account", null]],
  );
});

Deno.test("an accepted text is asked about once in a new account, whose silence lists it", async () => {
  const office = await silentOffice();
  await sendSilently(office, ordinaryNumbers(2), office.twilio);
  const moved = await fingerprint("twilio:before");
  await withDatabase((sql) =>
    sql`update public.messages set provider_account = ${moved} where organization_id = ${office.organization.id}`
  );
  await answers(office.twilio, "not_found");
  await daysPass(office.organization);
  await startJob("reconcile-messages");
  await until(async () => (await accountsOf(office)).every(({ listed }) => listed), {
    what: "two that are listed",
  });
  assert.deepEqual(
    (await accountsOf(office)).map(({ unknown_reason }) => unknown_reason),
    ["other_account", "other_account"],
  );
  assert.equal(await questions(office.twilio), 2);
});

Deno.test("however many outcomes a crash leaves unknown, the admins are notified once an hour how many texts are held", async () => {
  const office = await silentOffice();
  const { organization } = office;
  const second = await addMember(organization, "admin");
  const told = async () => {
    const notices = await withDatabase((sql) =>
      sql<{ user_id: string; title: string; data: unknown }[]>`
        select user_id, title, data from public.notifications
        where organization_id = ${organization.id} and kind = 'message_held' order by id`
    );
    return [organization.admin, second].map(({ userId }) =>
      notices.filter(({ user_id }) => user_id === userId).map(({ title, data }) => [title, data])
    );
  };
  const hold = async (count: number) => {
    await leaveInDoubt(office, ordinaryNumbers(count), {
      through: platform,
      category: "marketing",
    });
    await Promise.all([startJob("resolve-unknown-outcomes"), startJob("resolve-unknown-outcomes")]);
    await allMessages(organization, "texts that are held", ({ held }) => held);
  };
  await hold(120);
  const first = ["120 messages need a decision", { messages: 120 }];
  await until(async () => (await told()).every((notices) => notices.length > 0), {
    what: "the first notice",
  });
  assert.deepEqual(await told(), [[first], [first]]);
  await hold(3);
  await startJob("resolve-unknown-outcomes");
  const anHourPasses = () =>
    withDatabase((sql) =>
      sql`update private.pending_admin_alerts set alerted_at = alerted_at - interval '1 hour'
        where organization_id = ${organization.id}`
    );
  assert.deepEqual(await told(), [[first], [first]]);
  await anHourPasses();
  await startJob("resolve-unknown-outcomes");
  const next = ["3 messages need a decision", { messages: 3 }];
  await until(async () => (await told()).every((notices) => notices.length > 1), {
    what: "the second notice",
  });
  assert.deepEqual(await told(), [[first, next], [first, next]]);
  await anHourPasses();
  await startJob("resolve-unknown-outcomes");
  await hold(1);
  await until(async () => (await told()).every((notices) => notices.length > 2), {
    what: "the third notice",
  });
  assert.deepEqual((await told())[0]?.[2], ["A message needs a decision", { messages: 1 }]);
});
