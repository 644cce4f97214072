import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import {
  figuresOf,
  OLD_HASH,
  OLD_PASSWORD,
  runImport,
  withOldDatabase,
} from "../support/legacy.ts";
import { newOrganization, uniqueAddress, uniqueEmail } from "../support/people.ts";
import { functionUrl } from "../support/stack.ts";

/** The people of ChurnGuard as its README gives them, with its own default ones. */
const SCHEMA = `
create table users (id uuid primary key default gen_random_uuid(), email text unique not null, full_name text not null,
  role text not null, password text not null, created_at timestamptz not null, updated_at timestamptz);
insert into users (email, full_name, role, password, created_at) values
  ('admin@example.com', 'Admin User', 'admin', '$2b$12$1mE7KFkbqcCwZKOV8Q4jYuVRYGyrn8jmKzWtAxW.f2ksH0tuo/aSG', now());`;

Deno.test("ChurnGuard's people keep role and password, and its published default admin does not come", async () => {
  const organization = await newOrganization();
  await withOldDatabase(SCHEMA, async (old) => {
    const email = uniqueEmail("agent");
    await old.sql`insert into users (email, full_name, role, password, created_at) values
      (${email}, 'Technical', 'technical_agent', ${OLD_HASH}, '2024-01-01'),
      (${uniqueEmail("plain")}, 'Plain', 'marketing_agent', 'not a hash', '2024-01-01'),
      (${uniqueEmail("ghost")}, 'Ghost', 'superuser', ${OLD_HASH}, '2024-01-01')`;
    const run = await runImport(old, "churnguard", organization.id);
    assert.equal(run.code, 0, run.output);
    assert.equal(figuresOf(run, "people").brought, 2);
    assert.equal(figuresOf(run, "people").left_out, 1);
    assert.match(run.problems.join("\n"), /password,,There is no bcrypt hash/);
    const response = await fetch(functionUrl("/auth/login"), {
      method: "POST",
      headers: { "content-type": "application/json", ...uniqueAddress() },
      body: JSON.stringify({ email, password: OLD_PASSWORD }),
    });
    assert.equal(response.status, 200, await response.text());
    const [count] = await database()`
      select count(*)::int as members from public.memberships where organization_id = ${organization.id}`;
    assert.equal(count?.["members"], 3);
  });
});

const CLIENTS = `
create table clients (id uuid primary key default gen_random_uuid(), name text not null, segment text not null,
  since text not null, churn_risk text not null, contacts jsonb not null, monthly_revenue text, churn_trend text,
  churn_trend_days integer, created_at timestamptz default now(), updated_at timestamptz);
create table interactions (id uuid primary key default gen_random_uuid(), clientId uuid not null, type text not null,
  date text not null, details text not null, created_at timestamptz default now());
create table customer_issues (id serial primary key, customer_id float, code_contrat float, client_type float,
  client_region float, client_categorie float, incident_title text, churn_risk float, status text default 'not sent',
  created_at timestamptz default now(), updated_at timestamptz default now());
create table customer_incident_predictions (id serial primary key, customer_id text, client_region text,
  client_type text, client_category text, created_at timestamptz default now());
create table notes (id uuid primary key default gen_random_uuid(), title text not null, description text not null,
  sender_id uuid not null, recipients text[] not null, is_read boolean default false, timestamp timestamptz not null);`;

Deno.test("ChurnGuard's clients come with contacts and revenue, interactions, issues and notes", async () => {
  const organization = await newOrganization();
  await withOldDatabase(SCHEMA + CLIENTS, async (old) => {
    const client = crypto.randomUUID();
    await old
      .sql`insert into clients (id, name, segment, since, churn_risk, contacts, monthly_revenue) values
      (${client}, 'Acme', 'Small Business', '2021-03-01', 'High', '[{"name": "Ama", "email": "AMA@acme.com"}]', 'GHS 1,200.50'),
      (gen_random_uuid(), 'Vague', 'Enterprise', 'a while ago', 'unknown', '{}', null)`;
    await old.sql`insert into interactions (clientId, type, date, details) values
      (${client}, 'Phone', '2024-05-01', 'Asked about the bill'), (gen_random_uuid(), 'Email', '2024-05-01', 'Nobody')`;
    await old
      .sql`insert into customer_issues (customer_id, code_contrat, incident_title) values (4711, 12, 'No signal')`;
    await old.sql`insert into notes (title, description, sender_id, recipients, timestamp) values
      ('Hello', 'Please look', gen_random_uuid(), '{technical_agent}', '2024-05-02 10:00+00')`;
    const run = await runImport(old, "churnguard", organization.id);
    assert.equal(run.code, 0, run.output + run.problems.join("\n"));
    const [facts] = await database()`
      select c.status, c.mrr::text, c.since::text, c.segment, c.stated_risk,
        (select string_agg(k.name || ' ' || k.email, ',') from public.client_contacts k where k.client_id = c.id) as contacts,
        (select string_agg(i.type || ' ' || i.occurred_at::date, ',') from public.client_interactions i where i.client_id = c.id) as interactions
      from public.clients c where c.id = ${client}`;
    assert.deepEqual({ ...facts }, {
      status: "active",
      mrr: "1200.50",
      since: "2021-03-01",
      segment: "small_business",
      stated_risk: "high",
      contacts: "Ama ama@acme.com",
      interactions: "call 2024-05-01",
    });
    assert.deepEqual(
      run.problems.filter((line) =>
        line.startsWith("client_issues") || line.startsWith("numbered")
      ),
      [],
      run.output,
    );
    const [issue] = await database()`
      select i.title, i.status, c.external_id from public.client_issues i join public.clients c on c.id = i.client_id
      where i.organization_id = ${organization.id}`;
    assert.deepEqual({ ...issue }, { title: "No signal", status: "open", external_id: "4711" });
    const [note] = await database()`
      select n.title, n.first_read_at is not null as read, (select count(*)::int from public.note_roles r where r.note_id = n.id)
        as roles, (select count(*)::int from private.note_mails m where m.note_id = n.id) as mails
      from public.notes n where n.organization_id = ${organization.id}`;
    assert.deepEqual({ ...note }, { title: "Hello", read: false, roles: 1, mails: 0 });
    const again = await runImport(old, "churnguard", organization.id);
    assert.equal(figuresOf(again, "clients").brought, 0);
    assert.equal(again.code, 0, again.output);
  });
});
