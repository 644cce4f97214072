import assert from "node:assert/strict";
import { importPKCS8, SignJWT } from "jose";
import { stackUnderTest } from "../support/stack.ts";
import {
  type AccountKey,
  googleControl,
  newAccount,
  newSpreadsheet,
  setFault,
  tabsOf,
} from "../support/google.ts";

const scope = "https://www.googleapis.com/auth/spreadsheets";
const now = () => Math.floor(Date.now() / 1000);

interface Claims {
  aud?: string;
  scope?: string;
  iat?: number;
  exp?: number;
  key?: string;
}

async function askForToken({ client_email, private_key, token_uri }: AccountKey, claims: Claims) {
  const key = await importPKCS8(claims.key ?? private_key, "RS256");
  const iat = claims.iat ?? now();
  const assertion = await new SignJWT({ scope: claims.scope ?? scope })
    .setProtectedHeader({ alg: "RS256" })
    .setIssuer(client_email)
    .setAudience(claims.aud ?? token_uri)
    .setIssuedAt(iat)
    .setExpirationTime(claims.exp ?? iat + 3600)
    .sign(key);
  const grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
  const response = await fetch(token_uri, {
    method: "POST",
    body: new URLSearchParams({ grant_type, assertion }),
  });
  return { status: response.status, body: await response.json() };
}

/** A call of the Sheets API with a token of this account. */
async function caller(account: AccountKey) {
  const { body } = await askForToken(account, {});
  return async (method: string, path: string, content?: unknown) => {
    const response = await fetch(`${stackUnderTest().google_url}/v4/spreadsheets${path}`, {
      method,
      headers: { authorization: `Bearer ${body.access_token}` },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
}

Deno.test("The simulated Google gives tokens only for what the account itself has signed, for it and for an hour", async () => {
  const [account, other] = [await newAccount(), await newAccount()];
  assert.equal((await askForToken(account, {})).status, 200);
  const refused: [string, Claims, string][] = [
    ["another key", { key: other.private_key }, "invalid_grant"],
    ["another audience", { aud: "https://oauth2.googleapis.com/token" }, "invalid_grant"],
    ["two hours", { exp: now() + 7200 }, "invalid_grant"],
    ["an hour that is over", { iat: now() - 7200 }, "invalid_grant"],
    ["another scope", { scope: "openid" }, "invalid_scope"],
  ];
  for (const [what, claims, error] of refused) {
    const { status, body } = await askForToken(account, claims);
    assert.deepEqual([status, body.error], [400, error], what);
  }
});

Deno.test("It knows a spreadsheet only to accounts with which it was shared, and can make none", async () => {
  const [account, other] = [await newAccount(), await newAccount()];
  const call = await caller(account);
  const { id } = await newSpreadsheet(other.client_email);
  assert.equal((await call("GET", `/${id}`)).status, 403);
  assert.equal((await call("GET", "/unknown")).status, 404);
  await googleControl("POST", `/spreadsheets/${id}/share`, {
    with: account.client_email,
    role: "reader",
  });
  assert.equal((await call("GET", `/${id}`)).body.sheets[0].properties.title, "Sheet1");
  const values = { values: [["=1+1"]] };
  const put = `/${id}/values/Sheet1!A1:A1?valueInputOption=RAW`;
  assert.equal((await call("PUT", put, values)).status, 403);
  const made = await call("POST", "", {});
  assert.deepEqual([made.status, made.body.error.errors[0].reason], [403, "storageQuotaExceeded"]);
});

Deno.test("Its fixed ranges can be written again, a batch is done whole or not at all, RAW runs no formula", async () => {
  const account = await newAccount();
  const call = await caller(account);
  const { id } = await newSpreadsheet(account.client_email);
  for (const option of ["RAW", "RAW"]) {
    const put = `/${id}/values/${encodeURIComponent("'Sheet1'!A1:B2")}?valueInputOption=${option}`;
    assert.equal((await call("PUT", put, { values: [["=1+1", 2], [true, null]] })).status, 200);
  }
  const append = `/${id}/values/Sheet1:append?valueInputOption=USER_ENTERED`;
  await call("POST", append, { values: [["=1+1"]] });
  const batch = {
    requests: [
      { addSheet: { properties: { title: "New", sheetId: 7 } } },
      { deleteSheet: { sheetId: 99 } },
    ],
  };
  assert.equal((await call("POST", `/${id}:batchUpdate`, batch)).status, 400);
  const [tab, second] = await tabsOf(id);
  assert.deepEqual(tab?.rows, [["=1+1", 2], [true], ["(evaluated) =1+1"]]);
  assert.equal(second, undefined);
  const outside = `/${id}/values/Sheet1!A1001:A1001?valueInputOption=RAW`;
  assert.equal((await call("PUT", outside, { values: [[1]] })).status, 400);
});

Deno.test("It refuses more calls in a minute than an account has, and what it is told to", async () => {
  const account = await newAccount();
  const call = await caller(account);
  const { id } = await newSpreadsheet(account.client_email);
  await setFault(id, { kind: "http429", after: 1, times: 1, retry_after: 3 });
  const answers = [await call("GET", `/${id}`), await call("GET", `/${id}`)];
  assert.deepEqual(answers.map(({ status, headers }) => [status, headers.get("retry-after")]), [
    [200, null],
    [429, "3"],
  ]);
  await googleControl("POST", "/limits", { account: account.client_email, per_minute: 0 });
  const { status, body } = await call("GET", `/${id}`);
  assert.deepEqual([status, body.error.status], [429, "RESOURCE_EXHAUSTED"]);
});
