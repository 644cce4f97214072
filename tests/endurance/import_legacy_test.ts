import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { importCommand, runImport, withOldDatabase } from "../support/legacy.ts";
import { MANY_CUSTOMERS } from "../support/old_customers.ts";
import { newOrganization } from "../support/people.ts";
import { type Old, ours, US, withService } from "../support/sms_tower.ts";
import { stackUnderTest } from "../support/stack.ts";
import { until } from "../support/wait.ts";

/** Rows of the large test. LEGACY_CUSTOMERS=1000000 is the size of a national utility; it takes a quarter of an hour. */
const customers = Number(Deno.env.get("LEGACY_CUSTOMERS") ?? 100_000);

const counted = async (organization: string) => {
  const [row] = await database()`
    select count(*)::int as rows, sum(arrears)::text as arrears from public.customers
    where organization_id = ${organization}`;
  return { rows: Number(row?.["rows"]), arrears: String(row?.["arrears"]) };
};

Deno.test("an import that is killed again and again goes on, and every row is there exactly once", async () => {
  const { id: organization } = await newOrganization();
  await withOldDatabase(MANY_CUSTOMERS, async (old) => {
    await old.sql`select fill(20000)`;
    const options = {
      from: old.url,
      to: stackUnderTest().db_url,
      kind: "insight-ops",
      organization,
      report: await Deno.makeTempDir(),
      "batch-size": "500",
    };
    for (let kill = 1; kill <= 3; kill++) {
      const before = (await counted(organization)).rows;
      const child = importCommand(options).spawn();
      await until(async () => (await counted(organization)).rows > before, {
        timeoutMs: 60_000,
        what: "the first batch",
      });
      child.kill("SIGKILL");
      await Promise.all([child.stdout.cancel(), child.stderr.cancel(), child.status]);
    }
    const partly = await counted(organization);
    assert.ok(partly.rows < 19_800, `the kills came in the middle: ${partly.rows}`);
    const run = await runImport(old, "insight-ops", organization);
    assert.equal(run.code, 0, run.output);
    assert.equal((await counted(organization)).rows, 19_800);
    assert.equal(run.problems.length, 200);
    const [totals] =
      await database()`select sum(customers)::int as rows, sum(arrears)::text as arrears
      from private.customer_totals where organization_id = ${organization}`;
    assert.deepEqual({ ...totals }, await counted(organization));
  });
});

/** What an organization has of an old service that texted. */
const texted = async (organization: string): Promise<Record<string, number>> => {
  const [row] = await database()`
    select (select count(*)::int from public.suppressions where organization_id = ${organization}) as suppressions,
      (select count(*)::int from public.consents where organization_id = ${organization}) as consents,
      (select count(*)::int from public.reply_reviews where organization_id = ${organization}) as reviews,
      (select count(*)::int from public.leads where organization_id = ${organization}) as leads,
      (select count(*)::int from public.campaigns where organization_id = ${organization}) as campaigns,
      (select count(*)::int from public.campaign_targets where organization_id = ${organization}) as targets,
      (select count(*)::int from public.messages where organization_id = ${organization}) as messages`;
  return { ...row };
};

/** 400 opt-outs, 400 who replied STOP, 100 doubtful replies, 2,000 leads, and a campaign that texted them. */
const fillTower = (old: Old) =>
  old.sql.begin((tx) => [
    tx`insert into suppressions (phone_number) select '+1212555' || (1000 + n) from generate_series(0, 399) n`,
    tx`insert into leads (first_name, phone) select 'Ada', '+1212555' || (1000 + n) from generate_series(0, 1999) n`,
    tx`insert into campaigns (name, status) values ('Texted', 'completed')`,
    tx`insert into campaign_targets (campaign_id, lead_id, phone, status)
      select c.id, l.id, l.phone, 'delivered' from campaigns c cross join leads l`,
    tx`insert into messages (lead_id, campaign_id, direction, from_number, to_number, body, status)
      select t.lead_id, t.campaign_id, 'outbound', ${ours}, t.phone, 'Hi', 'delivered' from campaign_targets t`,
    tx`insert into messages (direction, from_number, to_number, body)
      select 'inbound', '+1212555' || (1400 + n), ${ours}, 'STOP' from generate_series(0, 399) n`,
    tx`insert into messages (direction, from_number, to_number, body)
      select 'inbound', '+1212555' || (1800 + n), ${ours}, 'why do you text me, stop it or I call my lawyer'
      from generate_series(0, 99) n`,
  ]);

Deno.test("an import of opt-outs, replies, campaigns and messages that is killed in each of them ends as one that was not", async () => {
  const [killed, whole] = [await newOrganization(US), await newOrganization(US)];
  await withService(async (old) => {
    await fillTower(old);
    const options = {
      from: old.url,
      to: stackUnderTest().db_url,
      kind: "sms-tower",
      organization: killed.id,
      report: await Deno.makeTempDir(),
      "batch-size": "100",
    };
    // People who opted out are known before anybody could be texted.
    const known: (number | undefined)[] = [];
    for (const part of ["suppressions", "leads", "targets", "messages"]) {
      const before = (await texted(killed.id))[part] ?? 0;
      const child = importCommand(options).spawn();
      await until(async () => ((await texted(killed.id))[part] ?? 0) > before, {
        timeoutMs: 60_000,
        what: `the first ${part}`,
      });
      child.kill("SIGKILL");
      await Promise.all([child.stdout.cancel(), child.stderr.cancel(), child.status]);
      const now = await texted(killed.id);
      assert.ok((now["messages"] ?? 0) < 2_500, `killed in the middle: ${JSON.stringify(now)}`);
      if ((now["leads"] ?? 0) > 0) known.push(now["suppressions"]);
    }
    const run = await runImport(old, "sms-tower", killed.id);
    assert.equal(run.code, 0, run.output);
    const once = await texted(killed.id);
    assert.equal(once["messages"], 2_500);
    assert.ok((once["suppressions"] ?? 0) >= 800);
    assert.deepEqual(new Set(known), new Set([once["suppressions"]]));
    // Ids belong to one organization: the rehearsal of another one says what a run without kills brings.
    const rehearsal = await runImport(old, "sms-tower", whole.id, { "dry-run": true });
    for (const step of run.report?.steps ?? []) {
      const other = rehearsal.report?.steps.find(({ step: name }) => name === step.step);
      assert.equal(
        step.brought + step.present,
        (other?.brought ?? 0) + (other?.left_out ?? 0),
        step.step,
      );
    }
    await runImport(old, "sms-tower", killed.id);
    assert.deepEqual(await texted(killed.id), once, "twice is once");
  });
});

Deno.test("a large old service comes whole, and the sums agree", async () => {
  const { id: organization } = await newOrganization();
  await withOldDatabase(MANY_CUSTOMERS, async (old) => {
    await old.sql`select fill(${customers})`;
    const started = Date.now();
    const run = await runImport(old, "insight-ops", organization);
    const seconds = Math.round((Date.now() - started) / 1000);
    assert.equal(run.code, 0, run.output);
    assert.equal((await counted(organization)).rows, customers - Math.floor(customers / 100));
    // deno-lint-ignore no-console -- the figure of docs/performance.md.
    console.log(`${customers} customers in ${seconds} s`);
  });
});
