import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { decodeProtectedHeader, importSPKI, jwtVerify } from "jose";
import { GoogleError } from "../../supabase/functions/_shared/google/error.ts";
import {
  accessToken,
  forgetToken,
  requestToken,
  SHEETS_SCOPE,
} from "../../supabase/functions/_shared/google/token.ts";

const url = "https://oauth2.googleapis.com/token";

function newAccount(client_email = "reports@school.iam.gserviceaccount.com") {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return {
    account: { client_email, private_key: pem },
    publicPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

/** Answers as Google would, and keeps what it was asked. */
function google(answers: Response[]) {
  const asked: { url: string; form: URLSearchParams; redirect: string | undefined }[] = [];
  const send: typeof fetch = (input, init) => {
    const form = init?.body instanceof URLSearchParams ? init.body : new URLSearchParams();
    asked.push({ url: String(input), form, redirect: init?.redirect });
    return Promise.resolve(answers[asked.length - 1] ?? new Response(null, { status: 500 }));
  };
  return { asked, fetch: send };
}

const granted = (token: string) =>
  Response.json({ access_token: token, expires_in: 3599, token_type: "Bearer" });

/** Why a call failed. */
async function failureOf(call: Promise<unknown>) {
  const error = await call.then(() => null, (error) => error);
  assert(error instanceof GoogleError, String(error));
  return error;
}

Deno.test("A service account signs who it is, what for, for whom and until when", async () => {
  const { account, publicPem } = newAccount();
  const { asked, fetch } = google([granted("one")]);
  const now = Date.now();
  assert.equal(await requestToken(account, { fetch, now: () => now }), "one");
  const [{ form, redirect, url: address } = assert.fail()] = asked;
  assert.deepEqual([address, redirect], [url, "manual"]);
  assert.equal(form.get("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
  const assertion = form.get("assertion") ?? "";
  const { payload } = await jwtVerify(assertion, await importSPKI(publicPem, "RS256"), {
    audience: url,
    issuer: account.client_email,
  });
  const issued = Math.floor(now / 1000);
  assert.deepEqual([payload["scope"], payload.iat, payload.exp], [
    SHEETS_SCOPE,
    issued,
    issued + 3600,
  ]);
  assert.equal(decodeProtectedHeader(assertion).alg, "RS256");
});

Deno.test("A token is asked for once, and again shortly before it ends or after it was refused", async () => {
  const { account } = newAccount();
  const { asked, fetch } = google(["one", "two", "three"].map(granted));
  let now = Date.now();
  const token = () => accessToken(account, { fetch, now: () => now });
  assert.deepEqual([await token(), await token()], ["one", "one"]);
  now += 3_470_000;
  assert.equal(await token(), "one");
  now += 20_000;
  assert.equal(await token(), "two");
  forgetToken(account);
  assert.equal(await token(), "three");
  assert.equal(asked.length, 3);
});

Deno.test("The address of an account alone does not give the token of another key", async () => {
  const [one, two] = [newAccount(), newAccount()];
  const { fetch } = google([granted("first"), Response.json({ error: "x" }, { status: 400 })]);
  assert.equal(await accessToken(one.account, { fetch }), "first");
  const error = await failureOf(accessToken(two.account, { fetch }));
  assert.equal(error.failure, "credentials");
});

Deno.test("A key that Google or nobody can read is refused; what may pass is a pause", async () => {
  const { account } = newAccount();
  const unreadable = await failureOf(
    requestToken({ ...account, private_key: "-----BEGIN PRIVATE KEY-----\nno\n" }),
  );
  assert.deepEqual([unreadable.failure, /no/.test(unreadable.message.slice(-3))], [
    "credentials",
    false,
  ]);
  const cases: [Response, string, number | null][] = [
    [
      Response.json(
        { error: "invalid_grant", error_description: "Invalid JWT Signature." },
        { status: 400 },
      ),
      "credentials",
      null,
    ],
    [new Response("no JSON", { status: 200 }), "credentials", null],
    [new Response(null, { status: 429, headers: { "retry-after": "7" } }), "pause", 7],
    [new Response(null, { status: 503 }), "pause", null],
    [new Response(null, { status: 302, headers: { location: "http://10.0.0.1/" } }), "pause", null],
  ];
  for (const [answer, failure, seconds] of cases) {
    const { asked, fetch } = google([answer]);
    const error = await failureOf(requestToken(account, { fetch }));
    assert.deepEqual([error.failure, error.retryAfterSeconds, asked.length], [failure, seconds, 1]);
  }
  const silent: typeof fetch = () => Promise.reject(new TypeError("https://secret/"));
  const error = await failureOf(requestToken(account, { fetch: silent }));
  assert.equal(error.failure, "pause");
  assert.doesNotMatch(error.message, /secret/);
});
