import assert from "node:assert/strict";
import { join } from "node:path";
import type { Status } from "../local/status_file.ts";
import { freePorts } from "./support/free_ports.ts";
import { startStack, tokenOf } from "./support/own_stack.ts";
import { until } from "./support/wait.ts";

async function call<T>(status: Status, token: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${status.api_url}/functions/v1${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  assert.ok(response.ok, JSON.stringify(answer));
  return answer;
}

/** The numbers a provider is to text: mostly ordinary ones, some whose acceptance only a callback can tell. */
function recipients(prefix: string): { to: string }[] {
  return Array.from({ length: 1_000 }, (_, i) => {
    const ending = i % 50 === 0 ? "0050" : i % 50 === 1 ? "0051" : String(1_000 + i);
    return { to: `${prefix}${String(i).padStart(3, "0").slice(0, 3)}${ending}` };
  });
}

async function carrierMessages(status: Status): Promise<{ to: string }[]> {
  return await (await fetch(`${status.carrier_url}/messages`)).json();
}

type Dashboard = { sms: Record<string, number> };

Deno.test("a stack killed in the middle of 2,000 sends finishes them after its next start, each exactly once", async () => {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-kill-" });
  const port = freePorts(31_000);
  const first = await startStack(folder, port);
  let running = first.child;
  try {
    const token = await tokenOf(first.status, "clerk@demo.signalbox.test");
    const bulk = (list: { to: string }[], sender?: string) =>
      call(first.status, token, "/sms/send-bulk", {
        message: "Exactly once",
        recipients: list,
        ...(sender ? { sender_id: sender } : {}),
      });
    await bulk(recipients("+23324"));
    await bulk(recipients("+23320"), "+15005550006");
    await until(async () => (await carrierMessages(first.status)).length >= 300, {
      timeoutMs: 300_000,
      what: "300 accepted messages",
    });
    first.child.kill("SIGKILL");
    await first.child.status;
    await Deno.remove(join(folder, "status.json"));

    const second = await startStack(folder, port);
    running = second.child;
    assert.ok((await carrierMessages(second.status)).length < 2_000, "the kill came in the middle");
    const again = await tokenOf(second.status, "clerk@demo.signalbox.test");
    let sms: Record<string, number> = {};
    await until(async () => {
      ({ sms } = await call<Dashboard>(second.status, again, "/customers/dashboard/data"));
      return sms["delivered"] === 2_000;
    }, { timeoutMs: 480_000, what: "2,000 deliveries" }).catch((error) => {
      throw new Error(`${error.message} ${JSON.stringify(sms)}`);
    });

    const copies = new Map<string, number>();
    for (const { to } of await carrierMessages(second.status)) {
      copies.set(to, (copies.get(to) ?? 0) + 1);
    }
    assert.equal(copies.size, 2_000);
    assert.deepEqual([...copies].filter(([, count]) => count !== 1), []);
  } finally {
    running.kill("SIGTERM");
    await running.status;
    await Deno.remove(folder, { recursive: true });
  }
});
