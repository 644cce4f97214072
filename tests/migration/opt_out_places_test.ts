import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { AUTH_SCHEMA, runImport, withOldDatabase } from "../support/legacy.ts";
import { newOrganization, type Organization } from "../support/people.ts";
import { suppressed, US, withService } from "../support/sms_tower.ts";

/* Each place beside flags and lists where an old service may have kept that somebody opted out. */

const numbers = (...ends: number[]): string[] => ends.map((end) => `+1212555${1000 + end}`);

async function imported(organization: Organization, old: { url: string }, kind: string) {
  const run = await runImport(old as never, kind, organization.id);
  assert.equal(run.code, 0, run.output + run.problems.join("\n"));
  return run;
}

/** Numbers about which a person is asked. */
const doubted = async ({ id }: Organization): Promise<string[]> =>
  (await database()`select phone from public.reply_reviews
    where organization_id = ${id} and status = 'open' order by 1`).map(({ phone }) => phone);

/** Ids of a test's own: those of leads are kept, and belong to one organization. */
function newIds(): (n: number) => string {
  const beginning = crypto.randomUUID().slice(0, -1);
  return (n) => beginning + n;
}

const CRM = (lead: (n: number) => string) =>
  `${AUTH_SCHEMA}
create table profiles (id uuid primary key, full_name text, role text);
create table leads (id uuid primary key, parent_name text default 'Ama', phone text, mobile text, status text default 'new',
  created_at timestamptz default now());
create table lead_history (id serial primary key, lead_id uuid, old_status text, new_status text,
  created_at timestamptz default now());
create table interactions (id serial primary key, lead_id uuid, type text, direction text, outcome text, notes text,
  created_at timestamptz default '2025-01-01 10:00+00');
insert into leads (id, phone, mobile)
  select ('${
    lead(0).slice(0, -1)
  }' || n)::uuid, '212555100' || n, case n when 1 then '2125551009' end
  from generate_series(0, 8) n;`;

Deno.test("a CRM's logged texts, outcomes and former stages are opt-outs", async () => {
  const organization = await newOrganization(US);
  const lead = newIds();
  await withOldDatabase(CRM(lead), async (old) => {
    const logged = (
      n: number,
      type: string,
      direction: string | null,
      notes: string,
      outcome: string | null = null,
      at = "2025-01-01 10:00+00",
    ) =>
      old.sql`insert into interactions (lead_id, type, direction, notes, outcome, created_at)
        values (${lead(n)}, ${type}, ${direction}, ${notes}, ${outcome}, ${at})`;
    await logged(0, "text", "inbound", "STOP");
    await logged(1, "WhatsApp", "incoming", "please stop texting me");
    await logged(2, "SMS", null, "Unsubscribe");
    await logged(3, "text", "outbound", "STOP");
    await logged(4, "Text message", "inbound", "STOP");
    await logged(4, "Text message", "inbound", "START", null, "2025-01-02 10:00+00");
    await logged(5, "call", "outbound", "Spoke to the father", "Do not contact");
    await logged(6, "call", "inbound", "STOP by on Monday");
    await old.sql`insert into lead_history (lead_id, old_status, new_status) values
      (${lead(7)}, 'new', 'do_not_contact'), (${lead(7)}, 'do_not_contact', 'new'), (${
      lead(8)
    }, 'new', 'lost')`;
    await imported(organization, old, "onlyai-crm");
    assert.deepEqual(await suppressed(organization), numbers(0, 1, 2, 5, 7, 9));
    assert.deepEqual(await doubted(organization), []);
    await imported(organization, old, "onlyai-crm");
    assert.deepEqual(await suppressed(organization), numbers(0, 1, 2, 5, 7, 9), "twice is once");
  });
});

Deno.test("a conversation that was marked is an opt-out, by its own number or its lead's, and none without a number is lost", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    await old
      .sql`create table conversations (id serial primary key, lead_id uuid, phone_number text, status text,
      is_opted_out boolean default false, updated_at timestamptz default now())`;
    const known = await old.lead({ phone: "2125551001" });
    await old.sql`insert into conversations (lead_id, phone_number, status, is_opted_out) values
      (null, '2125551000', 'Unsubscribed', false), (${known}, null, 'opted_out', false),
      (null, '2125551002', 'open', true), (null, '2125551003', 'closed', false)`;
    await imported(organization, old, "sms-tower");
    assert.deepEqual(await suppressed(organization), numbers(0, 1, 2));
    await old.sql`insert into conversations (status) values ('opted_out')`;
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 3, run.output);
  });
});

Deno.test("what a status in the lead tool's log once said is an opt-out", async () => {
  const lead = newIds();
  const tool = await newOrganization(US);
  const TOOL = `${AUTH_SCHEMA}
    create table users (id uuid primary key, email text, role text);
    create table leads (id uuid primary key, name text, phone text, status text, created_at timestamptz default now());
    create table audit_logs (id serial primary key, entity_id uuid, action text, metadata jsonb, created_at timestamptz default now());
    insert into leads values ('${lead(0)}', 'Kojo', '2125551000', 'new'), ('${
    lead(1)
  }', 'Ama', '2125551001', 'new');
    insert into audit_logs (entity_id, action, metadata) values
      ('${lead(0)}', 'status_changed', '{"old_status": "new", "new_status": "unsubscribed"}'),
      ('${lead(1)}', 'status_changed', '{"old_status": "new", "new_status": "converted"}');`;
  await withOldDatabase(TOOL, async (old) => {
    await imported(tool, old, "lead-tool");
    assert.deepEqual(await suppressed(tool), numbers(0));
  });
});

Deno.test("a customer's extra columns may say that it opted out", async () => {
  const ops = await newOrganization(US);
  const OPS = `${AUTH_SCHEMA}
    create table customers (id uuid primary key default gen_random_uuid(), name text, account_number text, phone text,
      status text, arrears text, created_at timestamptz default now(), updated_at timestamptz default now(),
      sms_opt_out boolean default false);
    create table customer_actions (id uuid primary key, customer_id uuid, action text, performed_by text, source text,
      batch_id uuid, timestamp timestamptz);
    insert into customers (name, account_number, phone, status, arrears, sms_opt_out) values
      ('Ada', 'A-1', '2125551000', 'connected', '0', true), ('Eve', 'A-2', '2125551001', 'warned', '0', false);`;
  await withOldDatabase(OPS, async (old) => {
    await imported(ops, old, "insight-ops");
    assert.deepEqual(await suppressed(ops), numbers(0));
  });
});

Deno.test("a client's contacts and what they wrote may be opt-outs", async () => {
  const lead = newIds();
  const guard = await newOrganization(US);
  const GUARD = `
    create table users (id uuid primary key, email text, full_name text, role text, password text, created_at timestamptz);
    create table clients (id uuid primary key, name text, segment text, since text, churn_risk text, contacts jsonb,
      monthly_revenue text, created_at timestamptz default now(), updated_at timestamptz);
    create table interactions (id uuid primary key default gen_random_uuid(), "clientId" uuid, type text, date text,
      details text, created_at timestamptz default now());
    insert into clients (id, name, segment, since, churn_risk, contacts) values ('${
    lead(0)
  }', 'Acme', 'Small', '2021-03-01', 'low',
      '[{"name": "Ama", "phone": "2125551000", "do_not_contact": true}, {"name": "Kojo", "phone": "2125551001"}]'),
      ('${
    lead(1)
  }', 'Beta', 'Small', '2021-03-01', 'low', '{"name": "Esi", "mobile": "2125551002"}');
    insert into interactions ("clientId", type, date, details) values
      ('${lead(1)}', 'SMS', '2024-05-01', 'STOP'), ('${lead(0)}', 'call', '2024-05-01', 'STOP');`;
  await withOldDatabase(GUARD, async (old) => {
    await imported(guard, old, "churnguard");
    assert.deepEqual(await suppressed(guard), numbers(0, 2));
  });
});
