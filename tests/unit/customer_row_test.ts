import { deepEqual, equal } from "node:assert/strict";
import {
  normalizeCustomer,
  normalizeCustomerChange,
  validateCustomers,
} from "../../supabase/functions/_shared/customer_input.ts";
import { customerFromCells } from "../../supabase/functions/_shared/customer_row.ts";
import { loadPhoneNumbers } from "../../supabase/functions/_shared/phone.ts";

await loadPhoneNumbers();

const GHANA = { country: "GH", currency: "GHS" };
const GOOD = {
  name: "Ama",
  account_number: "A-1",
  phone: "0244123456",
  arrears: "5",
  status: "warned",
};

function wrongFields(input: Record<string, unknown>): string[] {
  const result = normalizeCustomer(input, GHANA);
  return result.ok ? [] : result.errors.map((error) => error.field);
}

Deno.test("a customer in JSON is read from texts and from numbers alike", () => {
  const expected = { ...GOOD, phone: "+233244123456", arrears: "5.00" };
  deepEqual(normalizeCustomer(GOOD, GHANA), { ok: true, customer: expected });
  const numbers = { ...GOOD, account_number: 12, phone: 244123456, arrears: 5 };
  deepEqual(normalizeCustomer(numbers, GHANA), {
    ok: true,
    customer: { ...expected, account_number: "12" },
  });
});

Deno.test("missing arrears are nothing owed and a missing status is not said", () => {
  const result = normalizeCustomer(
    { name: "Ama", account_number: "A-1", phone: "0244123456" },
    GHANA,
  );
  deepEqual(result.ok && [result.customer.arrears, result.customer.status], ["0.00", null]);
});

Deno.test("every bad field is named, in the order of the columns", () => {
  deepEqual(wrongFields({}), ["name", "account_number", "phone"]);
  deepEqual(wrongFields({ name: {}, account_number: [], phone: true, arrears: "x", status: 1 }), [
    "name",
    "account_number",
    "phone",
    "arrears",
    "status",
  ]);
});

Deno.test("names and account numbers keep to their lengths, counted in characters", () => {
  deepEqual(wrongFields({ ...GOOD, name: "😀".repeat(255) }), []);
  deepEqual(wrongFields({ ...GOOD, name: "x".repeat(256) }), ["name"]);
  deepEqual(wrongFields({ ...GOOD, account_number: "x".repeat(50) }), []);
  deepEqual(wrongFields({ ...GOOD, account_number: "x".repeat(51) }), ["account_number"]);
});

Deno.test("an account number has no braces and no digits that were lost", () => {
  for (const account of ["{{name}}", "a}", 1e15, 1.2e21, "2.33244E+11", "", " \u200b "]) {
    deepEqual(wrongFields({ ...GOOD, account_number: account }), ["account_number"], `${account}`);
  }
  const result = normalizeCustomer({ ...GOOD, account_number: 100001.00000000001 }, GHANA);
  equal(result.ok && result.customer.account_number, "100001");
});

Deno.test("status words are understood as people write them", () => {
  const words = {
    Active: "connected",
    "CUT OFF": "disconnected",
    "cut-off": "disconnected",
    Warning: "warned",
    "": null,
  };
  for (const [word, status] of Object.entries(words)) {
    const result = normalizeCustomer({ ...GOOD, status: word }, GHANA);
    equal(result.ok && result.customer.status, status, word);
  }
  for (const word of ["gone", "constructor", "__proto__", "1"]) {
    deepEqual(wrongFields({ ...GOOD, status: word }), ["status"], word);
  }
});

Deno.test("a change reads only the fields that are there", () => {
  deepEqual(normalizeCustomerChange({ arrears: "(5)" }, GHANA), {
    ok: true,
    change: { arrears: "-5.00" },
  });
  deepEqual(normalizeCustomerChange({}, GHANA), { ok: true, change: {} });
  equal(normalizeCustomerChange({ name: "" }, GHANA).ok, false);
});

Deno.test("a list tells valid from invalid by index, repeats included", () => {
  const list = [GOOD, { ...GOOD, account_number: "a-1" }, null, "x", [GOOD], {
    ...GOOD,
    phone: "1",
  }];
  const { valid, invalid } = validateCustomers(list, GHANA);
  deepEqual(valid.map((customer) => customer.index), [0]);
  deepEqual(invalid.map(({ index, errors }) => [index, errors[0]?.field]), [
    [1, "account_number"],
    [2, ""],
    [3, ""],
    [4, ""],
    [5, "phone"],
  ]);
});

Deno.test("dates, errors and truth values are reported in whichever column they are", () => {
  const kinds = [
    { kind: "date", text: "2024-05-01" },
    { kind: "error", text: "#N/A" },
    true,
  ] as const;
  for (const cell of kinds) {
    for (const field of ["name", "account_number", "phone", "arrears", "status"] as const) {
      const result = customerFromCells({ ...GOOD, [field]: cell }, GHANA);
      deepEqual(!result.ok && result.errors.map((error) => error.field), [field]);
    }
  }
});
