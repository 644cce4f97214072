import assert from "node:assert/strict";
import { ordinaryNumbers } from "../support/campaigns.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { startJob } from "../support/jobs.ts";
import { addMember, newOrganization, type Session } from "../support/people.ts";
import {
  allMessages,
  answers,
  daysPass,
  leaveInDoubt,
  type MessageRow,
  messagesOf,
  questions,
  sendSilently,
  type Silent,
  silentOffice,
} from "../support/reconciling.ts";
import { acceptedFrom, ordinaryNumber } from "../support/texts.ts";
import { twilioAccount, twilioPost } from "../support/twilio.ts";
import { until } from "../support/wait.ts";

interface Listed {
  total: number;
  data: {
    message_id: string;
    status: string;
    unknown_reason: string | null;
    lookups_made: number;
  }[];
}

async function listed(session: Session, query = "unknown=true"): Promise<Listed> {
  return expectStatus<Listed>(await call(session, "GET", `/sms/messages?${query}`), 200);
}

/** Asks on and on, days apart, until the texts are listed. */
async function untilListed(office: Silent): Promise<MessageRow[]> {
  for (let times = 1; times <= 6; times++) {
    await daysPass(office.organization);
    await startJob("reconcile-messages");
    await allMessages(
      office.organization,
      `question ${times}`,
      ({ lookups_made }) => lookups_made === times,
    );
  }
  return await messagesOf(office.organization);
}

/** Until when an organization's accounts are left alone; null where they are not. */
function pause(office: Silent): Promise<{ until: Date; reason: string } | null> {
  return withDatabase(async (sql) => {
    const [row] = await sql<{ until: Date; reason: string }[]>`
      select until, reason from private.lookup_pauses
      where organization_id = ${office.organization.id}`;
    return row ?? null;
  });
}

async function unknownText(): Promise<{ office: Silent; id: string }> {
  const office = await silentOffice();
  const [sent] = await sendSilently(office, [ordinaryNumber()], office.twilio);
  await answers(office.twilio, "not_found");
  await untilListed(office);
  return { office, id: sent?.id ?? "" };
}

const resolve = (session: Session, id: string, outcome: string, reason = "They told us.") =>
  call(session, "POST", `/sms/messages/${id}/resolve`, { outcome, reason });

Deno.test("a text that the provider does not know is asked about six times, listed, and told of once", async () => {
  const { office, id } = await unknownText();
  await daysPass(office.organization);
  await startJob("reconcile-messages");
  const { admin } = office.organization;
  const notices = await until(async () => {
    const { data } = await admin.client.from("notifications").select("kind, data");
    return data !== null && data.length > 0 ? data : null;
  }, { what: "the notice" });
  assert.deepEqual(notices, [{ kind: "messages_unknown", data: { messages: 1 } }]);
  await startJob("reconcile-messages");
  const viewer = await addMember(office.organization, "viewer");
  const { data, total } = await listed(viewer);
  assert.equal(total, 1);
  assert.deepEqual(
    data.map(({ message_id, status, unknown_reason, lookups_made }) => [
      message_id,
      status,
      unknown_reason,
      lookups_made,
    ]),
    [[id, "sent", "not_found", 6]],
  );
  assert.equal((await listed(viewer, "unknown=false")).total, 0);
  assert.equal((await listed(viewer, "unknown=true&status=delivered")).total, 0);
  expectProblem(await call(viewer, "GET", "/sms/messages?unknown=perhaps"), 422);
  assert.equal((await listed((await newOrganization()).admin)).total, 0);
  assert.equal(await questions(office.twilio), 6);
  assert.equal((await admin.client.from("notifications").select("id")).data?.length, 1);
  // A callback after all: it wins, and nothing is unknown any more.
  const [message] = await messagesOf(office.organization);
  const form = {
    ...twilioAccount,
    MessageSid: message?.provider_message_id ?? "",
    MessageStatus: "delivered",
  };
  expectStatus(await twilioPost("/webhooks/twilio/status", form), 204);
  assert.equal((await listed(viewer)).total, 0);
  assert.equal((await messagesOf(office.organization))[0]?.status, "delivered");
});

Deno.test("answers that make no sense decide nothing", async () => {
  const office = await silentOffice();
  await sendSilently(office, ordinaryNumbers(3), office.twilio);
  await answers(office.twilio, "junk");
  for (const { status, unknown_reason } of await untilListed(office)) {
    assert.deepEqual([status, unknown_reason], ["sent", "unclear"]);
  }
});

for (
  const [mode, least, reason] of [["http500", 30, "http_500"], ["http429", 100, "http_429"], [
    "refuse_auth",
    30,
    "http_401",
  ], ["cut", 30, "connection_lost"]] as const
) {
  Deno.test(`a provider that answers ${mode} is left alone, counts no question, and keeps no other tenant waiting`, async () => {
    const [office, other] = [await silentOffice(), await silentOffice()];
    await sendSilently(office, ordinaryNumbers(30), office.twilio);
    await sendSilently(other, ordinaryNumbers(30), other.twilio);
    await answers(office.twilio, mode);
    await Promise.all([daysPass(office.organization), daysPass(other.organization)]);
    const began = Date.now();
    await startJob("reconcile-messages");
    await allMessages(other.organization, "deliveries", ({ status }) => status === "delivered");
    const alone = await until(() => pause(office), { what: "the pause" });
    const seconds = (alone.until.getTime() - began) / 1_000;
    assert.ok(seconds >= least, `${seconds} s`);
    assert.equal(alone.reason, reason);
    assert.ok(await questions(office.twilio) < 30, "the rest is not even tried");
    await startJob("reconcile-messages");
    for (const { status, lookups_made } of await messagesOf(office.organization)) {
      assert.deepEqual([status, lookups_made], ["sent", 0]);
    }
    await answers(office.twilio, "none");
    await daysPass(office.organization);
    await startJob("reconcile-messages");
    await allMessages(office.organization, "deliveries", ({ status }) => status === "delivered");
    await until(async () => await pause(office) === null, { what: "the end of the pause" });
  });
}

Deno.test("a tenant's broken credentials stop nobody else", async () => {
  const [office, other] = [await silentOffice(), await silentOffice()];
  await sendSilently(office, ordinaryNumbers(3), office.twilio);
  await sendSilently(other, ordinaryNumbers(3), other.twilio);
  const { client } = office.organization.admin;
  const account = await client.from("sms_accounts").select("id").eq("provider", "twilio").single();
  const credentials = { account_sid: `AC${"0".repeat(32)}`, auth_token: "wrong" };
  const stored = await client.rpc("set_sms_credentials", {
    account_id: account.data?.id ?? "",
    credentials,
  });
  assert.equal(stored.error, null);
  await Promise.all([daysPass(office.organization), daysPass(other.organization)]);
  await startJob("reconcile-messages");
  await allMessages(other.organization, "deliveries", ({ status }) => status === "delivered");
  await until(() => pause(office), { what: "the pause" });
  for (const { status } of await messagesOf(office.organization)) assert.equal(status, "sent");
});

Deno.test("a text with an unknown outcome waits while its provider answers nothing, and is not sent again", async () => {
  const office = await silentOffice();
  const to = ordinaryNumber();
  // The carrier knows this sender by an earlier text to the number.
  await sendSilently(office, [to], office.twilio);
  await leaveInDoubt(office, to, "Nobody knows");
  for (const mode of ["http500", "junk", "refuse_auth"]) {
    await answers(office.twilio, mode);
    await until(async () => {
      // The run before may still have to note that it got no answer, and when to ask again.
      await withDatabase((sql) =>
        sql.begin(async (tx) => {
          await tx`update private.lookup_pauses set until = now() where organization_id = ${office.organization.id}`;
          await tx`update public.messages set lookup_until = now()
            where organization_id = ${office.organization.id} and lookup_until is not null`;
        })
      );
      await startJob("resolve-unknown-outcomes");
      return await questions(office.twilio) > 0;
    }, { what: `a question (${mode})` });
    const doubtful = (await messagesOf(office.organization)).at(-1);
    assert.deepEqual([doubtful?.status, doubtful?.held], ["sending", false]);
  }
  assert.equal((await acceptedFrom(office.twilio)).length, 1);
});

Deno.test("a person settles what nobody else can tell of, and a report of the provider overrules them", async () => {
  const { office, id } = await unknownText();
  const { clerk, organization } = office;
  expectProblem(await resolve(await addMember(organization, "viewer"), id, "delivered"), 403);
  expectProblem(await resolve((await newOrganization()).admin, id, "delivered"), 404, "not_found");
  expectProblem(await resolve(clerk, id, "delivered", " "), 422);
  expectProblem(await resolve(clerk, id, "unknown"), 422);
  expectProblem(await resolve(clerk, id, "resend"), 409, "not_repeatable");
  for (let times = 0; times < 2; times++) {
    const body = expectStatus<Record<string, unknown>>(await resolve(clerk, id, "failed"), 200);
    assert.deepEqual(
      [body["status"], body["error_code"], body["error_message"], body["unknown_at"]],
      ["failed", "resolved_manually", "They told us.", null],
    );
  }
  assert.equal((await listed(clerk)).total, 0);
  expectProblem(await resolve(clerk, id, "delivered"), 409, "not_unknown");
  const [message] = await messagesOf(organization);
  const report = (MessageStatus: string) =>
    twilioPost("/webhooks/twilio/status", {
      ...twilioAccount,
      MessageSid: message?.provider_message_id ?? "",
      MessageStatus,
    });
  const statusNow = async () => (await messagesOf(organization))[0]?.status;
  expectStatus(await report("sent"), 204);
  assert.equal(await statusNow(), "failed", "only a final report overrules a person");
  expectStatus(await report("delivered"), 204);
  assert.equal(await statusNow(), "delivered");
  expectStatus(await report("undelivered"), 204);
  assert.equal(await statusNow(), "delivered");
});

Deno.test("a service text with an unknown outcome is sent again if a person decides so, a marketing text never", async () => {
  const office = await silentOffice();
  const { clerk, organization } = office;
  await withDatabase((sql) =>
    sql`update public.organizations set unknown_outcome_service = 'hold' where id = ${organization.id}`
  );
  const [to, other] = [ordinaryNumber(), ordinaryNumber()];
  const service = await leaveInDoubt(office, to, "Your bill");
  const offer = await leaveInDoubt(office, other, "An offer", "marketing");
  expectProblem(await resolve(clerk, service, "resend"), 409, "not_unknown");
  await startJob("resolve-unknown-outcomes");
  await allMessages(organization, "two that are held", ({ held }) => held);
  assert.equal((await listed(clerk)).total, 2);
  expectProblem(await resolve(clerk, offer, "resend"), 409, "not_repeatable");
  const answers = await Promise.all([
    resolve(clerk, service, "resend"),
    resolve(clerk, service, "resend"),
  ]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  expectStatus(await resolve(clerk, offer, "delivered"), 200);
  await allMessages(
    organization,
    "an end",
    ({ status }) => status === "sent" || status === "delivered",
  );
  assert.deepEqual((await acceptedFrom(office.twilio)).map((message) => message.to), [to]);
});
