import assert from "node:assert/strict";
import type { RealtimeChannel, SupabaseClient } from "@supabase/supabase-js";
import { anonymousClient, signedInPerson, stack } from "../stack_fixture.ts";

/** Joins, and gives the state with what the server said. */
function join(channel: RealtimeChannel): Promise<{ state: string; reason: string }> {
  return new Promise((resolve) => {
    channel.subscribe((state, error) => resolve({ state, reason: error?.message ?? "" }));
  });
}

function nextBroadcast(
  channel: RealtimeChannel,
): Promise<{ event: string; payload: Record<string, unknown> }> {
  return new Promise((resolve) =>
    channel.on("broadcast", { event: "*" }, ({ event, payload }) => resolve({ event, payload }))
  );
}

/** The client's timers outlive a test by a moment, so these tests do not count them. */
function realtimeTest(name: string, run: (clients: SupabaseClient[]) => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const clients: SupabaseClient[] = [];
      try {
        await run(clients);
      } finally {
        for (const client of clients) {
          await client.removeAllChannels();
          await client.realtime.disconnect();
        }
      }
    },
  });
}

realtimeTest(
  "a private channel delivers what SQL sends, to whom the policies allow",
  async (clients) => {
    const fixture = await stack();
    const [owner, other] = await Promise.all([signedInPerson(fixture), signedInPerson(fixture)]);
    clients.push(owner.client, other.client);
    await Promise.all([owner.client.realtime.setAuth(), other.client.realtime.setAuth()]);
    const topic = `user:${owner.id}`;
    const channel = owner.client.channel(topic, { config: { private: true } });
    const heard = nextBroadcast(channel);
    assert.equal((await join(channel)).state, "SUBSCRIBED");
    const refused = await join(other.client.channel(topic, { config: { private: true } }));
    assert.equal(refused.state, "CHANNEL_ERROR");
    assert.match(refused.reason, /do not have permissions to read/);
    const text = "x".repeat(20_000);
    await fixture.sql`select realtime.send(${
      fixture.sql.json({ text })
    }, 'changed', ${topic}, true)`;
    const { event, payload } = await heard;
    assert.deepEqual([event, payload.text], ["changed", text]);
  },
);

realtimeTest(
  "a rolled back transaction sends nothing, and messages keep their order",
  async (clients) => {
    const fixture = await stack();
    const { id, client } = await signedInPerson(fixture);
    clients.push(client);
    await client.realtime.setAuth();
    const topic = `user:${id}`;
    const numbers: unknown[] = [];
    const { promise: last, resolve } = Promise.withResolvers<void>();
    const channel = client.channel(topic, { config: { private: true } }).on("broadcast", {
      event: "n",
    }, (message) => {
      numbers.push(message.payload.n);
      if (message.payload.n === 50) resolve();
    });
    assert.equal((await join(channel)).state, "SUBSCRIBED");
    await fixture.sql.begin(async (transaction) => {
      await transaction`select realtime.send('{"n": -1}', 'n', ${topic}, true)`;
      throw new Error("undo");
    }).catch(() => {});
    await fixture.sql`
    select realtime.send(jsonb_build_object('n', n), 'n', ${topic}, true) from generate_series(1, 50) as n`;
    await last;
    assert.deepEqual(numbers, Array.from({ length: 50 }, (_, index) => index + 1));
  },
);

realtimeTest(
  "public channels carry broadcasts and presence between clients, not into private ones",
  async (clients) => {
    const fixture = await stack();
    const { id, client } = await signedInPerson(fixture);
    const guest = anonymousClient(fixture);
    clients.push(client, guest);
    const room = crypto.randomUUID();
    const listening = client.channel(room);
    const heard = nextBroadcast(listening);
    const present = new Promise((resolve) => listening.on("presence", { event: "join" }, resolve));
    const speaking = guest.channel(room, { config: { broadcast: { ack: true } } });
    assert.equal((await join(listening)).state, "SUBSCRIBED");
    assert.equal((await join(speaking)).state, "SUBSCRIBED");
    assert.equal(await speaking.send({ type: "broadcast", event: "hi", payload: { n: 1 } }), "ok");
    const { event, payload } = await heard;
    assert.deepEqual([event, payload.n], ["hi", 1]);
    assert.equal(await speaking.track({ name: "guest" }), "ok");
    await present;
    const denied = await join(guest.channel(`user:${id}`, { config: { private: true } }));
    assert.equal(denied.state, "CHANNEL_ERROR");
  },
);

Deno.test("the socket is refused without a known API key", async () => {
  const { status } = await stack();
  const answer = await fetch(`${status.api_url}/realtime/v1/websocket?apikey=wrong&vsn=2.0.0`);
  await answer.body?.cancel();
  assert.equal(answer.status, 401);
});
