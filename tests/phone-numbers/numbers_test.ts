import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { runTask } from "../support/jobs.ts";
import { addMember, newOrganization, type Session } from "../support/people.ts";

interface NumberBody {
  id: string;
  number: string;
  number_type: string;
  per_second: number | null;
  is_default: boolean;
  status: string;
  has_credentials: boolean;
  cooldown_until: string | null;
  cooldown_reason: string | null;
  health: { messages: number; failed_rate: number | null; filtered_rate: number | null };
}

let last = Date.now() % 10_000_000;
const usNumber = () => `+1202${String(2_000_000 + (last++ % 7_999_999)).padStart(7, "0")}`;
const add = async (admin: Session, fields: Record<string, unknown> = {}) =>
  expectStatus<NumberBody>(
    await call(admin, "POST", "/phone-numbers", {
      provider: "twilio",
      number: usNumber(),
      ...fields,
    }),
    201,
  );
const list = async (admin: Session) =>
  expectStatus<{ data: NumberBody[] }>(await call(admin, "GET", "/phone-numbers"), 200).data;

Deno.test("A number gets the rate of its type, and the first one is the default", async () => {
  const { admin } = await newOrganization({ country: "US" });
  const first = await add(admin);
  assert.deepEqual([first.number_type, first.per_second, first.is_default], ["long_code", 1, true]);
  const short = await add(admin, { number: String(10_000 + Math.floor(Math.random() * 900_000)) });
  assert.deepEqual([short.number_type, short.per_second, short.is_default], [
    "short_code",
    30,
    false,
  ]);
  const free = await add(admin, { number: usNumber().replace("+1202", "+1888"), per_second: null });
  assert.deepEqual([free.number_type, free.per_second], ["toll_free", null]);
  const name = await add(admin, { provider: "arkesel", number: "Acme", is_default: true });
  assert.deepEqual([name.number_type, name.per_second, name.is_default], [
    "alphanumeric",
    null,
    true,
  ]);
  assert.deepEqual((await list(admin)).map(({ id, is_default }) => [id, is_default]), [
    [name.id, true],
    [first.id, false],
    [short.id, false],
    [free.id, false],
  ]);
  const again = await call(admin, "POST", "/phone-numbers", {
    provider: "twilio",
    number: first.number,
  });
  expectProblem(again, 409, "already_exists");
  for (
    const bad of [
      { number: "12" },
      { provider: "arkesel", number: "+12025550143" },
      {
        number: usNumber(),
        number_type: "short_code",
      },
      { number: usNumber(), cap_zone: "Mars/One" },
      { number: usNumber(), per_second: 0 },
    ]
  ) {
    expectProblem(await call(admin, "POST", "/phone-numbers", { provider: "twilio", ...bad }), 422);
  }
});

Deno.test("Credentials go in and never come out", async () => {
  const { admin } = await newOrganization({ country: "US" });
  const credentials = { account_sid: `AC${"5".repeat(32)}`, auth_token: "sesame" };
  const made = await add(admin, { credentials });
  assert.equal(made.has_credentials, true);
  assert.ok(!JSON.stringify([made, await list(admin)]).includes("sesame"));
  const path = `/phone-numbers/${made.id}`;
  const cleared = expectStatus<NumberBody>(
    await call(admin, "PATCH", path, { credentials: null }),
    200,
  );
  assert.equal(cleared.has_credentials, false);
  expectProblem(await call(admin, "PATCH", path, { credentials: { api_key: "x" } }), 422);
});

Deno.test("The default number is not disabled under the others, and a number with messages only disabled", async () => {
  const organization = await newOrganization({ country: "US" });
  const { admin } = organization;
  const [first, second] = [await add(admin), await add(admin)];
  const path = `/phone-numbers/${first.id}`;
  expectProblem(await call(admin, "PATCH", path, { status: "disabled" }), 409, "default_number");
  expectProblem(await call(admin, "DELETE", path), 409, "default_number");
  const chosen = await call(admin, "PATCH", `/phone-numbers/${second.id}`, {
    is_default: true,
    label: "B",
  });
  assert.equal(expectStatus<NumberBody>(chosen, 200).is_default, true);
  await withDatabase((sql) =>
    sql`
    insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status, provider)
    values (${organization.id}, ${first.id}, '+12025550100', ${first.number}, 'x', 'GSM-7', 1, 'delivered', 'twilio')`
  );
  expectStatus(await call(admin, "DELETE", path), 204);
  assert.deepEqual((await list(admin)).map(({ id, status }) => [id, status]), [
    [second.id, "active"],
    [first.id, "disabled"],
  ]);
  const unused = await add(admin);
  expectStatus(await call(admin, "DELETE", `/phone-numbers/${unused.id}`), 204);
  assert.equal((await list(admin)).length, 2);
  const manager = await addMember(organization, "campaign_manager");
  expectStatus(await call(manager, "GET", "/phone-numbers"), 200);
  expectProblem(await call(manager, "PATCH", path, { status: "active" }), 403);
  const other = await newOrganization({ country: "US" });
  expectProblem(await call(other.admin, "PATCH", path, { status: "active" }), 404);
  expectProblem(await call(other.admin, "DELETE", path), 404);
});

Deno.test("A number that carriers filter rests, the admins are notified, and its old failures do not rest it again", async () => {
  const organization = await newOrganization({ country: "US" });
  const { admin } = organization;
  const [failing, fine] = [await add(admin), await add(admin)];
  await withDatabase(async (sql) => {
    const [campaign] = await sql`
      insert into public.campaigns (organization_id, name, status) values (${organization.id}, 'c', 'running') returning id`;
    const text = (account: string, status: string, code: string | null, times: number) =>
      sql`
      insert into private.message_outcome_totals (organization_id, campaign_id, account_id, status, error_code, quarter_hour, messages, segments, cost)
      values (${organization.id}, ${campaign?.id}, ${account}, ${status}, ${code}, private.quarter_hour(now()), ${times}, ${times}, 0)`;
    await text(failing.id, "delivered", null, 80);
    await text(failing.id, "undelivered", "30007", 20);
    await text(fine.id, "delivered", null, 99);
    await text(fine.id, "failed", "30003", 1);
    // Health is that of campaigns' texts.
    await sql`insert into private.message_outcome_totals (organization_id, account_id, status, quarter_hour, messages)
      values (${organization.id}, ${fine.id}, 'failed', private.quarter_hour(now()), 500)`;
  });
  for (let run = 0; run < 2; run++) await runTask("cool_down_numbers");
  const [first, second] = await list(admin);
  assert.equal(first?.cooldown_reason, "Carriers filter 20 % of its messages.");
  assert.deepEqual([first?.health.failed_rate, first?.health.filtered_rate], [0.2, 0.2]);
  assert.deepEqual([second?.cooldown_until, second?.health.failed_rate], [null, 0.01]);
  const notices = expectStatus<{ data: { title: string }[] }>(
    await call(admin, "GET", "/notifications"),
    200,
  ).data.filter(({ title }) => title.endsWith("for two hours"));
  assert.equal(notices.length, 1);
  const woken = expectStatus<NumberBody>(
    await call(admin, "PATCH", `/phone-numbers/${failing.id}`, { cooldown_until: null }),
    200,
  );
  assert.equal(woken.cooldown_until, null);
  await runTask("cool_down_numbers");
  assert.equal((await list(admin))[0]?.cooldown_until, null);
});
