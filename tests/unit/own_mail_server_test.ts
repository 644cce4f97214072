import assert from "node:assert/strict";
import { pinnedServer } from "../../supabase/functions/_shared/mail/own_server.ts";
import {
  RefusedAddress,
  type WebhookRules,
} from "../../supabase/functions/_shared/webhooks/address.ts";

const names: Record<string, string[]> = {
  "mail.acme.example": ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"],
  "mixed.acme.example": ["93.184.216.34", "10.0.0.1"],
  "inside.acme.example": ["127.0.0.1"],
  "azure.acme.example": ["168.63.129.16"],
  "none.acme.example": [],
};

const rules = (allowedNetworks: string[] = []): WebhookRules => ({
  resolve: (name) => Promise.resolve(names[name] ?? []),
  allowedNetworks,
  ownHosts: [],
});

Deno.test("a public server is pinned to an address, with TLS for its name", async () => {
  for (const port of [465, 587, 2525]) {
    assert.deepEqual(await pinnedServer({ host: "Mail.acme.example.", port }, rules()), {
      host: "93.184.216.34",
      port,
      servername: "mail.acme.example",
      requireTls: true,
    });
  }
});

Deno.test("other ports and hosts that are not public are refused", async () => {
  const refused: [string, number][] = [
    ["mail.acme.example", 25],
    ["mail.acme.example", 5432],
    ["mixed.acme.example", 587],
    ["inside.acme.example", 587],
    ["azure.acme.example", 587],
    ["none.acme.example", 587],
    ["localhost", 587],
    ["mail.internal", 587],
    ["127.0.0.1", 587],
    ["::ffff:127.0.0.1", 587],
    ["169.254.169.254", 465],
  ];
  for (const [host, port] of refused) {
    await assert.rejects(pinnedServer({ host, port }, rules()), RefusedAddress, `${host}:${port}`);
  }
});

Deno.test("networks that the operator allows need no TLS, metadata addresses stay closed", async () => {
  const local = rules(["127.0.0.0/8", "169.254.0.0/16"]);
  assert.deepEqual(await pinnedServer({ host: "127.0.0.1", port: 54325 }, local), {
    host: "127.0.0.1",
    port: 54325,
    requireTls: false,
  });
  await assert.rejects(
    pinnedServer({ host: "169.254.169.254", port: 587 }, local),
    RefusedAddress,
  );
  const named = await pinnedServer({ host: "mail.acme.example", port: 587 }, local);
  assert.equal(named.requireTls, true);
});
