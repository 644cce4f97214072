import assert from "node:assert/strict";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { withDatabase } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { addMember, newOrganization, type Session, uniqueAddress } from "../support/people.ts";
import { joins } from "../support/realtime.ts";
import { invite, register } from "../support/registration.ts";

/*
 * Tests write their people into the database. What they prove holds for real people only as long as these are the same.
 */

/** The columns of every row that Auth and the sign-up keep of a person, and whether they are set. */
const rowsOf = ({ userId }: Session) =>
  withDatabase(async (sql) => {
    const [row] = await sql<{ rows: Record<string, Record<string, unknown>[]> }[]>`
      select jsonb_build_object(
        'users', (select jsonb_agg(to_jsonb(u)) from auth.users u where u.id = ${userId}),
        'identities', (select jsonb_agg(to_jsonb(i)) from auth.identities i where i.user_id = ${userId}),
        'sessions', (select jsonb_agg(to_jsonb(s)) from auth.sessions s where s.user_id = ${userId}),
        'refresh_tokens', (select jsonb_agg(to_jsonb(t)) from auth.refresh_tokens t where t.user_id = ${userId}),
        'profiles', (select jsonb_agg(to_jsonb(p)) from public.profiles p where p.id = ${userId}),
        'memberships', (select jsonb_agg(to_jsonb(m)) from public.memberships m where m.user_id = ${userId})
      ) as rows`;
    return Object.entries(row?.rows ?? {}).map(([table, rows]) => [table, rows.map(shapeOf)]);
  });

/** What is told by a value apart from its content: strings that differ between any two people are only strings. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]));
  }
  const isPlain = typeof value !== "string" ||
    /^(authenticated|email|aal1|active|Test .*)$/.test(value);
  return isPlain ? value : "text";
}

function tokenOf({ accessToken }: Session) {
  const { iat, exp, ...claims } = decodeJwt(accessToken);
  return [
    decodeProtectedHeader(accessToken),
    shapeOf({ ...claims, amr: null }),
    (exp ?? 0) - (iat ?? 0),
  ];
}

Deno.test("Somebody whom a test makes has the rows and the token of somebody who registers", async () => {
  const organization = await newOrganization();
  const owner = await register({ organization_name: "Test Utility" });
  assert.deepEqual(await rowsOf(organization.admin), await rowsOf(owner));
  assert.deepEqual(tokenOf(organization.admin), tokenOf(owner));
  const made = await addMember(organization, "viewer");
  const token = await invite(organization, `${crypto.randomUUID()}@signalbox.test`, "viewer");
  const [invitation] = await withDatabase((sql) =>
    sql`select email from public.invitations where token_hash = encode(sha256(convert_to(${token}, 'UTF8')), 'hex')`
  );
  const joined = await register({ email: String(invitation?.["email"]), invitation_token: token });
  assert.deepEqual(await rowsOf(made), await rowsOf(joined));
  assert.deepEqual(tokenOf(made), tokenOf(joined));
});

Deno.test("Somebody whom a test makes can sign in, refresh, listen and call the Data API and the functions", async () => {
  const organization = await newOrganization();
  const member = await addMember(organization, "operator");
  expectStatus(await call(member, "GET", "/customers"), 200);
  const { data } = await member.client.from("organizations").select("id");
  assert.deepEqual(data, [{ id: organization.id }]);
  assert.equal(await joins(member, `user:${member.userId}`), true);
  const { email, password } = member;
  expectStatus(await call(null, "POST", "/auth/login", { email, password }, uniqueAddress()), 200);
  const refreshed = expectStatus<{ access_token: string }>(
    await call(null, "POST", "/auth/refresh", { refresh_token: member.refreshToken }),
    200,
  );
  expectStatus(await call({ accessToken: refreshed.access_token }, "GET", "/auth/me"), 200);
});
