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
