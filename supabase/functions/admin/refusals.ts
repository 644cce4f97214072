import type { Context, MiddlewareHandler } from "hono";
import { keepAlive } from "../_shared/background.ts";
import { withoutApiKeys } from "../_shared/api_key_form.ts";
import { clientOf } from "../_shared/clients.ts";
import type { AppEnv } from "../_shared/context.ts";
import { log } from "../_shared/log.ts";

/** The operation with `{id}` for ids, so that an entry says what was tried and nothing else. */
const operationOf = (c: Context<AppEnv>): string =>
  withoutApiKeys(
    `${c.req.method} ${c.req.path.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, "{id}")}`,
    "{id}",
  );

async function record(c: Context<AppEnv>, organization_id: string, token: string): Promise<void> {
  const headers = { ...c.var.requestHeaders, "x-organization-id": organization_id };
  delete headers["idempotency-key"];
  const { error } = await clientOf(token, headers, c.var.counter)
    .rpc("record_refusal", { organization_id, operation: operationOf(c) });
  if (error) log("warn", "refusal_not_recorded", { request_id: c.var.requestId, code: error.code });
}

/** Writes refusals (403) to members into the audit log, after the answer. */
export const recordRefusals: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  const { caller, actor } = c.var;
  if (c.res.status === 403 && caller.kind === "user" && actor !== undefined) {
    keepAlive(record(c, actor.organizationId, caller.token));
  }
};
