import assert from "node:assert/strict";
import type { Status } from "../../local/status_file.ts";
import { type SpawnedStack, spawnStack } from "./spawn.ts";

/**
 * Starts a stack of a test's own, which it may kill, and waits until it is ready.
 * @param settleSeconds how long a text with an unknown outcome waits for its callback; less than 50 counts as 50.
 * @param env what else differs from the environment of this process.
 */
export function startStack(
  folder: string,
  port: number,
  settleSeconds = 15,
  env: Record<string, string> = {},
): Promise<SpawnedStack> {
  return spawnStack({
    folder,
    port,
    env: { MESSAGE_SETTLE_SECONDS: String(settleSeconds), ...env },
  });
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
