import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization } from "../support/people.ts";
import { stackUnderTest } from "../support/stack.ts";
import { createClient } from "@supabase/supabase-js";
import type { Database } from "../../supabase/functions/_shared/database.types.ts";

Deno.test("A suspended organization can do nothing, with the very next request, until it is approved", async () => {
  const organization = await newOrganization();
  const viewer = await addMember(organization, "viewer");
  const { api_url, secret_key } = stackUnderTest();
  const operator = createClient<Database>(api_url, secret_key, { auth: { persistSession: false } });
  const customer = { name: "Ama", account_number: "A1", phone: "+233244000001" };
  expectStatus(await call(organization.admin, "POST", "/customers", customer), 201);
  await operator.rpc("suspend_organization", {
    organization_id: organization.id,
    operator: "Olu",
    reason: "Phishing",
  }).throwOnError();
  for (const person of [organization.admin, viewer]) {
    for (const path of ["/customers", "/notifications", "/leads", "/auth/me"]) {
      const answer = await call(person, "GET", path, undefined, {
        "x-organization-id": organization.id,
      });
      expectProblem(answer, 403, "organization_suspended");
    }
    const { data } = await person.client.from("customers").select("id");
    assert.deepEqual(data, []);
  }
  expectProblem(
    await call(organization.admin, "POST", "/customers", customer),
    403,
    "organization_suspended",
  );
  const me = await call(viewer, "GET", "/auth/me");
  const { memberships } = expectStatus<{ memberships: { organization_standing: string }[] }>(
    me,
    200,
  );
  assert.equal(memberships[0]?.organization_standing, "suspended", "they see why");

  await operator.rpc("approve_organization", { organization_id: organization.id, operator: "Olu" })
    .throwOnError();
  expectStatus(await call(viewer, "GET", "/customers"), 200);
  const log = await call(
    organization.admin,
    "GET",
    "/audit-logs?resource=organizations&action=update",
  );
  const { logs } = expectStatus<{ logs: { changed: string[] }[] }>(log, 200);
  assert.equal(logs.filter(({ changed }) => changed.includes("standing")).length, 2);
  const rows =
    await database()`select standing_changed_by from public.organizations where id = ${organization.id}`;
  assert.equal(rows[0]?.["standing_changed_by"], "Olu");
});
