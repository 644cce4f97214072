import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { figuresOf, OLD_HASH, runImport } from "../support/legacy.ts";
import { newOrganization, uniqueEmail } from "../support/people.ts";
import { ours, suppressed, US, withService } from "../support/sms_tower.ts";

Deno.test("nobody who opted out of the old service can be texted, wherever it knew that from", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    await old.sql`insert into suppressions (phone_number, reason, is_active) values
      ('(212) 555-0101', 'STOP', true), ('212.555.0102', 'mistake', false)`;
    await old.lead({ phone: "2125550103", opted_out: true });
    await old.lead({ phone: "+1 212 555 0104", status: "unsubscribed" });
    const targeted = await old.lead({ phone: "2125550105" });
    const campaign = crypto.randomUUID();
    await old
      .sql`insert into campaigns (id, name, status) values (${campaign}, 'Spring', 'running')`;
    await old
      .sql`insert into campaign_targets (campaign_id, lead_id, status) values (${campaign}, ${targeted}, 'opted_out')`;
    await old.message({
      direction: "inbound",
      from_number: "+12125550106",
      body: "please take me off your list",
    });
    await old.message({
      direction: "outbound",
      from_number: ours,
      to_number: "+12125550107",
      status: "failed",
      error_code: "21610",
    });
    const reader = await old.lead({ phone: "2125550108" });
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(
      await suppressed(organization),
      [1, 3, 4, 5, 6, 7].map((n) => `+1212555010${n}`),
    );
    const lead = expectStatus<{ phone: string }>(
      await call(organization.admin, "GET", `/leads/${reader}`),
      200,
    );
    assert.equal(lead.phone, "+12125550108");
  });
});

Deno.test("of several organizations one is named, and nothing of another comes", async () => {
  const organization = await newOrganization(US);
  const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
  await withService(async (old) => {
    for (
      const table of [
        "leads",
        "suppressions",
        "messages",
        "users",
        "templates",
        "campaigns",
        "campaign_targets",
      ]
    ) {
      await old.sql`alter table ${old.sql(table)} add column organization_id uuid default ${
        old.sql.unsafe(`'${first}'`)
      }`;
    }
    const mine = await old.lead({ phone: "2125550301", organization_id: first });
    const theirs = await old.lead({
      phone: "2125550302",
      organization_id: second,
      opted_out: true,
    });
    await old.message({
      direction: "inbound",
      from_number: "+12125550303",
      body: "STOP",
      organization_id: second,
    });
    const mixed = await runImport(old, "sms-tower", organization.id);
    assert.equal(mixed.code, 1, mixed.output);
    assert.match(mixed.output, /rows are of 2 organizations.*--from-organization/);
    const run = await runImport(old, "sms-tower", organization.id, { "from-organization": first });
    assert.equal(run.code, 0, run.output);
    expectStatus(await call(organization.admin, "GET", `/leads/${mine}`), 200);
    expectStatus(await call(organization.admin, "GET", `/leads/${theirs}`), 404);
    assert.deepEqual(await suppressed(organization), []);
    await old.sql`alter table templates drop column organization_id`;
    const unknown = await runImport(old, "sms-tower", organization.id, {
      "from-organization": first,
    });
    assert.match(unknown.output, /Step templates: its rows do not say to which organization/);
  });
});

Deno.test("a later START outweighs STOP, a later STOP outweighs START, and doubtful words wait for a person", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    const say = (from: number, body: string, minutes: number) =>
      old.message({
        direction: "inbound",
        from_number: `+1212555020${from}`,
        body,
        created_at: new Date(Date.now() - 86_400_000 + minutes * 60_000),
      });
    await say(1, "STOP", 1);
    await say(1, "START", 2);
    await say(2, "START", 1);
    await say(2, "Stop!", 2);
    await say(3, "can you stop", 1);
    await say(4, "Thanks, see you tomorrow", 1);
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(await suppressed(organization), ["+12125550202"]);
    const reviews = await database()`
      select r.phone, m.body from public.reply_reviews r left join public.messages m on m.id = r.message_id
      where r.organization_id = ${organization.id} and r.status = 'open'`;
    assert.deepEqual(reviews.map((row) => ({ ...row })), [{
      phone: "+12125550203",
      body: "can you stop",
    }]);
    const conversations = await database()`
      select count(*)::int as open, sum(unread)::int as unread from public.conversations
      where organization_id = ${organization.id}`;
    assert.deepEqual({ ...conversations[0] }, { open: 4, unread: 0 });
  });
});

Deno.test("an opt-out that cannot be read stops the import before there is anybody to text", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    await old.sql`insert into suppressions (phone_number) values ('see notes')`;
    await old.lead({ phone: "2125550301" });
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 3, run.output);
    assert.match(run.output, /1 opt-outs cannot be read, so nothing else was imported/);
    assert.match(run.problems.join("\n"), /^suppressions,1,phone,see notes,/);
    const [count] = await database()`
      select count(*)::int as leads from public.leads where organization_id = ${organization.id}`;
    assert.equal(count?.["leads"], 0);
    const accepted = await runImport(old, "sms-tower", organization.id, {
      "accept-unreadable-opt-outs": true,
    });
    assert.equal(figuresOf(accepted, "leads").brought, 1, accepted.output);
  });
});

Deno.test("an opt-out without its country suppresses the contact whose number ends in the same nine digits", async () => {
  const organization = await newOrganization({ country: "GH" });
  await withService(async (old) => {
    await old.sql`insert into suppressions (phone_number) values ('212 555 0401')`;
    await old.lead({ phone: "+12125550401" });
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(await suppressed(organization), ["+12125550401"]);
  });
});

Deno.test("consent comes with its time and its words, and does not outweigh a later opt-out", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    const opted = {
      opt_in_at: "2024-03-01 10:00:00+00",
      opt_in_source: "web form",
      opt_in_method: "ticked a box",
    };
    await old.lead({ phone: "2125550501", ...opted });
    await old.lead({
      phone: "2125550502",
      ...opted,
      opted_out: true,
      opt_out_at: "2024-04-01 10:00:00+00",
    });
    await old.lead({ phone: "2125550503" });
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 0, run.output);
    const verdicts = await database()`
      select * from private.check_marketing_eligibility(${organization.id},
        array['+12125550501', '+12125550502', '+12125550503'])
      order by phone`;
    assert.deepEqual(
      verdicts.map(({ phone, blocked_reason }) => [phone, blocked_reason]),
      [["+12125550501", null], ["+12125550502", "suppressed"], ["+12125550503", "no_consent"]],
    );
    const [consent] =
      await database()`select source, act, occurred_at = '2024-03-01 10:00+00' as kept
      from public.consents where organization_id = ${organization.id} and phone = '+12125550501'`;
    assert.deepEqual({ ...consent }, { source: "web form", act: "ticked a box", kept: true });
  });
});

Deno.test("nothing that was waiting in the old service is sent by the new one", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    const lead = await old.lead({ phone: "2125550601" });
    const [draft, running] = [crypto.randomUUID(), crypto.randomUUID()];
    await old.sql`insert into campaigns (id, name, status, started_at) values
      (${draft}, 'Draft', 'draft', null), (${running}, 'Running', 'running', now() - interval '2 hours')`;
    await old.sql`insert into campaign_targets (campaign_id, lead_id, phone, status) values
      (${running}, ${lead}, '2125550601', 'pending')`;
    for (const status of ["queued", "sending", "scheduled", "sent", "delivered"]) {
      await old.message({
        direction: "outbound",
        from_number: ours,
        to_number: "+12125550601",
        status,
        lead_id: lead,
        campaign_id: running,
      });
    }
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 0, run.output);
    const messages = await database()`select status, count(*)::int as n from public.messages
      where organization_id = ${organization.id} group by 1 order by 1`;
    assert.deepEqual(messages.map(({ status, n }) => [status, n]), [["canceled", 3], [
      "delivered",
      1,
    ], ["sent", 1]]);
    const campaigns = await database()`select name, status, status_reason from public.campaigns
      where organization_id = ${organization.id} order by name`;
    assert.deepEqual(campaigns.map((row) => ({ ...row })), [
      { name: "Draft", status: "draft", status_reason: null },
      {
        name: "Running",
        status: "canceled",
        status_reason: "It was running in sms-tower when it was imported.",
      },
    ]);
    const [target] =
      await database()`select status, position from public.campaign_targets where campaign_id = ${running}`;
    assert.deepEqual({ ...target }, { status: "canceled", position: 1 });
    const shown = expectStatus<{ total: number }>(
      await call(organization.admin, "GET", `/conversations?phone=%2B12125550601`),
      200,
    );
    assert.equal(shown.total, 0, "texts of campaigns make no conversations");
  });
});

Deno.test("messy leads come as far as they can be read: tags, own fields, roles, missing names and bad numbers", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    const manager = { id: crypto.randomUUID(), email: uniqueEmail("manager") };
    await old
      .sql`insert into auth.users (id, email, encrypted_password) values (${manager.id}, ${manager.email}, ${OLD_HASH})`;
    await old.sql`insert into users (id, email, full_name, role) values
      (${manager.id}, ${manager.email}, 'Max Manager', 'Campaign Manager'), (gen_random_uuid(), 'not an address', 'X', 'viewer')`;
    const id = await old.lead({
      first_name: null,
      last_name: " O'Neil  ",
      phone: "12",
      status: "Replied",
      tags: ["vip", "", "vip"],
      metadata: { planName: "gold", seats: 3, empty: "" },
      state: "NY",
      assigned_to: manager.id,
    });
    await old.lead({ first_name: "", last_name: null, phone: null, email: "  " });
    await old.lead({ first_name: "Unknown stage", status: "purgatory" });
    await old.sql`insert into templates (name, content) values
      ('Good', 'Hi {first_name}, half price. Reply STOP to end'), ('No way out', 'Hi {first_name}')`;
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(figuresOf(run, "leads"), {
      brought: 1,
      present: 0,
      left_out: 2,
      passed_over: 0,
      equal: true,
    });
    const [lead] = await database()`
      select last_name, phone, status, tags, custom_fields, region, assigned_to, sla_status from public.leads
      where id = ${id}`;
    assert.deepEqual({ ...lead }, {
      last_name: "O'Neil",
      phone: null,
      status: "contacted",
      tags: ["vip"],
      custom_fields: { plan_name: "gold", seats: "3" },
      region: "NY",
      assigned_to: manager.id,
      sla_status: null,
    });
    assert.match(run.problems.join("\n"), /purgatory,.*add it to \[steps\.values\.status\]/);
    const templates = await database()`select body from public.templates
      where organization_id = ${organization.id} and category = 'marketing'`;
    assert.deepEqual(templates.map(({ body }) => body), [
      "Hi {{first_name}}, half price. Reply STOP to end",
    ]);
    const [member] =
      await database()`select r.key from public.memberships m join public.roles r on r.id = m.role_id
      where m.organization_id = ${organization.id} and m.user_id = ${manager.id}`;
    assert.equal(member?.["key"], "campaign_manager");
  });
});

Deno.test("a campaign reaches leads that were imported with their old ids", async () => {
  const organization = await newOrganization({
    ...US,
    settings: { ...US.settings, marketing_consent: "not_required" },
  });
  await withService(async (old) => {
    for (let n = 0; n < 5; n++) await old.lead({ phone: `212555070${n}` });
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 0, run.output);
    const [reached] = await database().begin(async (tx) => {
      await tx`insert into public.campaigns (organization_id, name, status, started_at, audience)
        values (${organization.id}, 'Reach', 'freezing', now(), '{"filter": {}}')`;
      const [campaign] =
        await tx`select id from public.campaigns where organization_id = ${organization.id}`;
      await tx`select private.snapshot_audience_batch(${campaign?.["id"]}, 100)`;
      const targets = await tx`select count(*)::int as targets from public.campaign_targets
        where campaign_id = ${campaign?.["id"]}`;
      await tx`update public.campaigns set status = 'canceled', finished_at = now() where id = ${
        campaign?.["id"]
      }`;
      return targets;
    });
    assert.equal(reached?.["targets"], 5);
  });
});
