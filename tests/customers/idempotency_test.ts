import assert from "node:assert/strict";
import { addCustomer, newCustomer, readPage, utility } from "../support/customers.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember } from "../support/people.ts";

const keyed = (key: string = crypto.randomUUID()) => ({ "idempotency-key": key });

Deno.test("POST /customers with the same key and body answers as the first time and stores one row", async () => {
  const { clerk } = await utility();
  const [key, body] = [keyed(), newCustomer()];
  const first = expectStatus(await call(clerk, "POST", "/customers", body, key), 201);
  for (let again = 0; again < 3; again++) {
    assert.deepEqual(expectStatus(await call(clerk, "POST", "/customers", body, key), 201), first);
  }
  const quoted = keyed(`"${key["idempotency-key"]}"`);
  assert.deepEqual(expectStatus(await call(clerk, "POST", "/customers", body, quoted), 201), first);
  assert.equal((await readPage(clerk, "/customers")).total, 1);
});

Deno.test("POST /customers with the same key and another body or path is refused", async () => {
  const { clerk } = await utility();
  const [key, body] = [keyed(), newCustomer()];
  const { id } = expectStatus<{ id: string }>(
    await call(clerk, "POST", "/customers", body, key),
    201,
  );
  const other = await call(clerk, "POST", "/customers", newCustomer(), key);
  expectProblem(other, 422, "idempotency_key_reused");
  const action = await call(clerk, "POST", "/actions", { customer_id: id, action: "warn" }, key);
  expectProblem(action, 422, "idempotency_key_reused");
  assert.equal((await readPage(clerk, "/customers")).total, 1);
  assert.equal((await readPage(clerk, "/actions")).total, 0);
});

Deno.test("Two requests with one key at the same moment store one row; neither gets another answer", async () => {
  const { clerk } = await utility();
  for (let round = 0; round < 5; round++) {
    const [key, body] = [keyed(), newCustomer()];
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => call(clerk, "POST", "/customers", body, key)),
    );
    const created = answers.filter(({ status }) => status === 201).map((answer) => answer.body);
    assert(created.length > 0, JSON.stringify(answers));
    for (const one of created) assert.deepEqual(one, created[0]);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expectProblem(answer, 409, "idempotency_in_progress");
    }
    assert.equal((await readPage(clerk, "/customers")).total, round + 1);
  }
});

Deno.test("A refused request leaves its key free, and a key is each person's own", async () => {
  const { organization, clerk } = await utility();
  const colleague = await addMember(organization, "operator");
  const known = await addCustomer(clerk);
  const key = keyed();
  const taken = newCustomer({ account_number: known.account_number });
  expectProblem(await call(clerk, "POST", "/customers", taken, key), 409, "already_exists");
  expectStatus(await call(clerk, "POST", "/customers", newCustomer(), key), 201);
  expectStatus(await call(colleague, "POST", "/customers", newCustomer(), key), 201);
  assert.equal((await readPage(clerk, "/customers")).total, 3);
});

Deno.test("A malformed Idempotency-Key is refused before anything is done", async () => {
  const { clerk } = await utility();
  for (const key of ["", '""', "two words", "x".repeat(256), '"é"']) {
    const answer = await call(clerk, "POST", "/customers", newCustomer(), keyed(key));
    expectProblem(answer, 400, "idempotency_key_malformed");
  }
  expectStatus(await call(clerk, "POST", "/customers", newCustomer(), keyed("x".repeat(255))), 201);
  assert.equal((await readPage(clerk, "/customers")).total, 1);
});
