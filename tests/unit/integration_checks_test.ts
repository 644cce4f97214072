import assert from "node:assert/strict";
import { checkCredentials } from "../../supabase/functions/admin/integration_checks.ts";
import { Problem } from "../../supabase/functions/_shared/problem.ts";

/** A provider that answers all requests alike, under the address that its variable names. */
async function atProvider(
  variable: string,
  answer: (request: Request) => Response | Promise<Response>,
  test: () => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  const before = Deno.env.get(variable);
  Deno.env.set(variable, `http://127.0.0.1:${server.addr.port}`);
  try {
    await test();
  } finally {
    if (before === undefined) Deno.env.delete(variable);
    else Deno.env.set(variable, before);
    await server.shutdown();
  }
}

const tester = {
  to: "ama@acme.example",
  name: "Ama",
  organization: { name: "Acme", locale: "en", country: "GH", time_zone: "Africa/Accra" },
};

const isProblem = (status: number, code: string) => (error: unknown) =>
  error instanceof Problem && error.status === status && error.code === code;

const twilio = {
  credentials: { account_sid: `AC${"5".repeat(32)}`, auth_token: "sesame" },
  config: { senders: ["+15005550101"] },
};
const arkesel = { credentials: { api_key: "sesame" }, config: { senders: ["Acme"] } };

async function serviceAccount() {
  const { privateKey } = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  );
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  const base64 = btoa(String.fromCharCode(...der)).replace(/(.{64})/g, "$1\n");
  return {
    credentials: {
      type: "service_account",
      client_email: "reports@acme.iam.gserviceaccount.com",
      private_key: `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`,
      token_uri: "http://127.0.0.1:1/never",
    },
  };
}

Deno.test("Twilio is asked for the account, which must be active", async () => {
  const asked: [path: string, authorization: string | null][] = [];
  await atProvider("TWILIO_BASE_URL", (request) => {
    asked.push([new URL(request.url).pathname, request.headers.get("authorization")]);
    return Response.json({ sid: "AC", status: "active" });
  }, async () => {
    assert.deepEqual(await checkCredentials("twilio", twilio, tester), twilio);
  });
  const sid = `AC${"5".repeat(32)}`;
  assert.deepEqual(asked, [[
    `/2010-04-01/Accounts/${sid}.json`,
    `Basic ${btoa(`${sid}:sesame`)}`,
  ]]);
  await atProvider("TWILIO_BASE_URL", () => Response.json({ status: "suspended" }), async () => {
    await assert.rejects(
      checkCredentials("twilio", twilio, tester),
      isProblem(422, "credentials_refused"),
    );
  });
});

Deno.test("A refusal is 422, no answer and an outage are 502", async () => {
  const at = (status: number) => () => Response.json({ status: "error" }, { status });
  await atProvider("ARKESEL_BASE_URL", at(403), async () => {
    await assert.rejects(
      checkCredentials("arkesel", arkesel, tester),
      isProblem(422, "credentials_refused"),
    );
  });
  await atProvider("ARKESEL_BASE_URL", at(503), async () => {
    await assert.rejects(
      checkCredentials("arkesel", arkesel, tester),
      isProblem(502, "provider_failed"),
    );
  });
  await atProvider("ARKESEL_BASE_URL", at(429), async () => {
    await assert.rejects(
      checkCredentials("arkesel", arkesel, tester),
      isProblem(502, "provider_failed"),
    );
  });
  // A redirect is not followed: the key would go with it.
  const away = () =>
    new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/" } });
  await atProvider("ARKESEL_BASE_URL", away, async () => {
    await assert.rejects(
      checkCredentials("arkesel", arkesel, tester),
      isProblem(422, "credentials_refused"),
    );
  });
});

Deno.test("Google grants a token, at the address of the deployment and not of the key", async () => {
  const account = await serviceAccount();
  let form: URLSearchParams | undefined;
  await atProvider("GOOGLE_TOKEN_URL", async (request) => {
    form = new URLSearchParams(await request.text());
    return Response.json({ access_token: "t", expires_in: 3599, token_type: "Bearer" });
  }, async () => {
    const { client_email, private_key } = account.credentials;
    assert.deepEqual(await checkCredentials("google_sheets", account, tester), {
      credentials: { client_email, private_key },
      config: {},
    });
  });
  assert.match(form?.get("assertion") ?? "", /^[\w-]+\.[\w-]+\.[\w-]+$/);
  const refuse = () => Response.json({ error: "invalid_grant" }, { status: 400 });
  await atProvider("GOOGLE_TOKEN_URL", refuse, async () => {
    await assert.rejects(
      checkCredentials("google_sheets", account, tester),
      isProblem(422, "credentials_refused"),
    );
  });
});

Deno.test("What a type does not want is 422 before anybody is asked", async () => {
  const wrong: [Parameters<typeof checkCredentials>[0], unknown][] = [
    ["twilio", { credentials: { account_sid: "AC1", auth_token: "x" } }],
    ["twilio", { credentials: { ...twilio.credentials, api_key: "x" } }],
    ["arkesel", { credentials: { api_key: "a b" } }],
    ["arkesel", { ...arkesel, config: { host: "x" } }],
    ["google_sheets", { credentials: { client_email: "x" } }],
  ];
  for (const [type, body] of wrong) {
    await assert.rejects(checkCredentials(type, body, tester), isProblem(422, "invalid_field"));
  }
});
