import assert from "node:assert/strict";
import {
  type ActionBody,
  addCustomer,
  readPage,
  strangersToCustomers,
  utility,
} from "../support/customers.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember } from "../support/people.ts";

const missing = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";

Deno.test("GET /actions lists newest first, in pages, by customer, kind and batch", async () => {
  const { clerk } = await utility();
  const [one, two] = [await addCustomer(clerk), await addCustomer(clerk)];
  const notes = ["first", "second", "third"];
  for (const note of notes) {
    const body = { customer_id: one.id, action: note === "second" ? "warn" : "connect", note };
    expectStatus(await call(clerk, "POST", "/actions", body), 201);
  }
  const actions = [{ customer_id: two.id, action: "disconnect", note: "batch" }];
  const { batch_id } = expectStatus<{ batch_id: string }>(
    await call(clerk, "POST", "/actions/batch", { actions }),
    201,
  );
  const found = async (path: string) => {
    const page = await readPage<ActionBody>(clerk, path);
    return [page.data.map(({ note }) => note), page.total];
  };
  assert.deepEqual(await found("/actions"), [["batch", "third", "second", "first"], 4]);
  assert.deepEqual(await found("/actions?limit=2&offset=1"), [["third", "second"], 4]);
  assert.deepEqual(await found("/actions?action=warn"), [["second"], 1]);
  assert.deepEqual(await found("/actions?action=sms_sent"), [[], 0]);
  assert.deepEqual(await found(`/actions?batch_id=${batch_id}`), [["batch"], 1]);
  assert.deepEqual(await found(`/actions?customer_id=${two.id}`), [["batch"], 1]);
  assert.deepEqual(await found(`/actions/customer/${one.id}?limit=2`), [["third", "second"], 3]);
  assert.deepEqual(await found(`/actions/customer/${one.id}?offset=2`), [["first"], 3]);
  for (const query of ["action=explode", "customer_id=1", "batch_id=1", "limit=0", "offset=-1"]) {
    expectProblem(await call(clerk, "GET", `/actions?${query}`), 422, "invalid_field");
  }
  expectProblem(await call(clerk, "GET", "/actions/customer/42"), 422, "invalid_field");
});

Deno.test("GET /actions/customer/{id} answers 404 for another organization's customer as for a missing one", async () => {
  const [{ clerk }, theirs] = [await utility(), await utility()];
  const { id } = await addCustomer(theirs.clerk);
  const answers = [];
  for (const customer of [id, missing]) {
    const paths = [`/actions/customer/${customer}`, `/actions?customer_id=${customer}`];
    for (const path of paths) {
      const problem = expectProblem(await call(clerk, "GET", path), 404, "not_found");
      answers.push({ ...problem, request_id: "" });
    }
  }
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
});

Deno.test("Admins and operators act on customers, viewers read what was done, other roles neither", async () => {
  const { organization, clerk } = await utility();
  const { id } = await addCustomer(clerk);
  const body = { customer_id: id, action: "warn" };
  for (const role of ["viewer", ...strangersToCustomers]) {
    const person = await addMember(organization, role);
    for (const path of ["/actions", `/actions/customer/${id}`]) {
      const answer = await call(person, "GET", path);
      if (role === "viewer") expectStatus(answer, 200);
      else assert.match(expectProblem(answer, 403, "permission_denied").detail, /actions:read/);
    }
    for (
      const [path, sent] of [["/actions", body], ["/actions/batch", { actions: [body] }]] as const
    ) {
      const problem = expectProblem(
        await call(person, "POST", path, sent),
        403,
        "permission_denied",
      );
      assert.match(problem.detail, /actions:write/, role);
    }
  }
  assert.equal((await readPage(clerk, "/actions")).total, 0);
  expectStatus(await call(organization.admin, "POST", "/actions", body), 201);
});
