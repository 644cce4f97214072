import assert from "node:assert/strict";
import { operationsOf, writtenDocument } from "../support/document.ts";
import { bodyFaults, parameterFaults } from "../support/strange.ts";
import { newTenant } from "../support/tenant.ts";

/* Nothing that anybody sends is a fault of ours: every value at every endpoint. */

Deno.test("No value in any body of the API is a fault of ours", async () => {
  const document = await writtenDocument();
  assert.deepEqual(await bodyFaults(await newTenant("Own"), document, operationsOf(document)), []);
});

Deno.test("No value of any parameter of the API is a fault of ours", async () => {
  const document = await writtenDocument();
  const faults = await parameterFaults(await newTenant("Own"), document, operationsOf(document));
  assert.deepEqual(faults, []);
});
