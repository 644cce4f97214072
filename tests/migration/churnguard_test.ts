import assert from "node:assert/strict";
import { call, expectStatus } from "../support/http.ts";
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

/** What the ledger and the columns of a client have, by name. */
async function clientsOf(organization: string) {
  const rows = await database()`
    select c.name, c.status, c.mrr::text, c.since::text, (
        select count(*)::int from public.client_contacts k where k.client_id = c.id) as contacts
    from public.clients c where c.organization_id = ${organization} order by c.name`;
  return rows.map((row) => Object.values(row));
}

Deno.test("revenue without a day of its own counts from the client's first day, and rows that are left out are no part of either sum", async () => {
  const { id, admin } = await newOrganization();
  await withOldDatabase(SCHEMA + CLIENTS, async (old) => {
    const none = "'low', '[]'";
    await old.sql.unsafe(
      `insert into clients (name, segment, since, churn_risk, contacts, monthly_revenue, created_at)
      values ('Before', 'A', '1850-06-01', ${none}, '10', '2024-05-01 12:00+00'),
      ('Free', 'A', '2021-03-01', ${none}, null, '2024-05-01 12:00+00'),
      ('Later', 'A', '2199-03-01', ${none}, '20', '2024-05-02 12:00+00'),
      ('Nothing', 'A', '', ${none}, 'ask Kofi', '2024-05-03 12:00+00'),
      ('Vague', '顧客', 'a while ago', ${none}, 'GHS 1,030.00', '2024-05-04 12:00+00'),
      ('  ', 'A', '2021-03-01', ${none}, '7.50', '2024-05-04 12:00+00'),
      ('Negative', 'A', '2021-03-01', ${none}, '-5', '2024-05-04 12:00+00')`,
    );
    const run = await runImport(old, "churnguard", id);
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(await clientsOf(id), [
      ["Before", "active", "10.00", "2024-05-01", 0],
      ["Free", "active", "0.00", "2021-03-01", 0],
      ["Later", "active", "20.00", "2024-05-02", 0],
      ["Negative", "active", "0.00", "2021-03-01", 0],
      ["Nothing", "prospect", "0.00", null, 0],
      ["Vague", "active", "1030.00", "2024-05-04", 0],
    ]);
    const comparison = run.report?.steps.find(({ step }) => step === "clients")?.comparison;
    assert.deepEqual(
      [comparison?.read.sum, comparison?.there.sum, comparison?.left_out_sum],
      ["1060.00", "1060.00", "7.50"],
    );
    assert.match(run.output, /clients: rows that were left out say 7\.50, which is in neither sum/);
    const listed = run.problems.join("\n");
    for (
      const line of [
        /,since_when,1850-06-01,"?The revenue counts from 2024-05-01/,
        /,since_when,a while ago,"?The revenue counts from 2024-05-04/,
        /,monthly_revenue,ask Kofi,/,
        /,monthly_revenue,-5,The revenue of a client is not negative/,
        /,name,,A client has a name\.,yes/,
      ]
    ) assert.match(listed, line);
    const { data } = expectStatus<{ data: { label: string }[] }>(
      await call(admin, "GET", "/clients/segments"),
      200,
    );
    assert.ok(data.some(({ label }) => label === "顧客"), "a segment in any letters");
  });
});

Deno.test("contacts come as far as they can be read, and each part that cannot is listed", async () => {
  const { id } = await newOrganization();
  await withOldDatabase(SCHEMA + CLIENTS, async (old) => {
    const contacts = [
      { name: "Ama", email: "not an address", phone: "12", role: `${"r".repeat(99)} x` },
      { email: "NO.NAME@OLD.TEST" },
      { phone: "0244 100 301" },
      "Kofi Mensah",
      "yaw@old.test",
      { name: { first: "Esi" }, role: "Owner" },
      null,
      42,
      { name: "e".repeat(150) + "😀".repeat(100) },
    ];
    await old.sql`insert into clients (name, segment, since, churn_risk, contacts) values
      ('Acme', 'A', '2021-03-01', 'low', ${old.sql.json(contacts)}),
      ('One', 'A', '2021-03-01', 'low', ${old.sql.json({ name: "Adwoa" })})`;
    const run = await runImport(old, "churnguard", id);
    assert.equal(run.code, 0, run.output);
    const rows = await database()`
      select left(k.name, 20) as name, char_length(k.name) as length, k.email, k.phone, char_length(k.role) as role,
        k.is_primary
      from public.client_contacts k join public.clients c on c.id = k.client_id
      where k.organization_id = ${id} order by c.name, k.is_primary desc, k.name`;
    assert.deepEqual(rows.map((row) => Object.values(row)), [
      ["Ama", 3, null, null, 99, true],
      ["+233244100301", 13, null, "+233244100301", null, false],
      ["eeeeeeeeeeeeeeeeeeee", 200, null, null, null, false],
      ["Kofi Mensah", 11, null, null, null, false],
      ["no.name@old.test", 16, "no.name@old.test", null, null, false],
      ["yaw@old.test", 12, "yaw@old.test", null, null, false],
      ["Adwoa", 5, null, null, null, true],
    ]);
    const fields = run.problems.filter((line) => line.startsWith("clients,"))
      .map((line) => line.split(",")[2]).toSorted();
    assert.deepEqual(fields, [
      "contacts[0].email",
      "contacts[0].phone",
      "contacts[0].role",
      "contacts[1].name",
      "contacts[2].name",
      "contacts[4].name",
      "contacts[5]",
      "contacts[5].name",
      "contacts[6]",
      "contacts[7]",
      "contacts[8].name",
    ]);
  });
});
