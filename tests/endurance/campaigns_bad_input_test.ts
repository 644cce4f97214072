import assert from "node:assert/strict";
import { newCampaigning } from "../support/campaigns.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { newOrganization, newTeam } from "../support/people.ts";
import { assertQuick } from "../support/quick.ts";
import { repeated } from "../support/strange.ts";
import { newTenant } from "../support/tenant.ts";
import { handsetSays, newSid, twilioAccount, twilioGet, twilioPost } from "../support/twilio.ts";

/*
 * Nothing that anybody sends to the SMS Control Tower is a fault of ours: no 500, nothing told of the inside, nothing
 * done twice, nothing done out of order.
 */

Deno.test("Another organization's ids in a body are refused as ids of nothing are, and change nothing", async () => {
  const [own, other] = [await newTenant("Own"), await newTenant("Other")];
  const { admin, ids } = own;
  const requests: [string, string, (id: string) => object, string][] = [
    [
      "POST",
      "/campaigns",
      (id) => ({ name: "X", audience: { filter: {} }, templates: [{ template_id: id }] }),
      "template_id",
    ],
    ["POST", "/campaigns", (id) => ({ name: "X", audience: { lead_ids: [id] } }), "lead_id"],
    ["POST", "/campaigns", (id) => ({ name: "X", audience: { filter: { team_id: id } } }), "team"],
    [
      "POST",
      "/campaigns",
      (id) => ({ name: "X", audience: { filter: {} }, numbers: [id] }),
      "phone_number_id",
    ],
    [
      "PATCH",
      `/campaigns/${ids["campaign_id"]}`,
      (id) => ({ templates: [{ template_id: id }] }),
      "template_id",
    ],
    ["PATCH", `/campaigns/${ids["campaign_id"]}`, (id) => ({ numbers: [id] }), "phone_number_id"],
    [
      "PATCH",
      `/campaigns/${ids["campaign_id"]}`,
      (id) => ({ audience: { lead_ids: [id] } }),
      "lead_id",
    ],
    [
      "POST",
      `/templates/${ids["template_id"]}/render`,
      (id) => ({ lead_id: id }),
      "lead_id",
    ],
    [
      "POST",
      `/conversations/${ids["conversation_id"]}/assign`,
      (id) => ({ assigned_to: id }),
      "user_id",
    ],
    [
      "POST",
      "/suppressions/consents",
      (id) => ({
        event: "granted",
        phone: "+233244123470",
        source: "Form",
        disclosure: "I agree",
        act: "Ticked",
        occurred_at: "2026-01-02T10:00:00Z",
        lead_id: id,
      }),
      "lead_id",
    ],
  ];
  const team = await newTeam(other);
  const before = await call(admin, "GET", `/campaigns/${ids["campaign_id"]}`);
  for (const [method, path, body, what] of requests) {
    const theirs = what === "team" ? team : other.ids[what] ?? "";
    assert.ok(theirs, what);
    const answers = await Promise.all(
      [theirs, crypto.randomUUID()].map((id) => call(admin, method, path, body(id))),
    );
    const [foreign, nothing] = answers.map((answer) => ({
      ...answer.body as object,
      request_id: "",
      status: answer.status,
    }));
    assert.deepEqual(foreign, nothing, `${method} ${path} tells ${what} of another organization`);
    assert.ok([404, 422].includes(answers[0]?.status ?? 0), `${method} ${path}: ${what}`);
    assert.ok(!JSON.stringify(answers).includes("Other"), path);
  }
  assert.deepEqual(
    (await call(admin, "GET", `/campaigns/${ids["campaign_id"]}`)).body,
    before.body,
  );
  // As a filter it finds nothing and says nothing.
  for (const filter of [`assigned_to=${other.ids["user_id"]}`, `lead_id=${other.ids["lead_id"]}`]) {
    const page = expectStatus<{ total: number }>(
      await call(admin, "GET", `/conversations?${filter}`),
      200,
    );
    assert.equal(page.total, 0);
  }
});

Deno.test("What is posted twice with one Idempotency-Key happens once, and another body is refused", async () => {
  const { admin } = await newOrganization();
  const body = "Hi {{first_name|there}}. Reply STOP to end.";
  const consent = {
    event: "granted",
    phone: "+233244123471",
    source: "Form",
    disclosure: "I agree",
    act: "Ticked",
    occurred_at: "2026-01-02T10:00:00Z",
  };
  const requests: [string, Record<string, unknown>, Record<string, unknown>][] = [
    ["/campaigns", { name: "Once", audience: { filter: {} } }, { name: "Other" }],
    ["/templates", { name: "Once", category: "marketing", body }, { name: "Other" }],
    ["/suppressions", { phone: "+233244123472" }, { phone: "+233244123473" }],
    ["/suppressions/consents", consent, { act: "Signed" }],
    ["/suppressions/rules", { kind: "keyword", meaning: "stop", pattern: "Gyae" }, {
      pattern: "Fertig",
    }],
    ["/phone-numbers", { provider: "arkesel", number: "Once" }, { number: "Other" }],
  ];
  for (const [path, first, change] of requests) {
    await repeated(admin, { path, body: first, other: { ...first, ...change }, status: 201 });
  }
  for (
    const path of ["/campaigns", "/suppressions", "/suppressions/rules?own=true"]
  ) {
    const { total } = expectStatus<{ total: number }>(await call(admin, "GET", path), 200);
    assert.equal(total, 1, path);
  }
});

Deno.test("The same import at the same moment, and imports that overlap the other way round, suppress each number once", async () => {
  const { admin } = await newOrganization();
  const numbers = Array.from({ length: 2_000 }, (_, index) => `+23324500${1_000 + index}`);
  const answers = await Promise.all(
    [numbers, numbers, [...numbers].reverse(), numbers.slice(500)].map((some) =>
      call(admin, "POST", "/suppressions/import", { numbers: some })
    ),
  );
  const added = answers.map((answer) => expectStatus<{ added: number }>(answer, 200).added);
  assert.equal(added.reduce((sum, count) => sum + count, 0), 2_000);
  const { total } = expectStatus<{ total: number }>(await call(admin, "GET", "/suppressions"), 200);
  assert.equal(total, 2_000);
});

Deno.test("A number that is suppressed and freed at the same moment is one or the other, and no call fails", async () => {
  const { admin } = await newOrganization();
  const body = { phone: "+233244123474" };
  let { id } = expectStatus<{ id: string }>(await call(admin, "POST", "/suppressions", body), 201);
  for (let round = 0; round < 15; round++) {
    const [lifted, ...made] = await Promise.all([
      call(admin, "DELETE", `/suppressions/${id}?reason=x`),
      call(admin, "POST", "/suppressions", body),
      call(admin, "POST", "/suppressions", body),
    ]);
    assert.equal(lifted.status, 204);
    assert.ok(made.every(({ status }) => status === 200 || status === 201), JSON.stringify(made));
    const page = expectStatus<{ data: { id: string }[]; total: number }>(
      await call(admin, "GET", "/suppressions?state=active"),
      200,
    );
    assert.ok(page.total <= 1);
    id = page.data[0]?.id ??
      expectStatus<{ id: string }>(await call(admin, "POST", "/suppressions", body), 201).id;
  }
});

Deno.test("Of two who decide about a reply differently one is told so; two who answer both are sent", async () => {
  const { admin, number } = await newCampaigning();
  await handsetSays("+12025550143", number, "wrong number");
  const first = async (path: string) => {
    const page = expectStatus<{ data: { id: string }[] }>(await call(admin, "GET", path), 200);
    return page.data[0]?.id ?? "";
  };
  const review = await first("/suppressions/reviews?status=open");
  const decide = (decision: string) =>
    call(admin, "POST", `/suppressions/reviews/${review}/decide`, { decision });
  const decisions = await Promise.all([decide("opt_out"), decide("dismissed")]);
  assert.deepEqual(decisions.map(({ status }) => status).sort(), [200, 409]);
  const thread = `/conversations/${await first("/conversations")}/messages`;
  const answers = await Promise.all(
    ["One", "Two"].map((message) => call(admin, "POST", thread, { message })),
  );
  const sent = answers.map((answer) =>
    expectStatus<{ message_id: string }>(answer, 202).message_id
  );
  assert.equal(new Set(sent).size, 2);
  const headers = { "idempotency-key": crypto.randomUUID() };
  const twice = await Promise.all(
    [1, 2, 3].map(() => call(admin, "POST", thread, { message: "Three" }, headers)),
  );
  const kept = twice.filter(({ status }) => status === 202)
    .map((answer) => (answer.body as { message_id: string }).message_id);
  assert.equal(new Set(kept).size, 1);
  assert.ok(twice.every(({ status }) => status === 202 || status === 409));
});

Deno.test("An organization's rules can neither be unreadable together nor keep replies waiting", async () => {
  const { admin, id } = await newOrganization();
  const rule = (pattern: string) => ({ kind: "phrase", meaning: "stop", pattern });
  const answers = [];
  for (let index = 0; index < 60 && answers.at(-1)?.status !== 422; index++) {
    const pattern = `(x${index}[a-z ]{1,10}y){1,10}z`;
    answers.push(await call(admin, "POST", "/suppressions/rules", rule(pattern)));
  }
  const last = answers.at(-1);
  assert.ok(last && answers.length > 1);
  expectProblem(last, 422, "rules_too_complex");
  for (
    const pattern of [
      "(((a{1,99}){1,99}){1,99}){1,99}b",
      "(x{1,200}[a-z ]{1,200}y{1,200}){1,200}z",
      "(?i)a",
      "a{99999999999999999999}",
    ]
  ) {
    expectProblem(await call(admin, "POST", "/suppressions/rules", rule(pattern)), 422);
  }
  for (const pattern of ["(.*.*.*.*.*.*x)+$", "a)|(b"]) {
    const answer = await call(admin, "POST", "/suppressions/rules", rule(pattern));
    assert.ok([201, 422].includes(answer.status), pattern);
  }
  const started = performance.now();
  const rows = await withDatabase((sql) =>
    sql`select (private.classify_reply(${id}, body)).meaning
      from unnest(array['STOP', 'please stop texting me', ${"x1 y".repeat(400)}, ${
      "a".repeat(1_600)
    }]) body`
  );
  assert.deepEqual(rows.map((row) => row["meaning"]).slice(0, 2), ["stop", "stop"]);
  assertQuick(started, 5_000);
});

const strangeFields: Record<string, string>[] = [
  {},
  { Body: "x".repeat(70_000) },
  { Body: "a\u0000b" },
  { Body: "\ud800" },
  { From: "" },
  { From: "+" },
  { From: "x".repeat(5_000) },
  { From: "whatsapp:+15551230001" },
  { To: "" },
  { To: "\u0000" },
  { MessageSid: "" },
  { MessageSid: "x".repeat(5_000) },
  { MessageSid: "\u0000" },
  { NumMedia: "-1" },
  { NumMedia: "1e9" },
  { NumMedia: "3", MediaUrl0: "javascript:alert(1)", MediaUrl1: "\u0000" },
  { NumSegments: "99999999999999999999" },
  { OptOutType: "STOP".repeat(100) },
  { OptOutType: "\u0000" },
  { MessageStatus: "" },
  { MessageStatus: "exploded" },
  { MessageStatus: "delivered", ErrorCode: "x".repeat(5_000) },
  { MessageStatus: "failed", ErrorCode: "-1", ErrorMessage: "\u0000" },
  { MessageStatus: "delivered", Price: "NaN", PriceUnit: "\u0000" },
  { MessageStatus: "delivered", RawDlrDoneDate: "9999999999" },
  { MessageStatus: "delivered", ["x".repeat(10_000)]: "y" },
  { MessageStatus: "delivered", token: "\u0000" },
];

Deno.test("Nothing that a provider signs is a fault of ours, and what it did not sign is refused alike", async () => {
  const office = await newCampaigning();
  for (const path of ["/webhooks/twilio/inbound", "/webhooks/twilio/status"]) {
    for (const fields of strangeFields) {
      const form = {
        ...twilioAccount,
        MessageSid: newSid(),
        From: "+12025550142",
        To: office.number,
        Body: "Hello",
        ...fields,
      };
      const shown = `${path} ${JSON.stringify(fields).slice(0, 100)}`;
      const small = JSON.stringify(fields).length < 2_000;
      const answers = [
        await twilioPost(path, form),
        ...small ? [await twilioGet(path, form)] : [],
      ];
      for (const answer of answers) {
        assert.ok([200, 204, 413, 422].includes(answer.status), `${shown}: ${answer.status}`);
        assert.doesNotMatch(JSON.stringify(answer.body), /select|insert|violates|\.ts:/i);
      }
      const unsigned = await call(null, "POST", path, new URLSearchParams(form).toString(), {
        "content-type": "application/x-www-form-urlencoded",
      });
      expectProblem(unsigned, 403, "signature_invalid");
    }
    for (const body of ["", "{", "[]", "\u0000", "%", "&&&=&=", "x".repeat(2_000_000)]) {
      for (const type of ["application/x-www-form-urlencoded", "application/json", "text/plain"]) {
        const answer = await call(null, "POST", path, body, {
          "content-type": type,
          "x-twilio-signature": "x",
        });
        assert.ok(
          [400, 403, 413, 415, 422, 429].includes(answer.status),
          `${type} ${body.slice(0, 9)}`,
        );
      }
    }
  }
});
