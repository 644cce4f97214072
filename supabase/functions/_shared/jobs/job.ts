import { createRoute, z } from "../zod.ts";
import type { Context } from "hono";
import type { App } from "../app.ts";
import { keepAlive } from "../background.ts";
import { adminClient, type Client } from "../clients.ts";
import type { AppEnv } from "../context.ts";
import { log, type LogFields } from "../log.ts";
import { Problem, problems } from "../problem.ts";
import { json } from "../route.ts";
import { reportFault } from "../sentry.ts";

const Accepted = z.object({ job: z.string().openapi({ example: "dispatch-messages" }) });

/**
 * Registers a job: `POST /<name>` below the function, with a secret key answers 202 at once and runs the work behind the answer. `run`
 * gets the request's body, if it has one, and answers what goes into the log line. The service role is the only one
 * that may claim queued work of all tenants.
 */
export function job(
  app: App,
  name: string,
  summary: string,
  run: (db: Client, body: unknown) => Promise<LogFields>,
) {
  const route = createRoute({
    method: "post",
    path: `/${name}`,
    operationId: name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    tags: ["jobs"],
    summary,
    security: [{ secretKey: [] }],
    responses: { 202: json(Accepted, "Started"), ...problems(401) },
  });
  app.openapi(route, async (c) => {
    requireService(c);
    const { requestHeaders, counter, requestId } = c.var;
    const body: unknown = await c.req.json().catch(() => null);
    keepAlive(logged(name, requestId, () => run(adminClient(requestHeaders, counter), body)));
    return c.json({ job: name }, 202);
  });
}

function requireService(c: Context<AppEnv>): void {
  if (c.var.caller.kind !== "service") {
    throw new Problem(401, "not_signed_in", "Jobs are started with a secret key.");
  }
}

async function logged(
  name: string,
  requestId: string,
  run: () => Promise<LogFields>,
): Promise<void> {
  const started = performance.now();
  try {
    const fields = await run();
    log("info", "job", {
      job: name,
      request_id: requestId,
      ms: Math.round(performance.now() - started),
      ...fields,
    });
  } catch (error) {
    const cause = error instanceof Error ? error.stack ?? error.message : String(error);
    log("error", "job_failed", { job: name, request_id: requestId, cause });
    reportFault(error, { job: name, request_id: requestId });
  }
}
