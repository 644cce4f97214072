import { z } from "../_shared/zod.ts";
import type { Context } from "hono";
import { countedFetch } from "../_shared/clients.ts";
import type { AppEnv } from "../_shared/context.ts";
import { env } from "../_shared/env.ts";
import { Problem } from "../_shared/problem.ts";

const Created = z.object({ id: z.uuid() });
const Refused = z.object({ error_code: z.string().optional(), msg: z.string().optional() });

/**
 * Creates an account without a password in Supabase Auth and gives its id. Its address counts as confirmed, because the
 * only way in is a recovery link that is mailed to it. `metadata` is what the sign-up's trigger in the database reads.
 * @throws Problem 409 account_exists, 502 if Auth refuses otherwise
 */
export async function createAccount(
  c: Context<AppEnv>,
  email: string,
  metadata: Record<string, string>,
): Promise<string> {
  // The secret key, because only Auth's admin API creates accounts for others; what the caller may do was decided by the
  // database, which gave them the invitation's token in `metadata`.
  const key = env.secretKey();
  const response = await countedFetch(c.var.counter)(`${env.supabaseUrl()}/auth/v1/admin/users`, {
    method: "POST",
    headers: { apikey: key, authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ email, email_confirm: true, user_metadata: metadata }),
    signal: AbortSignal.timeout(15_000),
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return Created.parse(body).id;
  const { error_code, msg } = Refused.parse(body ?? {});
  if (error_code === "email_exists") {
    throw new Problem(
      409,
      "account_exists",
      "There is an account with this e-mail address. Invite the person instead.",
    );
  }
  throw new Problem(502, "auth_failed", "The sign-in service did not create the account.", {
    cause: new Error(`Auth answered ${response.status}: ${error_code ?? msg ?? "no reason"}`),
  });
}
