import assert from "node:assert/strict";
import {
  addCustomer,
  newCustomer,
  readCustomer,
  readPage,
  strangersToCustomers,
  utility,
} from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember } from "../support/people.ts";

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";

Deno.test("DELETE /customers/{id} removes the customer and its actions; its texts stay", async () => {
  const { clerk } = await utility();
  const [gone, kept] = [await addCustomer(clerk), await addCustomer(clerk)];
  for (const { id } of [gone, kept]) {
    const action = { customer_id: id, action: "warn" };
    expectStatus(await call(clerk, "POST", "/actions", action), 201);
  }
  const text = { customer_id: gone.id, message: "Hello" };
  const sent = expectStatus<{ message_id: string }>(
    await call(clerk, "POST", "/sms/send", text),
    202,
  );
  assert.equal(expectStatus(await call(clerk, "DELETE", `/customers/${gone.id}`), 204), null);
  expectProblem(await call(clerk, "GET", `/customers/${gone.id}`), 404, "not_found");
  expectProblem(await call(clerk, "DELETE", `/customers/${gone.id}`), 404, "not_found");
  const rows = await withDatabase((sql) =>
    sql`select customer_id from public.customer_actions where customer_id in (${gone.id}, ${kept.id})`
  );
  assert.deepEqual(rows.map(({ customer_id }) => customer_id), [kept.id]);
  expectStatus(await call(clerk, "GET", `/sms/status/${sent.message_id}`), 200);
});

Deno.test("Another organization's customer is as absent as one that never was; no id is 422", async () => {
  const [{ clerk }, theirs] = [await utility(), await utility()];
  const { id } = await addCustomer(theirs.clerk, { account_number: "T-1" });
  for (const [method, body] of [["GET"], ["PUT", { name: "Mine" }], ["DELETE"]] as const) {
    const [foreign, none] = [
      expectProblem(await call(clerk, method, `/customers/${id}`, body), 404, "not_found"),
      expectProblem(await call(clerk, method, `/customers/${missing}`, body), 404, "not_found"),
    ];
    assert.deepEqual({ ...foreign, request_id: "" }, { ...none, request_id: "" });
    const bad = await call(clerk, method, "/customers/42", body);
    assert.deepEqual(expectProblem(bad, 422, "invalid_field").errors?.map(({ path }) => path), [
      "id",
    ]);
  }
  assert.equal((await readCustomer(theirs.clerk, id)).name, "Ama Mensah");
});

Deno.test("Admins and operators write customers, viewers read them, other roles have none", async () => {
  const { organization, clerk } = await utility();
  const { id } = await addCustomer(clerk);
  const path = `/customers/${id}`;
  const reads = ["/customers", path, "/customers/dashboard/data"];
  const writes = [["POST", "/customers", "write"], ["PUT", path, "write"], [
    "DELETE",
    path,
    "delete",
  ]] as const;
  for (const role of ["viewer", ...strangersToCustomers]) {
    const person = await addMember(organization, role);
    for (const read of reads) {
      const answer = await call(person, "GET", read);
      if (role === "viewer") expectStatus(answer, 200);
      else assert.match(refusal(answer), /\bcustomers:read\b/, role);
    }
    for (const [method, target, permission] of writes) {
      const answer = await call(person, method, target, newCustomer());
      assert.match(refusal(answer), new RegExp(`\\bcustomers:${permission}\\b`), role);
    }
  }
  assert.equal((await readPage(clerk, "/customers")).total, 1);
  const byAdmin = await addCustomer(organization.admin);
  expectStatus(
    await call(organization.admin, "PUT", `/customers/${byAdmin.id}`, { name: "B" }),
    200,
  );
  expectStatus(await call(organization.admin, "DELETE", `/customers/${byAdmin.id}`), 204);
});

const refusal = (answer: Awaited<ReturnType<typeof call>>) =>
  expectProblem(answer, 403, "permission_denied").detail;
