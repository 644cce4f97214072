import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { newOrganization, type Organization } from "../support/people.ts";
import { digits, ourNumber } from "../support/texts.ts";
import { handsetSays, newSid, twilioPost } from "../support/twilio.ts";

/*
 * A tenant may bring a Twilio account of its own, and chooses what its credentials are. What is signed with them vouches
 * for that tenant's numbers and for nothing else.
 */

const own = () => ({
  account_sid: `AC${crypto.randomUUID().replaceAll("-", "")}`,
  auth_token: crypto.randomUUID(),
});
type Account = ReturnType<typeof own>;

async function numberOf(organization: Organization, credentials?: Account): Promise<string> {
  const number = ourNumber();
  const answer = await call(organization.admin, "POST", "/phone-numbers", {
    provider: "twilio",
    number,
    ...(credentials && { credentials }),
  });
  expectStatus(answer, 201);
  return number;
}

async function signedBy(
  { account_sid, auth_token }: Account,
  path: string,
  fields: Record<string, string>,
): Promise<number> {
  const form = { AccountSid: account_sid, ...fields };
  return (await twilioPost(path, form, auth_token)).status;
}

const inbound = "/webhooks/twilio/inbound";
const says = (From: string, To: string, Body: string) => ({
  MessageSid: newSid(),
  From,
  To,
  Body,
  NumMedia: "0",
});

async function heard(organization: Organization): Promise<number> {
  const answer = await call(organization.admin, "GET", "/conversations");
  return expectStatus<{ total: number }>(answer, 200).total;
}

Deno.test("a tenant's own Twilio account cannot text, opt out or opt in for another tenant's numbers", async () => {
  const [victim, other, attacker] = [
    await newOrganization(),
    await newOrganization(),
    await newOrganization(),
  ];
  const [theirs, forged] = [own(), own()];
  const platformNumber = await numberOf(victim);
  const ownNumber = await numberOf(other, theirs);
  const attackersNumber = await numberOf(attacker, forged);
  // Account ids are no secrets: who stores another's has its own token nevertheless.
  const imitation = { ...theirs, auth_token: crypto.randomUUID() };
  await numberOf(attacker, imitation);
  const handset = `+1202555${digits(4)}`;
  for (const to of [platformNumber, ownNumber]) {
    for (const body of ["STOP", "START", "Hello"]) {
      for (const account of [forged, imitation]) {
        assert.equal(await signedBy(account, inbound, says(handset, to, body)), 200);
      }
    }
  }
  assert.deepEqual([await heard(victim), await heard(other)], [0, 0]);
  for (const { admin } of [victim, other]) {
    const answer = await call(admin, "GET", "/suppressions");
    assert.equal(expectStatus<{ total: number }>(answer, 200).total, 0);
  }
  // Each number's own account is heard.
  assert.equal(await signedBy(forged, inbound, says(handset, attackersNumber, "Hello")), 200);
  assert.equal(await signedBy(theirs, inbound, says(handset, ownNumber, "Hello")), 200);
  await handsetSays(handset, platformNumber, "Hello");
  assert.deepEqual([await heard(victim), await heard(other), await heard(attacker)], [1, 1, 1]);
});

Deno.test("a tenant's own Twilio account cannot report on another tenant's messages", async () => {
  const [victim, attacker] = [await newOrganization(), await newOrganization()];
  const forged = own();
  await numberOf(attacker, forged);
  const number = await numberOf(victim);
  const sid = newSid();
  const status = async () =>
    await withDatabase(async (sql) => {
      const [row] =
        await sql`select status from public.messages where provider_message_id = ${sid}`;
      return row?.["status"];
    });
  await withDatabase((sql) =>
    sql`insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
        provider, provider_message_id)
      select ${victim.id}, a.id, '+12025550199', a.sender_id, 'Hi', 'GSM-7', 1, 'sent', 'twilio', ${sid}
      from public.sms_accounts a where a.sender_id = ${number}`
  );
  const report = { MessageSid: sid, MessageStatus: "failed", ErrorCode: "21610" };
  assert.equal(await signedBy(forged, "/webhooks/twilio/status", report), 204);
  assert.equal(await status(), "sent");
  const answer = await call(victim.admin, "GET", "/suppressions");
  assert.equal(expectStatus<{ total: number }>(answer, 200).total, 0);
});
