import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { importCommand, runImport, withOldDatabase } from "../support/legacy.ts";
import { newOrganization } from "../support/people.ts";
import { stackUnderTest } from "../support/stack.ts";
import { until } from "../support/wait.ts";

/** Rows of the large test. LEGACY_CUSTOMERS=1000000 is the size of a national utility; it takes a quarter of an hour. */
const customers = Number(Deno.env.get("LEGACY_CUSTOMERS") ?? 100_000);

const SCHEMA = `
create table customers (id uuid primary key default gen_random_uuid(), name varchar(255) not null,
  account_number varchar(50) unique not null, phone varchar(15) not null, status varchar(20) default 'connected',
  arrears varchar(50) not null, created_at timestamptz default now(), updated_at timestamptz default now());
create table customer_actions (id uuid primary key default gen_random_uuid(), customer_id uuid, action varchar(20) not null,
  performed_by varchar(255) not null, source varchar(20) default 'manual', batch_id uuid, timestamp timestamptz default now());
create function fill(n int) returns void language sql as $$
  insert into customers (name, account_number, phone, status, arrears)
  select 'Customer ' || i, 'L-' || i, case when i % 100 = 0 then 'unknown' else '0244' || lpad((i % 1000000)::text, 6, '0') end,
    (array['connected', 'disconnected', 'warned'])[1 + i % 3],
    case i % 4 when 0 then 'GHS ' || to_char(i, 'FM9,999,999.00') when 1 then i || '.50' when 2 then '(' || i || '.25)' else '' end
  from generate_series(1, n) i
$$;`;

const counted = async (organization: string) => {
  const [row] = await database()`
    select count(*)::int as rows, sum(arrears)::text as arrears from public.customers
    where organization_id = ${organization}`;
  return { rows: Number(row?.["rows"]), arrears: String(row?.["arrears"]) };
};

Deno.test("an import that is killed again and again goes on, and every row is there exactly once", async () => {
  const { id: organization } = await newOrganization();
  await withOldDatabase(SCHEMA, async (old) => {
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

Deno.test("a large old service comes whole, and the sums agree", async () => {
  const { id: organization } = await newOrganization();
  await withOldDatabase(SCHEMA, async (old) => {
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
