import type { Context, MiddlewareHandler } from "hono";
import { adminClient } from "../_shared/clients.ts";
import type { AppEnv, Caller } from "../_shared/context.ts";
import { log } from "../_shared/log.ts";
import { ensure, fromPostgres, Problem } from "../_shared/problem.ts";

/** The service role is needed because these callers are not signed in, and nobody else may take tokens for others. */
const admin = (c: Context<AppEnv>) => adminClient(c.var.requestHeaders, c.var.counter);

/**
 * Takes the tokens of an attempt, by IP address and, if given, by account.
 * @throws Problem 429
 */
export async function limitAttempt(
  c: Context<AppEnv>,
  attempt: "sign_in" | "register" | "recovery" | "reset",
  email?: string,
): Promise<void> {
  const { error } = await admin(c).rpc("begin_attempt", {
    attempt,
    ...(email === undefined ? {} : { email }),
    ...(c.var.clientIp === undefined ? {} : { address: c.var.clientIp }),
  });
  if (error) throw fromPostgres(error);
}

/**
 * Runs a sign-in whose tokens were taken, and reports its outcome: only failures count.
 * @throws what the sign-in throws; wrong credentials and an unconfirmed address are failures, anything else leaves the
 * outcome unknown
 */
export async function countFailure<T>(
  c: Context<AppEnv>,
  email: string,
  signIn: () => Promise<T>,
): Promise<T> {
  try {
    const result = await signIn();
    await endSignIn(c, email, "succeeded");
    return result;
  } catch (error) {
    const failed = error instanceof Problem &&
      (error.status === 401 || error.code === "email_not_confirmed");
    await endSignIn(c, email, failed ? "failed" : "unknown").catch((cause) =>
      log("error", "sign_in_not_recorded", { request_id: c.var.requestId, cause: String(cause) })
    );
    throw error;
  }
}

/** Reports how a sign-in ended whose tokens `limitAttempt` took. */
export async function endSignIn(
  c: Context<AppEnv>,
  email: string,
  outcome: "succeeded" | "failed" | "unknown",
): Promise<void> {
  const { clientIp } = c.var;
  ensure(
    await admin(c).rpc("end_sign_in", {
      email,
      outcome,
      ...(clientIp === undefined ? {} : { address: clientIp }),
    }),
  );
}

/**
 * The signed-in caller of a public function.
 * @throws Problem 401
 */
export function signedIn(c: Context<AppEnv>): Extract<Caller, { kind: "user" }> {
  const { caller } = c.var;
  if (caller.kind === "user") return caller;
  throw new Problem(401, "not_signed_in", "Send a valid access token as a bearer token.", {
    headers: { "www-authenticate": "Bearer" },
  });
}

/** Refuses callers who are not signed in before their input is read. */
export const requireSignIn: MiddlewareHandler<AppEnv> = async (c, next) => {
  signedIn(c);
  await next();
};

const minRefusalMs = 400;

/** Resolves when an answer that must not be told from another one by its time may be given. */
export const answerDelay = (): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, 2 * minRefusalMs));

/**
 * Runs a sign-in attempt; a refusal takes at least a fixed time. Auth compares passwords only for existing accounts, so
 * otherwise the response time would reveal which accounts exist.
 */
export async function withRefusalDelay<T>(attempt: () => Promise<T>): Promise<T> {
  const delay = new Promise((resolve) => setTimeout(resolve, minRefusalMs));
  try {
    return await attempt();
  } catch (error) {
    await delay;
    throw error;
  }
}
