import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { figuresOf, importCommand, runImport, withOldDatabase } from "../support/legacy.ts";
import { OLD_SERVICES, withOldService } from "../support/old_services.ts";
import { newOrganization } from "../support/people.ts";
import { stackUnderTest } from "../support/stack.ts";
import { until } from "../support/wait.ts";

/** How many rows an organization has in each table that imports write. */
async function rowsOf(organization: string): Promise<Record<string, number>> {
  const tables = [
    "suppressions",
    "consents",
    "reply_reviews",
    "customers",
    "customer_actions",
    "batches",
    "leads",
    "students",
    "lead_history",
    "tasks",
    "interactions",
    "templates",
    "campaigns",
    "campaign_targets",
    "messages",
    "conversations",
    "clients",
    "client_contacts",
    "client_movements",
    "client_interactions",
    "client_issues",
    "notes",
    "note_roles",
    "memberships",
  ];
  const [row] = await database().unsafe(
    `select ${
      tables.map((table) =>
        `(select count(*)::int from public.${table} where organization_id = $1) as ${table}`
      ).join(", ")
    }`,
    [organization],
  );
  return { ...row };
}

/** The steps of an organization's import that have begun, in the order in which they run. */
async function begunSteps(organization: string): Promise<number> {
  const [row] = await database()`
    select count(*)::int as steps from private.legacy_steps where organization_id = ${organization}`;
  return Number(row?.["steps"]);
}

for (const kind of Object.keys(OLD_SERVICES)) {
  Deno.test(`an import of ${kind} that is killed again and again ends as one that was not, and twice is once`, async () => {
    const { id: organization } = await newOrganization();
    await withOldService(kind, async (old) => {
      await old.fill(200);
      const options = {
        from: old.url,
        to: stackUnderTest().db_url,
        kind,
        organization,
        report: await Deno.makeTempDir(),
        "batch-size": "20",
      };
      const rehearsal = await runImport(old, kind, organization, { "dry-run": true });
      for (let killed = 0, begun = 0; killed < 4; killed++) {
        const child = importCommand(options).spawn();
        const ended = child.status;
        let isOver = false;
        ended.then(() => isOver = true);
        await until(async () => isOver || await begunSteps(organization) > begun, {
          timeoutMs: 60_000,
          what: "another step",
        });
        if (!isOver) child.kill("SIGKILL");
        await Promise.all([child.stdout.cancel(), child.stderr.cancel(), ended]);
        begun = await begunSteps(organization);
      }
      const run = await runImport(old, kind, organization);
      assert.equal(run.code, 0, run.output);
      const once = await rowsOf(organization);
      for (const step of run.report?.steps ?? []) {
        const whole = rehearsal.report?.steps.find((other) => other.step === step.step);
        assert.deepEqual(step.comparison, whole?.comparison, step.step);
        assert.equal(
          step.brought + step.present,
          (whole?.brought ?? 0) + (whole?.present ?? 0),
          step.step,
        );
      }
      const again = await runImport(old, kind, organization);
      assert.equal(again.code, 0, again.output);
      assert.deepEqual(await rowsOf(organization), once, "twice is once");
    });
  });
}

const CUSTOMERS = `
create table customers (id int, name text, account_number text, phone text, status text, arrears text,
  created_at timestamptz, updated_at timestamptz);
create table customer_actions (id int, customer_id int, action text, performed_by text, source text, batch_id text,
  timestamp timestamptz);`;

Deno.test("rows without a time are the same rows in a second import, and stay those whose time is corrected", async () => {
  const { id } = await newOrganization();
  await withOldDatabase(CUSTOMERS, async (old) => {
    await old
      .sql`insert into customers values (1, 'Ama', 'A-1', '0244100401', 'connected', '5', null, null)`;
    await old.sql`insert into customer_actions values (1, 1, 'warn', 'Kofi', 'manual', null, null),
      (2, 1, 'warn', 'Kofi', 'manual', null, '2024-05-01')`;
    await runImport(old, "insight-ops", id);
    await old.sql`update customer_actions set timestamp = '2024-06-01'`;
    const again = await runImport(old, "insight-ops", id);
    assert.equal(again.code, 0, again.output);
    const { brought, present, equal } = figuresOf(again, "customer_actions");
    assert.deepEqual([brought, present, equal], [0, 2, true]);
    assert.equal((await rowsOf(id))["customer_actions"], 2);
  });
});

Deno.test("rows without an id, and copies of an id, are listed one by one", async () => {
  const { id } = await newOrganization();
  await withOldDatabase(CUSTOMERS, async (old) => {
    await old.sql`insert into customers (id, name, account_number, phone, arrears) values
      (1, 'Ama', 'A-1', '0244100401', '5'), (1, 'Ama again', 'A-2', '0244100402', '6'),
      (null, 'No id', 'A-3', '0244100403', '7'), (2, 'Yaw', 'A-4', '0244100404', '8')`;
    for (const [brought, present] of [[2, 0], [0, 2]]) {
      const run = await runImport(old, "insight-ops", id, { "batch-size": "1" });
      assert.equal(run.code, 0, run.output);
      assert.deepEqual(figuresOf(run, "customers"), {
        brought,
        present,
        left_out: 2,
        passed_over: 0,
        equal: true,
      });
      assert.match(
        run.problems.join("\n"),
        /customers,\(no id\) 1,id,.*No id.*This row has no id\.,yes/,
      );
      assert.match(
        run.problems.join("\n"),
        /customers,1 \(2\),id,.*Ama.*Another row has this id\.,yes/,
      );
    }
  });
});

Deno.test("the same number as an id in two old services is two rows", async () => {
  const { id } = await newOrganization();
  const LEADS =
    `create schema auth; create table auth.users (id uuid, email text, encrypted_password text,
      email_confirmed_at timestamptz);
    create table users (id uuid, email text, role text); create table profiles (id uuid, role text);
    create table leads (id int primary key, name text, phone text, status text);`;
  for (const [kind, name] of [["lead-tool", "Ama"], ["onlyai-crm", "Yaw"]] as const) {
    await withOldDatabase(LEADS, async (old) => {
      await old.sql`insert into leads values (17, ${name}, '0244100411', 'new')`;
      const run = await runImport(old, kind, id);
      assert.equal(run.code, 0, run.output);
      assert.equal(figuresOf(run, "leads").brought, 1, `${kind}: ${run.output}`);
    });
  }
});

Deno.test("an interrupted step whose mapping was changed begins again, and says so", async () => {
  const { id } = await newOrganization();
  await withOldDatabase(CUSTOMERS, async (old) => {
    await old.sql`insert into customers (id, name, account_number, phone, arrears, status)
      select n, 'Customer ' || n, 'A-' || n, '02441' || lpad(n::text, 5, '0'), '5', case when n <= 100 then 'parked' end
      from generate_series(1, 1000) n`;
    const options = {
      from: old.url,
      to: stackUnderTest().db_url,
      kind: "insight-ops",
      organization: id,
      report: await Deno.makeTempDir(),
      "batch-size": "50",
    };
    const child = importCommand(options).spawn();
    await until(async () => ((await rowsOf(id))["customers"] ?? 0) > 0, {
      timeoutMs: 60_000,
      what: "the first batch",
    });
    child.kill("SIGKILL");
    await Promise.all([child.stdout.cancel(), child.stderr.cancel(), child.status]);
    const mapping = await Deno.makeTempFile({ suffix: ".toml" });
    const text = await Deno.readTextFile(
      new URL("../../tools/import_legacy/mappings/insight-ops.toml", import.meta.url),
    );
    await Deno.writeTextFile(
      mapping,
      text.replace(
        'table = "public.customers"',
        `query = "select id, name, account_number, phone, arrears, nullif(status, 'parked') as status from customers"`,
      ),
    );
    const run = await runImport(old, "insight-ops", id, { mapping });
    await Deno.remove(mapping);
    assert.equal(run.code, 0, run.output);
    assert.match(
      run.output,
      /customers: the mapping.* is another one .* begins again at its first row/,
    );
    assert.equal(
      (await rowsOf(id))["customers"],
      1_000,
      "also those that the old mapping could not read",
    );
    const same = await runImport(old, "insight-ops", id);
    assert.match(same.output, /customers: the mapping/);
    assert.doesNotMatch((await runImport(old, "insight-ops", id)).output, /the mapping/);
  });
});
