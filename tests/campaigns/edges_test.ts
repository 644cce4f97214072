import assert from "node:assert/strict";
import {
  addCampaign,
  addRecipients,
  allTargets,
  type Campaigning,
  campaignUntil,
  move,
  newCampaigning,
  ordinaryNumbers,
  readCampaign,
  tend,
} from "../support/campaigns.ts";
import { withDatabase } from "../support/db.ts";
import { type Answer, call, expectProblem, expectStatus } from "../support/http.ts";
import { invoke } from "../support/jobs.ts";
import { addMember } from "../support/people.ts";
import { acceptedFrom } from "../support/texts.ts";

/*
 * What lies at the edges of a campaign: nobody to text, somebody twice, and what is changed under it. Where something must
 * happen in the middle, a text a second leaves time for it.
 */

const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

async function campaigning(count: number): Promise<[Campaigning, string[]]> {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  const phones = ordinaryNumbers(count);
  await addRecipients(office, phones.map((phone) => ({ phone })));
  return [office, phones];
}

async function addNumber({ id, number }: Campaigning): Promise<{ id: string; number: string }> {
  const sender = `${number.slice(0, -1)}${(Number(number.slice(-1)) + 1) % 10}`;
  const [row] = await withDatabase((sql) =>
    sql<{ id: string }[]>`
      insert into public.sms_accounts (organization_id, provider, sender_id) values (${id}, 'twilio', ${sender}) returning id`
  );
  return { id: row?.id ?? "", number: sender };
}

Deno.test("A campaign to nobody is previewed, started and done", async () => {
  const [{ admin, ...rest }] = await campaigning(3);
  const campaign = await addCampaign({ admin, ...rest }, {
    audience: { filter: { tag: "nobody" } },
  });
  const path = `/campaigns/${campaign.id}`;
  const preview = expectStatus<Record<string, unknown>>(
    await call(admin, "POST", `${path}/preview`),
    200,
  );
  assert.deepEqual(
    [preview["audience"], preview["recipients"], preview["segments"], preview["samples"]],
    [0, 0, 0, []],
  );
  await move(admin, campaign.id, "start");
  await campaignUntil(admin, campaign.id, "the freeze", ({ status }) => status !== "freezing");
  await tend();
  // Where the minute's own look is at it just now, that one ends it.
  const done = await campaignUntil(
    admin,
    campaign.id,
    "its end",
    ({ status }) => status === "completed",
  );
  assert.deepEqual([done.targets.total, done.messages], [0, {}]);
});

Deno.test("A number written in two ways is texted once, as is a lead that a list names twice", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  const local = ordinaryNumbers(1)[0]?.slice(4) ?? "";
  const leads = [];
  for (const phone of [`+233 ${local.slice(0, 2)} ${local.slice(2)}`, `0${local}`]) {
    const made = await call(office.admin, "POST", "/leads?allow_duplicate=true", {
      first_name: "Ama",
      phone,
    });
    leads.push(expectStatus<{ id: string }>(made, 201).id);
  }
  const campaign = await addCampaign(office, { audience: { lead_ids: [...leads, ...leads] } });
  await move(office.admin, campaign.id, "start");
  await campaignUntil(office.admin, campaign.id, "the text", ({ targets }) => targets.sent === 1);
  const targets = await allTargets(office.admin, campaign.id);
  assert.deepEqual(
    targets.map(({ lead_id, phone, reason }) => [lead_id, phone, reason]),
    [[leads[0], `+233${local}`, null], [leads[1], `+233${local}`, "duplicate_number"]],
  );
  assert.deepEqual((await acceptedFrom(office.number)).map(({ to }) => to), [`+233${local}`]);
});

Deno.test("Two admins who pause, resume and cancel at the same moment leave it canceled, and nobody texted twice", async () => {
  const [office, phones] = await campaigning(150);
  const second = await addMember(office, "admin");
  const campaign = await addCampaign(office, { messages_per_minute: 60 });
  await move(office.admin, campaign.id, "start");
  await campaignUntil(office.admin, campaign.id, "some texts", ({ targets }) => targets.sent > 2);
  const answers = await Promise.all(
    ["pause", "resume", "cancel", "resume", "pause", "cancel"].flatMap((to) =>
      [office.admin, second].map((who) => call(who, "POST", `/campaigns/${campaign.id}/${to}`))
    ),
  );
  assert.ok(answers.every(({ status }) => status === 200 || status === 409));
  const canceled = await readCampaign(office.admin, campaign.id);
  assert.equal(canceled.status, "canceled");
  assert.equal(canceled.targets.pending, 0);
  assert.equal(canceled.targets.sent + canceled.targets.canceled, phones.length);
  await invoke("dispatch-messages");
  const { targets, messages } = await campaignUntil(
    office.admin,
    campaign.id,
    "the last outcomes",
    ({ messages }) => !messages["sending"] && !messages["queued"] && !messages["sent"],
  );
  assert.deepEqual(targets, canceled.targets, "nothing is claimed after the cancel");
  const carried = (await acceptedFrom(office.number)).map(({ to }) => to);
  assert.equal(new Set(carried).size, carried.length);
  assert.equal(carried.length, messages["delivered"]);
});

Deno.test("A schedule just past starts at once, one long past is refused; one that was missed by too much asks", async () => {
  const [office] = await campaigning(2);
  const { admin } = office;
  const past = await addCampaign(office, { scheduled_at: inMinutes(-600) });
  const late = (answer: Answer) =>
    assert.deepEqual(
      expectProblem(answer, 422, "campaign_incomplete").errors?.map(({ path }) => path),
      ["scheduled_at"],
    );
  late(await call(admin, "POST", `/campaigns/${past.id}/start`));
  const change = { scheduled_at: inMinutes(-5), version: past.version };
  expectStatus(await call(admin, "PATCH", `/campaigns/${past.id}`, change), 200);
  assert.equal((await move(admin, past.id, "start")).status, "freezing");
  await campaignUntil(admin, past.id, "all", ({ targets }) => targets.sent === 2);

  const moved = await addCampaign(office, { scheduled_at: inMinutes(60) });
  await move(admin, moved.id, "start");
  const path = `/campaigns/${moved.id}`;
  late(await call(admin, "PATCH", path, { scheduled_at: inMinutes(-90) }));
  assert.equal((await readCampaign(admin, moved.id)).status, "scheduled", "nothing has changed");
  expectStatus(await call(admin, "PATCH", path, { scheduled_at: inMinutes(-3) }), 200);
  await tend();
  await campaignUntil(
    admin,
    moved.id,
    "under way",
    ({ status }) => ["freezing", "running", "completed"].includes(status),
  );

  const missed = await addCampaign(office, { scheduled_at: inMinutes(60) });
  await move(admin, missed.id, "start");
  await withDatabase((sql) =>
    sql`update public.campaigns set scheduled_at = now() - interval '90 minutes' where id = ${missed.id}`
  );
  await tend();
  await campaignUntil(admin, missed.id, "paused", ({ status }) => status === "paused");
});

Deno.test("A schedule that is changed at the moment it falls due either has begun or waits for its new time", async () => {
  const [office] = await campaigning(1);
  const { admin } = office;
  for (let round = 0; round < 5; round++) {
    const campaign = await addCampaign(office, { scheduled_at: inMinutes(60) });
    await move(admin, campaign.id, "start");
    await withDatabase((sql) =>
      sql`update public.campaigns set scheduled_at = now() - interval '1 second' where id = ${campaign.id}`
    );
    const [answer] = await Promise.all([
      call(admin, "PATCH", `/campaigns/${campaign.id}`, { scheduled_at: inMinutes(60) }),
      tend(),
    ]);
    const { status } = await readCampaign(admin, campaign.id);
    if (answer?.status === 200) assert.equal(status, "scheduled");
    else {
      expectProblem(answer, 409, "campaign_state");
      assert.notEqual(status, "scheduled");
    }
  }
});

Deno.test("Who loses its number gets the text from another, and a campaign without any asks for one", async () => {
  const [office, phones] = await campaigning(80);
  const { admin } = office;
  const second = await addNumber(office);
  const campaign = await addCampaign(office, {
    numbers: [second.id],
    messages_per_minute: 60,
  });
  await move(admin, campaign.id, "start");
  await campaignUntil(admin, campaign.id, "some texts", ({ targets }) => targets.sent > 2);
  const path = `/phone-numbers/${second.id}`;
  expectProblem(await call(admin, "DELETE", path), 409, "number_in_use");
  expectStatus(await call(admin, "PATCH", path, { status: "disabled" }), 200);
  await tend();
  const stuck = await campaignUntil(
    admin,
    campaign.id,
    "its pause",
    ({ status }) => status === "paused",
  );
  assert.equal(stuck.status_reason, "There is no active number to send from.");
  const problem = await call(admin, "POST", `/campaigns/${campaign.id}/resume`);
  expectProblem(problem, 422, "campaign_incomplete");
  const change = { numbers: [second.id, office.account], messages_per_minute: null };
  expectStatus(await call(admin, "PATCH", `/campaigns/${campaign.id}`, change), 200);
  await move(admin, campaign.id, "resume");
  await campaignUntil(
    admin,
    campaign.id,
    "the rest",
    ({ messages }) => messages["delivered"] === phones.length,
  );
  const carried = await Promise.all(
    [second.number, office.number].map((number) => acceptedFrom(number)),
  );
  assert.ok(carried.every((texts) => texts.length > 0));
  assert.deepEqual(carried.flat().map(({ to }) => to).sort(), [...phones].sort());
});

Deno.test("A wording that changes while its campaign is paused is what the others get; none goes under them", async () => {
  const [office, phones] = await campaigning(60);
  const { admin } = office;
  const campaign = await addCampaign(office, { messages_per_minute: 60 });
  await move(admin, campaign.id, "start");
  await campaignUntil(admin, campaign.id, "some texts", ({ targets }) => targets.sent > 2);
  const path = `/templates/${office.template}`;
  const body = "New words for {{first_name|you}}. Reply STOP to opt out.";
  expectProblem(await call(admin, "PATCH", path, { body }), 409, "template_in_use");
  expectProblem(await call(admin, "DELETE", path), 409, "template_in_use");
  const paused = await move(admin, campaign.id, "pause");
  expectProblem(await call(admin, "DELETE", path), 409, "template_in_use");
  expectStatus(await call(admin, "PATCH", path, { body }), 200);
  const faster = { messages_per_minute: null };
  expectStatus(await call(admin, "PATCH", `/campaigns/${campaign.id}`, faster), 200);
  await move(admin, campaign.id, "resume");
  await campaignUntil(
    admin,
    campaign.id,
    "the rest",
    ({ messages }) => messages["delivered"] === phones.length,
  );
  const carried = await acceptedFrom(office.number);
  assert.deepEqual(carried.map(({ to }) => to).sort(), [...phones].sort());
  const fresh = carried.filter((text) => text.body.startsWith("New words"));
  assert.equal(fresh.length, phones.length - paused.targets.sent);
});

Deno.test("An audience's days are days that there are", async () => {
  const office = await newCampaigning();
  for (const day of ["0000-01-01", "1999-12-31", "2199-01-01", "9999-12-31", "2026-02-30"]) {
    const audience = { filter: { created_from: day } };
    expectProblem(await call(office.admin, "POST", "/campaigns", { name: "x", audience }), 422);
  }
});
