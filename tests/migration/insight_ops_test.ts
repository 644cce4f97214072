import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import {
  AUTH_SCHEMA,
  figuresOf,
  OLD_HASH,
  OLD_PASSWORD,
  type OldDatabase,
  runImport,
  withOldDatabase,
} from "../support/legacy.ts";
import { addMember, newOrganization, uniqueAddress, uniqueEmail } from "../support/people.ts";
import { functionUrl } from "../support/stack.ts";

/** The tables as the README of Insight Ops Flow gives them. */
const SCHEMA = `${AUTH_SCHEMA}
create function old_id(n int) returns uuid language sql return (substr(md5(current_database()), 1, 8) || '-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid;
CREATE TABLE customers (
  id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  account_number VARCHAR(50) UNIQUE NOT NULL,
  phone VARCHAR(15) NOT NULL,
  status VARCHAR(20) DEFAULT 'connected' CHECK (status IN ('connected', 'disconnected', 'warned')),
  arrears VARCHAR(50) NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);
CREATE TABLE customer_actions (
  id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
  customer_id UUID REFERENCES customers(id) ON DELETE CASCADE,
  action VARCHAR(20) NOT NULL CHECK (action IN ('connect', 'disconnect', 'warn', 'sms_sent')),
  performed_by VARCHAR(255) NOT NULL,
  source VARCHAR(20) DEFAULT 'manual' CHECK (source IN ('manual', 'batch')),
  batch_id UUID,
  timestamp TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);`;

interface Stored {
  name: string;
  phone: string;
  arrears: string;
  status: string;
}

interface Action {
  action: string;
  performed_by: string | null;
  note: string | null;
}

interface Old extends OldDatabase {
  clerk: { id: string; email: string };
}

async function withService(work: (old: Old) => Promise<void>): Promise<void> {
  await withOldDatabase(SCHEMA, async (old) => {
    const clerk = { id: crypto.randomUUID(), email: uniqueEmail("clerk") };
    await old
      .sql`insert into auth.users (id, email, encrypted_password, email_confirmed_at, raw_user_meta_data, created_at)
      values (${clerk.id}, ${clerk.email}, ${OLD_HASH}, now(), '{"full_name": "Kofi Clerk"}', '2023-02-01 08:00:00.123456+00')`;
    await old
      .sql`insert into customers (id, name, account_number, phone, status, arrears, created_at) values
      (old_id(1), '  Ama   Mensah ', 'A-1', '0244 100 777', 'warned', 'GHS 1,234.50', '2023-05-06 07:08:09.123456+00'),
      (old_id(2), 'Yaw Darko', 'a-1', '0244100778', 'connected', '10', now()),
      (old_id(3), 'Efua Sarpong', 'A-2', '+233204100103', 'disconnected', '(20.00)', now()),
      (old_id(4), 'No Phone', 'A-3', 'n/a', 'connected', '0', now()),
      (old_id(5), 'No Money', 'A-4', '0244100779', 'connected', 'ask Kofi', now()),
      (old_id(6), 'Continental', 'A-5', '024-410-0780', 'connected', '1.234,56', now())`;
    await old
      .sql`insert into customer_actions (customer_id, action, performed_by, source, batch_id, timestamp)
      select id, a.action, a.performed_by, a.source, a.batch_id::uuid, a.at::timestamptz from customers,
        (values ('warn', 'Kofi Clerk', 'manual', null, '2024-01-02 10:00+00'),
          ('disconnect', 'somebody else', 'batch', old_id(9)::text, '2024-01-01 10:00+00'))
          as a (action, performed_by, source, batch_id, at)
      where account_number in ('A-1', 'A-3')`;
    await work({ ...old, clerk });
  });
}

Deno.test("customers come with their ids, times, numbers and amounts, and what cannot be read is listed row by row", async () => {
  const { id: organization, admin } = await newOrganization();
  await withService(async (old) => {
    const run = await runImport(old, "insight-ops", organization);
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(figuresOf(run, "customers"), {
      brought: 3,
      present: 0,
      left_out: 3,
      passed_over: 0,
      equal: true,
    });
    assert.equal(
      run.problems.filter((line) => line.startsWith("customers,")).length,
      3,
      run.problems.join("\n"),
    );
    const [ama] = await old.sql`select id, created_at from customers where account_number = 'A-1'`;
    const stored = expectStatus<Stored>(await call(admin, "GET", `/customers/${ama?.["id"]}`), 200);
    assert.deepEqual(
      [stored.name, stored.phone, stored.arrears, stored.status],
      ["Ama Mensah", "+233244100777", "1234.50", "warned"],
    );
    const [kept] = await database()`
      select created_at = '2023-05-06 07:08:09.123456+00' as kept from public.customers where id = ${
      ama?.["id"]
    }`;
    assert.equal(kept?.["kept"], true, "the time is kept to the microsecond");
    const totals =
      await database()`select status, sum(arrears)::text as arrears from private.customer_totals
      where organization_id = ${organization} group by 1 order by 1`;
    assert.deepEqual(totals.map(({ status, arrears }) => [status, arrears]), [
      ["connected", "1234.56"],
      ["disconnected", "-20.00"],
      ["warned", "1234.50"],
    ]);
  });
});

Deno.test("actions come in the order of their time, name who acted, and leave the customer's status alone", async () => {
  const { id: organization, admin } = await newOrganization();
  await withService(async (old) => {
    const run = await runImport(old, "insight-ops", organization);
    assert.equal(figuresOf(run, "customer_actions").brought, 2, run.problems.join("\n"));
    assert.deepEqual(figuresOf(run, "customer_actions"), {
      brought: 2,
      present: 0,
      left_out: 2,
      passed_over: 0,
      equal: true,
    });
    const actions = expectStatus<{ data: Action[] }>(await call(admin, "GET", "/actions"), 200);
    assert.deepEqual(
      actions.data.map(({ action, performed_by, note }) => [action, performed_by, note]),
      [["warn", old.clerk.id, null], ["disconnect", null, "By somebody else"]],
    );
    const customers = expectStatus<{ data: Stored[] }>(
      await call(admin, "GET", "/customers?search=A-1"),
      200,
    );
    assert.equal(customers.data[0]?.status, "warned");
    const oldIds = await old
      .sql`select a.id::text from customer_actions a join customers c on c.id = a.customer_id
      where c.account_number = 'A-1' order by timestamp desc`;
    const { data } = expectStatus<{ data: { id: string }[] }>(
      await call(admin, "GET", "/actions"),
      200,
    );
    assert.deepEqual(
      run.ids.filter((line) => line.startsWith("customer_actions,")).toSorted(),
      oldIds.map(({ id }, n) => `customer_actions,${id},${data[n]?.id}`).toSorted(),
      "each new id can be found by its old one",
    );
  });
});

Deno.test("people sign in with the passwords they had", async () => {
  const { id: organization } = await newOrganization();
  await withService(async (old) => {
    const run = await runImport(old, "insight-ops", organization);
    assert.equal(figuresOf(run, "people").brought, 1, run.output);
    const response = await fetch(functionUrl("/auth/login"), {
      method: "POST",
      headers: { "content-type": "application/json", ...uniqueAddress() },
      body: JSON.stringify({ email: old.clerk.email, password: OLD_PASSWORD }),
    });
    assert.equal(response.status, 200, await response.text());
    const [member] = await database()`
      select r.key, p.full_name from public.memberships m join public.roles r on r.id = m.role_id
      join public.profiles p on p.id = m.user_id
      where m.organization_id = ${organization} and m.user_id = ${old.clerk.id}`;
    assert.deepEqual({ ...member }, { key: "operator", full_name: "Kofi Clerk" });
  });
});

Deno.test("a second import changes nothing, also what was changed since", async () => {
  const { id: organization } = await newOrganization();
  await withService(async (old) => {
    await runImport(old, "insight-ops", organization);
    await database()`update public.customers set arrears = 5 where organization_id = ${organization}
      and account_number = 'A-2'`;
    const again = await runImport(old, "insight-ops", organization);
    assert.deepEqual(figuresOf(again, "customers"), {
      brought: 0,
      present: 3,
      left_out: 3,
      passed_over: 0,
      equal: false,
    });
    assert.equal(again.code, 1, "the sums differ since a person changed one");
    assert.match(again.output, /customers: 2449\.06 there, 2474\.06 here/);
    const [count] = await database()`select (select count(*)::int from public.customer_actions
      where organization_id = ${organization}) as actions, (select sum(customers)::int from private.customer_totals
      where organization_id = ${organization}) as customers`;
    assert.deepEqual({ ...count }, { actions: 2, customers: 3 });
  });
});

Deno.test("a rehearsal reports the same and changes nothing", async () => {
  const { id: organization } = await newOrganization();
  await withService(async (old) => {
    const rehearsal = await runImport(old, "insight-ops", organization, { "dry-run": true });
    assert.equal(rehearsal.code, 0, rehearsal.output);
    const [none] = await database()`
      select (select count(*)::int from public.customers where organization_id = ${organization}) as customers,
        (select count(*)::int from private.legacy_steps where organization_id = ${organization}) as steps,
        (select count(*)::int from auth.users where id = ${old.clerk.id}) as people`;
    assert.deepEqual({ ...none }, { customers: 0, steps: 0, people: 0 });
    const run = await runImport(old, "insight-ops", organization);
    assert.deepEqual(rehearsal.problems, run.problems);
    assert.deepEqual(figuresOf(rehearsal, "customers"), figuresOf(run, "customers"));
  });
});

Deno.test("rows that another organization has are left out, and neither is changed", async () => {
  const [first, second] = [await newOrganization(), await newOrganization()];
  await withService(async (old) => {
    await runImport(old, "insight-ops", first.id);
    const run = await runImport(old, "insight-ops", second.id);
    // The account number a-1, which A-1 keeps out elsewhere.
    assert.equal(figuresOf(run, "customers").brought, 1);
    assert.equal(run.problems.filter((line) => line.includes("Another organization")).length, 3);
    assert.equal(run.code, 1, "what the database refused is missing here");
    const [count] = await database()`
      select count(*)::int as customers from public.customers where organization_id = ${first.id}`;
    assert.equal(count?.["customers"], 3);
  });
});

Deno.test("a mapping file renames columns, and a missing one is named before anything is written", async () => {
  const { id: organization } = await newOrganization();
  await withService(async (old) => {
    await old.sql`alter table customers rename column arrears to owed`;
    await old.sql`alter table customers rename column phone to mobile`;
    const refused = await runImport(old, "insight-ops", organization);
    assert.equal(refused.code, 1);
    assert.match(refused.output, /Step customers: no column for phone .*--mapping/);
    const text = await Deno.readTextFile(
      new URL("../../tools/import_legacy/mappings/insight-ops.toml", import.meta.url),
    );
    const mapping = await Deno.makeTempFile({ suffix: ".toml" });
    await Deno.writeTextFile(
      mapping,
      text.replace('arrears = "arrears"', 'arrears = "owed"').replace(
        'phone = "phone"',
        'phone = "mobile"',
      ),
    );
    const run = await runImport(old, "insight-ops", organization, { mapping });
    await Deno.remove(mapping);
    assert.equal(run.code, 0, run.output);
    assert.equal(figuresOf(run, "customers").brought, 3);
  });
});

Deno.test("tables that the old database does not have are named, and the others come", async () => {
  const { id: organization } = await newOrganization();
  await withService(async (old) => {
    await old.sql`drop schema auth cascade`;
    const run = await runImport(old, "insight-ops", organization);
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(run.report?.missing, ["people"]);
    assert.equal(figuresOf(run, "customers").brought, 3);
  });
});

const signIn = async (email: string, password: string): Promise<number> => {
  const response = await fetch(functionUrl("/auth/login"), {
    method: "POST",
    headers: { "content-type": "application/json", ...uniqueAddress() },
    body: JSON.stringify({ email, password }),
  });
  await response.body?.cancel();
  return response.status;
};

Deno.test("an account that somebody registered with the address before, and never confirmed, opens with the old password only", async () => {
  const { id: organization } = await newOrganization();
  await withService(async (old) => {
    const { email } = old.clerk;
    const stranger = await addMember(await newOrganization(), "viewer");
    await database()`update auth.users set email = ${email}, email_confirmed_at = null where id = ${stranger.userId}`;
    const run = await runImport(old, "insight-ops", organization);
    assert.equal(run.code, 0, run.output);
    assert.match(
      run.problems.join("\n"),
      /^people,.*,email,.*nobody had confirmed: it has the old service's password/m,
    );
    assert.equal(await signIn(email, OLD_PASSWORD), 200);
    const [account] = await database()`
      select u.encrypted_password = ${OLD_HASH} as has_old_password, p.full_name, (
          select count(*)::int from auth.sessions s where s.user_id = u.id and s.created_at < u.updated_at) as sessions
      from auth.users u join public.profiles p on p.id = u.id where u.id = ${stranger.userId}`;
    assert.deepEqual({ ...account }, {
      has_old_password: true,
      full_name: "Kofi Clerk",
      sessions: 0,
    });
    await database()`update auth.users set encrypted_password = 'changed since' where id = ${stranger.userId}`;
    await runImport(old, "insight-ops", organization);
    const [later] = await database()`
      select encrypted_password from auth.users where id = ${stranger.userId}`;
    assert.equal(later?.["encrypted_password"], "changed since", "now it is confirmed, and theirs");
  });
});

Deno.test("an account whose address is confirmed keeps its own password", async () => {
  const { id: organization } = await newOrganization();
  await withService(async (old) => {
    const person = await addMember(await newOrganization(), "viewer");
    await database()`update auth.users set email = ${old.clerk.email} where id = ${person.userId}`;
    const run = await runImport(old, "insight-ops", organization);
    assert.match(run.problems.join("\n"), /it keeps its own password/);
    assert.equal(await signIn(old.clerk.email, OLD_PASSWORD), 401);
  });
});
