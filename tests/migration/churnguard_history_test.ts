import assert from "node:assert/strict";
import { type OldDatabase, runImport, withOldDatabase } from "../support/legacy.ts";
import { newOrganization } from "../support/people.ts";

const SCHEMA = `
create table users (id uuid primary key default gen_random_uuid(), email text, full_name text, role text,
  password text, created_at timestamptz);
create table clients (id uuid primary key default gen_random_uuid(), name text, segment text, since text,
  churn_risk text, contacts jsonb default '[]', monthly_revenue text, created_at timestamptz default now(),
  updated_at timestamptz);
create table customer_incident_predictions (id serial primary key, customer_id text, client_region text,
  client_type text, client_category text, q1_prediction float, q2_prediction float, q3_prediction float,
  q4_prediction float, most_likely_incident text, recommendation text, created_at timestamptz default now());
create table customer_issues (id serial primary key, customer_id float, code_contrat float, client_type float,
  client_region float, client_categorie float, incident_title text, churn_risk float, status text,
  created_at timestamptz default now(), updated_at timestamptz default now());
create table notes (id uuid primary key default gen_random_uuid(), title text not null, description text default 'Look',
  sender_id uuid default gen_random_uuid(), recipients text[] default '{admin}', is_read boolean,
  timestamp timestamptz not null);`;

async function imported(old: OldDatabase, organization: string) {
  const run = await runImport(old, "churnguard", organization);
  assert.equal(run.code, 0, run.output + run.problems.join("\n"));
  return run;
}

Deno.test("the revenue of clients is compared, and a ledger that lacks it makes the two sides differ", async () => {
  const { id } = await newOrganization();
  await withOldDatabase(SCHEMA, async (old) => {
    const client = crypto.randomUUID();
    await old.sql`insert into clients (id, name, segment, since, churn_risk, monthly_revenue) values
      (${client}, 'Acme', 'Small', '2021-03-01', 'low', 'GHS 1,200.50'),
      (gen_random_uuid(), 'Beta', 'Small', '2021-03-01', 'low', '99.50'),
      (gen_random_uuid(), 'Vague', 'Small', 'a while ago', 'low', '7')`;
    const run = await imported(old, id);
    const sums = (report: typeof run.report) => {
      const step = report?.steps.find(({ step }) => step === "clients");
      return [step?.comparison?.read.sum, step?.comparison?.there.sum];
    };
    assert.deepEqual(sums(run.report), ["1300.00", "1300.00"]);
    await old.sql`update clients set monthly_revenue = '1300' where id = ${client}`;
    const other = await runImport(old, "churnguard", id);
    assert.equal(other.code, 1, other.output);
    assert.deepEqual(sums(other.report), ["1399.50", "1300.00"]);
  });
});
