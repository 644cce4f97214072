import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Status } from "../../local/status_file.ts";
import { until } from "./wait.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Starts a stack of a test's own, which it may kill, and waits until it is ready. */
export async function startStack(folder: string, port: number) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "local/main.ts"],
    cwd: root,
    env: { SIGNALBOX_PORT: String(port), SIGNALBOX_DATA: folder, MESSAGE_SETTLE_SECONDS: "15" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const status = await until(
    () =>
      Deno.readTextFile(join(folder, "status.json")).then(
        (text) => JSON.parse(text) as Status,
        () => null,
      ),
    { timeoutMs: 180_000, what: "the stack" },
  );
  return { child, status };
}

/** The access token of a person of the demo organization. */
export async function tokenOf(status: Status, email: string): Promise<string> {
  const response = await fetch(`${status.api_url}/functions/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json", apikey: status.publishable_key },
    body: JSON.stringify({ email, password: status.demo[0]?.password }),
  });
  const body = await response.json();
  assert.equal(response.status, 200, JSON.stringify(body));
  return body.access_token;
}
