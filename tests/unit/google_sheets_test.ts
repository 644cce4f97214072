import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { GoogleError } from "../../supabase/functions/_shared/google/error.ts";
import { sheetsOf } from "../../supabase/functions/_shared/google/sheets.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const private_key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const spreadsheet = "1pq6xGvWcUuDkHqZl0sJ7mB2tYfN4rXa";
let accounts = 0;

/** A Google whose Sheets API gives these answers in turn, and what it was asked. */
function google(...answers: Response[]) {
  const asked: { path: string; token: string | null; body: unknown }[] = [];
  let tokens = 0;
  const send: typeof fetch = (input, init) => {
    const { host, pathname } = new URL(String(input));
    if (host === "oauth2.googleapis.com") {
      const access_token = `token ${++tokens}`;
      return Promise.resolve(Response.json({ access_token, expires_in: 3599 }));
    }
    const token = new Headers(init?.headers).get("authorization");
    const body: unknown = typeof init?.body === "string" ? JSON.parse(init.body) : null;
    asked.push({ path: `${init?.method} ${pathname}`, token, body });
    return Promise.resolve(answers[asked.length - 1] ?? new Response(null, { status: 500 }));
  };
  // A token that one test has is no other's.
  const account = { client_email: `account-${++accounts}@school.example`, private_key };
  return { asked, sheets: sheetsOf(account, { fetch: send }) };
}

const refusal = (code: number, error: object, headers = {}) =>
  Response.json({ error: { code, ...error } }, { status: code, headers });

Deno.test("Values are written as RAW to ranges, and batches to the spreadsheet", async () => {
  const { asked, sheets } = google(Response.json({}), Response.json({}));
  const data = [{ range: "'T'!A2:B2", values: [["=1+1", 2]] }];
  await sheets.write(spreadsheet, data);
  await sheets.batch(spreadsheet, [{ deleteSheet: { sheetId: 1 } }]);
  assert.deepEqual(asked, [
    {
      path: `POST /v4/spreadsheets/${spreadsheet}/values:batchUpdate`,
      token: "Bearer token 1",
      body: { valueInputOption: "RAW", data },
    },
    {
      path: `POST /v4/spreadsheets/${spreadsheet}:batchUpdate`,
      token: "Bearer token 1",
      body: { requests: [{ deleteSheet: { sheetId: 1 } }] },
    },
  ]);
});

Deno.test("Tabs have their developer metadata, or none", async () => {
  const properties = { sheetId: 7, title: "T", index: 0 };
  const mark = { metadataKey: "k", metadataValue: "v" };
  const { sheets } = google(Response.json({
    sheets: [{ properties, developerMetadata: [mark] }, {
      properties: { ...properties, sheetId: 8 },
    }],
  }));
  assert.deepEqual(await sheets.tabs(spreadsheet), [
    { ...properties, marks: [{ key: "k", value: "v" }] },
    { ...properties, sheetId: 8, marks: [] },
  ]);
});

Deno.test("A token that Google has forgotten is replaced once", async () => {
  const { asked, sheets } = google(
    refusal(401, {}),
    Response.json({}),
    refusal(401, {}),
    refusal(401, {}),
  );
  await sheets.batch(spreadsheet, []);
  assert.deepEqual(asked.map(({ token }) => token), ["Bearer token 1", "Bearer token 2"]);
  const error = await sheets.batch(spreadsheet, []).then(() => null, (error) => error);
  assert(error instanceof GoogleError && error.failure === "credentials");
  assert.equal(asked.length, 4);
});

Deno.test("What Google refuses is told apart: what passes, what the customer can change, and what is wrong", async () => {
  const cases: [Response, string, number | null][] = [
    [refusal(429, {}, { "retry-after": "30" }), "pause", 30],
    [refusal(403, { errors: [{ reason: "userRateLimitExceeded" }] }), "pause", null],
    [refusal(500, {}), "pause", null],
    [new Response("<html>", { status: 503 }), "pause", null],
    [refusal(403, { errors: [{ reason: "storageQuotaExceeded" }] }), "storage", null],
    [
      refusal(400, {
        message:
          "This action would increase the number of cells in the workbook above the limit of 10000000 cells.",
      }),
      "storage",
      null,
    ],
    [
      refusal(403, { details: [{ "@type": "x", reason: "SERVICE_DISABLED" }] }),
      "credentials",
      null,
    ],
    [refusal(403, { status: "PERMISSION_DENIED" }), "not_shared", null],
    [refusal(404, {}), "not_shared", null],
    [refusal(400, { status: "FAILED_PRECONDITION" }), "invalid", null],
    [refusal(400, { message: "Unable to parse range" }), "invalid", null],
    [new Response("no JSON", { status: 400 }), "invalid", null],
  ];
  for (const [answer, failure, seconds] of cases) {
    const { sheets } = google(answer);
    const error = await sheets.batch(spreadsheet, []).then(() => null, (error) => error);
    assert(error instanceof GoogleError, String(error));
    assert.deepEqual([error.failure, error.retryAfterSeconds], [failure, seconds]);
  }
});
