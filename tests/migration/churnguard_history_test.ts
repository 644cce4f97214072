import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { figuresOf, type OldDatabase, runImport, withOldDatabase } from "../support/legacy.ts";
import { addMember, newOrganization, type Session } from "../support/people.ts";

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

Deno.test("predictions are lines of their client, each once, and change neither its figures nor its time", async () => {
  const { id, admin } = await newOrganization();
  await withOldDatabase(SCHEMA, async (old) => {
    await old
      .sql`insert into customer_incident_predictions (customer_id, q1_prediction, q2_prediction, q3_prediction,
        q4_prediction, most_likely_incident, recommendation, created_at) values
      ('4711', 0.25, 0.5, 0, 1, 'No signal', 'Send a technician', '2024-05-01 10:00+00'),
      ('4711', 0.1, null, null, null, 'Slow line', null, '2024-08-01 10:00+00'), ('4712', null, null, null, null, null, null, '2024-08-01')`;
    const run = await imported(old, id);
    assert.deepEqual(figuresOf(run, "client_predictions"), {
      brought: 3,
      present: 0,
      left_out: 0,
      passed_over: 0,
      equal: true,
    });
    const [client] = await database()`select id, updated_at from public.clients
      where organization_id = ${id} and external_id = '4711'`;
    assert.equal(client?.["updated_at"].toISOString(), "2024-05-01T10:00:00.000Z");
    const shown = expectStatus<{ custom_fields: Record<string, unknown> }>(
      await call(admin, "GET", `/clients/${client?.["id"]}`),
      200,
    );
    assert.deepEqual(shown.custom_fields["Predictions of ChurnGuard"], [
      "2024-05-01: Q1 0.25, Q2 0.5, Q3 0, Q4 1; most likely: No signal; recommended: Send a technician",
      "2024-08-01: Q1 0.1; most likely: Slow line",
    ]);
    await old.sql`insert into customer_incident_predictions (customer_id, q1_prediction, created_at)
      values ('4711', 0.9, '2024-11-01')`;
    const again = figuresOf(await imported(old, id), "client_predictions");
    assert.deepEqual([again.brought, again.present, again.equal], [1, 3, true]);
    // A client with such a field can still be changed.
    const changed = await call(admin, "PUT", `/clients/${client?.["id"]}`, { name: "Acme" });
    expectStatus(changed, 200);
  });
});

/** The titles of the notes that a person has not read, oldest first, and their count. */
async function unread(person: Session) {
  const { data } = expectStatus<{ data: { title: string; is_read: boolean }[] }>(
    await call(person, "GET", "/notes/inbox?unread=true"),
    200,
  );
  return data.map(({ title }) => title).reverse();
}

Deno.test("notes that nobody had read stay unread, without a mail, and others stay read", async () => {
  const { id, admin } = await newOrganization();
  const second = await addMember({ id }, "admin");
  await withOldDatabase(SCHEMA, async (old) => {
    await old.sql`insert into notes (title, is_read, timestamp) values ('Read', true, '2024-05-01'),
      ('Unread', false, '2024-05-02'), ('Read later', true, '2024-05-03'), ('Unread too', false, '2024-05-04'),
      ('Unknown', null, '2024-05-05')`;
    await imported(old, id);
    for (const person of [admin, second]) {
      assert.deepEqual(await unread(person), ["Unread", "Unread too"]);
    }
    const { data } = expectStatus<{ data: { id: string; title: string; is_read: boolean }[] }>(
      await call(admin, "GET", "/notes/inbox"),
      200,
    );
    assert.deepEqual(data.filter(({ is_read }) => !is_read).map(({ title }) => title), [
      "Unread too",
      "Unread",
    ]);
    const first = data.find(({ title }) => title === "Unread");
    expectStatus(await call(admin, "POST", `/notes/${first?.id}/read`), 204);
    assert.deepEqual(await unread(admin), ["Unread too"]);
    const later = await addMember({ id }, "admin");
    await imported(old, id);
    assert.deepEqual(await unread(admin), ["Unread too"], "twice is once");
    assert.deepEqual(await unread(second), ["Unread", "Unread too"]);
    assert.deepEqual(await unread(later), [], "who came later has nothing to catch up");
    const [told] = await database()`
      select (select count(*)::int from private.note_mails m join public.notes n on n.id = m.note_id
          where n.organization_id = ${id}) as mails,
        (select count(*)::int from public.notifications x where x.organization_id = ${id}) as notifications`;
    assert.deepEqual({ ...told }, { mails: 0, notifications: 0 });
  });
});

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
    assert.deepEqual(sums(run.report), ["1307.00", "1307.00"]);
    await old.sql`update clients set monthly_revenue = '1300' where id = ${client}`;
    const other = await runImport(old, "churnguard", id);
    assert.equal(other.code, 1, other.output);
    assert.deepEqual(sums(other.report), ["1406.50", "1307.00"]);
  });
});
