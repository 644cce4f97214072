import assert from "node:assert/strict";
import { CALLBACK_SIGNING_SECRET } from "../../local/keys.ts";
import { signCallback } from "../../supabase/functions/_shared/messaging/callback_token.ts";
import { newCampaigning } from "../support/campaigns.ts";
import { withDatabase } from "../support/db.ts";
import { dice, SEED, shuffled } from "../support/dice.ts";
import { type Answer, expectStatus } from "../support/http.ts";
import { newSid, twilioAccount, twilioPost } from "../support/twilio.ts";

/** As Twilio calls the URLs that we give it (#rc=3&rp=ct,rt,5xx): three times more where the server fails. */
async function called(path: string, form: Record<string, string>): Promise<Answer> {
  let answer = await twilioPost(path, form);
  for (let retry = 0; retry < 3 && answer.status >= 500; retry++) {
    answer = await twilioPost(path, form);
  }
  return answer;
}

Deno.test("A burst of 1,000 callbacks at once, in any order and some of them twice, loses none", async () => {
  const office = await newCampaigning();
  const messages = await withDatabase((sql) =>
    sql<{ id: string; sid: string; known: boolean }[]>`
      insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
        provider, provider_message_id, sending_at, lookup_until)
      -- Only the callbacks resolve the unknown outcomes, however long that takes.
      select ${office.id}, ${office.account}, '+23324' || 4001000 + n, ${office.number}, 'Hello', 'GSM-7', 1,
        case when n % 2 = 0 then 'sent' else 'sending' end, 'twilio',
        case when n % 2 = 0 then 'SM' || replace(gen_random_uuid()::text, '-', '') end, now(), now() + interval '1 hour'
      from generate_series(1, 450) n
      returning id, coalesce(provider_message_id, 'SM' || replace(id::text, '-', '')) as sid,
        provider_message_id is not null as known`
  );
  const report = (index: number, status: string) => {
    const { id, sid, known } = messages[index] ?? assert.fail();
    const code = index % 10 === 0 && status !== "sent" ? { ErrorCode: "30003" } : {};
    const said = index % 10 === 0 && status !== "sent" ? "undelivered" : status;
    // What was accepted is known by its id at the provider, what was not by the token in the callback's URL.
    const token = `?token=${signCallback(CALLBACK_SIGNING_SECRET, id)}`;
    const path = `/webhooks/twilio/status${known ? "" : token}`;
    return { path, form: { ...twilioAccount, MessageSid: sid, MessageStatus: said, ...code } };
  };
  const calls = shuffled(
    dice(SEED),
    messages.flatMap((_, index) => [
      report(index, "delivered"),
      report(index, "sent"),
      ...(index < 100 ? [report(index, "delivered")] : []),
    ]),
  );
  assert.equal(calls.length, 1_000);
  const answers = await Promise.all(calls.map(({ path, form }) => called(path, form)));
  for (const answer of answers) expectStatus(answer, 204);
  const kept = await withDatabase((sql) =>
    sql<{ status: string; error_code: string | null; sid: string; reports: number }[]>`
      select m.status, m.error_code, m.provider_message_id as sid, (
        select count(*)::int from public.message_events e where e.message_id = m.id and e.source = 'callback') as reports
      from public.messages m where m.organization_id = ${office.id} order by m.id`
  );
  assert.deepEqual(
    kept.map(({ status, error_code, sid, reports }) => [sid, status, error_code, reports]),
    messages.toSorted((a, b) => a.id < b.id ? -1 : 1).map(({ sid }) => {
      const failed = messages.findIndex((message) => message.sid === sid) % 10 === 0;
      return [sid, failed ? "undelivered" : "delivered", failed ? "30003" : null, 2];
    }),
  );
});

Deno.test("Texts that come in at once, each twice, are each kept once in their conversations", async () => {
  const office = await newCampaigning();
  const texts = Array.from({ length: 150 }, (_, index) => ({
    ...twilioAccount,
    MessageSid: newSid(),
    From: `+23324400${1_000 + index % 30}`,
    To: office.number,
    Body: `Text ${index}`,
  }));
  const answers = await Promise.all(
    [...texts, ...texts].map((form) => called("/webhooks/twilio/inbound", form)),
  );
  for (const answer of answers) expectStatus(answer, 200);
  await withDatabase(async (sql) => {
    const heard = await sql<{ sid: string }[]>`
      select provider_message_id as sid from public.messages where organization_id = ${office.id} and direction = 'inbound'`;
    assert.deepEqual(
      heard.map(({ sid }) => sid).sort(),
      texts.map(({ MessageSid }) => MessageSid).sort(),
    );
    const threads = await sql<{ unread: number }[]>`
      select unread from public.conversations where organization_id = ${office.id}`;
    assert.deepEqual(threads.map(({ unread }) => unread), Array(30).fill(5));
  });
});
