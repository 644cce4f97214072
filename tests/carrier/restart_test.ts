import assert from "node:assert/strict";
import { closedUrl, createClient, startReceiver, until } from "./support.ts";

/** A carrier process; `kill` is a SIGKILL and waits for its end. */
async function spawnCarrier(dataDir: string, latencyMs: number) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.resolve("./serve.ts"), dataDir, String(latencyMs)],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const url = new TextDecoder().decode(value).trim();
  return {
    ...createClient(url),
    async kill() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    },
  };
}

Deno.test("what was accepted and the callbacks still owed survive a SIGKILL", async () => {
  const dataDir = await Deno.makeTempDir();
  const receiver = startReceiver();
  const before = await spawnCarrier(dataDir, 20);
  await before.post("/callbacks/pause");
  const answered: string[] = [];
  const sending = Array.from({ length: 300 }, async (_, i) => {
    const to = `+1415555${3000 + i}`;
    const form = { To: to, From: "+15005550006", Body: "Hi", StatusCallback: receiver.url };
    // The outcome of those that the kill cuts off is unknown, as it would be with a real carrier.
    const sent = await before.twilio(form).catch(() => null);
    if (sent?.status === 201) answered.push(sent.json.sid);
  });
  await until(() => before.messages(), (all) => all.length >= 100);
  await until(() => Promise.resolve(answered.length), (count) => count >= 50);
  await before.kill();
  await Promise.all(sending);
  assert.equal(receiver.received.length, 0);

  const after = await spawnCarrier(dataDir, 20);
  const kept = (await after.messages()).map((one) => one.id);
  assert.equal(new Set(kept).size, kept.length);
  assert.deepEqual(answered.filter((id) => !kept.includes(id)), [], "every 201 was kept");
  const delivered = await receiver.until(
    kept.length,
    (one) => one.params["MessageStatus"] === "delivered",
  );
  assert.deepEqual(delivered.map((one) => one.params["MessageSid"]).sort(), kept.sort());
  await after.kill();
  await receiver.stop();
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("callbacks find a receiver that starts only after the message was sent", async () => {
  const dataDir = await Deno.makeTempDir();
  const StatusCallback = await closedUrl();
  const carrier = await spawnCarrier(dataDir, 1);
  await carrier.twilio({
    To: "+14155551234",
    From: "+15005550006",
    Body: "Hi",
    StatusCallback,
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const port = Number(new URL(StatusCallback).port);
  const late = Deno.serve({ port, hostname: "127.0.0.1", onListen: () => {} }, () => {
    if (++count === 2) resolve();
    return new Response(null, { status: 204 });
  });
  await promise;
  await until(() => carrier.callbacks(), ({ owed }) => owed === 0);
  await carrier.kill();
  await late.shutdown();
  await Deno.remove(dataDir, { recursive: true });
});
