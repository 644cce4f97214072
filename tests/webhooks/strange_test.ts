import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import { findConversations, onlyConversation, readThread } from "../support/conversations.ts";
import { withDatabase } from "../support/db.ts";
import { type Answer, call, expectProblem, expectStatus } from "../support/http.ts";
import { newOrganization } from "../support/people.ts";
import { functionUrl } from "../support/stack.ts";
import { ordinaryNumber, ourNumber, send, texting } from "../support/texts.ts";
import { handsetSays, newSid, signatureOf, twilioAccount, twilioPost } from "../support/twilio.ts";
import { until } from "../support/wait.ts";

const inbound = "/webhooks/twilio/inbound";
const statusPath = "/webhooks/twilio/status";

/** Posts what was signed with other fields, as somebody who caught a request would. */
function postAs(
  path: string,
  form: Record<string, string>,
  signature: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return call(null, "POST", path, new URLSearchParams(form).toString(), {
    "content-type": "application/x-www-form-urlencoded",
    "x-twilio-signature": signature,
    ...headers,
  });
}

const signed = (path: string, form: Record<string, string | string[]>) =>
  signatureOf(CARRIER_CREDENTIALS.twilioAuthToken, functionUrl(path), form);

Deno.test("a caught START cannot be said again under an id that was lengthened by what follows it", async () => {
  const { clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  const form = {
    ...twilioAccount,
    Body: "START",
    From: handset,
    MessageSid: newSid(),
    NumMedia: "0",
    To: twilio,
  };
  expectStatus(await twilioPost(inbound, form), 200);
  await handsetSays(handset, twilio, "STOP");
  const { NumMedia: _, ...rest } = form;
  const lengthened = { ...rest, MessageSid: `${form.MessageSid}NumMedia0` };
  const signature = signed(inbound, form);
  assert.equal(signature, signed(inbound, lengthened), "Twilio's signature cannot tell them apart");
  expectProblem(await postAs(inbound, lengthened, signature), 422, "not_a_message");
  assert.equal((await send(clerk, { to: handset })).status, "suppressed");
  const report = { ...twilioAccount, MessageSid: "SM1", MessageStatus: "delivered" };
  expectProblem(await twilioPost(statusPath, report), 422, "not_a_report");
});

Deno.test("an old report of an opt-out does not undo a later opt-in", async () => {
  const { organization, clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  const sid = newSid();
  await withDatabase((sql) =>
    sql`insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
        provider, provider_message_id)
      select a.organization_id, a.id, ${handset}, a.sender_id, 'x', 'GSM-7', 1, 'sent', 'twilio', ${sid}
      from public.sms_accounts a where a.organization_id = ${organization.id} and a.sender_id = ${twilio}`
  );
  const report = { ...twilioAccount, MessageSid: sid, MessageStatus: "failed", ErrorCode: "21610" };
  expectStatus(await twilioPost(statusPath, report), 204);
  assert.equal((await send(clerk, { to: handset })).status, "suppressed");
  await handsetSays(handset, twilio, "START");
  expectStatus(await twilioPost(statusPath, report), 204);
  assert.equal((await send(clerk, { to: handset })).status, "queued");
});

Deno.test("characters that the database does not take cost nobody an opt-out or a report", async () => {
  const { organization, clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "STOP\u0000");
  const { messages } = await readThread(clerk, (await onlyConversation(clerk)).id);
  assert.equal(messages.at(-1)?.message, "STOP");
  assert.equal((await send(clerk, { to: handset })).status, "suppressed");
  const sid = newSid();
  await withDatabase((sql) =>
    sql`insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
        provider, provider_message_id)
      select a.organization_id, a.id, ${handset}, a.sender_id, 'x', 'GSM-7', 1, 'sent', 'twilio', ${sid}
      from public.sms_accounts a where a.organization_id = ${organization.id} and a.sender_id = ${twilio}`
  );
  const report = {
    ...twilioAccount,
    MessageSid: sid,
    MessageStatus: "undelivered",
    ErrorCode: "30003\u0000",
    ErrorMessage: "Not\u0000 reached",
  };
  expectStatus(await twilioPost(statusPath, report), 204);
  const [row] = await withDatabase((sql) =>
    sql`select status, error_code, error_message from public.messages where provider_message_id = ${sid}`
  );
  assert.deepEqual({ ...row }, {
    status: "undelivered",
    error_code: "30003",
    error_message: "Not reached",
  });
});

Deno.test("every picture of a text is kept, whatever number of them it states", async () => {
  const { clerk, twilio } = await texting();
  const pictures = (count: number) =>
    Array.from({ length: count }, (_, n) => `https://api.twilio.example/Media/ME${n}`);
  const fields = (count: number) =>
    Object.fromEntries(pictures(count).map((url, n) => [`MediaUrl${n}`, url]));
  for (
    const [count, NumMedia] of [[10, "10"], [2, "0"], [2, "-3"], [2, "many"], [2, "99"], [
      11,
      "11",
    ]] as const
  ) {
    const handset = ordinaryNumber();
    await handsetSays(handset, twilio, "", { NumMedia, ...fields(count) });
    const { data } = await findConversations(clerk, `?search=${encodeURIComponent(handset)}`);
    const thread = await readThread(clerk, data[0]?.id ?? "");
    assert.deepEqual(thread.messages[0]?.media, pictures(count), NumMedia);
    assert.equal(thread.last_preview, "[media]");
  }
  // A picture alone may come without a Body at all.
  const bare = {
    ...twilioAccount,
    MessageSid: newSid(),
    From: ordinaryNumber(),
    To: twilio,
    NumMedia: "1",
    ...fields(1),
  };
  expectStatus(await twilioPost(inbound, bare), 200);
  await handsetSays(ordinaryNumber(), twilio, "");
  assert.equal((await findConversations(clerk)).total, 8);
});

Deno.test("forms with repeated fields, JSON and other bodies are taken or refused, never a fault", async () => {
  const { clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  const text = { ...twilioAccount, MessageSid: newSid(), From: handset, To: twilio };
  const post = (fields: [string, string][]) =>
    call(null, "POST", inbound, new URLSearchParams(fields).toString(), {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": signed(
        inbound,
        Object.fromEntries(
          Array.from(Map.groupBy(fields, ([name]) => name), ([name, all]) => [
            name,
            all.map(([, value]) => value),
          ]),
        ),
      ),
    });
  const form: [string, string][] = Object.entries({ ...text, Body: "as a form" });
  expectStatus(await post([...form, ["Addon", "1"], ["Addon", "2"]]), 200);
  assert.equal((await onlyConversation(clerk)).last_preview, "as a form");
  expectProblem(await post([...form, ["Body", "another"]]), 422);
  const json = (body: string, path = inbound) => {
    const target = `${path}?bodySHA256=${createHash("sha256").update(body).digest("hex")}`;
    return call(null, "POST", target, body, {
      "content-type": "application/json",
      "x-twilio-signature": signed(target, {}),
    });
  };
  const said = { ...text, MessageSid: newSid(), Body: "as JSON \ud800" };
  expectStatus(await json(JSON.stringify(said)), 200);
  assert.equal((await onlyConversation(clerk)).last_preview, "as JSON \ufffd");
  for (const body of ["[]", "null", "3", "{", JSON.stringify([said])]) {
    const { status } = await json(body);
    assert.ok([400, 403, 422].includes(status), `${body}: ${status}`);
  }
  for (const odd of [{ Body: 3 }, { Body: { a: 1 } }, { From: ["a"] }, { MessageSid: null }]) {
    expectProblem(await json(JSON.stringify({ ...said, ...odd })), 422);
  }
  expectProblem(
    await call(null, "POST", inbound, JSON.stringify(said), {
      "content-type": "application/json",
      "x-twilio-signature": signed(inbound, {}),
    }),
    403,
  );
  for (const [bytes, says] of [[300_000, /256 kB/], [10_000_000, /256 kB/]] as const) {
    const large = await postAs(inbound, { ...text, Body: "x".repeat(bytes) }, "any");
    assert.match(expectProblem(large, 413, "too_large").detail, says);
  }
});

Deno.test("a tenant's own account is not taken for a stranger, however much it reports", async () => {
  const organization = await newOrganization();
  const credentials = {
    account_sid: `AC${crypto.randomUUID().replaceAll("-", "")}`,
    auth_token: "own",
  };
  const number = ourNumber();
  const added = { provider: "twilio", number, credentials };
  expectStatus(await call(organization.admin, "POST", "/phone-numbers", added), 201);
  // An address of the test's own: what it forges is held against no other test.
  const address = `2001:db8::${crypto.randomUUID().slice(0, 4)}:${crypto.randomUUID().slice(0, 4)}`;
  const post = (form: Record<string, string>, token = "own") =>
    postAs(
      inbound,
      form,
      signatureOf(token, functionUrl(inbound), form),
      { "cf-connecting-ip": address },
    );
  const texts = Array.from({ length: 200 }, (_, n) => ({
    AccountSid: credentials.account_sid,
    MessageSid: newSid(),
    From: `+23324477${String(n).padStart(4, "0")}`,
    To: number,
    Body: "STOP",
  }));
  const waiting = texts.values();
  const worker = async () => {
    for (const form of waiting) expectStatus(await post(form), 200);
  };
  await Promise.all(Array.from({ length: 10 }, worker));
  const suppressed = await call(organization.admin, "GET", "/suppressions?limit=1");
  assert.equal(expectStatus<{ total: number }>(suppressed, 200).total, 200);
  // Who forges is limited, and only they.
  const forged = await until(async () => {
    const answers = await Promise.all(texts.slice(0, 20).map((form) => post(form, "another")));
    return answers.find(({ status }) => status !== 403);
  }, { timeoutMs: 120_000, what: "the end of patience with a forger" });
  expectProblem(forged, 429, "rate_limited");
  expectStatus(await post({ ...texts[0], MessageSid: newSid(), Body: "Hello" }), 200);
});

Deno.test("a number's former owner keeps what came to it, the new one gets what comes", async () => {
  const { organization, clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  const before = { ...twilioAccount, MessageSid: newSid(), From: handset, To: twilio, Body: "Old" };
  expectStatus(await twilioPost(inbound, before), 200);
  const sid = newSid();
  await withDatabase(async (sql) => {
    await sql`insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments,
        status, provider, provider_message_id)
      select a.organization_id, a.id, ${handset}, a.sender_id, 'x', 'GSM-7', 1, 'sent', 'twilio', ${sid}
      from public.sms_accounts a where a.organization_id = ${organization.id} and a.sender_id = ${twilio}`;
    await sql`delete from public.sms_accounts where organization_id = ${organization.id} and sender_id = ${twilio}`;
  });
  // Nobody has the number: the provider hears that we have it, and that is all.
  await handsetSays(handset, twilio, "Is anybody there?");
  const { admin } = await newOrganization();
  const added = { provider: "twilio", number: twilio };
  expectStatus(await call(admin, "POST", "/phone-numbers", added), 201);
  expectStatus(await twilioPost(inbound, before), 200);
  assert.equal((await findConversations(admin)).total, 0);
  await handsetSays(handset, twilio, "New");
  assert.equal((await onlyConversation(admin)).last_preview, "New");
  const report = { ...twilioAccount, MessageSid: sid, MessageStatus: "delivered" };
  expectStatus(await twilioPost(statusPath, report), 204);
  const old = await onlyConversation(clerk);
  const thread = await readThread(clerk, old.id);
  assert.deepEqual(thread.messages.map(({ message, status }) => [message, status]), [
    ["x", "delivered"],
    ["Old", "received"],
  ]);
  const reply = await call(clerk, "POST", `/conversations/${old.id}/messages`, { message: "Hi" });
  expectProblem(reply, 409, "no_sender");
});

Deno.test("a text that meets a deadlock is taken at the second try", async () => {
  const { organization, clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "Hello");
  const lock = `reply|${organization.id}|${handset}`;
  // Who waits first finds the deadlock: the webhook, unless this machine is very slow.
  await withDatabase((sql) =>
    sql.begin(async (other) => {
      await other`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`;
      const stop = handsetSays(handset, twilio, "STOP");
      await until(() =>
        withDatabase(async (watch) => {
          const [row] = await watch`select count(*)::int as n from pg_locks l
            where l.locktype = 'advisory' and not l.granted
              and ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended(${lock}, 0)`;
          return row?.["n"] === 1;
        }), { what: "the webhook that waits" });
      await other`update public.conversations set updated_at = now() where organization_id = ${organization.id}`;
      return { stop };
    })
  ).then(({ stop }) => stop);
  assert.equal((await send(clerk, { to: handset })).status, "suppressed");
});
