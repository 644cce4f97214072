import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { AUTH_SCHEMA, figuresOf, OLD_HASH, runImport, withOldDatabase } from "../support/legacy.ts";
import { newOrganization, uniqueEmail } from "../support/people.ts";

/** OnlyAI CRM: the tables that its README names, with columns as its endpoints imply them. */
const CRM = `${AUTH_SCHEMA}
create table profiles (id uuid primary key, full_name text, role text, is_active boolean default true,
  created_at timestamptz default now());
create table leads (id uuid primary key default gen_random_uuid(), parent_name text, email text, phone text, source text,
  status text, do_not_contact boolean default false, assigned_to uuid, created_by uuid,
  created_at timestamptz default '2025-01-01 09:00+00', updated_at timestamptz default '2025-01-02 09:00+00');
create table students (id uuid primary key default gen_random_uuid(), lead_id uuid, name text, dob text, grade text,
  created_at timestamptz default '2025-01-01 13:00+00');
create table lead_history (id serial primary key, lead_id uuid, old_status text, new_status text, changed_by uuid,
  created_at timestamptz default '2025-01-01 12:00+00');
create table tasks (id serial primary key, lead_id uuid, title text, status text, priority text, due_date timestamptz,
  assigned_to uuid, created_at timestamptz default '2025-01-01');
create table interactions (id serial primary key, lead_id uuid, type text, notes text, created_by uuid,
  created_at timestamptz default '2025-01-01 10:00+00');`;

Deno.test("a CRM's leads come with their students, history, tasks and interactions, and nobody is reminded of a task", async () => {
  const organization = await newOrganization();
  await withOldDatabase(CRM, async (old) => {
    const person = { id: crypto.randomUUID(), email: uniqueEmail("counselor") };
    const lead = crypto.randomUUID();
    await old.sql`insert into auth.users (id, email, encrypted_password, email_confirmed_at)
      values (${person.id}, ${person.email}, ${OLD_HASH}, now())`;
    await old
      .sql`insert into profiles (id, full_name, role) values (${person.id}, 'Comfort', 'Counsellor')`;
    await old
      .sql`insert into leads (id, parent_name, email, phone, source, status, assigned_to, created_by) values
      (${lead}, 'Mensah, Ama', 'AMA@EXAMPLE.COM ', '0244100201', 'Open Day', 'Interested', ${person.id}, ${person.id})`;
    await old
      .sql`insert into leads (parent_name, phone, do_not_contact, status) values ('Kojo', '0244100202', true, 'new')`;
    await old.sql`insert into students (lead_id, name, dob, grade) values
      (${lead}, 'Esi Mensah', '03/04/2012', 'JHS 2'), (gen_random_uuid(), 'Nobody''s', null, null)`;
    await old.sql`insert into lead_history (lead_id, old_status, new_status, changed_by) values
      (${lead}, 'new', 'interested', ${person.id})`;
    await old.sql`insert into tasks (lead_id, title, status, priority, due_date, assigned_to) values
      (${lead}, 'Call back', 'pending', 'urgent', now() - interval '40 days', ${person.id}),
      (${lead}, 'Send forms', 'completed', 'medium', null, ${person.id}),
      (${lead}, 'Visit', 'pending', 'medium', now() + interval '40 days', ${person.id})`;
    await old.sql`insert into interactions (lead_id, type, notes, created_by) values
      (${lead}, 'WhatsApp', E'First line\nsecond line', ${person.id})`;
    const run = await runImport(old, "onlyai-crm", organization.id);
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(figuresOf(run, "students"), {
      brought: 1,
      present: 0,
      left_out: 1,
      passed_over: 0,
      equal: true,
    });
    const shown = expectStatus<Record<string, unknown>>(
      await call(organization.admin, "GET", `/leads/${lead}`),
      200,
    );
    assert.deepEqual(
      [
        shown["first_name"],
        shown["last_name"],
        shown["email"],
        shown["phone"],
        shown["status"],
        shown["source"],
      ],
      ["Ama", "Mensah", "ama@example.com", "+233244100201", "qualified", "open day"],
    );
    const timeline = expectStatus<{ data: { kind: string; at: string }[] }>(
      await call(organization.admin, "GET", `/leads/${lead}/timeline`),
      200,
    );
    assert.deepEqual(timeline.data.map(({ kind, at }) => [kind, at.slice(0, 13)]), [
      ["student_added", "2025-01-01T13"],
      ["stage_change", "2025-01-01T12"],
      ["interaction", "2025-01-01T10"],
      ["lead_created", "2025-01-01T09"],
      ["task", "2025-01-01T00"],
      ["task", "2025-01-01T00"],
      ["task", "2025-01-01T00"],
    ]);
    const [facts] = await database()`
      select (select count(*)::int from public.tasks where lead_id = ${lead} and remind_at is not null) as reminders,
        (select count(*)::int from public.sla_events where lead_id = ${lead}) as clocks,
        (select birth_date::text from public.students where lead_id = ${lead}) as born,
        (select count(*)::int from public.suppressions where organization_id = ${organization.id}) as suppressed,
        (select r.key from public.memberships m join public.roles r on r.id = m.role_id
          where m.organization_id = ${organization.id} and m.user_id = ${person.id}) as role`;
    assert.deepEqual({ ...facts }, {
      reminders: 0,
      clocks: 0,
      born: "2012-04-03",
      suppressed: 1,
      role: "counselor",
    });
  });
});

/** The Lead Management & Assignment Tool: what its README's features and indexes imply. */
const TOOL = `${AUTH_SCHEMA}
create table users (id uuid primary key, email text, full_name text, role text, created_at timestamptz default now());
create table leads (id uuid primary key default gen_random_uuid(), name text, email text, phone text, source text,
  status text, custom_fields jsonb default '{}', assignee_id uuid, created_by uuid, deadline timestamptz,
  sla_breached boolean default false, created_at timestamptz default now() - interval '1 day',
  updated_at timestamptz default now() - interval '1 hour');
create table audit_logs (id uuid primary key default gen_random_uuid(), lead_id uuid, user_id uuid, action text,
  metadata jsonb, created_at timestamptz default now() - interval '1 hour');`;

Deno.test("deadlines of the lead tool go on, breached ones stay breached, and no mail goes out", async () => {
  const organization = await newOrganization();
  await withOldDatabase(TOOL, async (old) => {
    const person = { id: crypto.randomUUID(), email: uniqueEmail("sdr") };
    await old
      .sql`insert into auth.users (id, email, encrypted_password) values (${person.id}, ${person.email}, ${OLD_HASH})`;
    await old
      .sql`insert into users (id, email, full_name, role) values (${person.id}, ${person.email}, 'Sam', 'sdr')`;
    await old
      .sql`insert into leads (name, status, assignee_id, deadline, sla_breached, custom_fields) values
      ('To come', 'assigned', ${person.id}, now() + interval '3 hours', false, '{"Budget (GHS)": 1200}'),
      ('Too late', 'assigned', ${person.id}, now() - interval '3 hours', true, '{}'),
      ('Closed', 'converted', ${person.id}, now() - interval '3 hours', false, '{}')`;
    await old.sql`insert into audit_logs (lead_id, user_id, action, metadata)
      select id, ${person.id}, 'status_changed', '{"old_status": "assigned", "new_status": "converted"}'
      from leads where name = 'Closed'`;
    const run = await runImport(old, "lead-tool", organization.id);
    assert.equal(run.code, 0, run.output);
    const leads = await database()`
      select l.full_name as name, l.sla_status, l.status, l.sla_deadline is not null as deadline, l.custom_fields,
        (select count(*)::int from public.lead_history h where h.lead_id = l.id) as moves
      from public.leads l where organization_id = ${organization.id} order by full_name`;
    assert.deepEqual(leads.map((row) => ({ ...row })), [
      {
        name: "Closed",
        sla_status: null,
        status: "won",
        deadline: false,
        custom_fields: {},
        moves: 1,
      },
      {
        name: "To come",
        sla_status: "running",
        status: "new",
        deadline: true,
        custom_fields: { budget_ghs: "1200" },
        moves: 0,
      },
      {
        name: "Too late",
        sla_status: "breached",
        status: "new",
        deadline: true,
        custom_fields: {},
        moves: 0,
      },
    ]);
    const [mails] = await database()`
      select count(*)::int as mails from public.notifications where organization_id = ${organization.id}`;
    assert.equal(mails?.["mails"], 0);
  });
});
