import assert from "node:assert/strict";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { withinOneDay } from "../support/one_day.ts";
import { accepted, ordinaryNumber, texting } from "../support/texts.ts";
import { until } from "../support/wait.ts";

interface BulkBody {
  batch_id: string;
  queued: number;
  suppressed: number;
  invalid: { index: number; message: string }[];
}

Deno.test("POST /sms/send-bulk queues the good, names the bad, counts the suppressed", async () => {
  const { organization, clerk } = await texting();
  const [good, out] = [ordinaryNumber(), ordinaryNumber()];
  const suppressed = await organization.admin.client.from("suppressions")
    .insert({
      organization_id: organization.id,
      phone: out,
      source: "manual",
      reason: "asked by phone",
    });
  assert.equal(suppressed.error, null);
  const result = expectStatus<BulkBody>(
    await call(clerk, "POST", "/sms/send-bulk", {
      message: "Dear {{name}}, you owe {{arrears}}.",
      recipients: [
        { to: good, name: "Ama", arrears: "GHS 5.00" },
        { to: "nonsense", name: "X", arrears: "1" },
        { to: out, name: "Opted", arrears: "1" },
        { customer_id: crypto.randomUUID() },
        { to: ordinaryNumber() },
        { to: good, name: "Ama", arrears: "GHS 5.00" },
      ],
    }),
    202,
  );
  assert.deepEqual([result.queued, result.suppressed], [1, 1]);
  assert.deepEqual(result.invalid.map(({ index }) => index), [1, 3, 4, 5]);
  await until(async () => (await accepted(good)).length === 1, {
    what: "the good one at the carrier",
  });
  assert.equal((await accepted(good))[0]?.body, "Dear Ama, you owe GHS 5.00.");
  assert.deepEqual(await accepted(out), []);
  const list = expectStatus<{ total: number; data: { status: string; to: string }[] }>(
    await call(clerk, "GET", `/sms/messages?batch_id=${result.batch_id}&status=suppressed`),
    200,
  );
  assert.deepEqual(list.data.map(({ to }) => to), [out]);
});

Deno.test("POST /sms/send-bulk with a filter texts just the customers that match", async () => {
  const { clerk } = await texting();
  const phones: string[] = [];
  for (const [index, arrears] of ["50", "150", "250"].entries()) {
    phones.push(ordinaryNumber());
    expectStatus(
      await call(clerk, "POST", "/customers", {
        name: `C${index}`,
        account_number: `F-${index}`,
        phone: phones[index],
        arrears,
      }),
      201,
    );
  }
  const result = expectStatus<BulkBody>(
    await call(clerk, "POST", "/sms/send-bulk", {
      message: "Pay {{arrears}}",
      filter: { arrears_min: "100", arrears_max: "200.00" },
    }),
    202,
  );
  assert.equal(result.queued, 1);
  const list = expectStatus<{ data: { to: string; message: string }[] }>(
    await call(clerk, "GET", `/sms/messages?batch_id=${result.batch_id}`),
    200,
  );
  assert.deepEqual(list.data.map(({ to, message }) => [to, message]), [[
    phones[1],
    "Pay GHS 150.00",
  ]]);
});

Deno.test("GET /sms/messages filters by status, direction, number, batch and day, and pages newest first", () =>
  withinOneDay(["Africa/Accra"], filteredTexts));

async function filteredTexts(): Promise<void> {
  const { clerk } = await texting();
  const to = ordinaryNumber();
  for (const message of ["one", "two", "three"]) {
    expectStatus(await call(clerk, "POST", "/sms/send", { to, message }), 202);
  }
  const list = async (query: string) =>
    expectStatus<{ total: number; data: { message: string }[] }>(
      await call(clerk, "GET", `/sms/messages?${query}`),
      200,
    );
  const newest = await list(`to=${encodeURIComponent(to)}&limit=2`);
  assert.deepEqual([newest.total, newest.data.map(({ message }) => message)], [3, [
    "three",
    "two",
  ]]);
  const today = new Date().toISOString().slice(0, 10);
  assert.equal((await list(`date=${today}&direction=outbound`)).total, 3);
  assert.equal((await list("date=2020-01-01")).total, 0);
  assert.equal((await list("direction=inbound")).total, 0);
  expectProblem(await call(clerk, "GET", "/sms/messages?status=lost"), 422, "invalid_field");
  expectProblem(await call(clerk, "GET", "/sms/messages?batch_id=1"), 422, "invalid_field");
}
