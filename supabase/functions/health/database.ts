import type { Context } from "hono";
import { anonymousClient } from "../_shared/clients.ts";
import type { AppEnv } from "../_shared/context.ts";
import { log } from "../_shared/log.ts";

const timeoutMs = 5_000;

/** Whether the database answers through the Data API within five seconds. */
export async function checkDatabase(c: Context<AppEnv>): Promise<"ok" | "failing"> {
  const db = anonymousClient(c.var.requestHeaders, c.var.counter);
  const { error } = await db.rpc("ping").abortSignal(AbortSignal.timeout(timeoutMs));
  if (error) log("error", "health_check_failed", { request_id: c.var.requestId, code: error.code });
  return error ? "failing" : "ok";
}
