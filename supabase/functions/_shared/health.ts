import { z } from "./zod.ts";
import type { Context } from "hono";
import { countedFetch } from "./clients.ts";
import type { AppEnv } from "./context.ts";
import { env } from "./env.ts";
import { unwrap } from "./problem.ts";

const Status = z.enum(["ok", "degraded", "down"]);
const StatusOrUnknown = z.enum(["ok", "degraded", "down", "unknown"]);

/** The answer of `private.organization_health`. */
export const OrganizationHealth = z.object({
  status: Status,
  jobs: z.array(z.object({
    name: z.string(),
    description: z.string(),
    last_run_at: z.string().nullable(),
    last_success_at: z.string().nullable(),
    failures: z.int(),
    status: Status,
  })),
  queues: z.array(z.object({
    name: z.string(),
    backlog: z.int(),
    oldest_waiting_at: z.string().nullable(),
    lag_seconds: z.number(),
    status: StatusOrUnknown,
  })),
  providers: z.array(z.object({
    name: z.string(),
    senders: z.int(),
    refused: z.int(),
    status: StatusOrUnknown,
  })),
  integrations: z.array(z.object({
    type: z.string(),
    name: z.string(),
    failing_since: z.string().nullable(),
    last_success_at: z.string().nullable(),
    status: StatusOrUnknown,
  })),
  thresholds: z.array(z.object({
    name: z.string(),
    degraded_from: z.number(),
    down_from: z.number(),
    unit: z.string(),
    description: z.string(),
  })),
  checked_at: z.string(),
});

/** A service of the platform and how long it took to answer, in milliseconds. */
export interface ServiceHealth {
  name: "database" | "auth" | "storage";
  status: z.infer<typeof Status>;
  latency_ms: number;
}

const timeoutMs = 5_000;

/** Health of the organization, and how long the database took for it. */
export async function readHealth(c: Context<AppEnv>) {
  const started = performance.now();
  const answer = await c.var.db.rpc("organization_health", {
    organization_id: c.var.actor.organizationId,
  });
  const health = OrganizationHealth.parse(unwrap(answer, "health"));
  return { health, databaseMs: Math.round(performance.now() - started) };
}

/** Any answer but a server error shows that a service works. */
async function answers(c: Context<AppEnv>, path: string): Promise<{ ok: boolean; ms: number }> {
  const started = performance.now();
  const ok = await countedFetch(c.var.counter)(`${env.supabaseUrl()}${path}`, {
    headers: { apikey: env.publishableKey() },
    signal: AbortSignal.timeout(timeoutMs),
  }).then(async (response) => {
    await response.body?.cancel();
    return response.status < 500;
  }, () => false);
  return { ok, ms: Math.round(performance.now() - started) };
}

/** Auth, Storage and the database, by the thresholds. */
export async function checkServices(
  c: Context<AppEnv>,
  { thresholds }: z.infer<typeof OrganizationHealth>,
  databaseMs: number,
): Promise<ServiceHealth[]> {
  const judge = (name: string, ms: number): ServiceHealth["status"] => {
    const threshold = thresholds.find((row) => row.name === name);
    if (threshold === undefined) return "ok";
    return ms >= threshold.down_from ? "down" : ms >= threshold.degraded_from ? "degraded" : "ok";
  };
  const [auth, storage] = await Promise.all([
    answers(c, "/auth/v1/.well-known/jwks.json"),
    answers(c, "/storage/v1/status"),
  ]);
  const service = (
    name: "auth" | "storage",
    { ok, ms }: { ok: boolean; ms: number },
  ): ServiceHealth => ({
    name,
    status: ok ? judge("service", ms) : "down",
    latency_ms: ms,
  });
  return [
    { name: "database", status: judge("database", databaseMs), latency_ms: databaseMs },
    service("auth", auth),
    service("storage", storage),
  ];
}

/** The worst of some statuses. */
export function worst(statuses: string[]): z.infer<typeof Status> {
  return statuses.includes("down") ? "down" : statuses.includes("degraded") ? "degraded" : "ok";
}
