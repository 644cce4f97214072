import assert from "node:assert/strict";
import {
  addCampaign,
  addRecipients,
  campaignUntil,
  move,
  newCampaigning,
  ordinaryNumbers,
} from "../support/campaigns.ts";
import { withDatabase } from "../support/db.ts";
import { expectStatus } from "../support/http.ts";
import { startJob } from "../support/jobs.ts";
import { withinOneDay } from "../support/one_day.ts";
import {
  allMessages,
  answers,
  carrierAccepts,
  daysPass,
  leaveInDoubt,
  messagesOf,
  questions,
  sendSilently,
  silentOffice,
} from "../support/reconciling.ts";
import { acceptedFrom, carrier, numberEnding, ordinaryNumber } from "../support/texts.ts";
import { twilioAccount, twilioPost } from "../support/twilio.ts";
import { until } from "../support/wait.ts";

const final = ["delivered", "undelivered", "failed"];

Deno.test("hundreds of texts whose callbacks got lost end as the carrier says, each asked about once by two jobs", async () => {
  const office = await silentOffice();
  const numbers = ordinaryNumbers(297).concat(["0003", "0005", "0007"].map(numberEnding));
  await sendSilently(office, numbers, office.twilio);
  await answers(office.twilio, "none");
  // Nothing is asked before its time.
  await startJob("reconcile-messages");
  await daysPass(office.organization);
  await Promise.all([startJob("reconcile-messages"), startJob("reconcile-messages")]);
  const ours = await allMessages(
    office.organization,
    "final statuses",
    ({ status }) => final.includes(status),
  );
  const carried = await acceptedFrom(office.twilio);
  const theirs = new Map(carried.map(({ id, status }) => [id, status]));
  assert.equal(ours.length, 300);
  assert.equal(carried.length, 300);
  const errors: Record<string, string> = { "0003": "30003", "0005": "30005", "0007": "30007" };
  for (const message of ours) {
    const status = theirs.get(message.provider_message_id ?? "");
    assert.equal(message.status, status === "prohibited" ? "undelivered" : status);
    assert.equal(message.error_code, errors[message.to_number.slice(-4)] ?? null);
    assert.deepEqual([message.price, message.price_currency], [0.0079, "USD"]);
  }
  assert.equal(await questions(office.twilio), 300);
});

Deno.test("Arkesel is asked about each text by its id", async () => {
  const office = await silentOffice();
  const numbers = [ordinaryNumber(), numberEnding("0003"), numberEnding("0007")];
  await sendSilently(office, numbers, office.arkesel);
  await daysPass(office.organization);
  await startJob("reconcile-messages");
  const ours = await allMessages(office.organization, "ends", ({ status }) => status !== "sent");
  assert.deepEqual(
    numbers.map((to) => ours.find((message) => message.to_number === to)).map((message) => [
      message?.status,
      message?.error_code,
    ]),
    [["delivered", null], ["undelivered", "NOT_DELIVERED"], ["failed", "PROHIBITED"]],
  );
});

Deno.test("a campaign whose callbacks got lost counts every text as the carrier does", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  await carrier("/callbacks/fate", { from: office.number, mode: "never" });
  const phones = ordinaryNumbers(57).concat(["0003", "0005", "0061"].map(numberEnding));
  await addRecipients(office, phones.map((phone) => ({ phone })));
  const campaign = await addCampaign(office);
  await move(office.admin, campaign.id, "start");
  await campaignUntil(office.admin, campaign.id, "texts", (now) => now.messages["sent"] === 60);
  await daysPass(office);
  await startJob("reconcile-messages");
  const { messages } = await campaignUntil(
    office.admin,
    campaign.id,
    "deliveries",
    (now) => now.messages["delivered"] === 58,
  );
  assert.deepEqual([messages["undelivered"], messages["sent"] ?? 0], [2, 0]);
  assert.equal((await acceptedFrom(office.number)).length, 60);
  await until(() =>
    withDatabase(async (sql) => {
      const [row] = await sql`select sum(price)::float8 as price from public.messages
        where campaign_id = ${campaign.id}`;
      return row?.["price"] === 0.474;
    }), { what: "the price of 60 texts" });
});

Deno.test("doubled, late and contradicting callbacks during reconciliation change nothing that is final", async () => {
  const office = await silentOffice();
  const sent = await sendSilently(office, ordinaryNumbers(60), office.twilio);
  await daysPass(office.organization);
  const callback = async (sid: string | null, status: string) =>
    expectStatus(
      await twilioPost("/webhooks/twilio/status", {
        ...twilioAccount,
        MessageSid: sid ?? "",
        MessageStatus: status,
      }),
      204,
    );
  const reports = sent.flatMap(({ provider_message_id: sid }) => [
    callback(sid, "delivered"),
    callback(sid, "sent"),
    callback(sid, "delivered"),
  ]);
  await Promise.all([
    ...reports,
    startJob("reconcile-messages"),
    startJob("reconcile-messages"),
  ]);
  await allMessages(office.organization, "deliveries", ({ status }) => status === "delivered");
  await Promise.all(sent.flatMap(({ provider_message_id: sid }) => [
    callback(sid, "sending"),
    callback(sid, "undelivered"),
  ]));
  for (const { status } of await messagesOf(office.organization)) assert.equal(status, "delivered");
});

Deno.test("after a crash each text with an unknown outcome is found, sent once, or held, and lost callbacks are made good at once", async () => {
  const office = await silentOffice();
  const [accepted] = await sendSilently(office, [ordinaryNumber()], office.twilio);
  await withDatabase((sql) =>
    sql`update public.messages set sent_at = now() - interval '2 minutes' where id = ${
      accepted?.id ?? ""
    }`
  );
  const numbers = ordinaryNumbers(9);
  const at = (index: number) => numbers[index] ?? "";
  for (const index of [0, 1, 2]) {
    await leaveInDoubt(office, at(index), `Taken ${index}`);
    await carrierAccepts(office.twilio, at(index), `Taken ${index}`);
  }
  for (const index of [3, 4, 5]) await leaveInDoubt(office, at(index), `Never got there ${index}`);
  for (const index of [6, 7]) {
    await leaveInDoubt(office, at(index), `Offer ${index}`, "marketing");
  }
  // The same text twice with an unknown outcome, and the carrier has one: that one is matched, the other is sent.
  await leaveInDoubt(office, at(8), "Twins");
  await leaveInDoubt(office, at(8), "Twins");
  await carrierAccepts(office.twilio, at(8), "Twins");
  await Promise.all([startJob("resolve-unknown-outcomes"), startJob("resolve-unknown-outcomes")]);
  const settled = await allMessages(
    office.organization,
    "an outcome of every text",
    ({ status, held }) => held || (status !== "sending" && status !== "queued"),
  );
  const copies = await acceptedFrom(office.twilio);
  const count = (to: string) => copies.filter((copy) => copy.to === to).length;
  assert.deepEqual(numbers.map(count), [1, 1, 1, 1, 1, 1, 0, 0, 2]);
  assert.equal(settled.filter(({ held }) => held).length, 2);
  const ids = settled.map(({ provider_message_id }) => provider_message_id).filter(Boolean);
  assert.equal(new Set(ids).size, 9, "no two texts share the carrier's id");
  await until(async () => {
    const now = await messagesOf(office.organization);
    return now.find(({ id }) => id === accepted?.id)?.status === "delivered";
  }, { what: "the text whose callback got lost in the crash" });
});

Deno.test("a text that is held is found when the provider shows it later, and is never sent again by itself", async () => {
  const office = await silentOffice();
  const [late, never] = [ordinaryNumber(), ordinaryNumber()];
  for (const to of [late, never]) await leaveInDoubt(office, to, "An offer", "marketing");
  await startJob("resolve-unknown-outcomes");
  await allMessages(office.organization, "two that are held", ({ held }) => held);
  await withDatabase((sql) =>
    sql`update public.organizations set unknown_outcome_marketing = 'resend' where id = ${office.organization.id}`
  );
  await carrierAccepts(office.twilio, late, "An offer");
  await daysPass(office.organization);
  await startJob("reconcile-messages");
  await until(async () => {
    const now = await messagesOf(office.organization);
    return now.some(({ status, to_number }) => status === "delivered" && to_number === late) &&
      now.some(({ held, to_number, lookups_made }) =>
        held && to_number === never && lookups_made === 1
      );
  }, { what: "one that is found and one that stays" });
  assert.equal((await acceptedFrom(office.twilio)).length, 1);
});

Deno.test("what was settled by callbacks, which name no price, gets it from the number's list of the day", () =>
  withinOneDay(["UTC"], pricesOfTheDay));

async function pricesOfTheDay(): Promise<void> {
  const office = await silentOffice();
  await carrier("/callbacks/fate", { from: office.twilio, mode: "twice" });
  const numbers = ordinaryNumbers(24).concat(numberEnding("0061"), numberEnding("0003"));
  await sendSilently(office, numbers, office.twilio, ["delivered", "undelivered", "sent"]);
  const due = () =>
    withDatabase((sql) =>
      sql`insert into private.price_cursors (account_id, organization_id, day, due_at)
        select a.id, a.organization_id, (now() at time zone 'UTC')::date, now() from public.sms_accounts a
        where a.organization_id = ${office.organization.id} and a.sender_id = ${office.twilio}
        on conflict on constraint price_cursors_pkey do update set day = excluded.day, due_at = excluded.due_at`
    );
  for (let times = 0; times < 2; times++) {
    await due();
    await startJob("reconcile-messages");
    await until(() =>
      withDatabase(async (sql) => {
        const [row] =
          await sql`select day > (now() at time zone 'UTC')::date and due_at > now() as done
          from private.price_cursors where organization_id = ${office.organization.id}`;
        return row?.["done"] === true;
      }), { what: "the end of the day's list" });
    const ours = await allMessages(
      office.organization,
      "prices",
      ({ price, price_currency }) => price === 0.0079 && price_currency === "USD",
    );
    // The list also tells how those ended whose callbacks got lost.
    assert.deepEqual(
      ours.map(({ status, lookups_made }) => [status, lookups_made]).sort(),
      [...Array(25).fill(["delivered", 0]), ["undelivered", 0]],
    );
  }
}
