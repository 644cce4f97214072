import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { InvalidToken, subjectOfToken } from "./access_token.ts";
import { apiKeyOf, callerWithKey } from "./api_key.ts";
import type { AppEnv, Caller } from "./context.ts";
import { env } from "./env.ts";
import { Problem } from "./problem.ts";

/**
 * Who may call a function: people with a token and API keys (`user`), background jobs with a secret key (`service`), or everybody
 * (`public`: the token of a user is verified too, but an invalid one counts as none, because clients keep sending an
 * expired token while they refresh it, and hosted Supabase adds a token of its own to a request with only an API key).
 */
export type Callers = "user" | "service" | "public";

/**
 * Sets the context's `caller`.
 * @throws Problem 401 without the credentials that the function needs, 503 if the signing keys cannot be read
 */
export function authenticate(callers: Callers): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const caller = callers === "service"
      ? serviceWith(c.req.header("apikey"))
      : await userOf(c, callers);
    if (caller) c.set("caller", caller);
    await next();
  };
}

function serviceWith(key: string | undefined): Caller {
  if (key === undefined || !env.secretKeys().some((known) => isSame(known, key))) {
    throw notSignedIn();
  }
  return { kind: "service" };
}

async function userOf(c: Context<AppEnv>, callers: Callers): Promise<Caller | null> {
  const key = apiKeyOf(c);
  if (key === undefined) return await userWith(c.req.header("authorization"), callers);
  const caller = await callerWithKey(c, key);
  if (caller === null && callers !== "public") throw notSignedIn();
  return caller;
}

async function userWith(header: string | undefined, callers: Callers): Promise<Caller | null> {
  const token = header?.startsWith("Bearer ") ? header.slice("Bearer ".length) : "";
  try {
    if (token === "") throw new InvalidToken("there is none");
    return { kind: "user", token, ...await subjectOfToken(token) };
  } catch (cause) {
    if (!(cause instanceof InvalidToken)) throw keysUnavailable(cause);
    if (callers === "public") return null;
    throw notSignedIn(cause);
  }
}

const notSignedIn = (cause?: unknown) =>
  new Problem(401, "not_signed_in", "Send a valid access token as a bearer token.", {
    headers: { "www-authenticate": "Bearer" },
    cause,
  });

const keysUnavailable = (cause: unknown) =>
  new Problem(503, "auth_unavailable", "The sign-in service does not respond. Try again.", {
    cause,
  });

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Compares in a time that does not depend on where they differ. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
