import assert from "node:assert/strict";
import {
  addCampaign,
  addRecipients,
  type CampaignBody,
  type Campaigning,
  campaignUntil,
  move,
  newCampaigning,
  ordinaryNumbers,
  readCampaign,
  tendedUntil,
} from "../support/campaigns.ts";
import { withDatabase } from "../support/db.ts";
import { type Answer, call, expectProblem, expectStatus } from "../support/http.ts";
import { addMemberWith } from "../support/people.ts";
import { acceptedFrom } from "../support/texts.ts";

/* What people do with campaigns in the wrong order, twice, or at the same moment loses nobody and texts nobody twice. */

const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort();
const path = (campaign: CampaignBody, to = "") => `/campaigns/${campaign.id}${to && `/${to}`}`;

async function campaigning(count: number): Promise<[Campaigning, string[]]> {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  const phones = ordinaryNumbers(count);
  await addRecipients(office, phones.map((phone) => ({ phone })));
  return [office, phones];
}

/** Each of these numbers got exactly one text of the organization's, and has reported it. */
async function expectOnceEach(
  office: Campaigning,
  { id }: CampaignBody,
  phones: string[],
): Promise<void> {
  await campaignUntil(
    office.admin,
    id,
    "every delivery",
    ({ messages }) => messages["delivered"] === phones.length,
  );
  const carried = await acceptedFrom(office.number);
  assert.deepEqual(carried.map(({ to }) => to).sort(), [...phones].sort());
}

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

Deno.test("Each move is refused where it makes no sense, and changes nothing", async () => {
  const [{ admin, ...rest }] = await campaigning(1);
  const office = { admin, ...rest };
  const campaign = await addCampaign(office, { scheduled_at: inAnHour() });
  const refused = async (moves: string[], status: string) => {
    for (const to of moves) {
      const problem = expectProblem(
        await call(admin, "POST", path(campaign, to)),
        409,
        "campaign_state",
      );
      assert.equal((problem as unknown as { campaign_status: string }).campaign_status, status, to);
    }
    assert.equal((await readCampaign(admin, campaign.id)).status, status);
  };
  await refused(["pause", "resume"], "draft");
  await move(admin, campaign.id, "start");
  await refused(["start", "resume"], "scheduled");
  expectProblem(await call(admin, "DELETE", path(campaign)), 409, "campaign_state");
  await move(admin, campaign.id, "pause");
  await refused(["start", "pause"], "paused");
  await move(admin, campaign.id, "resume");
  await move(admin, campaign.id, "cancel");
  await refused(["start", "pause", "resume", "cancel"], "canceled");
  expectProblem(
    await call(admin, "PATCH", path(campaign), { name: "Late" }),
    409,
    "campaign_state",
  );
  expectStatus(await call(admin, "DELETE", path(campaign)), 204);
  for (const to of ["start", "pause", "resume", "cancel", "preview"]) {
    expectProblem(await call(admin, "POST", path(campaign, to)), 404, "not_found");
  }
  expectProblem(await call(admin, "DELETE", path(campaign)), 404, "not_found");
  expectProblem(await call(admin, "GET", path(campaign, "targets")), 404, "not_found");
});

Deno.test("A completed campaign stays as it is", async () => {
  const [office, phones] = await campaigning(2);
  const campaign = await addCampaign(office);
  await move(office.admin, campaign.id, "start");
  await campaignUntil(
    office.admin,
    campaign.id,
    "its end",
    ({ messages }) => messages["delivered"] === 2,
  );
  await tendedUntil(office.admin, campaign.id, "completed");
  for (const to of ["start", "pause", "resume", "cancel"]) {
    expectProblem(await call(office.admin, "POST", path(campaign, to)), 409, "campaign_state");
  }
  await expectOnceEach(office, campaign, phones);
});

Deno.test("Of several starts at once one starts, and each recipient is texted once", async () => {
  const [office, phones] = await campaigning(40);
  const campaign = await addCampaign(office);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => call(office.admin, "POST", path(campaign, "start"))),
  );
  assert.deepEqual(statuses(answers), [200, 409, 409, 409, 409]);
  await expectOnceEach(office, campaign, phones);
});

Deno.test("Pauses and resumes at the same moment leave one state, and everybody is texted once", async () => {
  const [office, phones] = await campaigning(200);
  const campaign = await addCampaign(office, { messages_per_minute: 3_000 });
  await move(office.admin, campaign.id, "start");
  for (let round = 0; round < 4; round++) {
    const answers = await Promise.all(
      ["pause", "resume", "pause", "resume"].map((to) =>
        call(office.admin, "POST", path(campaign, to))
      ),
    );
    assert.ok(answers.every(({ status }) => status === 200 || status === 409));
  }
  const { status } = await readCampaign(office.admin, campaign.id);
  assert.ok(["paused", "running", "freezing", "completed"].includes(status), status);
  if (status === "paused") await move(office.admin, campaign.id, "resume");
  await expectOnceEach(office, campaign, phones);
});

Deno.test("Deleting and starting at the same moment do one of the two", async () => {
  const [office] = await campaigning(1);
  for (let round = 0; round < 5; round++) {
    const campaign = await addCampaign(office, { scheduled_at: inAnHour() });
    const [started, deleted] = await Promise.all([
      call(office.admin, "POST", path(campaign, "start")),
      call(office.admin, "DELETE", path(campaign)),
    ]);
    const outcome = `${started?.status} ${deleted?.status}`;
    assert.ok(["200 409", "404 204"].includes(outcome), outcome);
  }
});

Deno.test("Of two changes of what both have read, one is told that it is stale", async () => {
  const [office] = await campaigning(1);
  const campaign = await addCampaign(office);
  const headers = { "if-match": `"${campaign.version}"` };
  const answers = await Promise.all(
    ["One", "Two", "Three"].map((name) =>
      call(office.admin, "PATCH", path(campaign), { name }, headers)
    ),
  );
  assert.deepEqual(statuses(answers), [200, 409, 409]);
  const stale = answers.find(({ status }) => status === 409);
  assert.ok(stale);
  expectProblem(stale, 409, "stale_version");
  const { current } = stale.body as { current: CampaignBody };
  assert.deepEqual(current, await readCampaign(office.admin, campaign.id));
  for (const header of ["3", '"', '"x"', '"-1"', '"99999999999999999999"', '"1", "2"', "W/1"]) {
    expectProblem(
      await call(office.admin, "PATCH", path(campaign), { name: "X" }, { "if-match": header }),
      400,
      "if_match_malformed",
    );
  }
  expectProblem(await call(office.admin, "PATCH", path(campaign), {}), 422);
});

Deno.test("What was taken from a campaign while it waited keeps it from beginning, so that no audience is lost", async () => {
  const [office, phones] = await campaigning(3);
  const { admin } = office;
  const campaign = await addCampaign(office, { scheduled_at: inAnHour() });
  await move(admin, campaign.id, "start");
  expectProblem(
    await call(admin, "PATCH", path(campaign), { templates: [] }),
    422,
    "campaign_incomplete",
  );
  await move(admin, campaign.id, "pause");
  expectStatus(
    await call(admin, "PATCH", path(campaign), { templates: [], scheduled_at: null }),
    200,
  );
  expectProblem(await call(admin, "POST", path(campaign, "resume")), 422, "campaign_incomplete");
  expectStatus(
    await call(admin, "PATCH", path(campaign), { templates: [{ template_id: office.template }] }),
    200,
  );
  const short = await addMemberWith(office, ["campaigns:read", "campaigns:write"]);
  expectProblem(await call(short, "POST", path(campaign, "resume")), 403);
  await move(admin, campaign.id, "resume");
  await expectOnceEach(office, campaign, phones);
});

Deno.test("A campaign whose numbers are all disabled does not start, whatever the default is, and a schedule waits for a person", async () => {
  const [office] = await campaigning(2);
  const { admin, id } = office;
  const [second] = await withDatabase((sql) =>
    sql<
      { id: string }[]
    >`insert into public.sms_accounts (organization_id, provider, sender_id, is_default)
      values (${id}, 'arkesel', 'Default', false) returning id`
  );
  await withDatabase(async (sql) => {
    await sql`update public.sms_accounts set is_default = false where organization_id = ${id}`;
    await sql`update public.sms_accounts set is_default = true where id = ${second?.id ?? ""}`;
  });
  const campaign = await addCampaign(office, { scheduled_at: inAnHour() });
  await move(admin, campaign.id, "start");
  await withDatabase((sql) =>
    sql`update public.sms_accounts set status = 'disabled' where id = ${office.account}`
  );
  await withDatabase((sql) =>
    sql`update public.campaigns set scheduled_at = now() - interval '1 minute' where id = ${campaign.id}`
  );
  const paused = await tendedUntil(admin, campaign.id, "paused");
  assert.match(paused.status_reason ?? "", /no active number/);
  expectProblem(await call(admin, "POST", path(campaign, "resume")), 422, "campaign_incomplete");
  const another = await addCampaign(office);
  expectProblem(await call(admin, "POST", path(another, "start")), 422, "campaign_incomplete");
  assert.equal((await readCampaign(admin, another.id)).status, "draft");
});

Deno.test("Nobody in North America is texted by an organization that cannot be reached: HELP must name a telephone number or an address", async () => {
  const office = await newCampaigning({
    marketing_consent: "not_required",
    contact_details: null,
  });
  const { admin } = office;
  const [ghanaian, american] = await addRecipients(office, [
    { phone: ordinaryNumbers(1)[0] ?? "" },
    { phone: "+12125550142" },
  ]);
  const abroad = await addCampaign(office, { audience: { lead_ids: [ghanaian] } });
  await move(admin, abroad.id, "start");
  await move(admin, abroad.id, "cancel");

  const home = await addCampaign(office, { audience: { lead_ids: [ghanaian, american] } });
  const preview = await call(admin, "POST", path(home, "preview"));
  assert.deepEqual(
    expectStatus<{ faults: { path: string }[] }>(preview, 200).faults.map((fault) => fault.path),
    ["contact_details"],
  );
  const refused = expectProblem(
    await call(admin, "POST", path(home, "start")),
    422,
    "campaign_incomplete",
  );
  assert.deepEqual(refused.errors?.map((error) => error.path), ["contact_details"]);
  expectStatus(await call(admin, "PATCH", path(home), { scheduled_at: inAnHour() }), 200);
  expectProblem(await call(admin, "POST", path(home, "start")), 422, "campaign_incomplete");

  const reachable = (contact_details: string | null) =>
    admin.client.from("organizations").update({ contact_details }).eq("id", office.id);
  for (const nothing of ["   ", "us", "a\nb 1"]) {
    assert.equal((await reachable(nothing)).error?.code, "23514", JSON.stringify(nothing));
  }
  assert.equal((await reachable("help@school.example")).error, null);
  assert.equal((await move(admin, home.id, "start")).status, "scheduled");

  // They go while it waits: at its time it waits for a person.
  assert.equal((await reachable(null)).error, null);
  await withDatabase((sql) =>
    sql`update public.campaigns set scheduled_at = now() - interval '1 minute' where id = ${home.id}`
  );
  await withDatabase((sql) => sql`select private.run_campaign_scheduler()`);
  const paused = await campaignUntil(
    admin,
    home.id,
    "its pause",
    ({ status }) => status === "paused",
  );
  assert.match(paused.status_reason ?? "", /contact details/);
  expectProblem(await call(admin, "POST", path(home, "resume")), 422, "campaign_incomplete");
  assert.equal((await reachable("help@school.example")).error, null);
  await move(admin, home.id, "resume");
  await campaignUntil(admin, home.id, "its audience", ({ targets }) => targets.total === 2);

  // Once it has begun they stay.
  assert.equal((await reachable(null)).error?.hint, "campaign_under_way");
  assert.equal((await reachable("+1 800 555 0100")).error, null);
  await move(admin, home.id, "pause");
  assert.equal((await reachable(null)).error?.hint, "campaign_under_way");
  await move(admin, home.id, "cancel");
});
