import assert from "node:assert/strict";
import { lookUpAll, type LookupResult } from "../../supabase/functions/jobs/lookups.ts";

const healthy = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b10";
const messageOf = (account_id: string, id: string) => ({
  id,
  attempt: 1,
  to: "+233244000001",
  from: "+15550009999",
  body: "Hello",
  provider: "twilio" as const,
  account_id,
  provider_account: "kept with it",
  provider_message_id: "SM1",
  since: "2026-11-30T09:00:00Z",
});

/** Credentials that no account can be made of. */
const unusable = {
  "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11": {
    account_sid: "AC€",
    auth_token: "x",
    provider_account: "x",
  },
  "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b12": { account_sid: null, auth_token: null },
  "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b13": {},
  "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b14": null,
  "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b15": "text",
};

Deno.test("credentials that cannot be used fail the lookups of their account and of no other", async () => {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () =>
      Response.json({ sid: "SM1", status: "delivered", to: "+233244000001", from: "+15550009999" }),
  );
  const before = Deno.env.get("TWILIO_BASE_URL");
  Deno.env.set("TWILIO_BASE_URL", `http://127.0.0.1:${server.addr.port}`);
  try {
    const accounts = [...Object.keys(unusable), healthy];
    const answers = await lookUpAll("reconcile-messages", {
      messages: accounts.map((account, index) => messageOf(account, `message ${index}`)),
      credentials: {
        ...unusable,
        [healthy]: { account_sid: "AC1", auth_token: "x", provider_account: "kept with it" },
      },
    }, Date.now() + 10_000);
    const kinds = (account: string) =>
      answers.filter(({ account_id }: LookupResult) => account_id === account)
        .map(({ kind }) => kind);
    for (const account of Object.keys(unusable)) assert.deepEqual(kinds(account), ["failed"]);
    assert.deepEqual(kinds(healthy), ["answered"]);
  } finally {
    if (before === undefined) Deno.env.delete("TWILIO_BASE_URL");
    else Deno.env.set("TWILIO_BASE_URL", before);
    await server.shutdown();
  }
});
