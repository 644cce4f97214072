import assert from "node:assert/strict";
import {
  type ApiDocument,
  fetchDocument,
  type Operation,
  operationsOf,
} from "./support/document.ts";
import { bodyFaults, parameterFaults } from "./support/strange.ts";
import { newTenant } from "./support/tenant.ts";

/*
 * Nothing that anybody sends to the SMS Control Tower is a fault of ours: no 500, nothing told of the inside, nothing
 * done twice, nothing done out of order.
 */

const subjects = ["campaigns", "templates", "conversations", "suppressions", "phone-numbers"];

async function operationsUnderTest(): Promise<[ApiDocument, Operation[]]> {
  const document = await fetchDocument();
  const operations = operationsOf(document)
    .filter(({ tags }) => tags.some((tag) => subjects.includes(tag)));
  assert(operations.length > 40, "the subjects have their endpoints");
  return [document, operations];
}

Deno.test("No value in a body is a fault of ours", async () => {
  const [document, operations] = await operationsUnderTest();
  assert.deepEqual(await bodyFaults(await newTenant("Own"), document, operations), []);
});

Deno.test("No value of a parameter is a fault of ours", async () => {
  const [document, operations] = await operationsUnderTest();
  assert.deepEqual(await parameterFaults(await newTenant("Own"), document, operations), []);
});
