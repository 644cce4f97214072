import assert from "node:assert/strict";
import { sender } from "../../supabase/functions/jobs/sender.ts";

const message = {
  id: "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11",
  attempt: 1,
  to: "+233244000001",
  from: "+15550009999",
  body: "Hello",
  provider: "twilio" as const,
  account_id: "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b12",
  provider_account: "kept with it",
};
const settings = {
  CALLBACK_SIGNING_SECRET: "secret",
  SUPABASE_URL: "https://signalbox.example",
  TWILIO_ACCOUNT_SID: "ACplatform",
  TWILIO_AUTH_TOKEN: "platform's token",
};

Deno.test("a text goes through the account that is kept with it, with the token of now, within its hours, or not at all", async () => {
  const asked: (string | null)[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    asked.push(`${new URL(request.url).pathname} ${request.headers.get("authorization")}`);
    return Response.json({ sid: "SM1", num_segments: "1" }, { status: 201 });
  });
  const all = { ...settings, TWILIO_BASE_URL: `http://127.0.0.1:${server.addr.port}` };
  const before = Object.keys(all).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(all)) Deno.env.set(name, value);
  try {
    const send = sender();
    const own = (auth_token: string, provider_account = "kept with it") => ({
      account_sid: "ACown",
      auth_token,
      provider_account,
    });
    for (const given of [undefined, own("a token", "another account")]) {
      const outcome = await send(message, given);
      assert.deepEqual([outcome.kind, "code" in outcome && outcome.code], [
        "retry",
        "account_changed",
      ]);
    }
    const over = await send(
      { ...message, expires_at: new Date(Date.now() - 1).toISOString() },
      own("a token"),
    );
    assert.deepEqual([over.kind, "code" in over && over.code], ["retry", "window_closed"]);
    assert.deepEqual(asked, []);
    for (const token of ["first", "second"]) {
      assert.equal((await send(message, own(token))).kind, "accepted");
    }
    assert.deepEqual(
      asked,
      ["first", "second"].map((token) =>
        `/2010-04-01/Accounts/ACown/Messages.json Basic ${btoa(`ACown:${token}`)}`
      ),
    );
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
    await server.shutdown();
  }
});

Deno.test("an account whose credentials cannot be used is an outage of that account, and nothing is thrown", async () => {
  const before = Object.keys(settings).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(settings)) Deno.env.set(name, value);
  try {
    const send = sender();
    const provider_account = "kept with it";
    for (
      const unusable of [
        { account_sid: "AC€", auth_token: "x", provider_account },
        { account_sid: null, auth_token: null, provider_account },
        { provider_account },
        {},
        null,
        "text",
      ]
    ) {
      const outcome = await send(message, unusable);
      assert.deepEqual(
        [outcome.kind, "code" in outcome && outcome.code],
        ["outage", "credentials"],
        JSON.stringify(unusable),
      );
    }
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
});
