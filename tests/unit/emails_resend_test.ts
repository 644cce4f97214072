import assert from "node:assert/strict";
import { createResend } from "../../supabase/functions/_shared/mail/resend.ts";
import type { OutboundMail } from "../../supabase/functions/_shared/mail/provider.ts";

const mail: OutboundMail = {
  key: "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11",
  to: { name: "Ama", address: "ama@example.com" },
  fromName: 'The "Best"',
  subject: "Hello",
  html: "<p>Hello</p>",
  text: "Hello",
};

/** A server that speaks Resend's API and knows idempotency keys. */
async function withResend(
  answer: (request: Request, body: Record<string, unknown>) => Response | Promise<Response>,
  work: (baseUrl: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => await answer(request, await request.json()),
  );
  try {
    await work(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

const account = (baseUrl: string, timeoutMs = 2_000) =>
  createResend({ apiKey: "re_test", baseUrl, from: "no-reply@example.com", timeoutMs });

const refusal = (status: number, name: string, headers: Record<string, string> = {}) =>
  Response.json({ statusCode: status, name, message: `about ${name}` }, { status, headers });

Deno.test("Resend gets the mail with our key, and a repeat with it is no second mail", async () => {
  const accepted = new Map<string, string>();
  await withResend((request, body) => {
    assert.equal(new URL(request.url).pathname, "/emails");
    assert.equal(request.headers.get("authorization"), "Bearer re_test");
    assert.equal(body["from"], '"The \\"Best\\"" <no-reply@example.com>');
    assert.deepEqual([body["to"], body["subject"], body["text"]], [
      ["ama@example.com"],
      "Hello",
      "Hello",
    ]);
    const key = request.headers.get("idempotency-key") ?? "";
    accepted.set(key, accepted.get(key) ?? crypto.randomUUID());
    return Response.json({ id: accepted.get(key) });
  }, async (baseUrl) => {
    const provider = account(baseUrl);
    const [first, second] = [await provider.send(mail), await provider.send(mail)];
    assert.deepEqual(first, { kind: "accepted", providerMessageId: accepted.get(mail.key) });
    assert.deepEqual(second, first);
    assert.equal(accepted.size, 1);
  });
});

Deno.test("Each of Resend's refusals means what it means", async () => {
  const cases: [Response, string][] = [
    [refusal(422, "invalid_to_address"), "rejected"],
    [refusal(400, "validation_error"), "rejected"],
    [refusal(401, "missing_api_key"), "outage"],
    [refusal(403, "invalid_api_key"), "outage"],
    [refusal(429, "daily_quota_exceeded"), "outage"],
    [refusal(429, "monthly_quota_exceeded"), "outage"],
    [refusal(409, "concurrent_idempotent_requests"), "retry"],
    [refusal(409, "invalid_idempotent_request"), "unknown"],
    [refusal(500, "application_error"), "retry"],
    [new Response("<html>bad gateway</html>", { status: 502 }), "retry"],
  ];
  for (const [response, kind] of cases) {
    await withResend(() => response, async (baseUrl) => {
      const outcome = await account(baseUrl).send(mail);
      assert.equal(outcome.kind, kind, JSON.stringify(outcome));
    });
  }
  await withResend(
    () => refusal(429, "rate_limit_exceeded", { "retry-after": "7" }),
    async (baseUrl) => {
      assert.deepEqual(await account(baseUrl).send(mail), {
        kind: "throttled",
        reason: "Resend: about rate_limit_exceeded",
        retryAfterSeconds: 7,
      });
    },
  );
});

Deno.test("No answer from Resend is safe to try again, nobody there is an outage", async () => {
  let release = () => {};
  const waiting = new Promise<void>((resolve) => release = resolve);
  await withResend(async () => {
    await waiting;
    return Response.json({ id: "late" });
  }, async (baseUrl) => {
    assert.equal((await account(baseUrl, 200).send(mail)).kind, "retry");
    release();
  });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  assert.equal((await account(`http://127.0.0.1:${port}`).send(mail)).kind, "outage");
});
