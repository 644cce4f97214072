import assert from "node:assert/strict";
import type { Status } from "../../local/status_file.ts";
import { freePorts } from "../support/free_ports.ts";
import { KillableStack } from "../support/killable.ts";
import { until } from "../support/wait.ts";

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
  // Arkesel cannot be asked about a text without an id: a callback that comes later than this would mean a second text.
  const stack = await KillableStack.start(freePorts(31_000), 90);
  try {
    const token = await stack.demoToken("clerk");
    const bulk = (list: { to: string }[], sender_id?: string) =>
      stack.post(token, "/sms/send-bulk", {
        message: "Exactly once",
        recipients: list,
        ...(sender_id && { sender_id }),
      });
    await bulk(recipients("+23324"));
    await bulk(recipients("+23320"), "+15005550006");
    await until(async () => (await carrierMessages(stack.status)).length >= 300, {
      timeoutMs: 300_000,
      what: "300 accepted messages",
    });
    await stack.killAndStart();
    assert.ok((await carrierMessages(stack.status)).length < 2_000, "the kill came in the middle");
    let sms: Record<string, number> = {};
    await until(async () => {
      ({ sms } = await stack.get<Dashboard>(token, "/customers/dashboard/data"));
      return sms["delivered"] === 2_000;
    }, { timeoutMs: 480_000, what: "2,000 deliveries" }).catch((error) => {
      throw new Error(`${error.message} ${JSON.stringify(sms)}`);
    });
    const copies = new Map<string, number>();
    for (const { to } of await carrierMessages(stack.status)) {
      copies.set(to, (copies.get(to) ?? 0) + 1);
    }
    assert.equal(copies.size, 2_000);
    assert.deepEqual([...copies].filter(([, count]) => count !== 1), []);
  } finally {
    await stack.stop();
  }
});
