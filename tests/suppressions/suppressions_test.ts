import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization } from "../support/people.ts";
import { until } from "../support/wait.ts";

interface Row {
  id: string;
  phone: string;
  source: string;
  status: string;
  numbers: number;
  calling_code: string;
  invalid: number;
  lifted_reason: string | null;
}
interface Page {
  data: Row[];
  total: number;
}
interface Verdicts {
  data: {
    phone: string | null;
    blocked_reason: string | null;
    consent: { event: string } | null;
  }[];
}

const phone = "+12025550111";
const grant = (fields: Record<string, unknown> = {}) => ({
  event: "granted",
  phone,
  source: "Form",
  disclosure: "I agree",
  act: "Ticked",
  occurred_at: "2026-01-02T10:00:00Z",
  ...fields,
});

Deno.test("A number is suppressed once, lifted with a reason, and stays as history", async () => {
  const organization = await newOrganization({ country: "US" });
  const { admin } = organization;
  const made = expectStatus<Row>(
    await call(admin, "POST", "/suppressions", { phone: "(202) 555-0111", reason: "Asked" }),
    201,
  );
  assert.equal(made.phone, phone);
  const again = expectStatus<Row>(await call(admin, "POST", "/suppressions", { phone }), 200);
  assert.equal(again.id, made.id);
  expectProblem(await call(admin, "POST", "/suppressions", { phone: "12" }), 422, "invalid_field");
  const viewer = await addMember(organization, "viewer");
  expectProblem(await call(viewer, "POST", "/suppressions", { phone }), 403);
  const other = await newOrganization();
  const path = `/suppressions/${made.id}`;
  expectProblem(await call(other.admin, "DELETE", `${path}?reason=x`), 404);
  expectProblem(await call(admin, "DELETE", path), 422);
  expectStatus(await call(admin, "DELETE", path, { reason: "A mistake" }), 204);
  expectProblem(await call(admin, "DELETE", `${path}?reason=x`), 409, "already_lifted");
  const lifted = expectStatus<Page>(await call(viewer, "GET", "/suppressions?state=lifted"), 200);
  assert.deepEqual(lifted.data.map(({ lifted_reason }) => lifted_reason), ["A mistake"]);
  expectStatus(await call(admin, "POST", "/suppressions", { phone }), 201);
});

Deno.test("An import takes JSON and CSV, counts what it knows, and names what is no number", async () => {
  const { admin } = await newOrganization({ country: "US" });
  const json = expectStatus<Record<string, unknown>>(
    await call(admin, "POST", "/suppressions/import", {
      numbers: [phone, phone, "2025550112", "x"],
    }),
    200,
  );
  assert.deepEqual([json["added"], json["known"], json["repeated"], json["invalid_count"]], [
    2,
    0,
    1,
    1,
  ]);
  const csv = "name,phone\nAma,2025550113\nKofi,2025550112\n";
  const headers = { "content-type": "text/csv", "idempotency-key": crypto.randomUUID() };
  const sendCsv = async () =>
    expectStatus<Record<string, unknown>>(
      await call(admin, "POST", "/suppressions/import?scope=all", csv, headers),
      200,
    );
  const second = await sendCsv();
  assert.deepEqual(await sendCsv(), second, "a repeat is answered alike");
  assert.deepEqual([second["received"], second["added"], second["known"]], [2, 1, 1]);
  const many = { numbers: Array(10_001).fill(phone) };
  expectProblem(await call(admin, "POST", "/suppressions/import", many), 422);
  expectProblem(await call(admin, "POST", "/suppressions/import", {}), 422);
});

Deno.test("The ledger decides with the suppressions, and a revocation suppresses at once", async () => {
  const { admin } = await newOrganization({ country: "US" });
  const check = async () =>
    expectStatus<Verdicts>(
      await call(admin, "POST", "/suppressions/check", { numbers: [phone, "nonsense"] }),
      200,
    ).data;
  const [before, nonsense] = await check();
  assert.deepEqual([before?.blocked_reason, nonsense?.blocked_reason], [
    "no_consent",
    "invalid_phone",
  ]);
  expectProblem(
    await call(admin, "POST", "/suppressions/consents", grant({ disclosure: undefined })),
    422,
  );
  expectStatus(await call(admin, "POST", "/suppressions/consents", grant()), 201);
  assert.deepEqual((await check())[0]?.blocked_reason, null);
  const revoked = grant({ event: "revoked", occurred_at: "2026-03-01T00:00:00Z" });
  expectStatus(await call(admin, "POST", "/suppressions/consents", revoked), 201);
  const [after] = await check();
  assert.deepEqual([after?.blocked_reason, after?.consent?.event], ["suppressed", "revoked"]);
  expectProblem(await call(admin, "POST", "/suppressions/consents", grant()), 409, "revoked_since");
  const future = grant({ occurred_at: "2999-01-01T00:00:00Z" });
  expectProblem(await call(admin, "POST", "/suppressions/consents", future), 422);
  const ledger = expectStatus<Page>(
    await call(admin, "GET", `/suppressions/consents?phone=${encodeURIComponent(phone)}`),
    200,
  );
  assert.equal(ledger.total, 2);
});

Deno.test("An organization adds its own words, tries them, and decides what is doubtful", async () => {
  const organization = await newOrganization({ country: "US" });
  const { admin } = organization;
  const rule = expectStatus<Row>(
    await call(admin, "POST", "/suppressions/rules", {
      kind: "keyword",
      meaning: "stop",
      pattern: "gyae",
    }),
    201,
  );
  const tried = await call(admin, "POST", "/suppressions/rules/try", { body: "Gyae!" });
  assert.equal((tried.body as { meaning: string }).meaning, "stop");
  const own = expectStatus<Page>(await call(admin, "GET", "/suppressions/rules?own=true"), 200);
  assert.deepEqual(own.data.map(({ id }) => id), [rule.id]);
  const other = await newOrganization();
  expectProblem(await call(other.admin, "DELETE", `/suppressions/rules/${rule.id}`), 404);
  expectStatus(await call(admin, "DELETE", `/suppressions/rules/${rule.id}`), 204);
  const review = await withDatabase(async (sql) =>
    (await sql`insert into public.reply_reviews (organization_id, phone, message_id)
      values (${organization.id}, ${phone}, gen_random_uuid()) returning id`)[0]?.["id"] as string
  );
  const open = expectStatus<Page>(
    await call(admin, "GET", "/suppressions/reviews?status=open"),
    200,
  );
  assert.deepEqual(open.data.map(({ id }) => id), [review]);
  const path = `/suppressions/reviews/${review}/decide`;
  expectProblem(await call(other.admin, "POST", path, { decision: "dismissed" }), 404);
  expectStatus(await call(admin, "POST", path, { decision: "dismissed" }), 200);
  expectStatus(await call(admin, "POST", path, { decision: "dismissed" }), 200);
  expectProblem(await call(admin, "POST", path, { decision: "opt_out" }), 409, "already_decided");
});

Deno.test("A do-not-call list comes in from a file, forbids its numbers, and goes again", async () => {
  const { admin } = await newOrganization({ country: "US" });
  const form = (file: string, name = "National") => {
    const body = new FormData();
    body.append("name", name);
    body.append("kind", "registry");
    body.append("file", new File([file], "dnc.csv"));
    return body;
  };
  const lines = ["area,number", "202,5550111", "+12025550112", "nonsense"];
  for (let i = 0; i < 60_000; i++) lines.push(`303${String(2_000_000 + i)}`);
  const made = expectStatus<Row>(
    await call(admin, "POST", "/suppressions/dnc-lists", form(lines.join("\r\n"))),
    201,
  );
  assert.equal(made.status, "importing");
  const active = await until(async () => {
    const page = expectStatus<Page>(await call(admin, "GET", "/suppressions/dnc-lists"), 200);
    return page.data.find(({ status }) => status === "active");
  }, { what: "the list's import", timeoutMs: 180_000 });
  assert.deepEqual([active?.numbers, active?.invalid], [60_002, 1]);
  expectProblem(
    await call(admin, "POST", "/suppressions/dnc-lists", form("1")),
    409,
    "already_exists",
  );
  expectProblem(await call(admin, "POST", "/suppressions/dnc-lists", form(" ", "Empty")), 422);
  const check = { numbers: [phone] };
  const verdicts = await call(admin, "POST", "/suppressions/check", check);
  assert.equal(expectStatus<Verdicts>(verdicts, 200).data[0]?.blocked_reason, "dnc");
  const other = await newOrganization();
  expectProblem(await call(other.admin, "DELETE", `/suppressions/dnc-lists/${made.id}`), 404);
  expectStatus(await call(admin, "DELETE", `/suppressions/dnc-lists/${made.id}`), 204);
  const after = await call(admin, "POST", "/suppressions/check", check);
  assert.equal(expectStatus<Verdicts>(after, 200).data[0]?.blocked_reason, "no_consent");
  await until(
    () =>
      withDatabase(async (sql) =>
        (await sql`select from private.dnc_numbers where list_id = ${made.id}`).length === 0
      ),
    { what: "the numbers to go" },
  );
});

Deno.test("A list's numbers are those of the country that is named with it", async () => {
  const { admin } = await newOrganization({ country: "GH" });
  const upload = (country: string | null, name: string) => {
    const form = new FormData();
    form.append("name", name);
    form.append("kind", "internal");
    if (country !== null) form.append("country", country);
    form.append("file", new File(["202,5550111\n024 412 3456\n"], "list.csv"));
    return call(admin, "POST", "/suppressions/dnc-lists", form);
  };
  const made = [await upload("us", "American"), await upload(null, "Ours")]
    .map((answer) => expectStatus<Row>(answer, 201));
  assert.deepEqual(made.map(({ calling_code }) => calling_code), ["1", "233"]);
  expectProblem(await upload("XX", "Nobody's"), 422, "invalid_field");
  await until(async () => {
    const page = expectStatus<Page>(await call(admin, "GET", "/suppressions/dnc-lists"), 200);
    return page.data.every(({ status }) => status === "active");
  }, { what: "the lists' import" });
  const numbers = ["+12025550111", "+233244123456"];
  const verdicts = await call(admin, "POST", "/suppressions/check", { numbers });
  assert.deepEqual(
    expectStatus<Verdicts>(verdicts, 200).data.map(({ blocked_reason }) => blocked_reason),
    ["dnc", "dnc"],
  );
});
