import assert from "node:assert/strict";
import {
  addCampaign,
  addRecipients,
  allTargets,
  campaignUntil,
  move,
  newCampaigning,
  ordinaryNumbers,
  readCampaign,
  tendedUntil,
  withLatency,
} from "../support/campaigns.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { invoke } from "../support/jobs.ts";
import { newOrganization } from "../support/people.ts";
import { acceptedFrom } from "../support/texts.ts";
import { until } from "../support/wait.ts";

Deno.test("A campaign gives each lead exactly the outcome of the rules, and the carrier's list agrees", async () => {
  const office = await newCampaigning({ country: "US", time_zone: "America/New_York" });
  const { admin, id } = office;
  const plain = ordinaryNumbers(160);
  const at = (index: number) => plain[index] ?? "";
  // Numbers of six zones, whose hours are never all open at once; without those whose hours begin or end meanwhile.
  const now = await steadyNumbers(
    office,
    ["+1212", "+1312", "+1602", "+1213", "+1808", "+1671"]
      .map((prefix) => `${prefix}${at(0).slice(-8, -4)}222`),
  );
  const zones = [...now.keys()];
  const recipients = [
    ...plain.slice(0, 120).map((phone) => ({ phone })),
    ...plain.slice(120, 130).map((phone) => ({ phone, consent: false })),
    ...plain.slice(0, 10).map((phone) => ({ phone })),
    ...zones.map((phone) => ({ phone })),
    { phone: null },
  ];
  const leads = await addRecipients(office, recipients);
  await withDatabase(async (sql) => {
    for (const phone of plain.slice(20, 25)) {
      await sql`insert into public.suppressions (organization_id, phone, source)
        values (${id}, ${phone}, 'reply')`;
    }
    const lists: [string, string, string][] = [["A", "internal", at(30)], [
      "B",
      "litigator",
      at(31),
    ], [
      "C",
      "registry",
      at(32),
    ]];
    for (const [name, kind, phone] of lists) {
      await sql`with l as (
          insert into public.dnc_lists (organization_id, name, kind, status)
          values (${id}, ${name}, ${kind}, 'active') returning id)
        insert into private.dnc_numbers select ${id}, ${phone}, l.id from l`;
    }
    await sql`insert into public.consents (organization_id, phone, event, source, occurred_at)
      values (${id}, ${at(33)}, 'revoked', 'test', now())`;
  });
  const wanted = recipients.map(({ phone }, index) => {
    if (phone === null) return "no_phone";
    if (index >= 130 && index < 140) return "duplicate_number";
    if (plain.slice(20, 25).includes(phone)) return "suppressed";
    if (phone === at(30)) return "dnc";
    if (phone === at(31)) return "litigator";
    if (phone === at(33)) return "consent_revoked";
    if (plain.slice(120, 130).includes(phone)) return "no_consent";
    return now.get(phone) === false ? "pending" : "sent";
  });
  const campaign = await addCampaign(office);
  const preview = expectStatus<
    { audience: number; excluded: Record<string, number>; samples: { text: string }[] }
  >(await call(admin, "POST", `/campaigns/${campaign.id}/preview`), 200);
  const count = (what: string) => wanted.filter((outcome) => outcome === what).length;
  const reasons = ["no_phone", "duplicate_number", "suppressed", "dnc", "litigator", "no_consent"]
    .concat("consent_revoked");
  assert.equal(preview.audience, recipients.length);
  assert.deepEqual(
    preview.excluded,
    Object.fromEntries(reasons.map((reason) => [reason, count(reason)])),
  );
  assert.equal(preview.samples.length, 5);
  await move(admin, campaign.id, "start");
  await campaignUntil(
    admin,
    campaign.id,
    "all that may go out",
    ({ status, targets, messages }) =>
      status !== "freezing" && targets.sent === count("sent") &&
      targets.pending === count("pending") && messages["delivered"] === targets.sent,
  );
  const targets = await allTargets(admin, campaign.id);
  const outcomes = new Map(
    targets.map(({ lead_id, status, reason }) => [lead_id, reason ?? status]),
  );
  assert.deepEqual(leads.map((lead) => outcomes.get(lead)), wanted);
  for (const { phone, status, send_after } of targets.filter(({ phone }) => now.has(phone ?? ""))) {
    if (status === "pending") assert.ok(Date.parse(send_after) > Date.now(), `${phone} waits`);
  }
  const carried = await acceptedFrom(office.number);
  assert.deepEqual(
    carried.map(({ to }) => to).sort(),
    targets.filter(({ status }) => status === "sent").map(({ phone }) => phone).sort(),
  );
  const ours = await withDatabase((sql) =>
    sql`select provider_message_id, body from public.messages where campaign_id = ${campaign.id}`
  );
  assert.deepEqual(
    ours.map((row) => `${row["provider_message_id"]} ${row["body"]}`).sort(),
    carried.map((row) => `${row.id} ${row.body}`).sort(),
  );
});

/** Whether these numbers may be texted, of those for which that stays so for a while. */
async function steadyNumbers({ id }: { id: string }, phones: string[]) {
  return await withDatabase(async (sql) => {
    const steady = await sql<{ phone: string; open: boolean }[]>`
      select z.phone, bool_and(w.sends_at <= m.at) as open
      from public.organizations o, unnest(${phones}::text[]) z (phone),
        generate_series(now(), now() + interval '20 minutes', '5 minutes') m (at),
        private.contact_window(o, 'marketing', z.phone, null, null, null, m.at) w
      where o.id = ${id} group by z.phone
      having bool_and(w.sends_at <= m.at) or not bool_or(w.sends_at <= m.at)`;
    return new Map(steady.map((row) => [row.phone, row.open]));
  });
}

Deno.test("A pause stops at once, resuming loses nobody and repeats nobody, with two dispatchers", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  const { admin } = office;
  const phones = ordinaryNumbers(200);
  await addRecipients(office, phones.map((phone) => ({ phone })));
  // Slow at first, so that the pause comes in the middle.
  const campaign = await addCampaign(office, { messages_per_minute: 900 });
  await withLatency(20, async () => {
    await move(admin, campaign.id, "start");
    await campaignUntil(admin, campaign.id, "some texts", ({ targets }) => targets.sent > 30);
    await Promise.all([invoke("dispatch-messages"), invoke("dispatch-messages")]);
    const paused = await move(admin, campaign.id, "pause");
    assert.equal(paused.status, "paused");
    const before = await readCampaign(admin, campaign.id);
    const settled = await until(async () => {
      const now = await readCampaign(admin, campaign.id);
      return (now.messages["sending"] ?? 0) === 0 ? now : null;
    }, { what: "the texts under way at the pause" });
    assert.equal(settled.targets.sent, before.targets.sent, "nothing is claimed after the pause");
    assert.ok(settled.targets.pending > 0, "it was paused in the middle");
    await invoke("dispatch-messages");
    const carried = (await acceptedFrom(office.number)).length;
    assert.equal(carried, settled.targets.sent);
    const faster = { messages_per_minute: 6_000 };
    expectStatus(await call(admin, "PATCH", `/campaigns/${campaign.id}`, faster), 200);
    assert.equal((await move(admin, campaign.id, "resume")).status, "running");
    await Promise.all([invoke("dispatch-messages"), invoke("dispatch-messages")]);
    await campaignUntil(admin, campaign.id, "the rest", ({ targets }) => targets.sent === 200);
  });
  await campaignUntil(
    admin,
    campaign.id,
    "deliveries",
    ({ messages }) => messages["delivered"] === 200,
  );
  const carried = await acceptedFrom(office.number);
  assert.deepEqual(carried.map(({ to }) => to).sort(), [...phones].sort());
  await tendedUntil(admin, campaign.id, "completed");
});

Deno.test("Rates of campaign, number and organization hold over all dispatchers", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  await withDatabase((sql) =>
    sql`update public.sms_accounts set per_second = 20 where id = ${office.account}`
  );
  await addRecipients(office, ordinaryNumbers(100).map((phone) => ({ phone })));
  const campaign = await addCampaign(office);
  await move(office.admin, campaign.id, "start");
  await Promise.all([invoke("dispatch-messages"), invoke("dispatch-messages")]);
  await campaignUntil(office.admin, campaign.id, "all", ({ targets }) => targets.sent === 100);
  const times = await withDatabase((sql) =>
    sql`select extract(epoch from sending_at)::float8 as at, extract(epoch from checked_at)::float8 as began
      from public.messages where campaign_id = ${campaign.id} order by 1`
  );
  // A claim asks the buckets after it began, and notes the time after they answered.
  const first = Math.min(...times.map((row) => Number(row["began"])));
  times.forEach((row, index) => {
    const allowed = 20 + 20 * (Number(row["at"]) - first);
    assert.ok(index + 1 <= allowed, `${index + 1} texts when ${allowed} were allowed`);
  });
});

Deno.test("Canceling leaves the others untexted, for good", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  await addRecipients(office, ordinaryNumbers(100).map((phone) => ({ phone })));
  const campaign = await addCampaign(office, { messages_per_minute: 60 });
  await move(office.admin, campaign.id, "start");
  await campaignUntil(office.admin, campaign.id, "a text", ({ targets }) => targets.sent > 0);
  const canceled = await move(office.admin, campaign.id, "cancel");
  assert.equal(canceled.targets.pending, 0);
  assert.equal(canceled.targets.sent + canceled.targets.canceled, 100);
  for (const again of ["start", "pause", "resume", "cancel"]) {
    const answer = await call(office.admin, "POST", `/campaigns/${campaign.id}/${again}`);
    expectProblem(answer, 409, "campaign_state");
  }
  expectStatus(await call(office.admin, "DELETE", `/campaigns/${campaign.id}`), 204);
  expectProblem(await call(office.admin, "GET", `/campaigns/${campaign.id}`), 404, "not_found");
});

Deno.test("A campaign that missed its schedule asks, and goes out when it is resumed", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  await addRecipients(office, ordinaryNumbers(3).map((phone) => ({ phone })));
  const scheduled_at = new Date(Date.now() + 3_600_000).toISOString();
  const campaign = await addCampaign(office, { scheduled_at, late_after_minutes: 5 });
  assert.equal((await move(office.admin, campaign.id, "start")).status, "scheduled");
  await withDatabase((sql) =>
    sql`update public.campaigns set scheduled_at = now() - interval '2 hours' where id = ${campaign.id}`
  );
  const missed = await tendedUntil(office.admin, campaign.id, "paused");
  assert.match(missed.status_reason ?? "", /time had passed/);
  const notices = expectStatus<{ data: { title: string }[] }>(
    await call(office.admin, "GET", "/notifications"),
    200,
  );
  assert.ok(notices.data.some(({ title }) => title === "Open day missed its schedule"));
  await move(office.admin, campaign.id, "resume");
  await campaignUntil(office.admin, campaign.id, "all", ({ targets }) => targets.sent === 3);
});

Deno.test("A campaign whose texts fail pauses itself and says why", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  const failing = Array.from(
    { length: 15 },
    (_, i) => `+23324${String(Number(office.number.slice(-2)) + i).padStart(3, "0")}0003`,
  );
  // One more waits for a person's decision, so that the campaign cannot be done before the failures are known.
  const [doubtful] = ordinaryNumbers(1);
  await addRecipients(office, [...failing, doubtful ?? ""].map((phone) => ({ phone })));
  await withDatabase((sql) =>
    sql`insert into public.reply_reviews (organization_id, phone, message_id)
      values (${office.id}, ${doubtful ?? ""}, gen_random_uuid())`
  );
  const campaign = await addCampaign(office, { pause_after: 10 });
  await move(office.admin, campaign.id, "start");
  await campaignUntil(
    office.admin,
    campaign.id,
    "failures",
    ({ messages }) => messages["undelivered"] === 15,
  );
  const { status_reason } = await tendedUntil(office.admin, campaign.id, "paused");
  assert.equal(status_reason, "100.0 % of the messages fail.");
});

Deno.test("A number gets no more marketing than the organization's cap, over all campaigns", async () => {
  const office = await newCampaigning({
    marketing_consent: "not_required",
    marketing_gap_messages: 1,
    marketing_gap_hours: 24,
  });
  const phones = ordinaryNumbers(20);
  await addRecipients(office, phones.map((phone) => ({ phone })));
  const campaigns = [await addCampaign(office), await addCampaign(office)];
  await Promise.all(campaigns.map(({ id }) => move(office.admin, id, "start")));
  const ended = await Promise.all(
    campaigns.map(({ id }) =>
      campaignUntil(
        office.admin,
        id,
        "an outcome for all",
        ({ status, targets }) =>
          status !== "freezing" && targets.total === 20 && targets.pending === 0,
      )
    ),
  );
  assert.equal(ended.reduce((sum, { targets }) => sum + targets.sent, 0), 20);
  assert.equal(ended.reduce((sum, { excluded }) => sum + (excluded["frequency_cap"] ?? 0), 0), 20);
});

Deno.test("Campaigns are changed by version, started only when whole, and nobody else's", async () => {
  const [office, other] = [await newCampaigning(), await newOrganization()];
  const incomplete = await addCampaign(office, { templates: [] });
  expectProblem(
    await call(office.admin, "POST", `/campaigns/${incomplete.id}/start`),
    422,
    "campaign_incomplete",
  );
  const path = `/campaigns/${incomplete.id}`;
  const change = { templates: [{ template_id: office.template }], version: incomplete.version };
  const changed = await call(office.admin, "PATCH", path, change);
  assert.ok(expectStatus<{ version: number }>(changed, 200).version > incomplete.version);
  expectProblem(await call(office.admin, "PATCH", path, change), 409, "stale_version");
  for (
    const [method, suffix] of [["GET", ""], ["DELETE", ""], ["POST", "/start"], [
      "POST",
      "/preview",
    ], [
      "GET",
      "/targets",
    ]]
  ) {
    expectProblem(await call(other.admin, method ?? "", `${path}${suffix}`), 404, "not_found");
  }
  const bad = {
    name: "x",
    audience: { filter: {} },
    templates: [{ template_id: crypto.randomUUID() }],
  };
  expectProblem(await call(office.admin, "POST", "/campaigns", bad), 422, "invalid_field");
  const foreign = { name: "x", audience: { lead_ids: [crypto.randomUUID()] } };
  expectProblem(await call(office.admin, "POST", "/campaigns", foreign), 422, "invalid_field");
});
