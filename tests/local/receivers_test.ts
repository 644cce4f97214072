import assert from "node:assert/strict";
import { Webhook } from "standardwebhooks";
import { createReceivers, type ShownReceiver } from "../../local/receivers/receivers.ts";

const base = "http://127.0.0.1:54324";
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

function receivers() {
  const handle = createReceivers(base);
  return async (method: string, path: string, body?: unknown, headers: HeadersInit = {}) => {
    const text = body === undefined ? null : JSON.stringify(body);
    const answer = await handle(new Request(base + path, { method, body: text, headers }));
    assert(answer, `${path} is a receiver's`);
    return answer;
  };
}

function signed(body: unknown, id = "msg_1"): Record<string, string> {
  const at = new Date();
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, at, JSON.stringify(body)),
  };
}

async function shown(ask: ReturnType<typeof receivers>, name: string): Promise<ShownReceiver> {
  return await (await ask("GET", `/receivers/${name}`)).json();
}

Deno.test("A receiver keeps what it got, newest first, and verifies it once it knows the secret", async () => {
  const ask = receivers();
  const event = { type: "lead.created", data: {} };
  assert.equal((await ask("POST", "/receivers/crm", event, signed(event))).status, 200);
  assert.equal((await ask("PUT", "/receivers/crm", { secret })).status, 200);
  assert.equal((await ask("POST", "/receivers/crm", event, signed(event, "msg_2"))).status, 200);
  const forged = await ask("POST", "/receivers/crm", { type: "forged" }, signed(event, "msg_3"));
  assert.equal(forged.status, 401);
  const { has_secret, received, url } = await shown(ask, "crm");
  assert.deepEqual([has_secret, url], [true, `${base}/receivers/crm`]);
  assert.deepEqual(received.map(({ id, type, verified }) => [id, type, verified]), [
    ["msg_3", "forged", false],
    ["msg_2", "lead.created", true],
    ["msg_1", "lead.created", null],
  ]);
});

Deno.test("A receiver answers as it is told, and is forgotten", async () => {
  const ask = receivers();
  for (const answer of [500, 410, 204]) {
    await ask("PUT", "/receivers/down", { answer });
    assert.equal((await ask("POST", "/receivers/down", {})).status, answer);
  }
  assert.equal((await ask("PUT", "/receivers/down", { answer: 99 })).status, 422);
  assert.equal((await ask("PUT", "/receivers/down", { secret: "whsec_ no" })).status, 422);
  assert.equal((await shown(ask, "down")).received.length, 3);
  assert.equal((await (await ask("GET", "/receivers")).json()).length, 1);
  assert.equal((await ask("DELETE", "/receivers/down")).status, 204);
  assert.equal((await ask("GET", "/receivers/down")).status, 404);
});

Deno.test("Other paths are not the receivers'", async () => {
  const handle = createReceivers(base);
  assert.equal(await handle(new Request(`${base}/messages`)), null);
  assert.equal(await handle(new Request(`${base}/receivers/Not A Name`)), null);
});
